"""Of two programs' processes one is ended and the other goes on: python3 two_processes.py PROBLEM, with a module `torch` on the path."""

import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.abspath(sys.argv[1]))
from candidate_process import CandidateProcess, children

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "program.py")
    with open(path, "w") as file:
        file.write("import os\nif os.fork() == 0:\n    import time\n    os.setsid()\n    time.sleep(1000)\ncustom_kernel = print\n")
    one, other = (CandidateProcess(path, "cpu", time.monotonic() + 100) for _ in range(2))
    for process in (one, other):
        process.ask({"do": "load"})
    other.end()
    print(one.ask({"do": "where"}))
    one.close()
    other.close()
    print(len(children()))
