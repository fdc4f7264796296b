"""Calls that are timed together, one after the other, so that the way between the processes hardly counts. Some values of each call's x
are made of values of the output of the one before: so none can begin before the one before has ended. While the inputs are laid out, the
candidate's process is stopped. The clock starts when it may go on, and stops when it says that all is done; right after that, pieces of
the last output and of the last cache are read. Where that takes longer than usual, the GPU was still at work, and the candidate pays for
it.
"""

import math
import time

from candidate_process import Rejected

LONGEST_S = 2.0  # of the rounds of one case
NOTHING_BYTES = 256
# A call that is faster than this part of copying what it must read is not believed: copying moves each byte twice.
LEAST_PART_OF_COPY = 0.35
COPIED = "what must be read"


def part_copied(judge, case):
    """Of the inputs, what every program must read."""
    return judge.needed_part(case)


def scale_of(case):
    """What brings values of an output to about the size of those of x; a power of 2, so that nothing is rounded."""
    return 2.0 ** round(math.log2(math.sqrt((case.prefill + 1) / math.e)))


class Batch:
    """Calls that are timed together. All times in ns.

    check: "none" of calls whose time does not count; else each call's output and cache are checked, whatever it says. spread: how many calls
    there are to each seed; more than one only where nothing is checked.
    """

    def __init__(self, judge, candidate, case, seeds, do="time", check="whole", spread=1):
        began_ns = time.perf_counter_ns()
        chains = [judge.choose_chain(case) for _ in seeds]
        offsets = judge.choose_offsets(case, len(seeds))
        candidate.ask(judge.command(do, case, offsets=[offset for offset in offsets for _ in range(spread)], scale=scale_of(case)))
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
            answers = self._find(judge, candidate, case, len(seeds) * spread)
            if check != "none":
                self._check(judge, case, list(zip(seeds, chains, offsets)), answers, address)
                judge.check_glance(places, glance, case)
        self.inputs_ns, self.checks_ns = began - began_ns, time.perf_counter_ns() - ended

    def _find(self, judge, candidate, case, calls):
        """Where the outputs lie. Finding them opens memory, which takes time that no call is to have on its account."""
        answers = candidate.ask({"do": "where"}).get("outputs")
        if not isinstance(answers, list) or len(answers) != calls:
            raise Rejected("The program wrote over the memory by which it is told what to do.")
        for answer in answers:
            judge.find_output(answer, case)
        return answers

    def _check(self, judge, case, calls, answers, last_address):
        """Checks each call's output and the cache that it left."""
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
