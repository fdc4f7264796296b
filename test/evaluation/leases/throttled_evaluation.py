"""One whole evaluation with made-up processes and times, under the stand-in of NVML: python3 throttled_evaluation.py PROBLEM_FOLDER SUPPORT_FOLDER.
Prints JSON: the verdict, or the words of the failure, and how many rounds were taken."""

import json
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[2])

from standin_gpu import Evaluator, Gpu, Process  # noqa: E402

ev = Evaluator(sys.argv[1])
import gpu_state  # noqa: E402

gpu_state.COOL_S = gpu_state.LOOK_S = gpu_state.FOREIGN_WAIT_S = 0
ev.evaluate.open_gpus = lambda _uuids: gpu_state.open_gpus(["00112233445566778899aabbccddeeff"])
rounds = []
once = ev.timing.TimedCase._one_round
ev.timing.TimedCase._one_round = lambda self, seeds: rounds.append(1) or once(self, seeds)
gpu = Gpu(1, drift=0, place=0, rest=0, off_places=0)
verdict, error = None, None
try:
    verdict, _ = ev.run(gpu, Process(gpu, "candidate", ev.times_us()), None)
except gpu_state.NotTimed as not_timed:
    error = str(not_timed)
print(json.dumps({"verdict": verdict, "error": error, "rounds": len(rounds)}))
