"""Runs cases again of which others had part of the core. Which run counts is decided by what others did, which no program can bring about:
never by a score. So a program gains nothing by it."""

import time

from disturbance import is_disturbed
from run_case import TIME_LIMIT_S, WALL_TOLERANCE_S

MOST_RUNS = 3
# How long a case that is run again looks for a core that is quiet.
QUIET_WITHIN_S = 2
# Others stay: then it only takes time.
MOST_IN_VAIN = 3
# Who shares its core's caches with others computes longer, by this factor at most.
SHARING_FACTOR = 1.15


class Repeats:
    """For the cases of one worker."""

    def __init__(self, until):
        """until: of the monotonic clock, when nothing is run again any more."""
        self.until, self.in_vain = until, 0

    def least_disturbed(self, judge):
        """judge(quiet_within_s): runs the case; a result and what goes with it. Returns that of the run that was disturbed least."""
        best, runs = judge(0), 1
        while runs < MOST_RUNS and self._may_repeat(best[0]):
            again = judge(QUIET_WITHIN_S)
            runs += 1
            if is_refused(again[0]) or again[0].taken_s < best[0].taken_s:
                best = again
            if is_disturbed(again[0]):
                self.in_vain += 1
        return best

    def _may_repeat(self, result):
        if is_refused(result) or not is_disturbed(result):
            return False
        return self.in_vain < MOST_IN_VAIN and time.monotonic() < self.until


def is_refused(result):
    """For what others are not to blame; then once is enough."""
    is_late = result.cpu_s > SHARING_FACTOR * TIME_LIMIT_S or result.wall_s - result.waited_s > TIME_LIMIT_S + WALL_TOLERANCE_S
    return result.verdict not in ("AC", "TLE") or result.verdict == "TLE" and is_late
