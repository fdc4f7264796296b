"""Takes the time of calls with a clock that the candidate's process cannot reach.

Calls are timed several at once, one after the other, so that the way between the processes hardly counts. Some values of each call's x
are made of values of the output of the one before: so none can begin before the one before has ended. While the inputs are laid out, the
candidate's process is stopped. The clock starts when it may go on, and stops when it says that all is done; right after that, pieces of
the last output and of the last cache are read. Where that takes longer than usual, the GPU was still at work, and the candidate pays for
it. What the way there and back takes is measured with a call of nothing, before the candidate's code is loaded.
"""

import math
import statistics
import time

from candidate_process import Rejected
from cases import name_of

WANTED_NS = 20e6  # of calls that are timed together
MOST_CALLS = 48
LEAST_BATCHES = 6
MOST_BATCHES = 24
LONGEST_S = 2.0
WANTED_NOISE = 0.0015
NOTHING_BATCHES = 30
NOTHING_BYTES = 256
# A call that is faster than this part of copying what it must read is not believed: copying moves each byte twice.
LEAST_PART_OF_COPY = 0.35
# The cache is emptied before the clock starts: this many times as long as with an idle GPU, and it was not idle.
BUSY = 2


def trimmed(values):
    """Mean of the middle half, and its standard error."""
    ordered = sorted(values)
    quarter = len(ordered) // 4
    middle = ordered[quarter : len(ordered) - quarter]
    clamped = [middle[0]] * quarter + middle + [middle[-1]] * quarter
    error = statistics.stdev(clamped) / ((1 - 2 * quarter / len(ordered)) * math.sqrt(len(ordered)))
    return statistics.fmean(middle), error


def scale_of(case):
    """What brings values of an output to about the size of those of x; a power of 2, so that nothing is rounded."""
    return 2.0 ** round(math.log2(math.sqrt((case.prefill + 1) / math.e)))


class Batch:
    """Calls that are timed together. All times in ns."""

    def __init__(self, judge, candidate, case, seeds, do="time"):
        chains = [judge.choose_chain(case) for _ in seeds]
        offsets = judge.choose_offsets(case, len(seeds))
        candidate.ask(judge.command(do, case, offsets=offsets, scale=scale_of(case)))
        candidate.pause()
        self.copy_ns = []
        for seed, chain, offset in zip(seeds, chains, offsets):
            made = judge.make(case, seed)
            judge.put_chain(made, chain)
            self.copy_ns.append(judge.publish(made, offset))
            made = None
        self.flush_ns = judge.flush()
        answer, began, ended = candidate.begin()
        if do == "time":
            address = judge.find_output(answer, case)
            places = judge.places_of(case, offsets[-1], address)
        else:
            address = judge.locate(answer, NOTHING_BYTES)
            places = [address] * judge.PLACES
        glance = judge.glance(places)
        self.glance_ns = time.perf_counter_ns() - ended
        self.all_ns = ended - began
        if do == "time":
            self._check(judge, candidate, case, list(zip(seeds, chains, offsets)), address)
            judge.check_glance(places, glance, case)

    def _check(self, judge, candidate, case, calls, last_address):
        """Checks each call's output and the cache that it left."""
        answers = candidate.ask({"do": "where"}).get("outputs")
        if not isinstance(answers, list) or len(answers) != len(calls):
            raise Rejected("The program wrote over the memory by which it is told what to do.")
        before = None
        for (seed, chain, offset), answer in zip(calls, answers):
            made = judge.make(case, seed)
            judge.put_chain(made, chain)
            if before is not None:
                judge.hand_on(*before, made, scale_of(case))
            output, address = judge.read_output(answer, case)
            if offset == calls[-1][2] and address != last_address:
                raise Rejected("The program says that an output lies now here and now there.")
            judge.check_all(output, made, offset, "output of a timed call")
            before = output, chain
            made = None


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

        def batch_of(calls):
            return Batch(judge, candidate, case, [next(seeds) for _ in range(calls)])

        # Not counted: at first the program compiles and tunes and gets memory, and this process opens that memory.
        batch_of(1)
        calls = 2
        for attempt in range(4):
            roughly_ns = max(1.0, (batch_of(calls).all_ns - self.overhead_ns) / calls)
            wanted = max(2, min(MOST_CALLS, judge.most_calls(case), round(WANTED_NS / roughly_ns)))
            if attempt > 0 and wanted <= 1.3 * calls:
                break
            calls = max(calls, wanted)
        taken, copies, flushes = [], [], []
        began = time.monotonic()
        while len(taken) < MOST_BATCHES:
            batch = batch_of(calls)
            taken.append(self._call_ns(batch, calls))
            copies += batch.copy_ns
            flushes.append(batch.flush_ns)
            if len(taken) >= LEAST_BATCHES:
                mean, error = trimmed(taken)
                if error < WANTED_NOISE * mean or time.monotonic() - began > LONGEST_S:
                    break
        mean, error = trimmed(taken)
        copy_ns = statistics.median(copies) * judge.needed_part(case)
        if statistics.median(flushes) > BUSY * self.flush_ns:
            raise Rejected(f"The GPU was at work already before the calls for {name_of(case)} began.")
        if mean < LEAST_PART_OF_COPY * copy_ns:
            raise Rejected(
                f"{mean / 1000:.1f} µs for {name_of(case)} is not possible: "
                f"merely copying what must be read takes {copy_ns / 1000:.1f} µs."
            )
        return {"us": mean / 1000, "error_us": error / 1000, "calls": calls * len(taken), "copy_us": copy_ns / 1000}
