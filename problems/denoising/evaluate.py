"""Scores a denoising program: python3 evaluate.py [DATA.npz...]

Without arguments on three synthetic data sets, made from the seed; else on matrices that prepare_data.py wrote.

The program runs in a process of its own, which sees the training molecules alone and can read no other files. Both metrics
are computed here from the matrix that it writes. What it prints or claims never counts.

DISCOVER_CANDIDATE   the program
DISCOVER_SEED        seeds data and split; the program never gets it
DISCOVER_RESULT      where the verdict goes
DISCOVER_TIME_LIMIT  seconds that all of this may take; the program gets three quarters of it
"""

import os
import sys
from statistics import fmean, stdev

from confined import landlock_version
from datasets import Dataset, key_from, random_from, read_prepared, seed_from, shuffled, split, synthetic_counts
from metrics import score
from run_program import Rejected, check_values, run_program
from verdict import write_verdict

SYNTHETIC_SETS = 3
# MAGIC with its published parameters has 0.142, 0.013 from set to set; no denoising has 0, the mean cell -1.4.
SYNTHETIC_POISSON_NORM = 0.08
SYNTHETIC_MAGIC_MSE_NORM = 0.143
SHARE_OF_PROGRAM = 0.75
MOST_DRAWN = 200
UNCONFINED = (
    "Nothing on this host keeps a program from other files (Linux has Landlock for that, from 5.13 on), so it could read "
    "the molecules that it is tested with. Evaluate real data on a host that has it."
)


def datasets(paths, key):
    """One after the other: a large one is not held while the next is made."""
    if not paths:
        for index in range(SYNTHETIC_SETS):
            counts = synthetic_counts(random_from(key, f"counts {index}"))
            yield Dataset(f"synthetic {index + 1}", counts, SYNTHETIC_POISSON_NORM, None)
    for path in paths:
        dataset = read_prepared(path)
        yield dataset._replace(counts=shuffled(dataset.counts, random_from(key, f"order {dataset.name}")))


def try_on(dataset, key, program, time_limit_s):
    """(metrics, last of what the program printed)"""
    train, test = split(dataset.counts, random_from(key, f"split {dataset.name}"))
    seed = seed_from(key, f"program {dataset.name}") % 2**32
    denoised, printed = run_program(program, train, seed, time_limit_s)
    check_values(denoised, train)
    metrics = score(train, test, denoised)
    if dataset.published_poisson_norm is None:
        # Between values that need not be far apart, it means something for the data that it was made for.
        del metrics["published_poisson_norm"]
    return metrics, printed


def check_poisson(dataset, metrics):
    least = {"poisson_norm": dataset.poisson_norm, "published_poisson_norm": dataset.published_poisson_norm}
    for metric, wanted in least.items():
        if wanted is None:
            continue
        reached = metrics[metric]
        if not reached >= wanted:
            raise Rejected(
                f"{metric} of {dataset.name} is {reached:.4f}; it must be {wanted:g} or more. It falls when genes get molecules "
                f"in cells whose test molecules have none of them. (mse_norm is {metrics['mse_norm']:.4f}.)"
            )
        if reached > 1:
            raise Rejected(
                f"{metric} of {dataset.name} is {reached:.4f}. More than 1, which is that of the test molecules themselves, says "
                f"that too few genes got too many of the molecules. (mse_norm is {metrics['mse_norm']:.4f}.)"
            )


def summary(results):
    """A line for each data set and one for all, from [(data set, metrics, last of what the program printed)]."""
    lines = []
    for dataset, metrics, _ in results:
        lines.append(f"{dataset.name}: mse_norm {metrics['mse_norm']:.4f}, poisson_norm {metrics['poisson_norm']:.4f}")
    if len(results) > 1:
        values = [metrics["mse_norm"] for _, metrics, _ in results]
        lines.append(f"mse_norm {fmean(values):.4f}, standard deviation {stdev(values):.4f}")
    if landlock_version() == 0:
        lines.append(UNCONFINED)
    return "\n".join([*lines, results[-1][2]]).strip()


def view_of(results, is_synthetic):
    """A picture for the dashboard: how well each data set was denoised."""
    series, compared = ["This program"], []
    if is_synthetic:
        series.append("MAGIC with its published parameters, on average")
        compared.append(SYNTHETIC_MAGIC_MSE_NORM)
    rows = [{"label": dataset.name[:200], "values": [metrics["mse_norm"], *compared]} for dataset, metrics, _ in results[:MOST_DRAWN]]
    title = "mse_norm by data set: 0 is no denoising"
    return {"kind": "bars", "title": title, "unit": "", "goal": "maximize", "series": series, "rows": rows}


def evaluate(paths):
    """The verdict and a picture, or None."""
    if paths and landlock_version() == 0:
        raise OSError(UNCONFINED)
    key = key_from(int(os.environ.get("DISCOVER_SEED", "0")))
    time_limit_s = SHARE_OF_PROGRAM * float(os.environ.get("DISCOVER_TIME_LIMIT", "60")) / (len(paths) or SYNTHETIC_SETS)
    results = []
    try:
        for dataset in datasets(paths, key):
            metrics, printed = try_on(dataset, key, os.environ["DISCOVER_CANDIDATE"], time_limit_s)
            check_poisson(dataset, metrics)
            results.append((dataset._replace(counts=None), metrics, printed))
    except Rejected as rejected:
        return {"valid": False, "metrics": {}, "feedback": str(rejected)}, None
    means = {name: fmean(metrics[name] for _, metrics, _ in results) for name in results[0][1]}
    return {"valid": True, "metrics": means, "feedback": summary(results)}, view_of(results, is_synthetic=not paths)


if __name__ == "__main__":
    write_verdict(*evaluate(sys.argv[1:]))
