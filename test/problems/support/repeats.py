"""How much a measured time varies, and how far apart one kernel is from itself when it is taken for two."""

import importlib
import itertools
import math
import statistics
import sys
import tempfile
import time


def interleaved(problem, text, judge_module, repeats=10, limit_s=90):
    """Times a program in two processes by turns, with the clock of the evaluator in the folder `problem`, up to `repeats` times each, at least
    twice. Each timing has the GPU alone as an evaluation's has, so sessions may work on the host meanwhile; limit_s counts waiting for that, too."""
    sys.path.insert(0, problem)
    from candidate_process import CandidateProcess
    from cases import TIMING, name_of
    from cuda_memory import uuid_of_gpu
    from evaluate import seeds_from
    from gpu_turn import GpuTurn
    from timing import Clock

    GpuJudge = importlib.import_module(judge_module).GpuJudge
    with tempfile.NamedTemporaryFile("w", suffix=".py", delete=False) as file:
        file.write(text)
    # For a program that hangs: others on the host may keep this one waiting.
    deadline = time.monotonic() + 10 * limit_s
    seeds, judge, waited_before_s = seeds_from(1), None, GpuTurn.waited_s
    candidates = {name: CandidateProcess(file.name, "gpu", deadline) for name in "ab"}
    found = {name: {name_of(case): [] for case in TIMING} for name in candidates}
    try:
        turn = GpuTurn(uuid_of_gpu())
        with turn.shared():
            judge = GpuJudge(TIMING)
            for candidate in candidates.values():
                candidate.ask({"do": "begin"})
        with turn.alone():
            clocks = {name: Clock(judge, candidate, TIMING[0], next(seeds)) for name, candidate in candidates.items()}
        with turn.shared():
            for candidate in candidates.values():
                candidate.ask({"do": "load"})
        began = time.monotonic()
        for repeat in range(repeats):
            # Whoever is first now is last next time.
            order = list(candidates)[:: 1 if repeat % 2 == 0 else -1]
            for case, name in itertools.product(TIMING, order):
                with turn.alone():
                    taken = clocks[name].time(judge, candidates[name], case, seeds)
                found[name][name_of(case)].append(taken["us"])
            if repeat > 0 and time.monotonic() - began > limit_s * (1 - 1 / (repeat + 2)):
                break
    finally:
        for candidate in candidates.values():
            candidate.close()
    waited_s = GpuTurn.waited_s - waited_before_s
    print(f"waited {waited_s:.1f} s for the GPU's turn", flush=True)
    return {"us": found, **summary(found), "waited_s": waited_s}


def geomeans(shapes):
    return [math.exp(statistics.fmean(map(math.log, values))) for values in zip(*shapes.values())]


def summary(found):
    a, b = geomeans(found["a"]), geomeans(found["b"])
    mean = statistics.fmean(a)
    return {
        "repeats": len(a),
        "variation_percent": 100 * statistics.stdev(a) / mean,
        "variation_percent_by_shape": {
            shape: 100 * statistics.stdev(values) / statistics.fmean(values) for shape, values in found["a"].items()
        },
        "a_against_b_percent": 100 * (mean / statistics.fmean(b) - 1),
        "a_us": a, "b_us": b,
    }
