"""Adam on the ratio of norms with a soft maximum, from the construction that is handed in.

python3 initial.py INPUT.json OUTPUT.json
INPUT:  {"a": [...], "seed": 1}   OUTPUT: {"a": [...]}
"""

import json
import sys

import numpy as np

LENGTH = 100  # @tune {100, 200, 300, 400, 600, 800}
STEPS = 200  # @tune int log [100, 4000]
LEARNING_RATE = 0.01  # @tune log [0.001, 0.3]
MOMENTUM = 0.9  # @tune {0.8, 0.9, 0.95}
SHARPNESS_START = 10.0  # @tune log [5, 500]
SHARPNESS_END = 50.0  # @tune log [50, 50000]
NOISE = 0.1  # @tune log [0.0001, 0.5]


def resample(a, length):
    """The same function on another grid: averages over the new steps, and mean 1."""
    edges = np.linspace(0, len(a), length + 1)
    integral = np.interp(edges, np.arange(len(a) + 1), np.concatenate([[0.0], np.cumsum(a)]))
    return normalised(np.diff(integral))


def normalised(a):
    """Heights of at least 0 with mean 1; the bound does not depend on the scale."""
    a = np.maximum(a, 0)
    return a / a.mean()


def bound_and_gradient(a, sharpness):
    """The bound of a, and the gradient of its logarithm with a soft maximum. a: (n,) with mean 1."""
    length, size = len(a), 2 * len(a)
    spectrum = np.fft.rfft(a, size)
    # The last value of the circle is the 0 between the end of the autoconvolution and its start.
    g = np.fft.irfft(spectrum * spectrum, size)
    neighbours = np.roll(g, 1) + np.roll(g, -1)
    squared, total, largest = (g * (2 * g + neighbours / 2)).sum() / 3, g.sum(), g.max()
    weights = np.exp(sharpness * (g / largest - 1))
    slope = (4 * g + neighbours) / (3 * squared) - 1 / total - weights / (weights.sum() * largest)
    gradient = np.fft.irfft(np.fft.rfft(slope) * np.conj(spectrum), size)[:length]
    return squared / (total * largest), gradient


def improve(start, random):
    """The best of the functions on the way from a disturbed start, and its bound."""
    best, best_value = start, bound_and_gradient(start, SHARPNESS_START)[0]
    a = normalised(start * np.exp(NOISE * random.standard_normal(len(start))))
    mean, square = np.zeros(len(start)), 0.0
    for step in range(STEPS):
        progress = step / STEPS
        sharpness = SHARPNESS_START * (SHARPNESS_END / SHARPNESS_START) ** progress
        value, gradient = bound_and_gradient(a, sharpness)
        if value > best_value:
            best, best_value = a, value
        gradient = gradient - gradient.mean()
        mean += (1 - MOMENTUM) * (gradient - mean)
        square += 0.001 * ((gradient * gradient).mean() - square)
        direction = mean / (1 - MOMENTUM ** (step + 1))
        scale = np.sqrt(square / (1 - 0.999 ** (step + 1))) + 1e-12
        a = normalised(a + LEARNING_RATE * (1 - progress) * direction / scale)
    return best, best_value


def main():
    with open(sys.argv[1]) as file:
        task = json.load(file)
    start = resample(np.array(task["a"], dtype=float), LENGTH)
    best, value = improve(start, np.random.default_rng(task["seed"]))
    with open(sys.argv[2], "w") as file:
        json.dump({"a": best.tolist()}, file)
    print(f"bound {value:.6f} after {STEPS} steps on {LENGTH} heights")


main()
