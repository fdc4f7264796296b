"""Ranks kernels of different speed twice: by the evaluator of problems/trimul, and by GPU MODE's protocol as the adapter for its folders
runs it. Compares the rankings and the time that each took.

python3 test/problems/trimul/ranking.py ours [SET]     writes OUT/trimul-ours.json
python3 test/problems/trimul/ranking.py protocol SECONDS SET COMMAND…  goes on with OUT/trimul-protocol.json for so long
python3 test/problems/trimul/ranking.py compare [SET]  prints what came of both
python3 test/problems/trimul/ranking.py raced SECONDS PARENT AT_ONCE [SET]  goes on with OUT/trimul-raced-PARENT-AT_ONCE.json for so long, and compares
SET is which kernels: `close` (what is not named) or `spread`, see ranked_kernels.py. For spread the files end in -spread: OUT/trimul-ours-spread.json.
PARENT is what each kernel is compared with while it runs: `initial` the first kernel, `best` the best so far, `best-look` the same without races.
The whole comparison in 10 minutes of one H100: `raced 240 best 3`, then `raced 240 best-look 3`; an evaluation that has begun is awaited.
COMMAND… is what runs `ttt-discover`: node dist/runner.cjs.
"""

import concurrent.futures
import itertools
import json
import math
import os
import statistics
import sys
import threading
import time

from evaluation import evaluate
from ranked_kernels import SETS, text_of

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../support"))

from by_protocol import by_protocol  # noqa: E402

OUT = os.environ.get("OUT", ".")
# Evaluations at once: one of them takes times while no other uses the GPU; each needs up to 25 GB of its memory.
AT_ONCE = 3


def file_of(name, kernel_set):
    return name if kernel_set == "close" else f"{name}-{kernel_set}"


def read(name):
    try:
        with open(os.path.join(OUT, f"trimul-{name}.json")) as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


def write(name, content):
    with open(os.path.join(OUT, f"trimul-{name}.json"), "w") as file:
        json.dump(content, file, indent=1)


def ours(kernel_set="close"):
    lock, results, began = threading.Lock(), {}, time.monotonic()

    def run(numbered):
        number, chosen = numbered
        verdict = evaluate(text_of(chosen), seed=number)
        metrics = verdict.get("metrics", {})
        with lock:
            results[chosen] = {
                "us": metrics.get("geomean_us"), "wallS": verdict["wall_s"], "noisePercent": metrics.get("noise_percent"),
                "startS": metrics.get("start_s"), "correctnessS": metrics.get("correctness_s"), "timingS": metrics.get("timing_s"),
                "feedback": None if verdict["valid"] else verdict["feedback"][-300:],
            }
            print(chosen, json.dumps(results[chosen]), flush=True)
            write(file_of("ours", kernel_set), {"atOnce": AT_ONCE, "wallS": time.monotonic() - began, "kernels": results})

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(run, enumerate(SETS[kernel_set])))


def protocol(limit_s, kernel_set, command):
    began, results = time.monotonic(), read(file_of("protocol", kernel_set))
    for chosen in SETS[kernel_set]:
        if chosen in results:
            continue
        if time.monotonic() - began > limit_s:
            print("the time is up; call again")
            return
        results[chosen] = by_protocol("trimul", text_of(chosen), command)
        print(chosen, json.dumps(results[chosen]), flush=True)
        write(file_of("protocol", kernel_set), results)


def kendall(first, second):
    """Kendall's tau-a, and the pairs that the two disagree about."""
    pairs = list(itertools.combinations(first, 2))
    opposed = [(a, b) for a, b in pairs if (first[a] - first[b]) * (second[a] - second[b]) < 0]
    return 1 - 2 * len(opposed) / len(pairs), opposed


def compare(kernel_set="close"):
    evaluator, whole = read(file_of("ours", kernel_set)), read(file_of("protocol", kernel_set))
    values = [{name: found["us"] for name, found in table.items() if found["us"] is not None} for table in (evaluator["kernels"], whole)]
    both = [name for name in values[0] if name in values[1]]
    a, b = ({name: table[name] for name in both} for table in values)
    tau, opposed = kendall(a, b)
    print(f"{len(both)} kernels; tau {tau:.4f}; top three {sorted(both, key=a.get)[:3]} and {sorted(both, key=b.get)[:3]}")
    for one, other in opposed:
        print(f"  opposed: {one} {a[one]:.1f} {b[one]:.1f}, {other} {a[other]:.1f} {b[other]:.1f}")
    seconds = evaluator["wallS"] / len(evaluator["kernels"]), math.fsum(found["wallS"] for found in whole.values()) / len(whole)
    print(f"seconds a kernel: {seconds[0]:.1f} by our evaluator, {evaluator['atOnce']} at once; {seconds[1]:.1f} by the protocol")


# Seconds of GPU MODE's own evaluator for one kernel on an H100 (docs/results/trimul.md).
BASELINE_S = 271
RECORDED = os.path.join(HERE, "../../../docs/results/trimul-ranking.json")
STAGES = ("start", "compile", "correctness", "quick", "incumbent", "race", "timing")


def raced(limit_s, parent, at_once, kernel_set="close", run=evaluate, now=time.monotonic):
    """run, now: what evaluates, and seconds."""
    name, lock, began = file_of(f"raced-{parent}-{at_once}", kernel_set), threading.Lock(), now()
    done = read(name) or {"atOnce": at_once, "parent": parent, "wallS": 0.0, "kernels": {}}
    kernels, before_s, names = done["kernels"], done["wallS"], SETS[kernel_set]

    def recorded(chosen):
        found = kernels[chosen]
        return {"text": text_of(chosen), "value": found["us"], "metrics": found["metrics"]}

    def compared_with():
        if names[0] not in kernels or kernels[names[0]]["us"] is None:
            return None
        whole = [chosen for chosen, found in kernels.items() if found["us"] is not None and not found["stopped"]]
        return recorded(names[0] if parent == "initial" else min(whole, key=lambda chosen: kernels[chosen]["us"]))

    def one(chosen):
        with lock:
            if now() - began > limit_s:
                return
            other = compared_with()
        verdict = run(text_of(chosen), seed=names.index(chosen), parent=other, without_race=parent == "best-look")
        metrics = verdict.get("metrics", {})
        with lock:
            kernels[chosen] = {
                "us": metrics.get("geomean_us"), "wallS": verdict["wall_s"], "stopped": metrics.get("stopped", 0) > 0,
                "raced": "race_s" in metrics, "against": None if other is None else other["value"], "metrics": metrics,
                "feedback": None if verdict["valid"] else verdict["feedback"][-300:], "printed": verdict.get("printed"),
            }
            done["wallS"] = before_s + now() - began
            print(chosen, json.dumps({**kernels[chosen], "metrics": None}), flush=True)
            write(name, done)

    if names[0] not in kernels:
        # Alone: the others are compared with it.
        one(names[0])
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        list(pool.map(one, [chosen for chosen in names if chosen not in kernels]))
    if len(kernels) < len(names):
        print(f"the time is up after {len(kernels)} of {len(names)} kernels; call again")
    return compare_raced(done, kernel_set)


def compare_raced(done, kernel_set="close"):
    """Prints and gives the seconds for a kernel, the stages, how like the rankings of others this one is, and the protocol's to itself."""
    kernels = done["kernels"]
    found = [kernel for kernel in kernels.values() if kernel["us"] is not None]
    before, new = recorded_of(kernel_set), read(file_of("protocol", kernel_set))
    unraced = read(file_of("ours", kernel_set)) or before.get("ours", {})
    others = {"protocol": new or before.get("protocol", {}), "unraced": unraced.get("kernels", {})}
    seconds = done["wallS"] / max(1, len(kernels))
    facts = {
        "kernels": len(kernels), "valued": len(found), "atOnce": done["atOnce"], "parent": done["parent"], "secondsAKernel": seconds,
        "timesTheBaseline": BASELINE_S / seconds if seconds > 0 else None,
        "stoppedByLook": sum(kernel["stopped"] and not kernel["raced"] for kernel in found),
        "stoppedByRace": sum(kernel["stopped"] and kernel["raced"] for kernel in found),
        "racedInVain": sum(kernel["raced"] and not kernel["stopped"] for kernel in found),
        "meanStagesS": {
            stage: statistics.fmean(kernel["metrics"].get(f"{stage}_s", 0) for kernel in found) for stage in STAGES if found
        },
        "against": {name: likeness(us_of(kernels), us_of(table)) for name, table in others.items()},
        # Where there are two passes of it.
        "protocolWithItself": likeness(us_of(before["protocol"]), us_of(new)) if new and before.get("protocol") else None,
    }
    print(json.dumps(facts, indent=1))
    return facts


def recorded_of(kernel_set):
    """What was recorded of a set in an earlier run: of close at the top, of others under their names. Empty where nothing was."""
    with open(RECORDED) as file:
        recorded = json.load(file)
    return recorded if kernel_set == "close" else recorded.get(kernel_set, {})


def us_of(table):
    return {name: kernel["us"] for name, kernel in table.items()}


def likeness(first, second):
    """Of the kernels that both have values of: Kendall's tau, the three fastest of each, the pairs in opposed order, and how far the second
    one's values of these are apart in percent; tau of the pairs alone that the second has 2 % apart or more (None without such a pair); and the
    median difference of a kernel's two values in percent, once what all have in common is taken out."""
    both = [name for name in first if first[name] is not None and second.get(name) is not None]
    if len(both) < 2:
        return {"kernels": len(both)}
    a, b = ({name: table[name] for name in both} for table in (first, second))
    tau, opposed = kendall(a, b)
    beyond = [(one, other) for one, other in itertools.combinations(both, 2) if abs(math.log(b[one] / b[other])) >= math.log(1.02)]
    opposed_beyond = sum(pair in beyond for pair in opposed)
    ratios = [math.log(a[name] / b[name]) for name in both]
    common = statistics.median(ratios)
    top = [sorted(both, key=table.get)[:3] for table in (a, b)]
    return {
        "kernels": len(both), "tau": tau, "topThree": top, "sameTopThree": top[0] == top[1], "sameThree": set(top[0]) == set(top[1]),
        "tauBeyond2Percent": 1 - 2 * opposed_beyond / len(beyond) if beyond else None, "pairsBeyond2Percent": len(beyond),
        "medianDifferencePercent": 100 * statistics.median(abs(ratio - common) for ratio in ratios),
        "opposed": {f"{one} / {other}": 100 * abs(math.log(b[one] / b[other])) for one, other in opposed},
    }


def main(step, *rest):
    """SystemExit where the words are not those of a step."""
    steps = {
        "ours": lambda kernel_set="close": ours(known(kernel_set)),
        "compare": lambda kernel_set="close": compare(known(kernel_set)),
        "protocol": lambda limit_s, kernel_set, *command: protocol(float(limit_s), known(kernel_set), command),
        "raced": lambda limit_s, parent, at_once, kernel_set="close": raced(float(limit_s), parent, int(at_once), known(kernel_set)),
    }
    steps[step](*rest)


def known(kernel_set):
    if kernel_set not in SETS:
        sys.exit(f"There is no set {kernel_set}; there are {', '.join(SETS)}.")
    return kernel_set


if __name__ == "__main__":
    main(*sys.argv[1:])
