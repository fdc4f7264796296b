"""What an output may be off by."""

import math

import numpy

from candidate_process import Rejected

TOLERANCE = 2e-2  # absolute, and relative to the reference, added


class Comparison:
    """Of an output with what it should be, piece by piece."""

    def __init__(self, xp):
        self._xp, self._largest, self._wrong, self._total, self._worst = xp, 0.0, 0, 0, None

    def add(self, actual, expected, start=None):
        """start: where the pieces begin in the whole; one index for each of their dimensions."""
        xp = self._xp
        self._total += math.prod(actual.shape)
        error = xp.abs(actual - expected)
        wrong = ~(error <= TOLERANCE + TOLERANCE * xp.abs(expected))
        count = int(wrong.sum())
        if count == 0:
            self._largest = max(self._largest, float(error.max()))
            return
        self._wrong += count
        error = xp.where(xp.isfinite(error), error, xp.full_like(error, math.inf))
        place = int(xp.where(wrong, error, xp.full_like(error, -1)).reshape(-1).argmax())
        size = float(error.reshape(-1)[place])
        if self._worst is None or size > self._worst[0]:
            inside = numpy.unravel_index(place, tuple(actual.shape))
            where = [int(index) + begin for index, begin in zip(inside, start or [0] * len(inside))]
            self._worst = size, where, float(actual.reshape(-1)[place]), float(expected.reshape(-1)[place])

    def largest(self, what):
        """The largest error. Rejects the output if it is further off than the tolerance anywhere."""
        if self._worst is None:
            return self._largest
        _, where, got, wanted = self._worst
        raise Rejected(
            f"Wrong output for {what}: {self._wrong} of {self._total} values are off. The worst is at {where}: "
            f"{got:.6g} instead of {wanted:.6g} (allowed: {TOLERANCE:g} + {TOLERANCE:g} times the value)."
        )


def compare(xp, actual, expected, what):
    """Rejects an output that is further off than the tolerance anywhere. Gives the largest error."""
    comparison = Comparison(xp)
    comparison.add(actual, expected)
    return comparison.largest(what)
