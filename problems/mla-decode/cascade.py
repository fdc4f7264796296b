"""Ends the evaluation of a program early that is clearly slower than its parent, with an estimate of its time on the scale of whole evaluations.

A quick look takes one round of each shape, or two where that seems slow, and compares it with what was recorded of the parent. Where that leaves it open whether the
program is slower, parent and program race: round by round, by turns, on the same inputs. What is not stopped goes on to the whole protocol, of which
its rounds so far are the first. sequential.py says how sure a stop is.
"""

import contextlib
import itertools
import json
import math
import os
import statistics
import tempfile
import time

from candidate_process import CandidateProcess, NoRoom, Rejected, close_own_memory
from cases import name_of
from compile_ahead import CompileAhead
from gpu_state import NotTimed
from gpu_turn import GpuTurn
from sequential import ERROR_RATE, ROUNDS_APART, is_clearly_slower, look_bound, look_noise, mean_log_ratio

# A race that goes on for longer costs more than it can save: the whole protocol has four rounds at least.
RACE_ROUNDS = 3
SAME_SCALE = 1e-6


class Stages:
    """Seconds of each part of an evaluation, without those in which it waited for a turn on the GPU."""

    def __init__(self):
        self.seconds, self._began = {}, self._now()

    @staticmethod
    def _now():
        return time.monotonic() - GpuTurn.waited_s

    def end(self, name):
        now = self._now()
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._began
        self._began = now

    def metrics(self):
        return {f"{name}_s": seconds for name, seconds in self.seconds.items()}


class Incumbent:
    """The parent: its text (bytes), its recorded value in µs, what was recorded of each shape in µs, and all of its metrics."""

    def __init__(self, text, value, times_us, metrics):
        self.text, self.value, self.times_us, self.metrics = text, value, times_us, metrics

    @staticmethod
    def given(keys, environment=os.environ):
        """As the runner hands it over, or None. keys: metrics of the shapes. A run that decides about a best is never cut short, and an estimate
        is no measure."""
        program, result = (environment.get(name) for name in ("DISCOVER_INCUMBENT", "DISCOVER_INCUMBENT_RESULT"))
        if not program or not result or environment.get("DISCOVER_STRICT") == "1":
            return None
        with open(result) as file:
            recorded = json.load(file)
        value, metrics = recorded["value"], recorded["metrics"]
        times_us = [metrics.get(key, 0) for key in keys]
        if metrics.get("stopped", 0) > 0 or min(times_us, default=0) <= 0 or value <= 0:
            return None
        # The runner may one day record another metric than the geometric mean.
        if abs(math.fsum(map(math.log, times_us)) / len(times_us) - math.log(value)) > SAME_SCALE:
            return None
        with open(program, "rb") as file:
            return Incumbent(file.read(), value, times_us, metrics)

    def again(self):
        """The verdict of a program with the same text."""
        metrics = {name: number for name, number in self.metrics.items() if not name.endswith("_s")}
        feedback = f"To the letter the same program as its parent, so it was not run again: {self.value:.1f} µs."
        return {"valid": True, "metrics": {**metrics, "geomean_us": self.value, "same_as_parent": 1}, "feedback": feedback}


class Stop:
    """logs: of own time / the parent's, for each shape; with a mean above 0. rounds: that they come from."""

    def __init__(self, logs, rounds, in_race):
        self.logs, self.rounds, self.in_race = logs, rounds, in_race

    def times_us(self, incumbent):
        return [us * math.exp(log) for us, log in zip(incumbent.times_us, self.logs)]

    def verdict(self, incumbent, keys, cases, stages, correct, saved_s, printed):
        """correct: what is known of that, a pair of metrics and words."""
        slower = math.exp(statistics.fmean(self.logs))
        times_us = self.times_us(incumbent)
        estimate = incumbent.value * slower
        metrics, words = correct
        rounds = f"{self.rounds} round{'' if self.rounds == 1 else 's'}"
        how = f"a race of {rounds} against it" if self.in_race else f"{rounds} of each shape"
        lines = [
            f"Stopped early: by {how}, {slower - 1:.1%} slower than its parent, which takes {incumbent.value:.1f} µs (that a program as fast as its "
            f"parent is stopped has a probability of {ERROR_RATE:.0%} at most).",
            f"Geometric mean {estimate:.1f} µs, an estimate; {words}.",
        ]
        for case, own, other in zip(cases, times_us, incumbent.times_us):
            lines.append(f"{name_of(case)}: about {own:.1f} µs, its parent {other:.1f} µs ({own / other - 1:+.1%})")
        return {
            "valid": True,
            "metrics": {
                "geomean_us": estimate, **metrics, **dict(zip(keys, times_us)), **stages.metrics(), "stopped": 1, "rounds": self.rounds,
                "raced": int(self.in_race), "saved_seconds": saved_s,
            },
            "feedback": "\n".join([*lines, printed]).strip(),
        }


class Look:
    """stop: or None. is_open: the program is slower by a little, and it is open whether by chance."""

    def __init__(self, stop, is_open):
        self.stop, self.is_open = stop, is_open


def quick_look(judge, timed, recorded_us):
    """timed: each shape after its first round. Where that seems too slow, one more round is taken: something else may have been in the way of the
    first one, and what is stopped keeps its estimate for good."""
    first = mean_log_ratio([one.rounds_us[0] for one in timed], recorded_us)
    bound, is_open = look_bound(len(timed)), first > look_noise(len(timed))
    if first <= bound or any(one.is_disturbed for one in timed):
        return Look(None, is_open)
    for one in timed:
        one.take_round()
        judge.tidy()
    # A place in memory can make a program slower, hardly ever faster: the better one of two rounds is nearer to the truth.
    again = mean_log_ratio([min(one.rounds_us) for one in timed], recorded_us)
    if again <= bound or any(one.is_disturbed for one in timed):
        return Look(None, is_open)
    logs = [math.log(estimate_us(one.rounds_us) / recorded) for one, recorded in zip(timed, recorded_us)]
    return Look(Stop(logs, len(timed[0].rounds_us), in_race=False), False)


def estimate_us(rounds_us):
    """Of one shape. Rounds that noise cannot explain had something in their way: then the best one counts."""
    if math.log(max(rounds_us) / min(rounds_us)) > ROUNDS_APART:
        return min(rounds_us)
    return statistics.geometric_mean(rounds_us)


class RaceOff(Exception):
    """There is no race, because of the parent or for want of memory for two; that says nothing about the program."""


def race_with_parent(judge, candidate, clock, turn, timed, cases, warming, seeds, incumbent, deadline, stages):
    """A Stop, or None. The parent's process is started here and not before: most programs are decided about without it.

    timed: the program's cases. warming: cases for which the parent compiles what it needs, while others may use the GPU as well.
    """
    from timing import TimedCase

    with tempfile.TemporaryDirectory() as folder:
        # The program could change this file. A parent that is slowed down would keep it from being stopped, and lower no time of its own.
        path = os.path.join(folder, "parent.py")
        with open(path, "wb") as file:
            file.write(incumbent.text)
        rival = CandidateProcess(path, "gpu", deadline)
        try:
            CompileAhead(path, [[case] for case in warming]).wait(deadline, [candidate, rival])
            with turn.shared():
                of_rival(rival.ask, {"do": "load"})
            for case in warming:
                with turn.shared():
                    of_rival(judge.check, rival, case, next(seeds))
            stages.end("incumbent")
            with turn.alone(), clock.watch.alone(own=3):
                try:
                    rivals = []
                    for own, case in zip(timed, cases):
                        rivals.append(of_rival(TimedCase, clock, judge, rival, case, seeds, own.calls))
                        judge.tidy()
                    return race(judge, timed, rivals, seeds)
                finally:
                    # Not after the turn, for the reason that Leaving has.
                    judge.let_go()
                    rival.end()
        except RaceOff:
            return None
        finally:
            judge.let_go()
            rival.end()
            stages.end("race")


def of_rival(call, *arguments):
    try:
        return call(*arguments)
    except Rejected as rejected:
        raise RaceOff(str(rejected)) from None


def race(judge, timed, rivals, seeds):
    """A Stop, or None after RACE_ROUNDS. timed, rivals: the same shapes of program and parent. Throws RaceOff."""
    rounds = []
    for number in range(RACE_ROUNDS):
        logs = []
        for index, (own, other) in enumerate(zip(timed, rivals)):
            mine, theirs = itertools.tee(seeds)
            # Whoever is first now is last next time.
            if (number + index) % 2 == 0:
                own_ns = _own_round(own, mine)
                other_ns = of_rival(other.take_round, theirs)
            else:
                other_ns = of_rival(other.take_round, theirs)
                own_ns = _own_round(own, mine)
            logs.append(math.log(own_ns / other_ns))
            judge.tidy()
        rounds.append(logs)
        if any(one.is_disturbed for one in (*timed, *rivals)):
            raise RaceOff("The GPU was at other work, too.")
        if is_clearly_slower([statistics.fmean(logs) for logs in rounds], len(timed)):
            return Stop([statistics.fmean(column) for column in zip(*rounds)], len(rounds), in_race=True)
    return None


def _own_round(own, seeds):
    try:
        return own.take_round(seeds)
    except NoRoom:
        # Alone it may have enough.
        raise RaceOff("There is no memory for two programs.") from None


def with_room(turn, call):
    """What call gives, beside others on the GPU; alone where there is no room for all of them at once, for who waits for a turn holds little."""
    try:
        with turn.shared():
            return call()
    except NoRoom:
        pass
    with turn.alone():
        return call()


def open_judge(turn, make):
    """What make gives. Where the GPU has no room for it, that says nothing about the program, of which nothing has run yet."""
    try:
        return with_room(turn, make)
    except NoRoom as none:
        raise NotTimed(str(none)) from none


class Leaving:
    """Ends what an evaluation has on the GPU while nobody else takes times. The driver takes back contexts and gigabytes of memory then, and
    the calls of another program, which got its turn at that moment, may have to wait for it."""

    def __init__(self, judge, candidate, turn, deadline):
        self._judge, self._candidate, self._turn, self._deadline, self._has_left = judge, candidate, turn, deadline, False

    def now(self):
        """In a turn."""
        if not self._has_left:
            self._has_left = True
            self._candidate.end()
            self._judge.end()

    def at_last(self):
        """Outside of a turn: whatever became of the evaluation. Without one where the time is up that it may take."""
        if not self._has_left:
            with self._turn.shared() if time.monotonic() < self._deadline else contextlib.nullcontext():
                self.now()


def start_clock(make, turn):
    """A clock, and whether this process is closed to the candidate's, which could write over what it holds. A driver that cannot share memory
    with a closed process says so here, before the candidate's code is loaded."""
    for is_closed in (True, False):
        close_own_memory(is_closed)
        try:
            with turn.alone():
                return make(), is_closed
        except Rejected as rejected:
            why = rejected
    raise OSError(f"This host cannot judge programs in a process of their own. {why}") from why
