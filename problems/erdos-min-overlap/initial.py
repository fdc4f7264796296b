"""Adam on a soft maximum of the overlap integrals, from the construction that is handed in.

python3 initial.py INPUT.json OUTPUT.json
INPUT:  {"h": [...], "seed": 1}   OUTPUT: {"h": [...]}
"""

import json
import sys

import numpy as np

SAMPLES = 100  # @tune {100, 150, 200, 300, 400}
STEPS = 300  # @tune int log [100, 8000]
LEARNING_RATE = 0.005  # @tune log [0.001, 0.2]
MOMENTUM = 0.9  # @tune {0.8, 0.9, 0.95}
SHARPNESS_START = 20.0  # @tune log [10, 3000]
SHARPNESS_END = 40.0  # @tune log [30, 100000]
NOISE = 0.05  # @tune log [0.0001, 0.3]


def resample(h, samples):
    """The same function on another grid: averages over the new steps, so the integral stays."""
    edges = np.linspace(0, len(h), samples + 1)
    integral = np.interp(edges, np.arange(len(h) + 1), np.concatenate([[0.0], np.cumsum(h)]))
    return np.clip(np.diff(integral) * samples / len(h), 0, 1)


def feasible(h):
    """The nearest function with values in [0, 1] and mean 1/2: a shift, found by bisection, and a clip."""
    low, high = -1.0 - h.max(), 2.0 - h.min()
    for _ in range(50):
        shift = (low + high) / 2
        if np.clip(h + shift, 0, 1).mean() < 0.5:
            low = shift
        else:
            high = shift
    return np.clip(h + high, 0, 1)


def overlaps(h):
    """The overlap integral of every shift, and the spectra of h and 1 - h."""
    size = 2 * len(h)
    spectrum, rest = np.fft.rfft(h, size), np.fft.rfft(1 - h, size)
    return np.fft.irfft(np.conj(spectrum) * rest, size) * (2 / len(h)), spectrum, rest


def improve(start, random):
    samples = len(start)
    best, best_value = start, overlaps(start)[0].max()
    h = feasible(start + NOISE * random.standard_normal(samples))
    mean, square = np.zeros(samples), 0.0
    for step in range(STEPS):
        progress = step / STEPS
        values, spectrum, rest = overlaps(h)
        value = values.max()
        if value < best_value:
            best, best_value = h, value
        sharpness = SHARPNESS_START * (SHARPNESS_END / SHARPNESS_START) ** progress
        weights = np.exp(sharpness * (values - value))
        weights = np.fft.rfft(weights / weights.sum())
        gradient = np.fft.irfft(np.conj(weights) * rest - weights * spectrum, 2 * samples)[:samples]
        gradient -= gradient.mean()
        mean += (1 - MOMENTUM) * (gradient - mean)
        square += 0.001 * ((gradient * gradient).mean() - square)
        direction = mean / (1 - MOMENTUM ** (step + 1))
        scale = np.sqrt(square / (1 - 0.999 ** (step + 1))) + 1e-12
        h = feasible(h - LEARNING_RATE * (1 - progress) * direction / scale)
    return best, best_value


def main():
    with open(sys.argv[1]) as file:
        task = json.load(file)
    start = feasible(resample(np.array(task["h"], dtype=float), SAMPLES))
    best, value = improve(start, np.random.default_rng(task["seed"]))
    with open(sys.argv[2], "w") as file:
        json.dump({"h": best.tolist()}, file)
    print(f"c5 {value:.6f} after {STEPS} steps on {SAMPLES} samples")


main()
