"""Scores a TriMul program: first that it is correct, then how long it takes.

The program runs in a process of its own. It gets inputs in memory that the two processes share; this process makes them, checks
the outputs, and holds the clock. What the program prints, claims or changes in its own process never counts.

DISCOVER_CANDIDATE   the program: defines custom_kernel(data)
DISCOVER_SEED        seeds all inputs
DISCOVER_RESULT      where the verdict goes
DISCOVER_TIME_LIMIT  seconds that all of this may take
DISCOVER_INCUMBENT, DISCOVER_INCUMBENT_RESULT  the program's parent and what was recorded of it, where there is one; see cascade.py
DISCOVER_STRICT      1 where nothing may be cut short
"""

import hashlib
import itertools
import math
import os
import time

from candidate_process import NO_ROOM, CandidateProcess, Rejected, close_own_memory
from cascade import Incumbent, Leaving, Stages, open_judge, quick_look, race_with_parent, start_clock, with_room
from compile_ahead import CompileAhead
from cases import CORRECTNESS, SMALL, TIMING, name_of
from gpu_state import NotTimed, Watch, open_gpus
from gpu_turn import GpuTurn
from picture import view_of
from static_checks import check_text
from verdict import write_verdict

SPARE_S = 10
NO_GPU = (
    "The program is correct on all {count} small cases, on this machine's CPU. There is no GPU: timing needs one. "
    "Run this problem on a host with an NVIDIA GPU and CUDA (an H100 for times to compare with the references)."
)


def seeds_from(seed):
    """Seeds without end that have nothing to do with each other."""
    for index in itertools.count():
        yield int.from_bytes(hashlib.sha256(f"trimul {seed} {index}".encode()).digest()[:6], "little")


def may_have_gpu():
    """Whether this looks like a host with an NVIDIA GPU; PyTorch takes seconds to say so."""
    return os.path.exists("/proc/driver/nvidia") or os.path.exists("/dev/nvidiactl")


def has_gpu():
    import torch

    return torch.cuda.is_available()


def try_on_cpu(program, seeds, deadline):
    from judge import CpuJudge

    judge = CpuJudge(SMALL)
    close_own_memory()
    candidate = CandidateProcess(program, "cpu", deadline, judge.files)
    try:
        candidate.ask({"do": "load"})
        for case in SMALL:
            judge.check(candidate, case, next(seeds))
    finally:
        candidate.close()
    raise Rejected(NO_GPU.format(count=len(SMALL)))


def key_of(case):
    return f"us_b{case.batch}_n{case.n}_d{case.dim}"


def split():
    """The correctness cases before the quick look, the smallest first, and those after it. Other sizes of dim than the timed ones make Triton
    compile anew, which is most of what a case takes."""
    dims = {case.dim for case in TIMING}
    return [case for case in CORRECTNESS if case.dim in dims], [case for case in CORRECTNESS if case.dim not in dims]


def to_compile():
    """The cases, those together that have kernels in common."""
    dims = dict.fromkeys(case.dim for case in (*TIMING, *CORRECTNESS))
    return [[case for case in (*TIMING, *CORRECTNESS) if case.dim == dim] for dim in dims]


def evaluate_on_gpu(candidate, seeds, incumbent, deadline, ahead=None):
    """The verdict and a picture. incumbent: what the program is compared with while it runs, or None. ahead: what compiles it, if anything does."""
    from cuda_memory import uuid_of_gpu
    from judge import GpuJudge

    stages, uuid = Stages(), uuid_of_gpu()
    # This process and the program's.
    turn, watch = GpuTurn(uuid), Watch(open_gpus([uuid]), own=2)
    judge = open_judge(turn, lambda: GpuJudge(CORRECTNESS + TIMING))
    leaving = Leaving(judge, candidate, turn, deadline)
    try:
        return judged(judge, candidate, turn, watch, stages, leaving, seeds, incumbent, deadline, ahead)
    finally:
        leaving.at_last()


def judged(judge, candidate, turn, watch, stages, leaving, seeds, incumbent, deadline, ahead):
    """As evaluate_on_gpu. leaving: asked to end both processes' use of the GPU as soon as it is known that no more of it is needed."""
    from timing import LEAST_ROUNDS, Clock, TimedCase

    with turn.shared():
        candidate.ask({"do": "begin"})
    clock, is_closed = start_clock(lambda: Clock(judge, candidate, TIMING[0], next(seeds), watch), turn)
    stages.end("start")
    if ahead is not None:
        ahead.wait(deadline, [candidate])
    stages.end("compile")
    with_room(turn, lambda: candidate.ask({"do": "load"}))
    errors = []

    def check(cases):
        for case in cases:
            # Not for all cases at once: who waits to take times need not wait for the compiler that long.
            errors.append(with_room(turn, lambda: judge.check(candidate, case, next(seeds))))
        stages.end("correctness")

    def correct():
        return {"largest_error": max(errors)}, f"largest error {max(errors):.4f} in {len(errors)} cases"

    if incumbent is None:
        check(CORRECTNESS)
        with turn.alone(), watch.alone():
            times = [clock.time(judge, candidate, case, seeds) for case in TIMING]
            leaving.now()
    else:
        first, rest = split()
        check(first)
        with turn.alone(), watch.alone():
            timed = []
            for case in TIMING:
                timed.append(TimedCase(clock, judge, candidate, case, seeds))
                judge.tidy()
            look = quick_look(judge, timed, incumbent.times_us)
            if look.stop is None:
                judge.rest(candidate)
            else:
                leaving.now()
        stages.end("quick")
        stop = look.stop
        if look.is_open:
            smallest = {case.dim: case for case in reversed(first)}
            stop = race_with_parent(judge, candidate, clock, turn, timed, TIMING, smallest.values(), seeds, incumbent, deadline, stages)
        if stop is not None:
            rounds = len(timed[0].rounds_us)
            saved_s = stages.seconds["correctness"] * len(rest) / len(first) + stages.seconds["quick"] * max(0, LEAST_ROUNDS / rounds - 1)
            keys = [key_of(case) for case in TIMING]
            shown = [{"us": us, "copy_us": one.copy_us} for us, one in zip(stop.times_us(incumbent), timed)]
            verdict = stop.verdict(incumbent, keys, TIMING, stages, correct(), saved_s, "\n".join([*watch.words(), candidate.printed()]))
            verdict["metrics"].update(watch.metrics())
            return verdict, view_of(TIMING, shown, verdict["metrics"]["geomean_us"])
        check(rest)
        with turn.alone(), watch.alone():
            for one in timed:
                one.settle()
            times = [one.result() for one in timed]
            leaving.now()
    stages.end("timing")
    geomean = math.exp(math.fsum(math.log(taken["us"]) for taken in times) / len(times))
    # Relative errors of the factors of a geometric mean.
    noise = math.sqrt(math.fsum((taken["error_us"] / taken["us"]) ** 2 for taken in times)) / len(times)
    about_errors, words = correct()
    lines = [f"Geometric mean {geomean:.1f} µs (standard error {noise:.2%}); {words}."]
    metrics = {"geomean_us": geomean, "noise_percent": 100 * noise, **about_errors}
    for case, taken in zip(TIMING, times):
        lines.append(
            f"{name_of(case)}: {taken['us']:.1f} µs (± {taken['error_us']:.1f}, {taken['calls']} calls; "
            f"copying the input alone takes {taken['copy_us']:.0f} µs)"
        )
        metrics[key_of(case)] = taken["us"]
        metrics[f"calls{key_of(case)[2:]}"] = taken["calls"]
    if ahead is not None:
        metrics["compiled_ahead"] = ahead.kernels
    metrics.update(stages.metrics(), memory_closed=int(is_closed), overhead_us=clock.overhead_ns / 1000, glance_us=clock.glance_ns / 1000)
    metrics.update({f"timing_{name}_seconds": seconds for name, seconds in clock.spent_s.items()})
    metrics.update(watch.metrics())
    if incumbent is not None:
        metrics["stopped"] = 0
    feedback = "\n".join([*lines, *watch.words(), candidate.printed()]).strip()
    return {"valid": True, "metrics": metrics, "feedback": feedback}, view_of(TIMING, times, geomean)


def evaluate():
    """The verdict and a picture, or None."""
    deadline = time.monotonic() + float(os.environ.get("DISCOVER_TIME_LIMIT", "300")) - SPARE_S
    program = os.environ["DISCOVER_CANDIDATE"]
    seeds = seeds_from(int(os.environ.get("DISCOVER_SEED", "0")))
    incumbent = Incumbent.given([key_of(case) for case in TIMING])
    try:
        with open(program, "rb") as file:
            text = file.read()
        check_text(text, "custom_kernel")
        if incumbent is not None and text == incumbent.text:
            return incumbent.again(), None
        if may_have_gpu():
            # Both processes import PyTorch at the same time.
            candidate = CandidateProcess(program, "gpu", deadline)
            try:
                ahead = CompileAhead(program, to_compile())
                if has_gpu():
                    return evaluate_on_gpu(candidate, seeds, incumbent, deadline, ahead)
            finally:
                candidate.close()
        return try_on_cpu(program, seeds, deadline)
    except Rejected as rejected:
        return {"valid": False, "metrics": {}, "feedback": str(rejected)}, None
    except NotTimed as not_timed:
        return {"valid": False, "metrics": {}, "feedback": str(not_timed), "blame": "host"}, None
    except RuntimeError as failed:
        # PyTorch's, which is imported only where there may be a GPU.
        if type(failed).__name__ != "OutOfMemoryError":
            raise
        return {"valid": False, "metrics": {}, "feedback": NO_ROOM}, None


if __name__ == "__main__":
    verdict, view = evaluate()
    write_verdict({**verdict, "waited_s": GpuTurn.waited_s}, view)
