"""Runs the evaluators of problems that are timed on a GPU without one: what programs, their times and the GPU do is made up here.

Everything from evaluate_on_gpu inwards is the problem's own, except the batches of calls and the two processes. Times vary as on an H100
(docs/results/trimul.md): a drift that all share, where memory lies, and a rest.
"""

import contextlib
import importlib
import itertools
import math
import os
import random
import sys
import types

OVERHEAD_NS = 20e3
FLUSH_NS = 50e3


class Gpu:
    """drift, place, rest: scales. off_places: of the places in memory, how many make a program slower by 3 to 8 %. disturbed_batches: so many
    find the GPU at other work."""

    def __init__(self, seed, drift=0.0033, place=0.003, rest=0.004, off_places=0.06, disturbed_batches=0):
        self.random, self.disturbed_batches = random.Random(seed), disturbed_batches
        self.drift = self.random.gauss(0, drift)
        self.place, self.rest, self.off_places = place, rest, off_places
        self.events, self.batches = [], []

    def place_of_memory(self):
        off = self.random.uniform(0.03, 0.08) if self.random.random() < self.off_places else 0
        return off + self.random.gauss(0, self.place)


class Process:
    """A program's process. times_us: by case. wrong_in: cases with a wrong output. no_room_in: cases for which there is no memory while others use
    the GPU, too. never_room_in: nor alone. fails_at: after how many moves calls fail, and the words with
    which they do. whole_rounds_off: by so much one of 18 programs is slower in all of its first round."""

    def __init__(self, gpu, name, times_us, wrong_in=(), no_room_in=(), never_room_in=(), fails_at=None, whole_rounds_off=0.0):
        self.no_room_in, self.never_room_in = no_room_in, never_room_in
        self.gpu, self.name, self.times_us, self.wrong_in, self.fails_at = gpu, name, times_us, wrong_in, fails_at
        self._place, self._moves, self.has_ended = 0.0, 0, False
        self._off = gpu.random.choice([0.0] * 17 + [whole_rounds_off])

    def ask(self, command):
        self.gpu.events.append((self.name, command["do"]))
        if command["do"] == "move":
            self._place, self._moves = self.gpu.place_of_memory(), self._moves + 1
        return {}

    def call_ns(self, case):
        from candidate_process import NoRoom, Rejected

        if self.fails_at is not None and self._moves == self.fails_at[0]:
            raise (NoRoom if "out of memory" in self.fails_at[1] else Rejected)(self.fails_at[1])
        off = self._off if self._moves <= len(self.times_us) else 0
        return 1000 * self.times_us[case] * math.exp(self.gpu.drift + self._place + off + self.gpu.random.gauss(0, self.gpu.rest))

    def printed(self):
        return ""

    def end(self):
        self.has_ended = True
        self.gpu.events.append((self.name, "end"))

    def close(self):
        self.end()


class Judge:
    device, PLACES, finds_room = "standin", 1, True

    def __init__(self, _cases):
        from candidate_process import NoRoom

        self.gpu = Judge.on
        if not Judge.finds_room:
            raise NoRoom("The GPU is full.")

    def check(self, candidate, case, _seed):
        from candidate_process import NoRoom, Rejected

        turn = next(event[1] for event in reversed(self.gpu.events) if event[0] == "turn")
        if case in candidate.never_room_in or (case in candidate.no_room_in and turn == "shared"):
            raise NoRoom("The program failed: CUDA out of memory.")
        self.gpu.events.append((candidate.name, "check", case))
        if case in candidate.wrong_in:
            raise Rejected(f"Wrong output of {candidate.name}.")
        return 0.001

    def most_calls(self, _case):
        return 48

    def toss(self, count):
        return self.gpu.random.randrange(count)

    def needed_part(self, _case):
        return 1

    def let_go(self):
        pass

    def rest(self, _candidate):
        pass

    def end(self):
        self.gpu.events.append(("judge", "end"))

    def tidy(self):
        pass


class Batch:
    def __init__(self, judge, candidate, case, seeds, do="time", check="whole", spread=1):
        gpu, calls = judge.gpu, len(seeds) * spread
        self.glance_ns, self.copy_ns, self.inputs_ns, self.checks_ns = 1e3, [1e3], 0, 0
        self.flush_ns = FLUSH_NS
        if do == "time" and gpu.disturbed_batches > 0:
            gpu.disturbed_batches -= 1
            self.flush_ns = 3 * FLUSH_NS
        self.all_ns = OVERHEAD_NS if do == "nothing" else OVERHEAD_NS + calls * candidate.call_ns(case)
        if do == "time":
            gpu.batches.append((candidate.name, case, check, tuple(seeds) if check != "none" else calls))


class Turn:
    """waits_s: how long each turn is waited for, by the clock that the waiting stands still for."""

    waited_s, waits_s = 0.0, 0.0

    def __init__(self, _name):
        pass

    @contextlib.contextmanager
    def _held(self, kind):
        Judge.on.events.append(("turn", kind))
        Turn.waited_s += Turn.waits_s
        yield
        Judge.on.events.append(("turn", "over"))

    def shared(self):
        return self._held("shared")

    def alone(self):
        return self._held("alone")


def module(name, **content):
    made = types.ModuleType(name)
    made.__dict__.update(content)
    sys.modules[name] = made


class Evaluator:
    """The evaluator in the folder `problem`."""

    def __init__(self, problem):
        sys.path.insert(0, os.path.abspath(problem))
        module("judge", GpuJudge=Judge, check_form=None)
        module("gpu_judge", GpuJudge=Judge)
        module("cuda_memory", uuid_of_gpu=lambda: "standin")
        module("gpu_turn", GpuTurn=Turn)
        self.evaluate, self.cascade, self.cases, timing = map(importlib.import_module, ("evaluate", "cascade", "cases", "timing"))
        timing.Batch = Batch
        self.timing = timing

    def keys(self):
        return [self.evaluate.key_of(case) for case in self.cases.TIMING]

    def times_us(self, factor=1.0, uneven=0.0):
        """By case; `uneven` makes every other shape slower and the others faster by so much."""
        return {
            case: 1000 * factor * (1 + index) * math.exp(uneven * (-1) ** index) for index, case in enumerate(self.cases.TIMING)
        }

    def true_us(self, times_us):
        return math.exp(math.fsum(map(math.log, times_us.values())) / len(times_us))

    def parent(self, gpu=None):
        """As its own evaluation recorded it: with its own luck."""
        times = self.times_us()
        if gpu is None:
            recorded = list(times.values())
        else:
            verdict, _ = self.run(gpu, Process(gpu, "parent", times), None)
            recorded = [verdict["metrics"][key] for key in self.keys()]
        value = math.exp(math.fsum(map(math.log, recorded)) / len(recorded))
        return self.cascade.Incumbent(b"parent", value, recorded, dict(zip(self.keys(), recorded)))

    def run(self, gpu, candidate, incumbent, rival=None):
        """Verdict and picture. Throws Rejected."""
        Judge.on = gpu
        self.cascade.CandidateProcess = lambda *_arguments: rival or Process(gpu, "rival", self.times_us())
        self.cascade.CompileAhead = lambda *_arguments: types.SimpleNamespace(wait=lambda *_arguments: None)
        return self.evaluate.evaluate_on_gpu(candidate, itertools.count(), incumbent, math.inf)
