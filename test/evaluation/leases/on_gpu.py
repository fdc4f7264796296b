"""What NVML tells on a real GPU, in half a minute: python3 on_gpu.py (with PyTorch, on a host with an NVIDIA GPU that is otherwise idle). Run it in the sandbox
of an evaluation, too. Prints JSON: what one look takes in ms, what is read while idle and while one process computes, and how many processes are seen
computing. `ok` says whether all is as gpu_state.py takes it to be."""

import json
import os
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../problems/trimul"))

from cuda_memory import uuid_of_gpu  # noqa: E402
from gpu_state import NotTimed, Watch, open_gpus  # noqa: E402

COMPUTE = """
import sys, time, torch
a = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16)
torch.cuda.synchronize()
print("open", flush=True)
for line in sys.stdin:
    end = time.monotonic() + float(line)
    while time.monotonic() < end:
        a @ a
        torch.cuda.synchronize()
    print("done", flush=True)
"""


def took_ms(look, times=50):
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        look()
        taken.append(1000 * (time.perf_counter() - began))
    return round(statistics.median(taken), 3)


def main():
    try:
        gpus = open_gpus([uuid_of_gpu()])
    except OSError:
        raise SystemExit("There is no NVIDIA GPU here.") from None
    if not gpus:
        raise SystemExit("NVML is missing here, or does not know this GPU.")
    gpu = gpus[0]
    facts = {"idle": gpu.read(), "processesBefore": gpu.processes()}
    others = [subprocess.Popen([sys.executable, "-c", COMPUTE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        for other in others:
            other.stdout.readline()
        facts["processesOpen"] = gpu.processes()
        # What they have just made their matrices with is in NVML's next sample.
        time.sleep(1)
        since = time.time_ns() // 1000
        time.sleep(2)
        facts["computingWhileIdle"] = gpu.computing(since)
        for count in (1, 2):
            since = time.time_ns() // 1000
            for other in others[:count]:
                print(3, file=other.stdin, flush=True)
            time.sleep(1.5)
            facts[f"readingOf{count}"] = gpu.read()
            for other in others[:count]:
                other.stdout.readline()
            facts[f"computingOf{count}"] = gpu.computing(since)
            time.sleep(1)
        watch = Watch(gpus, 1)
        print(6, file=others[0].stdin, flush=True)
        time.sleep(1)
        began = time.monotonic()
        with watch.alone(own=0):
            facts["waitedForStrangerS"] = round(time.monotonic() - began, 2)
            try:
                watch.timed(lambda: time.sleep(0.1))
            except NotTimed as not_timed:
                facts["notTimed"] = str(not_timed)
        facts["metrics"] = watch.metrics()
        facts["readMs"], facts["processesMs"] = took_ms(gpu.read), took_ms(gpu.processes)
        facts["computingMs"] = took_ms(lambda: gpu.computing(time.time_ns() // 1000 - 1_000_000))
    finally:
        for other in others:
            other.kill()
    facts["ok"] = (
        facts["processesOpen"] == facts["processesBefore"] + 2 and facts["computingWhileIdle"] == 0 and facts["computingOf1"] == 1
        and facts["computingOf2"] == 2 and 3 < facts["waitedForStrangerS"] < 8
    )
    print(json.dumps(facts, indent=1))


main()
