"""Ranks kernels of different speed twice: by the evaluator of problems/trimul, and by GPU MODE's protocol as the adapter for its folders
runs it. Compares the rankings and the time that each took.

python3 test/problems/trimul/ranking.py ours           writes OUT/trimul-ours.json
python3 test/problems/trimul/ranking.py protocol SECONDS COMMAND…  goes on with OUT/trimul-protocol.json for so long
python3 test/problems/trimul/ranking.py compare        prints what came of both
COMMAND… is what runs `ttt-discover`: node dist/runner.cjs.
"""

import concurrent.futures
import itertools
import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import time

from evaluation import evaluate, initial_text

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.environ.get("OUT", ".")
FOLDER = os.path.join(HERE, "../../evaluation/gpuMode/fixtures/trimul")
# Evaluations at once: one of them takes times while no other uses the GPU; each needs up to 25 GB of its memory.
AT_ONCE = 3

PROJECT = dict(p0=(64, 32, 4, 2), p1=(64, 128, 4, 1), p2=(32, 32, 4, 2), p3=(64, 16, 8, 2))
PRODUCT = dict(q0=(64, 64, 32, 4, 2), q1=(128, 128, 64, 4, 3), q2=(32, 32, 32, 4, 2), q3=(128, 64, 32, 4, 3))
OUTPUT = dict(o0=(64, 64, 4, 2), o1=(64, 32, 4, 3), o2=(32, 32, 8, 1))
CHOSEN = [
    "p0 q0 o0", "p1 q1 o1", "p0 q1 o0", "p1 q0 o0", "p0 q0 o1", "p2 q2 o2", "p3 q2 o0", "p2 q0 o0", "p3 q3 o1", "p0 q3 o0", "p1 q3 o1", "p2 q1 o1",
    "p3 q0 o2", "p0 q2 o1", "p1 q2 o0", "p3 q1 o0", "p2 q3 o2", "p0 q1 o2", "p1 q1 o2", "p0 q3 o2", "p3 q2 o2", "p2 q2 o0", "p1 q3 o0", "p3 q1 o2",
]


def text_of(chosen):
    project, product, output = (table[name] for table, name in zip((PROJECT, PRODUCT, OUTPUT), chosen.split()))
    words = ("ROWS", "DEPTH", "WARPS", "STAGES"), ("ROWS", "COLUMNS", "DEPTH", "WARPS", "STAGES"), ("ROWS", "COLUMNS", "WARPS", "STAGES")
    groups = zip(("PROJECT", "PRODUCT", "OUTPUT"), words, (project, product, output))
    return initial_text(**{f"{group}_{word}": value for group, names, values in groups for word, value in zip(names, values)})


def read(name):
    try:
        with open(os.path.join(OUT, f"trimul-{name}.json")) as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


def write(name, content):
    with open(os.path.join(OUT, f"trimul-{name}.json"), "w") as file:
        json.dump(content, file, indent=1)


def ours():
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
            write("ours", {"atOnce": AT_ONCE, "wallS": time.monotonic() - began, "kernels": results})

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(run, enumerate(CHOSEN)))


def protocol(limit_s, command):
    began, results = time.monotonic(), read("protocol")
    for chosen in CHOSEN:
        if chosen in results:
            continue
        if time.monotonic() - began > limit_s:
            print("the time is up; call again")
            return
        with tempfile.TemporaryDirectory() as folder:
            program, problem = os.path.join(folder, "submission.py"), os.path.join(folder, "trimul.discover")
            with open(program, "w") as file:
                file.write(text_of(chosen))
            with open(problem, "w") as file:
                file.write(
                    f"---\ntitle: TriMul in the format of GPU MODE\ncandidate: {FOLDER}/submission.py\n"
                    f"evaluator: {{ format: gpu-mode, folder: {FOLDER}, mode: leaderboard-equal }}\n"
                    "metric: { name: time_us, goal: minimize }\n"
                    "limits: { time: 420s, memory: 16GiB, cpus: 4, gpus: 1, processes: 1024 }\n---\n# TriMul\n"
                )
            started = time.monotonic()
            done = subprocess.run(
                [*command, "evaluate", problem, program, "--root", os.path.join(folder, "root"), "--isolation", "none", "--json"],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )
            printed = done.stdout.decode(errors="replace")
        results[chosen] = {"us": value_in(printed), "wallS": time.monotonic() - started}
        if results[chosen]["us"] is None:
            results[chosen]["printed"] = printed[-500:]
        print(chosen, json.dumps(results[chosen]), flush=True)
        write("protocol", results)


def value_in(printed):
    """The value of the last valid outcome in what `ttt-discover evaluate --json` printed."""
    value = None
    for line in printed.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        outcome = entry.get("outcome") if isinstance(entry, dict) else None
        if isinstance(outcome, dict) and outcome.get("kind") == "valid":
            value = outcome["value"]
    return value


def kendall(first, second):
    """Kendall's tau-a, and the pairs that the two disagree about."""
    pairs = list(itertools.combinations(first, 2))
    opposed = [(a, b) for a, b in pairs if (first[a] - first[b]) * (second[a] - second[b]) < 0]
    return 1 - 2 * len(opposed) / len(pairs), opposed


def compare():
    evaluator, whole = read("ours"), read("protocol")
    values = [{name: found["us"] for name, found in table.items() if found["us"] is not None} for table in (evaluator["kernels"], whole)]
    both = [name for name in values[0] if name in values[1]]
    a, b = ({name: table[name] for name in both} for table in values)
    tau, opposed = kendall(a, b)
    print(f"{len(both)} kernels; tau {tau:.4f}; top three {sorted(both, key=a.get)[:3]} and {sorted(both, key=b.get)[:3]}")
    for one, other in opposed:
        print(f"  opposed: {one} {a[one]:.1f} {b[one]:.1f}, {other} {a[other]:.1f} {b[other]:.1f}")
    seconds = evaluator["wallS"] / len(evaluator["kernels"]), math.fsum(found["wallS"] for found in whole.values()) / len(whole)
    print(f"seconds a kernel: {seconds[0]:.1f} by our evaluator, {evaluator['atOnce']} at once; {seconds[1]:.1f} by the protocol")


if __name__ == "__main__":
    step, *rest = sys.argv[1:]
    {"ours": ours, "compare": compare, "protocol": lambda: protocol(float(rest[0]), rest[1:])}[step]()
