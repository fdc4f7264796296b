"""The cores that a problem of the catalogue would time programs on, on made-up machines: python3 made_up_cores.py PROBLEM_FOLDER MACHINES. A machine is
{"allowed": [...], "siblings": {processor: list as the kernel writes it}}. Prints JSON: of each machine [core, processor] of each core."""

import json
import os
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])

import cores  # noqa: E402

found = []
for machine in json.loads(sys.argv[2]):
    with tempfile.TemporaryDirectory() as folder:
        for processor, threads in machine["siblings"].items():
            with open(os.path.join(folder, processor), "w") as file:
                file.write(threads + "\n")
        cores.SIBLINGS = os.path.join(folder, "{}")
        os.sched_getaffinity = lambda _pid: set(machine["allowed"])
        found.append([[min(cores.threads_beside(one)), one] for one in cores.physical_cores()])
print(json.dumps(found))
