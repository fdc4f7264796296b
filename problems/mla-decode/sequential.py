"""Whether a program is clearly slower than its parent, from few rounds of times. All numbers are natural logarithms of ratios of times.

A round has one time for each shape, taken where a program's memory lies in that round, which is drawn anew for each shape and round. What is
looked at is the mean over the shapes of the logarithms of own time / other time: what the logarithm of the ratio of two geometric means is.

What is assumed: the mean of a round is off by noise that is independent of other rounds and sub-Gaussian with the scale `round_noise`, that is,
E exp(λ noise) ≤ exp(λ² scale² / 2) for all λ > 0. Measured on an H100 (docs/results/trimul.md, trimul-ranking.json): whole timings of four to seven
rounds differ by 0.28 % besides a drift of 0.33 % that two programs share; by 1.4 % for the shape that differs most. Twice that for one round
of one shape is SHAPE_NOISE. Without such an assumption nothing can be said this early: from the signs of n differences alone no test is surer than 2^-n,
which is why the test of contests, which assumes symmetry and nothing else, needs at least 13 rounds, and the whole protocol has 4 to 7.
"""

import math
import statistics

# Of one shape in one round.
SHAPE_NOISE = 0.03
# Of everything between the time when the parent was recorded and now.
DRIFT = 0.005
# Most probability with which a program that is not slower is ever stopped: half of it for the quick look, half for the race.
ERROR_RATE = 0.01
# Two rounds of one shape are hardly ever that far apart by noise alone; seen on an H100: one shape in its first round, 48 %.
ROUNDS_APART = 2 * SHAPE_NOISE
# In scales of a round. Each is best for a program that is slower by about so many.
LAMBDAS = (1.0, 2.0, 3.0)

_BOUND = math.sqrt(2 * math.log(2 / ERROR_RATE))


def round_noise(shapes):
    """Scale of the mean over so many shapes of one round of one program."""
    return SHAPE_NOISE / math.sqrt(shapes)


def look_noise(shapes):
    """Scale of one round's distance from a recorded value, which has the mean of at least four rounds."""
    noise = round_noise(shapes)
    return math.hypot(noise, noise / 2, DRIFT)


def look_bound(shapes):
    """A first round of a program that is not slower than its recorded parent is slower by more with a probability of ERROR_RATE / 2 at most."""
    return _BOUND * look_noise(shapes)


def mean_log_ratio(own, other):
    return statistics.fmean(math.log(a / b) for a, b in zip(own, other))


def log_evidence(worsenings, noise):
    """Logarithm of the evidence that the program is slower, after all of these rounds.

    For one that is not slower, Π exp(λ w / noise − λ² / 2) is a non-negative supermartingale that starts at 1, and so is the mean over several λ.
    By Ville's inequality it reaches 1 / α ever, over all rounds, with a probability of α at most.
    """
    total = math.fsum(worsenings) / noise
    logs = [rate * total - len(worsenings) * rate * rate / 2 for rate in LAMBDAS]
    highest = max(logs)
    return highest + math.log(math.fsum(math.exp(log - highest) for log in logs) / len(logs))


def is_clearly_slower(worsenings, shapes):
    """Of a race so far: the mean log ratio of each round, both programs having been timed in it. May be asked after every round."""
    if math.fsum(worsenings) <= 0:
        return False
    return log_evidence(worsenings, math.sqrt(2) * round_noise(shapes)) >= math.log(2 / ERROR_RATE)
