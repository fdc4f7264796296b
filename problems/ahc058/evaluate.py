"""Scores a C++ program by many cases, as the contest does: python3 evaluate.py [--cases 150]

The program is compiled once. It runs on each case in a process of its own, confined, on a core that nothing else of ours uses.
Its output is scored here; what it claims never counts. One case that is not accepted fails the program, and ends the run.

DISCOVER_CANDIDATE  the program
DISCOVER_SEED       decides which cases
DISCOVER_CPUS       cases at once, one a core
DISCOVER_RESULT     where the verdict goes
DISCOVER_CASES      number of a file descriptor: each case goes there as soon as it is known
"""

import argparse
import collections
import hashlib
import json
import math
import os
import sys
import tempfile
import time
import traceback

import contest
from compile_program import DoesNotCompile, compile_program
from cores import core_of_my_own, physical_cores
from disturbance import is_disturbed
from repeats import Repeats
from run_case import run
from verdict import write_verdict
from waiting import Waiting

CASES, MOST_CASES = 150, 1000
# Less than what a pipe takes in one piece (PIPE_BUF).
MOST_RESULT_BYTES = 4096
INDEX_BYTES = 4
# Of the time that programs ran.
NOTABLE_WAITING = 0.02

# Cases are run again until this share of the evaluation's time is over.
REPEATS_SHARE = 0.5

Result = collections.namedtuple("Result", "case seed verdict score why cpu_s wall_s waited_s taken_s memory_bytes turns")
"""taken_s: how much of its core others had. turns: when a core was asked for, had, and given back, each time that the case was run; the rest
is of the run that was disturbed least."""


def case_seeds(seed, count):
    """Seeds of instances that have nothing to do with those of another seed."""
    for index in range(count):
        yield int.from_bytes(hashlib.sha256(f"{contest.NAME} {seed} {index}".encode()).digest()[:6], "little")


def judge_case(program, case, seed):
    """The result, and what it printed if that is accepted."""
    text = contest.generate(seed)
    ran = run(program, text.encode())
    verdict, why, score = ran.verdict, ran.why, 0
    if verdict is None:
        try:
            verdict, score = "AC", contest.score(text, ran.output.decode(errors="replace"))
        except contest.WrongAnswer as wrong:
            verdict, why = "WA", str(wrong)
    if verdict != "AC" and ran.said:
        why += f" Its last words: {ran.said}"
    result = Result(case, seed, verdict, score, why, ran.cpu_s, ran.wall_s, ran.waited_s, ran.taken_s, ran.memory_bytes, ())
    return result, ran.output if verdict == "AC" else None


def judge_cases(program, seeds, cores, at_once, keep, until, waiting):
    """Results of all cases, or of those that were run until one was not accepted. keep: where the output for the first case goes. until: of
    the monotonic clock, when no case is run again any more."""
    todo_read, todo_write = os.pipe()
    result_read, result_write = os.pipe()
    os.write(todo_write, b"".join(case.to_bytes(INDEX_BYTES, "little") for case in range(len(seeds))))
    os.close(todo_write)

    def work():
        repeats = Repeats(until)
        while record := os.read(todo_read, INDEX_BYTES):
            case = int.from_bytes(record, "little")
            turns = []

            def judge(quiet_within_s):
                asked = time.monotonic()
                with core_of_my_own(cores, case, quiet_within_s):
                    had = time.monotonic()
                    judged = judge_case(program, case, seeds[case])
                turns.append((asked, had, time.monotonic()))
                return judged

            result, output = repeats.least_disturbed(judge)
            result = result._replace(turns=turns)
            if case == 0 and output is not None:
                with open(keep, "wb") as file:
                    file.write(output)
            line = json.dumps(result._replace(why=result.why[:600]), ensure_ascii=False).encode() + b"\n"
            assert len(line) <= MOST_RESULT_BYTES
            os.write(result_write, line)

    workers = [forked(work) for _ in range(max(1, min(at_once, len(cores), len(seeds))))]
    os.close(result_write)
    results, given_up = [], 0
    with os.fdopen(result_read, "rb") as lines:
        for line in lines:
            results.append(Result(*json.loads(line)))
            for turn in results[-1].turns:
                waiting.add(*turn)
            tell(results[-1], waiting.seconds())
            if results[-1].verdict != "AC":
                while os.read(todo_read, INDEX_BYTES):
                    given_up += 1
    os.close(todo_read)
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in workers]
    if any(codes) or len(results) + given_up != len(seeds):
        raise OSError("Cases could not be run; the reason is above.")
    return sorted(results)


def tell(result, waited_s):
    """One line for a case. waited_s: for cores, until now."""
    if "DISCOVER_CASES" not in os.environ:
        return
    told = {"name": f"case {result.case}", "durationMs": round(1000 * result.wall_s), "waited_s": waited_s}
    if result.verdict == "AC":
        told |= {"verdict": "passed", "value": result.score, "unit": "points"}
        if len(result.turns) > 1 or is_disturbed(result):
            told |= {"message": disturbance_of(result)}
    else:
        told |= {"verdict": "failed", "message": f"{result.verdict}: {result.why}"}
    os.write(int(os.environ["DISCOVER_CASES"]), json.dumps(told).encode() + b"\n")


def forked(work):
    """The number of a process that does this work and ends."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    return pid


def keep_descriptors():
    """What whoever started us left open goes to no program."""
    for descriptor in map(int, os.listdir("/proc/self/fd")):
        try:
            if descriptor > 2:
                os.set_inheritable(descriptor, False)
        except OSError:
            continue  # The one by which the folder was read.


def listing(results):
    lines = [f"{r.case} {r.verdict} {r.score if r.verdict == 'AC' else '-'} {r.wall_s:.2f}s" for r in results]
    return "\n".join(["Case, verdict, score, time:", *lines])


def waiting_share(results):
    return sum(result.waited_s for result in results) / sum(result.wall_s for result in results)


def disturbance_of(result):
    taken = f"thers had {result.taken_s / result.wall_s:.0%} of its core."
    runs = len(result.turns)
    return f"Run {runs} times; in the run that was disturbed least o{taken}" if runs > 1 else f"O{taken}"


def repeated_count(results):
    return sum(len(result.turns) > 1 for result in results)


def disturbed_count(results):
    return sum(is_disturbed(result) for result in results)


def disturbance(results):
    repeated, disturbed = repeated_count(results), disturbed_count(results)
    words = f" {repeated} of the cases were run again, for others computed on their cores." if repeated else ""
    if disturbed:
        words += f" Others had more than 2% of the core in {disturbed} of the cases, so scores may be too low."
    share = waiting_share(results)
    if share >= NOTABLE_WAITING:
        words += f" The host was busy: programs waited {share:.0%} of the time for their cores, so scores may be too low."
    return words


def verdict_of(results, count):
    failed = [result for result in results if result.verdict != "AC"]
    if failed:
        first = failed[0]
        told = (
            f"Case {first.case} is {first.verdict}, which fails the program. {first.why}\n"
            f"Its input: python3 contest.py {first.seed}\n{len(results)} of {count} cases were run.{disturbance(results)} {listing(results)}"
        )
        return {"valid": False, "metrics": {}, "feedback": told}
    scores = [result.score for result in results]
    mean = math.fsum(scores) / count
    variance = math.fsum((score - mean) ** 2 for score in scores) / max(1, count - 1)
    metrics = {
        "mean_score": mean,
        "standard_error": math.sqrt(variance / count),
        "lowest_score": min(scores),
        "slowest_s": max(result.wall_s for result in results),
        "slowest_cpu_s": max(result.cpu_s for result in results),
        "waiting_percent": 100 * waiting_share(results),
        "repeated_cases": repeated_count(results),
        "disturbed_cases": disturbed_count(results),
        "memory_mib": max(result.memory_bytes for result in results) / 1024**2,
    }
    told = (
        f"Mean score {mean:.2f} over {count} cases (standard error {metrics['standard_error']:.2f}); "
        f"slowest {metrics['slowest_s']:.2f} s, most memory {metrics['memory_mib']:.0f} MiB.{disturbance(results)}\n{listing(results)}"
    )
    return {"valid": True, "metrics": metrics, "feedback": told}


def case_count(text):
    if text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_CASES:
        return int(text)
    raise argparse.ArgumentTypeError(f"it must be from 1 to {MOST_CASES}")


def view_of(results, seed, output):
    """A picture for the dashboard. output: path of what the program printed for the first case."""
    with open(output, errors="replace") as file:
        return contest.view(contest.generate(seed), file.read(), [result.score for result in results])


def evaluate(count, waiting):
    """The verdict and a picture, or None."""
    until = time.monotonic() + REPEATS_SHARE * float(os.environ.get("DISCOVER_TIME_LIMIT", "inf"))
    seeds = list(case_seeds(int(os.environ.get("DISCOVER_SEED", "0")), count))
    at_once = int(float(os.environ.get("DISCOVER_CPUS", "1")))
    cores = physical_cores()
    keep_descriptors()
    with tempfile.TemporaryDirectory() as folder:
        try:
            # So that compiling disturbs no case of another evaluation.
            asked = time.monotonic()
            with core_of_my_own(cores, os.getpid()):
                had = time.monotonic()
                try:
                    program = compile_program(os.environ["DISCOVER_CANDIDATE"], folder)
                finally:
                    waiting.add(asked, had, time.monotonic())
        except DoesNotCompile as error:
            return {"valid": False, "metrics": {}, "feedback": str(error)}, None
        output = os.path.join(folder, "first-output")
        results = judge_cases(program, seeds, cores, at_once, output, until, waiting)
        verdict = verdict_of(results, count)
        return verdict, view_of(results, seeds[0], output) if verdict["valid"] else None


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--cases", type=case_count, default=CASES)
    waiting = Waiting()
    verdict, view = evaluate(options.parse_args().cases, waiting)
    write_verdict({**verdict, "waited_s": waiting.seconds()}, view)
