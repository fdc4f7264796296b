"""Says whether what a program gave is what it should be, for numpy and for PyTorch as `xp`. In the trusted process."""

import math

from candidate_process import Rejected
from cases import name_of

# A value may be off by so much of itself plus so much of the root mean square of its sequence's values,
TOLERANCE = 2e-2
OF_SIZE = 1e-1
# and all values of a sequence, as their root mean square, by so much of that, where there are so many heads. What is rounded on the
# way averages out over heads: programs that keep every step in bfloat16 and sums in float32 are off by 0.3 to 0.8 %.
OF_SIZE_TOGETHER = 2e-2
OF_HEADS = 128
# The new row of the cache has no other error than that of one product.
ROW_OF_SIZE = 1e-2


def compare(xp, actual, expected, what, of_size, together):
    """Rejects values [batch, count] that are further off than the tolerances. Gives the largest error of a sequence, as a part of
    its size."""
    size = xp.sqrt((expected * expected).mean(-1))
    error = xp.abs(actual - expected)
    wrong = ~(error <= TOLERANCE * xp.abs(expected) + of_size * size[:, None])
    count = int(wrong.sum())
    if count > 0:
        error = xp.where(xp.isfinite(error), error, xp.full_like(error, math.inf))
        place = int(xp.where(wrong, error, xp.full_like(error, -1)).reshape(-1).argmax())
        got, wanted = float(actual.reshape(-1)[place]), float(expected.reshape(-1)[place])
        sequence, where = divmod(place, actual.shape[-1])
        raise Rejected(
            f"Wrong {what}: {count} of {math.prod(actual.shape)} values are off. The worst is value {where} of sequence {sequence}: "
            f"{got:.6g} instead of {wanted:.6g} (allowed: {TOLERANCE:g} times the value + {float(of_size * size[sequence]):.3g})."
        )
    off = xp.sqrt((error * error).mean(-1)) / size
    worst = int(off.argmax())
    if not float(off[worst]) <= together:
        raise Rejected(
            f"Wrong {what}: the values of sequence {worst} are off by {float(off[worst]):.1%} of their size, all together "
            f"(allowed: {together:.1%})."
        )
    return float(off[worst])


def check_form(answer, case, device):
    """Rejects an answer about an output of another shape, kind or place than it must have."""
    shape = [case.batch, 1, case.dim]
    if answer.get("shape") != shape:
        other = str(answer.get("shape"))[:80]
        raise Rejected(f"The output for {name_of(case)} must have the shape {shape}; it has {other}.")
    if answer.get("dtype") != "torch.bfloat16":
        raise Rejected(f"The output must be torch.bfloat16; it is {str(answer.get('dtype'))[:40]}.")
    if answer.get("device") != device:
        raise Rejected(f"The output must be on the device {device}; it is on {str(answer.get('device'))[:40]}.")


def check_output(xp, actual, expected, case, what="output"):
    """Gives the largest error of a sequence, as a part of its size."""
    together = OF_SIZE_TOGETHER * math.sqrt(OF_HEADS / case.heads)
    return compare(xp, actual, expected, f"{what} for {name_of(case)}", OF_SIZE, together)


def check_row(xp, actual, expected, case):
    compare(xp, actual, expected, f"new row of the cache for {name_of(case)}", ROW_OF_SIZE, ROW_OF_SIZE)


def changed_rows(case):
    return Rejected(f"Of the cache for {name_of(case)}, other rows than row {case.prefill} have changed.")
