"""Scores a program that packs circles into the unit square: python3 evaluate.py CIRCLES

The program runs in a process of its own. It gets a packing and hands back another one; the sum of radii is computed
here, from that packing alone. What the program prints or claims never counts.

A packing is checked in exact rational arithmetic on the very numbers that were written: there is no tolerance, and an
overlap of 1e-300 is an overlap.

DISCOVER_CANDIDATE      the program
DISCOVER_PARENT_STATE   JSON {"circles": [[x, y, r], ...]}: the construction to start from; unset: one from the seed
DISCOVER_SEED           seeds that start and is handed to the program
DISCOVER_RESULT         where the verdict goes
"""

import json
import math
import os
import random
import sys
from fractions import Fraction

from run_program import Rejected, check_number, run_program
from verdict import write_verdict

NO_TOLERANCE = "The check is exact: leave about 1e-15 of room."


def read_construction(value, count):
    """Triples (x, y, r) of floats from untrusted JSON, or Rejected."""
    if not isinstance(value, list):
        raise Rejected("circles must be a list of [x, y, r].")
    if len(value) != count:
        raise Rejected(f"There must be {count} circles; there are {len(value)}.")
    circles = []
    for index, circle in enumerate(value):
        if not isinstance(circle, list) or len(circle) != 3:
            raise Rejected(f"circles[{index}] must be [x, y, r].")
        for place, number in enumerate(circle):
            check_number(number, f"circles[{index}][{place}]")
        x, y, r = circle
        if not r > 0:
            raise Rejected(f"The radius of circle {index} must be more than 0; it is {str(r)[:40]}.")
        if not (0 <= x <= 1 and 0 <= y <= 1 and r <= 1):
            raise Rejected(f"Circle {index} is outside the unit square.")
        circles.append((float(x), float(y), float(r)))
    return circles


def check_packing(circles):
    """Rejects a circle that leaves the unit square by anything at all, and two that share more than a point."""
    exact = [tuple(map(Fraction, circle)) for circle in circles]
    for index, (x, y, r) in enumerate(exact):
        room = min(x, y, 1 - x, 1 - y)
        if r > room:
            raise Rejected(f"Circle {index} leaves the unit square by {float(r - room):.3g}. {NO_TOLERANCE}")
        for other, (x2, y2, r2) in enumerate(exact[:index]):
            if (x - x2) ** 2 + (y - y2) ** 2 < (r + r2) ** 2:
                depth = float(r + r2) - math.dist(circles[index][:2], circles[other][:2])
                raise Rejected(f"Circles {other} and {index} overlap by about {max(depth, 0):.3g}. {NO_TOLERANCE}")


def start_from(seed, count):
    """Equal circles on cells of a square grid, chosen by the seed."""
    side = math.isqrt(count - 1) + 1
    cells = sorted(random.Random(seed).sample(range(side * side), count))
    return [[(cell % side + 0.5) / side, (cell // side + 0.5) / side, 0.48 / side] for cell in cells]


def read_start(seed, count):
    path = os.environ.get("DISCOVER_PARENT_STATE")
    if not path:
        return start_from(seed, count)
    with open(path) as file:
        return json.load(file)["circles"]


def view_of(circles, sum_of_radii):
    """A picture of the construction, for the dashboard."""
    drawn = [{"x": x, "y": y, "r": r} for x, y, r in circles]
    return {
        "kind": "circles", "title": f"{len(circles)} circles, sum of radii {sum_of_radii:.7f}",
        "width": 1, "height": 1, "circles": drawn,
    }


def evaluate(count):
    """The verdict and a picture, or None."""
    seed = int(os.environ.get("DISCOVER_SEED", "0"))
    task = {"circles": read_start(seed, count), "seed": seed}
    try:
        raw, printed = run_program(os.environ["DISCOVER_CANDIDATE"], task, "circles")
        circles = read_construction(raw, count)
        check_packing(circles)
    except Rejected as rejected:
        return {"valid": False, "metrics": {}, "feedback": str(rejected)}, None
    sum_of_radii = math.fsum(radius for _, _, radius in circles)
    state = {"circles": circles}
    verdict = {"valid": True, "metrics": {"sum_of_radii": sum_of_radii}, "feedback": printed, "state": state}
    return verdict, view_of(circles, sum_of_radii)


if __name__ == "__main__":
    write_verdict(*evaluate(int(sys.argv[1])))
