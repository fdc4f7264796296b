"""Scores a TriMul program: first that it is correct, then how long it takes.

The program runs in a process of its own. It gets inputs in memory that the two processes share; this process makes them, checks
the outputs, and holds the clock. What the program prints, claims or changes in its own process never counts.

DISCOVER_CANDIDATE   the program: defines custom_kernel(data)
DISCOVER_SEED        seeds all inputs
DISCOVER_RESULT      where the verdict goes
DISCOVER_TIME_LIMIT  seconds that all of this may take
"""

import hashlib
import itertools
import math
import os
import time

from candidate_process import CandidateProcess, Rejected
from cases import CORRECTNESS, SMALL, TIMING, name_of
from picture import view_of
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
    candidate = CandidateProcess(program, "cpu", deadline, judge.files)
    try:
        candidate.ask({"do": "load"})
        for case in SMALL:
            judge.check(candidate, case, next(seeds))
    finally:
        candidate.close()
    raise Rejected(NO_GPU.format(count=len(SMALL)))


def evaluate_on_gpu(candidate, seeds):
    """The verdict and a picture."""
    from cuda_memory import uuid_of_gpu
    from gpu_turn import GpuTurn
    from judge import GpuJudge
    from timing import Clock

    phases = {}
    began = time.monotonic()

    def phase(name):
        nonlocal began
        now = time.monotonic()
        phases[name], began = now - began, now

    turn = GpuTurn(uuid_of_gpu())
    with turn.shared():
        judge = GpuJudge(CORRECTNESS + TIMING)
    try:
        with turn.alone():
            clock = Clock(judge, candidate, TIMING[0], next(seeds))
    except Rejected as rejected:
        # The candidate's code is not loaded yet: this is about the host.
        raise OSError(f"This host cannot judge programs in a process of their own. {rejected}") from rejected
    phase("start")
    with turn.shared():
        candidate.ask({"do": "load"})
    largest = 0.0
    for case in CORRECTNESS:
        # Not for all cases at once: who waits to take times need not wait for the compiler that long.
        with turn.shared():
            largest = max(largest, judge.check(candidate, case, next(seeds)))
    phase("correctness")
    with turn.alone():
        times = [clock.time(judge, candidate, case, seeds) for case in TIMING]
    phase("timing")
    geomean = math.exp(math.fsum(math.log(taken["us"]) for taken in times) / len(times))
    # Relative errors of the factors of a geometric mean.
    noise = math.sqrt(math.fsum((taken["error_us"] / taken["us"]) ** 2 for taken in times)) / len(times)
    correct = f"largest error {largest:.4f} in {len(CORRECTNESS)} cases"
    lines = [f"Geometric mean {geomean:.1f} µs (standard error {noise:.2%}); {correct}."]
    metrics = {"geomean_us": geomean, "noise_percent": 100 * noise, "largest_error": largest}
    for case, taken in zip(TIMING, times):
        lines.append(
            f"{name_of(case)}: {taken['us']:.1f} µs (± {taken['error_us']:.1f}, {taken['calls']} calls; "
            f"copying the input alone takes {taken['copy_us']:.0f} µs)"
        )
        metrics[f"us_b{case.batch}_n{case.n}_d{case.dim}"] = taken["us"]
        metrics[f"calls_b{case.batch}_n{case.n}_d{case.dim}"] = taken["calls"]
    metrics.update({f"{name}_s": seconds for name, seconds in phases.items()})
    metrics.update(overhead_us=clock.overhead_ns / 1000, glance_us=clock.glance_ns / 1000)
    feedback = "\n".join([*lines, candidate.printed()]).strip()
    return {"valid": True, "metrics": metrics, "feedback": feedback}, view_of(TIMING, times, geomean)


def evaluate():
    """The verdict and a picture, or None."""
    deadline = time.monotonic() + float(os.environ.get("DISCOVER_TIME_LIMIT", "300")) - SPARE_S
    program = os.environ["DISCOVER_CANDIDATE"]
    seeds = seeds_from(int(os.environ.get("DISCOVER_SEED", "0")))
    try:
        if may_have_gpu():
            # Both processes import PyTorch at the same time.
            candidate = CandidateProcess(program, "gpu", deadline)
            try:
                if has_gpu():
                    return evaluate_on_gpu(candidate, seeds)
            finally:
                candidate.close()
        return try_on_cpu(program, seeds, deadline)
    except Rejected as rejected:
        return {"valid": False, "metrics": {}, "feedback": str(rejected)}, None


if __name__ == "__main__":
    write_verdict(*evaluate())
