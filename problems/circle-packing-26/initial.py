"""Adam on the sum of radii with a penalty for overlaps, from the packing that is handed in; then radii that fit.

python3 initial.py INPUT.json OUTPUT.json
INPUT:  {"circles": [[x, y, r], ...], "seed": 1}   OUTPUT: {"circles": [[x, y, r], ...]}
"""

import json
import sys

import numpy as np

STEPS = 150  # @tune int log [50, 4000]
LEARNING_RATE = 0.003  # @tune log [0.0003, 0.03]
MOMENTUM = 0.9  # @tune {0.5, 0.8, 0.9, 0.95}
PENALTY_START = 2.0  # @tune log [0.5, 50]
PENALTY_END = 10.0  # @tune log [10, 10000]
NOISE = 0.1  # @tune log [0.0001, 0.2]
SWEEPS = 2  # @tune int [1, 20]
MARGIN = 1e-14  # The evaluator's check is exact; ours is not.


def distances(centres):
    """Between all centres, with infinity on the diagonal, and the differences that they come from."""
    difference = centres[:, None, :] - centres[None, :, :]
    distance = np.sqrt((difference**2).sum(axis=2))
    np.fill_diagonal(distance, np.inf)
    return distance, difference


def gradient_of(centres, radii, penalty):
    """Of the sum of radii less penalty times the squared violations, by the centres and by the radii."""
    distance, difference = distances(centres)
    overlap = np.maximum(radii[:, None] + radii[None, :] - distance, 0)
    low = np.maximum(radii[:, None] - centres, 0)
    high = np.maximum(radii[:, None] + centres - 1, 0)
    push = (overlap / np.maximum(distance, 1e-9))[:, :, None] * difference
    by_centres = 2 * penalty * (push.sum(axis=1) + low - high)
    by_radii = 1 - 2 * penalty * (overlap.sum(axis=1) + (low + high).sum(axis=1))
    return np.column_stack([by_centres, by_radii])


def fitting_radii(centres, radii):
    """Radii without any violation: shrunk until they fit, then each in turn as large as the others let it be."""
    distance, _ = distances(centres)
    walls = np.minimum(centres, 1 - centres).min(axis=1)
    radii = np.clip(radii, 1e-6, walls)
    radii = radii * min(1, (distance / (radii[:, None] + radii[None, :])).min())
    for _ in range(SWEEPS):
        for i in np.argsort(-radii):
            radii[i] = max(radii[i], min(walls[i], (distance[i] - radii).min()))
    return radii * (1 - MARGIN)


def improve(start, random):
    """The better one of the start and what the ascent makes of it."""
    packing = start.copy()
    packing[:, :2] += NOISE * packing[:, 2:] * random.standard_normal((len(start), 2))
    mean, square = np.zeros_like(packing), 0.0
    for step in range(STEPS):
        progress = step / STEPS
        penalty = PENALTY_START * (PENALTY_END / PENALTY_START) ** progress
        gradient = gradient_of(packing[:, :2], packing[:, 2], penalty)
        mean += (1 - MOMENTUM) * (gradient - mean)
        square += 0.01 * ((gradient * gradient).mean() - square)
        direction = mean / (1 - MOMENTUM ** (step + 1))
        scale = np.sqrt(square / (1 - 0.99 ** (step + 1))) + 1e-12
        packing = packing + LEARNING_RATE * (1 - progress) * direction / scale
        packing = np.clip(packing, [1e-3, 1e-3, 1e-6], [1 - 1e-3, 1 - 1e-3, 0.5])
    packing[:, 2] = fitting_radii(packing[:, :2], packing[:, 2])
    return packing if packing[:, 2].sum() > start[:, 2].sum() else start


def main():
    with open(sys.argv[1]) as file:
        task = json.load(file)
    best = improve(np.array(task["circles"], dtype=float), np.random.default_rng(task["seed"]))
    with open(sys.argv[2], "w") as file:
        json.dump({"circles": best.tolist()}, file)
    print(f"sum of radii {best[:, 2].sum():.6f} after {STEPS} steps")


main()
