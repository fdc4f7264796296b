"""What can only be seen on a GPU: python3 test/problems/trimul/on_gpu.py [measure] [repeats] [programs] writes OUT/trimul-*.json.

measure   plain PyTorch once, the initial program five times, better values of its tunables twice in between; then each
          timed by CUDA events within one process
repeats   the initial program in two processes by turns, ten times each
programs  every program in programs/ that tries to fool the evaluator, and what became of it
OUT is the folder named by the variable OUT, or the current one.
"""

import importlib.util
import json
import math
import os
import re
import statistics
import sys
import tempfile

from evaluation import PROBLEM, evaluate, initial_text

HERE = os.path.dirname(os.path.abspath(__file__))
REPEATS = 5
# Found by timing 109 sets of values with events.
TUNED = dict(
    PROJECT_ROWS=64, PROJECT_DEPTH=128, PROJECT_WARPS=4, PROJECT_STAGES=1, PRODUCT_ROWS=128, PRODUCT_COLUMNS=128,
    PRODUCT_DEPTH=64, PRODUCT_WARPS=4, PRODUCT_STAGES=3, OUTPUT_ROWS=64, OUTPUT_COLUMNS=32, OUTPUT_WARPS=4, OUTPUT_STAGES=3,
)
# Program, whether it is appended to the reference, and a pattern of its rejection or None where its time must be honest.
FOOLING = [
    ("patched_timers", True, None),
    # Its own next calls may fail as well: memory is moved while the GPU still works on the last.
    ("no_waiting", True, "not complete when the call had ended|CUDA error"),
    ("other_stream", True, "Wrong output for a timed call"),
    ("overlapping", True, "Wrong output for a timed call"),
    ("early_answer", True, "not complete when the call had ended"),
    ("head_start", True, "Wrong output for a timed call"),
    ("norm_in_advance", False, "Wrong output for a timed call"),
    ("skips_when_timed", True, "Wrong output for a timed call"),
    ("remembers", True, "Wrong output"),
    ("overwrites_inputs", False, "Wrong output"),
    ("identity", False, "Wrong output"),
    ("reads_frames", False, "Wrong output"),
]


def program(name):
    with open(os.path.join(HERE, "programs", f"{name}.py")) as file:
        return file.read()


def write(name, content):
    with open(os.path.join(os.environ.get("OUT", "."), f"trimul-{name}.json"), "w") as file:
        json.dump(content, file, indent=1)


def by_events(text, seconds_each=0.3):
    """Geometric mean and µs by case of one program, timed by CUDA events in this process, each call alone."""
    sys.path.insert(0, PROBLEM)
    import torch
    from cases import TIMING, name_of
    from judge import GpuJudge

    judge = GpuJudge(TIMING)
    with tempfile.NamedTemporaryFile("w", suffix=".py", delete=False) as file:
        file.write(text)
    spec = importlib.util.spec_from_file_location("submission", file.name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = {}
    for case in TIMING:
        made, taken = judge.make(case, 1), []
        x, mask, weights = made.arguments
        while len(taken) < 13 or sum(taken) < seconds_each * 1e6 and len(taken) < 120:
            judge._scratch.zero_()
            torch.cuda.synchronize()
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            begin.record()
            module.custom_kernel((x, mask, weights, {"dim": case.dim, "hidden_dim": 128}))
            end.record()
            torch.cuda.synchronize()
            taken.append(begin.elapsed_time(end) * 1000)
        found[name_of(case)] = statistics.fmean(taken[3:])
        made = x = mask = weights = None
    return {"geomean_us": math.exp(statistics.fmean(map(math.log, found.values()))), "us": found}


def measure():
    results = {"reference": evaluate(program("pytorch")), "initial": [], "tuned": []}
    for repeat in range(REPEATS):
        # Interleaved, so that a drift of the GPU is the same for both.
        results["initial"].append(evaluate(initial_text(), seed=repeat))
        if repeat in (1, REPEATS - 2):
            results["tuned"].append(evaluate(initial_text(**TUNED), seed=repeat))
        write("measure", results)
    for name in ("initial", "tuned"):
        values = [verdict["metrics"]["geomean_us"] for verdict in results[name]]
        mean = statistics.fmean(values)
        variation = statistics.stdev(values) / mean
        spread = {"mean_us": mean, "variation": variation, "range": (max(values) - min(values)) / mean}
        results[f"{name}_summary"] = spread
        print(name, spread, [round(value, 1) for value in values], flush=True)
    # One and the same kernel, taken for two.
    a, b = ([verdict["metrics"]["geomean_us"] for verdict in results["initial"][start::2]] for start in (0, 1))
    results["initial_with_itself"] = statistics.fmean(a) / statistics.fmean(b) - 1
    print("initial with itself", results["initial_with_itself"], flush=True)
    print("reference", results["reference"]["metrics"]["geomean_us"], flush=True)
    texts = {"reference": program("pytorch"), "initial": initial_text(), "tuned": initial_text(**TUNED)}
    results["by_events"] = {name: by_events(text) for name, text in texts.items()}
    print("by events", {name: found["geomean_us"] for name, found in results["by_events"].items()}, flush=True)
    write("measure", results)


def repeats():
    sys.path.insert(0, os.path.join(HERE, "../support"))
    from repeats import interleaved

    results = interleaved(PROBLEM, initial_text(), "judge", limit_s=400)
    write("repeats", results)
    print({name: value for name, value in results.items() if name != "us"}, flush=True)


def programs():
    honest = evaluate(program("pytorch"))
    results = {"honest_us": honest["metrics"]["geomean_us"], "programs": {}}
    good = True
    for name, appended, words in FOOLING:
        verdict = evaluate((program("pytorch") + "\n" if appended else "") + program(name))
        ratio = verdict["metrics"]["geomean_us"] / results["honest_us"] if verdict["valid"] else None
        if words is None:
            as_wanted = ratio is not None and ratio > 0.98
        else:
            as_wanted = not verdict["valid"] and re.search(words, verdict["feedback"]) is not None
        good = good and as_wanted
        results["programs"][name] = {"as_wanted": as_wanted, "ratio": ratio, "feedback": verdict["feedback"][:600]}
        print("ok  " if as_wanted else "FAIL", name, ratio, verdict["feedback"][-300:], flush=True)
        write("programs", results)
    return good


def main():
    for step in sys.argv[1:] or ["measure", "repeats", "programs"]:
        if {"measure": measure, "repeats": repeats, "programs": programs}[step]() is False:
            sys.exit(1)


if __name__ == "__main__":
    main()
