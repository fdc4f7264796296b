"""Instances and scores of AtCoder Heuristic Contest 039, by its published rules: python3 contest.py SEED prints an instance."""

import bisect
import math
import random
import re
import sys
from itertools import accumulate

NAME = "ahc039"
FISH, SIDE = 5000, 100_000
FEWEST_VERTICES, MOST_VERTICES = 4, 1000
LONGEST = 4 * SIDE
FISH_DRAWN = 1000


class WrongAnswer(Exception):
    """The text goes to the user and to the next prompt."""


def generate(seed):
    """The text of an instance. The generator is ours, so a seed stands for another instance than in the contest."""
    chance = random.Random(f"{NAME} {seed}")
    taken, lines = set(), [str(FISH)]
    for wanted in (FISH, 2 * FISH):
        count = chance.randint(10, 25)
        weights = list(accumulate(chance.random() for _ in range(count)))
        centres = [(chance.randint(20_000, 80_000), chance.randint(20_000, 80_000)) for _ in range(count)]
        spreads = [chance.randint(1000, 5000) for _ in range(count)]
        while len(taken) < wanted:
            cluster = bisect.bisect_right(weights, chance.random() * weights[-1], 0, count - 1)
            place = tuple(math.floor(chance.gauss(centre, spreads[cluster]) + 0.5) for centre in centres[cluster])
            if min(place) >= 0 and max(place) <= SIDE and place not in taken:
                taken.add(place)
                lines.append(f"{place[0]} {place[1]}")
    return "\n".join(lines) + "\n"


def score(instance, output):
    """Of the last polygon printed: 1 more than its mackerels less its sardines, at least 0. Or WrongAnswer."""
    numbers = list(map(int, instance.split()))
    places = list(zip(numbers[1::2], numbers[2::2]))
    vertices = read_polygons(output)[-1]
    check_polygon(vertices)
    inside = insideness(vertices)
    value = 1
    for index, place in enumerate(places):
        if inside(*place):
            value += 1 if index < len(places) // 2 else -1
    return max(0, value)


def view(instance, output, scores):
    """A picture for the dashboard: the first case's net among some of the fish, each as likely to be drawn as any other."""
    numbers = list(map(int, instance.split()))
    places = list(zip(numbers[1::2], numbers[2::2]))
    count = len(places) // 2
    step = max(1, count // FISH_DRAWN)
    mackerels, sardines = (places[start : start + count : step][:FISH_DRAWN] for start in (0, count))
    title = f"Case 0: {scores[0]} points, with {len(mackerels)} of {count} mackerels and as many sardines"
    return {"kind": "polygon", "title": title, "polygon": read_polygons(output)[-1], "wanted": mackerels, "unwanted": sardines}


def read_polygons(output):
    tokens = output.split()
    if not tokens:
        raise WrongAnswer("It printed nothing.")
    polygons, at = [], 0

    def number(lowest, highest, what):
        nonlocal at
        if at == len(tokens):
            raise WrongAnswer(f"The output ends where {what} should be.")
        token = tokens[at]
        at += 1
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", token):
            raise WrongAnswer(f"{token[:40]!r} stands where {what} should be. Only polygons go to standard output.")
        if not lowest <= int(token) <= highest:
            raise WrongAnswer(f"{what.capitalize()} is {token}: it must be from {lowest} to {highest}.")
        return int(token)

    while at < len(tokens):
        count = number(FEWEST_VERTICES, MOST_VERTICES, "a number of vertices")
        polygons.append([(number(0, SIDE, "a coordinate"), number(0, SIDE, "a coordinate")) for _ in range(count)])
    return polygons


def check_polygon(vertices):
    count = len(vertices)
    length = 0
    horizontal, vertical = [], []
    for index, (x, y) in enumerate(vertices):
        x2, y2 = vertices[(index + 1) % count]
        x3, y3 = vertices[(index + 2) % count]
        if (x, y) == (x2, y2):
            raise WrongAnswer(f"Vertices {index} and {(index + 1) % count} are the same.")
        if x != x2 and y != y2:
            raise WrongAnswer(f"Edge {index} from ({x}, {y}) to ({x2}, {y2}) is parallel to no axis.")
        if x == x2 == x3 and (y - y2) * (y3 - y2) > 0 or y == y2 == y3 and (x - x2) * (x3 - x2) > 0:
            raise WrongAnswer(f"The polygon turns back on itself at vertex {(index + 1) % count}, ({x2}, {y2}).")
        length += abs(x - x2) + abs(y - y2)
        if y == y2:
            horizontal.append((y, min(x, x2), max(x, x2), index))
        else:
            vertical.append((x, min(y, y2), max(y, y2), index))
    check_no_touch(horizontal, vertical, count)
    if length > LONGEST:
        raise WrongAnswer(f"The polygon is {length} long: {LONGEST} is the most.")


def check_no_touch(horizontal, vertical, count):
    """No two edges may share a point, save an edge and the next one the vertex between them."""

    def refuse_unless_next(one, other):
        if (one - other) % count not in (1, count - 1):
            raise WrongAnswer(f"The polygon touches itself: edges {min(one, other)} and {max(one, other)} share a point.")

    for edges in (horizontal, vertical):
        edges.sort()
        for (line, _, high, index), (line2, low2, _, index2) in zip(edges, edges[1:]):
            # Of edges on the same line it is enough to look at neighbours: what touches a later one touches the next.
            if line == line2 and low2 <= high:
                refuse_unless_next(index, index2)
    columns = [edge[0] for edge in vertical]
    for y, left, right, index in horizontal:
        for place in range(bisect.bisect_left(columns, left), bisect.bisect_right(columns, right)):
            _, low, high, index2 = vertical[place]
            if low <= y <= high:
                refuse_unless_next(index, index2)


def insideness(vertices):
    """A function of x and y: whether the place is inside of the polygon or on it."""
    corners = list(zip(vertices, vertices[1:] + vertices[:1]))
    columns = sorted({x for x, _ in vertices})
    # Of the horizontal edges over a strip between two columns, from below: inside begins at every other one.
    strips = [[] for _ in columns]
    walls = {}
    for (x, y), (x2, y2) in corners:
        if x == x2:
            walls.setdefault(x, []).append((min(y, y2), max(y, y2)))
        else:
            low, high = sorted((x, x2))
            for strip in range(bisect.bisect_left(columns, low), bisect.bisect_left(columns, high)):
                strips[strip].append(y)
    for strip in strips:
        strip.sort()

    def in_strip(strip, y):
        heights = strips[strip]
        return bisect.bisect_right(heights, y) % 2 == 1 or bisect.bisect_left(heights, y) % 2 == 1

    def inside(x, y):
        strip = bisect.bisect_right(columns, x) - 1
        if strip < 0 or x > columns[-1]:
            return False
        if columns[strip] < x:
            return in_strip(strip, y)
        on_wall = any(low <= y <= high for low, high in walls.get(x, ()))
        return on_wall or in_strip(strip, y) or (strip > 0 and in_strip(strip - 1, y))

    return inside


if __name__ == "__main__":
    sys.stdout.write(generate(int(sys.argv[1])))
