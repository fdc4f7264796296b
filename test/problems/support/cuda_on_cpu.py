"""Runs all of an evaluator's way of timing on the CPU, with PyTorch: inputs, calls, checks, rounds, looks and races are the problem's own code, only the
CUDA driver, processes (threads here, as memory is shared without a driver) and the size of the cases are stand-ins.

python3 cuda_on_cpu.py PROBLEM prints JSON. Times mean nothing here.
"""

import ctypes
import importlib
import itertools
import json
import math
import mmap
import os
import queue
import shutil
import statistics
import sys
import tempfile
import threading
import types

import numpy
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
LARGEST = 1 << 40


class CudaError(Exception):
    pass


class Driver:
    """A handle is an address."""

    def allocate(self, size):
        self._memory = numpy.zeros(size, dtype=numpy.uint8)
        return self._memory.ctypes.data

    def free(self, pointer):
        assert pointer == self._memory.ctypes.data
        self._memory = None

    def share(self, pointer):
        return f"{pointer:x}", 0

    def open(self, handle):
        return int(handle, 16), LARGEST

    def close_all(self):
        pass

    def synchronize(self):
        pass

    def copy(self, target, source, size):
        ctypes.memmove(target, source, size)

    def copy_pieces(self, target, sources, size):
        for index, source in enumerate(sources):
            ctypes.memmove(target + index * size, source, size)

    read_pieces = copy_pieces


def window(pointer, shape, kind="<f4"):
    dtype = numpy.dtype(kind)
    memory = (ctypes.c_char * (math.prod(shape) * dtype.itemsize)).from_address(pointer)
    return numpy.frombuffer(memory, dtype=dtype).reshape(shape)


def copied(problem, folder):
    """The problem's files, for a device that is here."""
    shutil.copytree(problem, folder, dirs_exist_ok=True)
    for name in ("judge.py", "gpu_judge.py", "worker.py", "batch.py"):
        path = os.path.join(folder, name)
        if os.path.exists(path):
            with open(path) as file:
                text = file.read()
            with open(path, "w") as file:
                file.write(text.replace('"cuda"', '"cpu"').replace(", pin_memory=True", ""))


def in_thread(folder):
    """A CandidateProcess whose process is a thread."""
    sys.path.insert(0, folder)
    from candidate_process import PAGE_BYTES, CandidateProcess
    from worker import serve

    class InThread(CandidateProcess):
        started = 0

        def __init__(self, program, _device, deadline):
            InThread.started += 1
            self._deadline, self._call, self._tail = deadline, 0, bytearray()
            self._page = mmap.mmap(-1, PAGE_BYTES)
            lines = queue.Queue()
            self._commands = types.SimpleNamespace(write=lines.put, flush=lambda: None)
            self._process = types.SimpleNamespace(poll=lambda: None, pid=0)
            threading.Thread(target=serve, args=(program, "gpu", self._page, iter(lines.get, None)), daemon=True).start()

        def end(self):
            pass

        close = end

    return InThread


def small_cases(cases):
    # A module's lists are what all others have imported.
    if hasattr(cases.SMALL[0], "prefill"):
        timed = [cases.small(2, 64, "normal"), cases.small(2, 96, "normal")]
    else:
        timed = [cases.Case(1, 32, 128, False, "normal"), cases.Case(2, 32, 384, True, "cauchy")]
    cases.TIMING[:], cases.CORRECTNESS[:] = timed, cases.SMALL[:5]


def main():
    folder = tempfile.mkdtemp()
    problem = os.path.abspath(sys.argv[1])
    copied(problem, folder)
    memory = types.ModuleType("cuda_memory")
    memory.Driver, memory.CudaError, memory.Window, memory.uuid_of_gpu = Driver, CudaError, window, lambda: "0" * 32
    sys.modules["cuda_memory"] = memory
    torch.cuda.synchronize = torch.cuda.empty_cache = lambda: None
    torch.cuda.get_device_properties = lambda _index: types.SimpleNamespace(total_memory=10**9)
    os.killpg = lambda _group, _signal: None
    torch.set_num_threads(1)

    process = in_thread(folder)
    cases, cascade, evaluate, timing = map(importlib.import_module, ("cases", "cascade", "evaluate", "timing"))
    judge = importlib.import_module("gpu_judge" if os.path.exists(os.path.join(folder, "gpu_judge.py")) else "judge").GpuJudge
    small_cases(cases)
    judge._FLUSH_BYTES = 4096
    timing.BUSY, timing.NOTHING_BATCHES, timing.WANTED_NS, timing.LEAST_ROUNDS = 1e9, 5, 1e6, 3
    importlib.import_module("batch").LEAST_PART_OF_COPY = timing.LEAST_PART_OF_COPY = 0
    timing.LONGEST_S, timing.MOST_CALLS, cascade.RACE_ROUNDS = 0.0, 2, 2
    cascade.CandidateProcess = process
    # Nothing is compiled here; compile_trials.py tries that.
    cascade.CompileAhead = lambda *_arguments: types.SimpleNamespace(wait=lambda *_arguments: None)
    programs = os.path.join(HERE, "..", os.path.basename(problem), "programs")

    def evaluated(names, parent_factor=None, is_open=None, clearly=False):
        text = ""
        for name in names:
            with open(os.path.join(programs, f"{name}.py")) as file:
                text += file.read() + "\n"
        path = os.path.join(folder, "program.py")
        with open(path, "w") as file:
            file.write(text)
        incumbent = None
        if parent_factor is not None:
            keys = [evaluate.key_of(case) for case in cases.TIMING]
            times = [1000.0 * parent_factor] * len(keys)
            incumbent = cascade.Incumbent(text.encode(), times[0], times, dict(zip(keys, times)))
        cascade.look_bound = lambda _shapes: -50 if is_open is None else 50
        cascade.look_noise = lambda _shapes: -50 if is_open else 50
        cascade.is_clearly_slower = lambda worsenings, _shapes: clearly
        before = process.started
        try:
            verdict, view = evaluate.evaluate_on_gpu(process(path, "gpu", math.inf), itertools.count(7), incumbent, math.inf)
        except cascade.Rejected as rejected:
            return {"rejected": str(rejected)}
        return {"metrics": verdict["metrics"], "feedback": verdict["feedback"], "rows": len(view["rows"]), "processes": process.started - before}

    print(json.dumps({
        "alone": evaluated(["pytorch"]), "whole": evaluated(["pytorch"], 1.0, is_open=False),
        "stopped": evaluated(["pytorch"], 1e-3), "raced": evaluated(["pytorch"], 1.0, is_open=True),
        "lost": evaluated(["pytorch"], 1.0, is_open=True, clearly=True),
        "skips": evaluated(["pytorch", "skips_when_timed"], 1.0, is_open=False), "identity": evaluated(["identity"]),
    }))


if __name__ == "__main__":
    main()
