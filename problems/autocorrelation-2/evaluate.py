"""Scores a program for the second autocorrelation inequality.

The program runs in a process of its own. It gets a step function and hands back another one; the bound is computed
here, from that function alone. What the program prints or claims never counts.

DISCOVER_CANDIDATE      the program
DISCOVER_PARENT_STATE   JSON {"a": [...]}: the construction to start from; unset: a random one from the seed
DISCOVER_SEED           seeds that start and is handed to the program
DISCOVER_RESULT         where the verdict goes
"""

import json
import os

import numpy as np
import numpy.fft  # now, so that nothing is left to import once a candidate has run

from run_program import Rejected, check_number, run_program
from verdict import write_verdict

MAX_HEIGHTS = 100_000
LARGEST_HEIGHT = 1000
SMALLEST_SUM = 0.01
MOST_DRAWN = 1000


def read_construction(value):
    """A float64 array of heights in [0, 1000] from untrusted JSON, or Rejected. Heights outside are clipped."""
    if not isinstance(value, list):
        raise Rejected("a must be a list of numbers.")
    if not 2 <= len(value) <= MAX_HEIGHTS:
        raise Rejected(f"a must have 2 to {MAX_HEIGHTS} values; it has {len(value)}.")
    for index, number in enumerate(value):
        check_number(number, f"a[{index}]")
    heights = np.array([min(max(number, 0), LARGEST_HEIGHT) for number in value], dtype=np.float64)
    if heights.sum() < SMALLEST_SUM:
        raise Rejected(f"The values, clipped to [0, {LARGEST_HEIGHT}], must add up to {SMALLEST_SUM} or more.")
    return heights


def autoconvolution(a):
    """a * a. a: (n,) heights of n equal steps; returns (2n - 1,) values at the corners inside of the piecewise linear
    autoconvolution, in units of a step's width. By FFT: rounding is about 1e-16 of the sum of squares."""
    size = 1 << (2 * len(a) - 2).bit_length()
    return np.fft.irfft(np.fft.rfft(a, size) ** 2, size)[: 2 * len(a) - 1]


def bound_of(a):
    """||g||_2^2 / (||g||_1 ||g||_inf) of the autoconvolution g of the step function.

    g is piecewise linear with its corners at whole steps and 0 at both ends: all three norms are exact, on any scale.
    """
    g = np.concatenate([[0.0], autoconvolution(a), [0.0]])
    squared = (g[:-1] ** 2 + g[:-1] * g[1:] + g[1:] ** 2).sum() / 3
    return float(squared / (np.abs(g).sum() * g.max()))


def random_start(seed):
    """The start of the paper's runs: 1000 to 7999 steps of one height."""
    random = np.random.default_rng(seed)
    return [random.random()] * int(random.integers(1000, 8000))


def read_start(seed):
    path = os.environ.get("DISCOVER_PARENT_STATE")
    if not path:
        return random_start(seed)
    with open(path) as file:
        return json.load(file)["a"]


def view_of(a, bound):
    """A picture of the construction, for the dashboard: as it is, or the means over MOST_DRAWN equal pieces of the interval."""
    title = f"f in {len(a)} steps, bound {bound:.7f}"
    if len(a) > MOST_DRAWN:
        title += f", drawn as the means over {MOST_DRAWN} pieces"
        # The integral is linear within each step, so its differences are exact wherever a piece ends.
        places = np.linspace(0, len(a), MOST_DRAWN + 1)
        integral = np.interp(places, np.arange(len(a) + 1), np.concatenate([[0.0], np.cumsum(a)]))
        a = np.diff(integral) * MOST_DRAWN / len(a)
    values = [float(f"{height:.6g}") for height in a]
    return {"kind": "step-function", "title": title, "from": -0.25, "to": 0.25, "values": values}


def evaluate():
    """The verdict and a picture, or None."""
    seed = int(os.environ.get("DISCOVER_SEED", "0"))
    task = {"a": read_start(seed), "seed": seed}
    try:
        raw, printed = run_program(os.environ["DISCOVER_CANDIDATE"], task, "a")
        a = read_construction(raw)
    except Rejected as rejected:
        return {"valid": False, "metrics": {}, "feedback": str(rejected)}, None
    bound = bound_of(a)
    verdict = {"valid": True, "metrics": {"bound": bound}, "feedback": printed, "state": {"a": a.tolist()}}
    return verdict, view_of(a, bound)


if __name__ == "__main__":
    write_verdict(*evaluate())
