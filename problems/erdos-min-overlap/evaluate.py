"""Scores a program for the Erdős minimum overlap problem.

The program runs in a process of its own. It gets a step function and hands back another one; c5 is computed here, from
that function alone. What the program prints or claims never counts.

DISCOVER_CANDIDATE      the program
DISCOVER_PARENT_STATE   JSON {"h": [...]}: the construction to start from; unset: a random one from the seed
DISCOVER_SEED           seeds that start and is handed to the program
DISCOVER_RESULT         where the verdict goes
"""

import json
import math
import os

import numpy as np

from run_program import Rejected, check_number, run_program
from verdict import write_verdict

MAX_SAMPLES = 1000


def read_construction(value):
    """A float64 array from untrusted JSON, or Rejected."""
    if not isinstance(value, list):
        raise Rejected("h must be a list of numbers.")
    if not 2 <= len(value) <= MAX_SAMPLES:
        raise Rejected(f"h must have 2 to {MAX_SAMPLES} values; it has {len(value)}.")
    for index, number in enumerate(value):
        check_number(number, f"h[{index}]")
        if not 0 <= number <= 1:
            raise Rejected(f"h[{index}] = {str(number)[:40]} is outside [0, 1].")
    return np.array(value, dtype=np.float64)


def normalise(h):
    """Moves rounding out of the integral without leaving [0, 1]: shrinks towards 0, or grows towards 1."""
    excess = math.fsum(h) / len(h) - 0.5
    if abs(excess) > 1e-6:
        raise Rejected(f"The mean of h must be 1/2 (the integral over [0, 2] is 1); it is {excess + 0.5:.9f}.")
    if excess > 0:
        return h * (0.5 / (0.5 + excess))
    return h + (1 - h) * (-excess / (0.5 - excess))


def c5_of(h):
    """The largest overlap integral of h and 1 - h over all shifts. h: (n,) values of n equal steps on [0, 2].

    The overlap is piecewise linear in the shift, with its corners at whole steps, so the discrete maximum is the true one.
    """
    return float(np.correlate(h, 1 - h, "full").max() * 2 / len(h))


def random_start(seed):
    """The start of the paper's runs: 40 to 99 steps, 1/2 plus centred noise."""
    random = np.random.default_rng(seed)
    noise = random.uniform(-0.4, 0.4, random.integers(40, 100))
    return np.clip(0.5 + noise - noise.mean(), 0, 1).tolist()


def read_start(seed):
    path = os.environ.get("DISCOVER_PARENT_STATE")
    if not path:
        return random_start(seed)
    with open(path) as file:
        return json.load(file)["h"]


def view_of(h, c5):
    """A picture of the construction, for the dashboard."""
    values = [float(f"{height:.6g}") for height in h]
    return {"kind": "step-function", "title": f"h in {len(h)} steps, c5 = {c5:.7f}", "from": 0, "to": 2, "values": values}


def evaluate():
    """The verdict and a picture, or None."""
    seed = int(os.environ.get("DISCOVER_SEED", "0"))
    task = {"h": read_start(seed), "seed": seed}
    try:
        raw, printed = run_program(os.environ["DISCOVER_CANDIDATE"], task, "h")
        h = normalise(read_construction(raw))
    except Rejected as rejected:
        return {"valid": False, "metrics": {}, "feedback": str(rejected)}, None
    c5 = c5_of(h)
    verdict = {"valid": True, "metrics": {"c5": c5}, "feedback": printed, "state": {"h": h.tolist()}}
    return verdict, view_of(h, c5)


if __name__ == "__main__":
    write_verdict(*evaluate())
