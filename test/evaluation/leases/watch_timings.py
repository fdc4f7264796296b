"""Takes timings as an evaluator does: python3 watch_timings.py PROBLEM_FOLDER OWN TIMINGS. Prints what became of them as JSON."""

import json
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])

import gpu_state  # noqa: E402

waits, taken = [], []
gpus = gpu_state.open_gpus(["00112233445566778899aabbccddeeff"])
watch = gpu_state.Watch(gpus, int(sys.argv[2]), pause=waits.append)
gpu_state.FOREIGN_WAIT_S = 0
error = None
try:
    with watch.alone():
        for number in range(int(sys.argv[3])):
            watch.timed(lambda: taken.append(number))
except gpu_state.NotTimed as not_timed:
    error = str(not_timed)
print(json.dumps({"taken": taken, "waits": waits, "metrics": watch.metrics(), "words": watch.words(), "error": error}))
