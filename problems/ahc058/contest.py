"""Instances and scores of AtCoder Heuristic Contest 058, by its published rules: python3 contest.py SEED prints an instance."""

import math
import random
import re
import sys

NAME = "ahc058"
IDS, LEVELS, TURNS, APPLES = 10, 4, 500, 1
CASES_DRAWN = 200


class WrongAnswer(Exception):
    """The text goes to the user and to the next prompt."""


def generate(seed):
    """The text of an instance. The generator is ours, so a seed stands for another instance than in the contest."""
    chance = random.Random(f"{NAME} {seed}")

    def scaled(base):
        return math.floor(base * 10 ** chance.uniform(0, 2) + 0.5)

    capacities = sorted([1] + [scaled(1) for _ in range(IDS - 1)])
    costs = [[scaled(capacity * 500**level) for capacity in capacities] for level in range(LEVELS)]
    costs[0][0] = 1
    rows = [[IDS, LEVELS, TURNS, APPLES], capacities, *costs]
    return "".join(" ".join(map(str, row)) + "\n" for row in rows)


def score(instance, output):
    """100000 times the binary logarithm of the apples in the end, rounded. Or WrongAnswer."""
    numbers = iter(map(int, instance.split()))
    ids, levels, turns, apples = (next(numbers) for _ in range(4))
    capacities = [next(numbers) for _ in range(ids)]
    costs = [[next(numbers) for _ in range(ids)] for _ in range(levels)]
    counts = [[1] * ids for _ in range(levels)]
    powers = [[0] * ids for _ in range(levels)]
    for turn, action in enumerate(read_actions(output, ids, levels, turns)):
        if action is not None:
            level, machine = action
            cost = costs[level][machine] * (powers[level][machine] + 1)
            if apples < cost:
                raise WrongAnswer(
                    f"Turn {turn}: machine {machine} of level {level} costs {cost}; there are {apples} apples."
                )
            apples -= cost
            powers[level][machine] += 1
        for machine in range(ids):
            apples += capacities[machine] * counts[0][machine] * powers[0][machine]
            for level in range(1, levels):
                counts[level - 1][machine] += counts[level][machine] * powers[level][machine]
    return math.floor(100_000 * math.log2(apples) + 0.5)


def view(instance, output, scores):
    """A picture for the dashboard: the points of each case."""
    drawn = scores[:CASES_DRAWN]
    title = "Points of each case" if len(drawn) == len(scores) else f"Points of the first {len(drawn)} of {len(scores)} cases"
    rows = [{"label": f"case {case}", "values": [score]} for case, score in enumerate(drawn)]
    return {"kind": "bars", "title": title, "unit": "points", "goal": "maximize", "series": ["This program"], "rows": rows}


def read_actions(output, ids, levels, turns):
    """Pairs (level, machine), or None for a turn without one. Lines that begin with # are passed over, and what follows."""
    if not output.strip():
        raise WrongAnswer("It printed nothing.")
    actions = []
    for line in output.split("\n"):
        tokens = line.split()
        if not tokens or tokens[0].startswith("#"):
            continue
        where = f"Turn {len(actions)}"
        level = number(tokens, 0, -1, levels - 1, f"{where}: a level")
        if level == -1:
            actions.append(None)
        else:
            actions.append((level, number(tokens, 1, 0, ids - 1, f"{where}: a machine")))
        if len(tokens) > (1 if level == -1 else 2):
            raise WrongAnswer(f"{where}: {line.strip()[:40]!r} has too many numbers.")
        if len(actions) == turns:
            return actions
    raise WrongAnswer(f"There must be {turns} actions; there are {len(actions)}.")


def number(tokens, place, lowest, highest, what):
    if place == len(tokens):
        raise WrongAnswer(f"{what} is missing.")
    token = tokens[place]
    if not re.fullmatch(r"[+-]?[0-9]{1,9}", token):
        raise WrongAnswer(f"{what} should be where {token[:40]!r} stands. Only actions and # lines go to standard output.")
    if not lowest <= int(token) <= highest:
        raise WrongAnswer(f"{what} must be from {lowest} to {highest}; it is {token}.")
    return int(token)


if __name__ == "__main__":
    sys.stdout.write(generate(int(sys.argv[1])))
