"""Calls that are timed together, one after the other, so that the way between the processes hardly counts. Each call's first norm is
made of values of the output of the one before: so none can begin before the one before has come that far. While the inputs are laid
out, the candidate's process is stopped. The clock starts when it may go on, and stops when it says that all is done; right after that,
pieces of the last output are read. Where that takes longer than usual, the GPU was still at work, and the candidate pays for it.
"""

import math
import time

from candidate_process import Rejected
from judge import check_form

LONGEST_S = 1.5  # of the rounds of one case
# A call that is faster than this part of copying its input is not believed: copying moves as many bytes as any call must.
LEAST_PART_OF_COPY = 0.5
COPIED = "the input"


def part_copied(_judge, _case):
    """Of the inputs, what every program must read."""
    return 1


class Batch:
    """Calls that are timed together. All times in ns.

    check: "none" of calls whose time does not count, "samples" of each call's output, or "whole": besides, all of the output of one call.
    spread: how many calls there are to each seed; more than one only where nothing is checked.
    """

    def __init__(self, judge, candidate, case, seeds, do="time", check="whole", spread=1):
        began_ns = time.perf_counter_ns()
        samples = [judge.choose_sample(case) for _ in seeds]
        offsets = judge.choose_offsets(case, len(seeds))
        candidate.ask(judge.command(do, case, offsets=[offset for offset in offsets for _ in range(spread)]))
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
            self._find(judge, candidate, case, len(seeds) * spread)
            if check != "none":
                self._check(judge, case, seeds, samples, address, glance, judge.toss(len(seeds)) if check == "whole" else None)
        self.inputs_ns, self.checks_ns = began - began_ns, time.perf_counter_ns() - ended

    def _find(self, judge, candidate, case, calls):
        """Where the outputs lie. Finding them opens memory, which takes time that no call is to have on its account."""
        self.answers = candidate.ask({"do": "where"}).get("outputs")
        if not isinstance(self.answers, list) or len(self.answers) != calls:
            raise Rejected("The program wrote over the memory by which it is told what to do.")
        for answer in self.answers:
            check_form(answer, case, judge.device)
            judge.locate(answer, math.prod(answer["shape"]))

    def _check(self, judge, case, seeds, samples, last_address, glance, whole):
        """Checks each call's output at its sample, and that of the call `whole` entirely."""
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
