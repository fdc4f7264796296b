"""Takes the time of calls with a clock that the candidate's process cannot reach.

Calls are timed several at once, one after the other, so that the way between the processes hardly counts. Each call's first norm is
made of values of the output of the one before: so none can begin before the one before has come that far. While the inputs are laid
out, the candidate's process is stopped. The clock starts when it may go on, and stops when it says that all is done; right after that,
pieces of the last output are read. Where that takes longer than usual, the GPU was still at work, and the candidate pays for it. What
the way there and back takes is measured with a call of nothing, before the candidate's code is loaded.
"""

import math
import statistics
import time

from candidate_process import Rejected
from cases import name_of
from judge import check_form

WANTED_NS = 20e6  # of calls that are timed together
MOST_CALLS = 48
BATCHES_A_ROUND = 2
LEAST_ROUNDS = 4
MOST_ROUNDS = 7
LONGEST_S = 1.5
WANTED_NOISE = 0.0015
NOTHING_BATCHES = 30
# A call that is faster than this part of copying its input is not believed: copying moves as many bytes as any call must.
LEAST_PART_OF_COPY = 0.5
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


class Batch:
    """Calls that are timed together. All times in ns."""

    def __init__(self, judge, candidate, case, seeds, do="time"):
        samples = [judge.choose_sample(case) for _ in seeds]
        offsets = judge.choose_offsets(case, len(seeds))
        candidate.ask(judge.command(do, case, offsets=offsets))
        candidate.pause()
        self.copy_ns = []
        for seed, sample, offset in zip(seeds, samples, offsets):
            made = judge.make(case, seed)
            judge.put_chain(made, sample)
            self.copy_ns.append(judge.publish(made, offset))
        self.flush_ns = judge.flush()
        answer, began, ended = candidate.begin()
        if do == "time":
            check_form(answer, case, judge.device)
        address = judge.locate(answer, made.parts["x"].numel() if do == "time" else 64)
        glance = judge.glance(address, samples[-1].places if do == "time" else [0] * len(samples[-1].places))
        self.glance_ns = time.perf_counter_ns() - ended
        self.all_ns = ended - began
        if do == "time":
            self._check(judge, candidate, case, seeds, samples, address, glance)

    def _check(self, judge, candidate, case, seeds, samples, last_address, glance):
        """Checks each call's output at its sample, and one of them entirely."""
        self.answers = candidate.ask({"do": "where"}).get("outputs")
        if not isinstance(self.answers, list) or len(self.answers) != len(seeds):
            raise Rejected("The program wrote over the memory by which it is told what to do.")
        whole = judge.toss(len(seeds))
        norm = None
        for index, (seed, sample, answer) in enumerate(zip(seeds, samples, self.answers)):
            made = judge.make(case, seed)
            if norm is not None:
                made.parts["norm.weight"].copy_(norm)
            check_form(answer, case, judge.device)
            address = judge.locate(answer, made.parts["x"].numel())
            rows = judge.read_sample(address, case, sample)
            if index == len(seeds) - 1:
                if address != last_address:
                    raise Rejected("The program says that an output lies now here and now there.")
                judge.check_glance(rows, sample, glance, case)
            norm = judge.check_sample(rows, made, sample)
            if index == whole:
                judge.check_all(answer, made)


class Clock:
    """overhead_ns: of a batch beside the time of its calls. glance_ns, flush_ns: seldom longer."""

    def __init__(self, judge, candidate, case, seed):
        batches = [Batch(judge, candidate, case, [seed], "nothing") for _ in range(NOTHING_BATCHES + 5)][5:]
        self.overhead_quartiles_ns = statistics.quantiles([batch.all_ns for batch in batches], n=4)
        self.overhead_ns = self.overhead_quartiles_ns[1]
        self.glance_ns = statistics.quantiles([batch.glance_ns for batch in batches], n=10)[8]
        self.flush_ns = statistics.quantiles([batch.flush_ns for batch in batches], n=10)[8]

    def _call_ns(self, batch, calls):
        return (batch.all_ns - self.overhead_ns + max(0.0, batch.glance_ns - self.glance_ns)) / calls

    def time(self, judge, candidate, case, seeds):
        """{"us", "error_us", "calls", "copy_us"} of a case. seeds: gives a new seed for each call, without end."""
        timed = TimedCase(self, judge, candidate, case, seeds)
        timed.settle()
        return timed.result()


class TimedCase:
    """The times of one case, in rounds.

    Where a program's memory happens to lie makes a difference of up to 8 % for a single case on an H100, for as long as it lies there. So before
    each round the program's process gives its memory back and gets other memory.
    """

    def __init__(self, clock, judge, candidate, case, seeds):
        self._clock, self._judge, self._candidate, self._case, self._seeds = clock, judge, candidate, case, seeds
        self._rounds, self._copies, self._flushes = [], [], []
        self._again = MOST_AGAIN
        self._move(1)
        calls = 2
        for attempt in range(4):
            roughly_ns = max(1.0, (self._batch(calls).all_ns - clock.overhead_ns) / calls)
            wanted = max(2, min(MOST_CALLS, judge.most_calls(case), round(WANTED_NS / roughly_ns)))
            if attempt > 0 and wanted <= 1.3 * calls:
                break
            calls = max(calls, wanted)
        self._calls = calls

    def _batch(self, calls):
        return Batch(self._judge, self._candidate, self._case, [next(self._seeds) for _ in range(calls)])

    def _move(self, calls):
        self._judge.let_go()
        self._candidate.ask({"do": "move"})
        # Not counted: at first the program compiles and tunes and gets memory, and this process opens that memory.
        self._batch(calls)

    def _take(self):
        """One round. What another program does on the GPU meanwhile is not this one's fault: a batch that begins then is taken again."""
        taken = []
        while len(taken) < BATCHES_A_ROUND:
            batch = self._batch(self._calls)
            if batch.flush_ns > BUSY * self._clock.flush_ns and self._again > 0:
                self._again -= 1
                continue
            taken.append(self._clock._call_ns(batch, self._calls))
            self._copies += batch.copy_ns
            self._flushes.append(batch.flush_ns)
        self._rounds.append(statistics.fmean(taken))

    def settle(self):
        """Until the mean is known to WANTED_NOISE, or LONGEST_S have passed."""
        began = time.monotonic()
        while len(self._rounds) < MOST_ROUNDS:
            if self._rounds:
                self._move(self._calls)
            self._take()
            if len(self._rounds) >= LEAST_ROUNDS:
                mean, error = trimmed(self._rounds)
                if error < WANTED_NOISE * mean or time.monotonic() - began > LONGEST_S:
                    break
        self._judge.tidy()

    def result(self):
        """{"us", "error_us", "calls", "copy_us"}. Rejected where the times cannot be true."""
        copies, flushes, case = self._copies, self._flushes, self._case
        mean, error = trimmed(self._rounds)
        copy_ns = statistics.median(copies)
        if statistics.median(flushes) > BUSY * self._clock.flush_ns:
            raise Rejected(f"The GPU was at work already before the calls for {name_of(case)} began.")
        if mean < LEAST_PART_OF_COPY * copy_ns:
            raise Rejected(
                f"{mean / 1000:.1f} µs for {name_of(case)} is not possible: "
                f"merely copying the input takes {copy_ns / 1000:.1f} µs."
            )
        return {"us": mean / 1000, "error_us": error / 1000, "calls": self._calls * len(flushes), "copy_us": copy_ns / 1000}
