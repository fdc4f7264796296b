"""How long an evaluation waited for cores that others had."""

import math

# A free core takes less time to have.
NO_WAIT_S = 0.001


class Waiting:
    """How long an evaluation did nothing but wait for cores. Its cases may run side by side, each in a process: times are of the clock that all
    share (time.monotonic)."""

    def __init__(self):
        self._waits, self._uses = [], []

    def add(self, asked, had, ended):
        """A core was asked for, had, and given back."""
        self._uses.append((had, ended))
        if had - asked >= NO_WAIT_S:
            self._waits.append((asked, had))

    def seconds(self):
        return _covered(self._waits + self._uses) - _covered(self._uses) if self._waits else 0.0


def _covered(spans):
    total, until = 0.0, -math.inf
    for began, ended in sorted(spans):
        total += max(0.0, ended - max(began, until))
        until = max(until, ended)
    return total
