"""Takes the time of calls with a clock that the candidate's process cannot reach, in rounds of batches (batch.py).

What the way to the other process and back takes is measured with a call of nothing, before the candidate's code is loaded.
"""

import math
import statistics
import time

from batch import COPIED, LEAST_PART_OF_COPY, LONGEST_S, Batch, part_copied
from candidate_process import Rejected
from cases import name_of
from gpu_state import Watch

WANTED_NS = 20e6  # of calls that are timed together
MOST_CALLS = 48
BATCHES_A_ROUND = 2
LEAST_ROUNDS = 4
MOST_ROUNDS = 7
WANTED_NOISE = 0.0015
NOTHING_BATCHES = 30
# The cache is emptied before the clock starts: this many times as long as with an idle GPU, and it was not idle.
BUSY = 2
MOST_AGAIN = 6


def trimmed(values):
    """Mean of the middle half, and its standard error."""
    ordered = sorted(values)
    quarter = len(ordered) // 4
    middle = ordered[quarter : len(ordered) - quarter]
    clamped = [middle[0]] * quarter + middle + [middle[-1]] * quarter
    error = statistics.stdev(clamped) / ((1 - 2 * quarter / len(ordered)) * math.sqrt(len(ordered)))
    return statistics.fmean(middle), error


class Clock:
    """overhead_ns: of a batch beside the time of its calls. glance_ns, flush_ns: seldom longer. watch: looks at the GPU around each round."""

    def __init__(self, judge, candidate, case, seed, watch=None):
        self.watch = Watch([], 0) if watch is None else watch
        batches = [Batch(judge, candidate, case, [seed], "nothing") for _ in range(NOTHING_BATCHES + 5)][5:]
        self.overhead_quartiles_ns = statistics.quantiles([batch.all_ns for batch in batches], n=4)
        self.overhead_ns = self.overhead_quartiles_ns[1]
        self.glance_ns = statistics.quantiles([batch.glance_ns for batch in batches], n=10)[8]
        self.flush_ns = statistics.quantiles([batch.flush_ns for batch in batches], n=10)[8]
        # Seconds that went into laying out inputs, into calls, and into looking at outputs.
        self.spent_s = {"inputs": 0.0, "calls": 0.0, "checks": 0.0}

    def account(self, batch):
        for name, took_ns in zip(self.spent_s, (batch.inputs_ns, batch.all_ns, batch.checks_ns)):
            self.spent_s[name] += took_ns / 1e9

    def call_ns(self, batch, calls):
        return (batch.all_ns - self.overhead_ns + max(0.0, batch.glance_ns - self.glance_ns)) / calls

    def time(self, judge, candidate, case, seeds):
        """{"us", "error_us", "calls", "copy_us"} of a case. seeds: gives a new seed for each call, without end."""
        timed = TimedCase(self, judge, candidate, case, seeds)
        timed.settle()
        return timed.result()


class TimedCase:
    """The times of one case, in rounds.

    Where a program's memory happens to lie makes a difference of up to 8 % for a single case on an H100, for as long as it lies there. So before
    each round the program's process gives its memory back and gets other memory. calls: timed together. Without them as many are found as are best,
    and a first round is taken at once, where that has led the program.
    """

    def __init__(self, clock, judge, candidate, case, seeds, calls=None):
        self._clock, self._judge, self._candidate, self._case, self._seeds = clock, judge, candidate, case, seeds
        self._rounds, self._copies, self._flushes = [], [], []
        self._again, self._took_s = MOST_AGAIN, 0.0
        self._move(1)
        self.calls = calls
        if calls is None:
            self.calls = self._best_calls()
            self._take(self._seeds)

    def _best_calls(self):
        calls = 2
        for attempt in range(4):
            roughly_ns = max(1.0, (self._batch(calls, check="none").all_ns - self._clock.overhead_ns) / calls)
            wanted = max(2, min(MOST_CALLS, self._judge.most_calls(self._case), round(WANTED_NS / roughly_ns)))
            if attempt > 0 and wanted <= 1.3 * calls:
                break
            calls = max(calls, wanted)
        return calls

    def _batch(self, seeds, **how):
        """seeds: how many calls to make, or for each of them its seed."""
        chosen = [next(self._seeds) for _ in range(seeds)] if isinstance(seeds, int) else seeds
        batch = Batch(self._judge, self._candidate, self._case, chosen, **how)
        self._clock.account(batch)
        return batch

    def _move(self, calls):
        self._judge.let_go()
        self._candidate.ask({"do": "move"})
        # Not counted, and with one input for all: at first the program compiles and tunes and gets memory, and this process opens that memory.
        self._batch(1, check="none", spread=calls)

    def take_round(self, seeds=None):
        """Gives its time of a call in ns. seeds: gives the seed of each call, in place of the usual ones."""
        began = time.monotonic()
        self._move(self.calls)
        self._took_s += time.monotonic() - began
        return self._take(self._seeds if seeds is None else seeds)

    def _take(self, seeds):
        round_ns, copies, flushes, took_s = self._clock.watch.timed(lambda: self._one_round(seeds))
        self._rounds.append(round_ns)
        self._copies += copies
        self._flushes += flushes
        self._took_s += took_s
        return round_ns

    def _one_round(self, seeds):
        """What another program does on the GPU meanwhile is not this one's fault: a batch that begins then is taken again."""
        began, taken, copies, flushes = time.monotonic(), [], [], []
        # Nobody outside knows which batch is looked at more closely.
        whole = self._judge.toss(BATCHES_A_ROUND)
        while len(taken) < BATCHES_A_ROUND:
            chosen = [next(seeds) for _ in range(self.calls)]
            batch = self._batch(chosen, check="whole" if len(taken) == whole else "samples")
            if batch.flush_ns > BUSY * self._clock.flush_ns and self._again > 0:
                self._again -= 1
                continue
            taken.append(self._clock.call_ns(batch, self.calls))
            copies += batch.copy_ns
            flushes.append(batch.flush_ns)
        return statistics.fmean(taken), copies, flushes, time.monotonic() - began

    @property
    def rounds_us(self):
        return [round_ns / 1000 for round_ns in self._rounds]

    @property
    def copy_us(self):
        return statistics.median(self._copies) / 1000 * part_copied(self._judge, self._case)

    @property
    def is_disturbed(self):
        """The GPU was at work already before calls began."""
        return statistics.median(self._flushes) > BUSY * self._clock.flush_ns

    def settle(self):
        """Until the mean is known to WANTED_NOISE, or rounds have taken LONGEST_S."""
        while len(self._rounds) < MOST_ROUNDS:
            if len(self._rounds) >= LEAST_ROUNDS:
                mean, error = trimmed(self._rounds)
                if error < WANTED_NOISE * mean or self._took_s > LONGEST_S:
                    break
            self.take_round()
        self._judge.tidy()

    def result(self):
        """{"us", "error_us", "calls", "copy_us"}. Rejected where the times cannot be true."""
        case, copy_ns = self._case, 1000 * self.copy_us
        mean, error = trimmed(self._rounds)
        if self.is_disturbed:
            raise Rejected(f"The GPU was at work already before the calls for {name_of(case)} began.")
        if mean < LEAST_PART_OF_COPY * copy_ns:
            raise Rejected(
                f"{mean / 1000:.1f} µs for {name_of(case)} is not possible: "
                f"merely copying {COPIED} takes {copy_ns / 1000:.1f} µs."
            )
        calls = self.calls * len(self._flushes)
        return {"us": mean / 1000, "error_us": error / 1000, "calls": calls, "copy_us": self.copy_us}
