"""What can only be seen on a GPU: python3 test/problems/mla-decode/on_gpu.py [steps] writes OUT/mla-decode-*.json.

evaluations the initial program twice, plain PyTorch in float32 and in bfloat16
sweep       times sets of values of the initial program's tunables by CUDA events
tuned       the initial program with the best set of the sweep, and as it is
repeats     the initial program in two processes by turns, ten times each
programs    every program in programs/ that tries to fool the evaluator, and what became of it
protocol    plain PyTorch and the initial program by the protocol of GPU MODE
OUT is the folder named by the variable OUT, or the current one. Steps run in the order in which they are named.
"""

import concurrent.futures
import json
import os
import subprocess
import sys
import time

from evaluation import HERE, PROBLEM, evaluate, initial_text, program

# Programs that are appended to plain PyTorch (or stand alone), and words of the rejection, or None where the time must be honest.
FOOLING = {
    "patched_timers": (True, None),
    "no_waiting": (True, ("not complete when the call had ended", "Wrong output of a timed call")),
    "other_stream": (True, ("Wrong output of a timed call",)),
    "overlapping": (True, ("Wrong output of a timed call",)),
    "early_answer": (True, ("not complete when the call had ended",)),
    "head_start": (True, ("Wrong output of a timed call",)),
    "weights_in_advance": (True, ("Wrong output of a timed call",)),
    "skips_when_timed": (True, ("Wrong output of a timed call",)),
    "cache_afterwards no_waiting": (True, ("not complete when the call had ended", "Wrong new row of the cache", "Wrong output of a timed call")),
    "remembers": (True, ("Wrong output",)),
    "overwrites_inputs": (False, ("Wrong output",)),
    "identity": (False, ("Wrong output",)),
    "reads_frames": (False, ("Wrong output",)),
    "forged_page": (False, ("",)),
}
# Evaluations at once: only one of them takes times, and each holds up to 25 GB of the GPU's memory.
AT_ONCE = 3


def write(name, content):
    with open(os.path.join(os.environ.get("OUT", "."), f"mla-decode-{name}.json"), "w") as file:
        json.dump(content, file, indent=1)


def told(verdict):
    metrics = verdict["metrics"]
    if not verdict["valid"]:
        return f"REJECTED after {verdict['wall_s']:.0f} s: {verdict['feedback'][-400:]}"
    return " ".join(f"{name}={value:.4g}" for name, value in metrics.items()) + f" wall_s={verdict['wall_s']:.0f}"


def read(name):
    """What an earlier step wrote, or None."""
    try:
        with open(os.path.join(os.environ.get("OUT", "."), f"mla-decode-{name}.json")) as file:
            return json.load(file)
    except FileNotFoundError:
        return None


def sweep():
    import sweep as sets

    texts = {"pytorch": program("pytorch"), "pytorch_bfloat16": program("pytorch_bfloat16"), "initial": initial_text()}
    results = sets.sweep(texts)
    write("sweep", results)
    for result in results["sets"]:
        print(f"{result['geomean_us']:8.1f}", *(f"{name}={value}" for name, value in result["values"].items()))
    for result in results["faulty"]:
        print("   fault", *result["values"].values(), result["fault"])
    for name, found in results["by_events"].items():
        print(f"by events {name}: {found['geomean_us']:.1f}", {case: round(us) for case, us in found["us"].items()})
    return True


def evaluate_all(name, texts):
    results = {}
    for label, text in texts.items():
        results[label] = evaluate(text, seed=len(results))
        print(label, told(results[label]), flush=True)
        write(name, results)
    return all(verdict["valid"] for verdict in results.values())


def evaluations():
    texts = {"initial": initial_text(), "pytorch": program("pytorch"), "pytorch_bfloat16": program("pytorch_bfloat16")}
    return evaluate_all("evaluations", {**texts, "initial_again": initial_text()})


def tuned():
    swept = read("sweep")
    if swept is None:
        print("There is no sweep to take the best set of.")
        return False
    return evaluate_all("tuned", {"tuned": initial_text(**swept["best"]["values"]), "initial": initial_text()})


def repeats():
    sys.path.insert(0, os.path.join(HERE, "../support"))
    from repeats import interleaved

    results = interleaved(PROBLEM, initial_text(), "gpu_judge")
    write("repeats", results)
    print({name: value for name, value in results.items() if name != "us"}, flush=True)
    return True


def protocol():
    """By GPU MODE's protocol, as the adapter for its folders runs it: PROTOCOL_COMMAND, or the built runner."""
    sys.path.insert(0, os.path.join(HERE, "../support"))
    from by_protocol import by_protocol

    command = os.environ.get("PROTOCOL_COMMAND", f"node {os.path.join(HERE, '../../../dist/runner.cjs')}").split()
    results = {}
    for name, text in {"pytorch": program("pytorch"), "initial": initial_text(), "pytorch_bfloat16": program("pytorch_bfloat16")}.items():
        results[name] = by_protocol("mla-decode", text, command)
        print(name, results[name], flush=True)
        write("protocol", results)
    return all(found["us"] is not None for found in results.values())


def fool(name):
    appended, words = FOOLING[name]
    verdict = evaluate(program(*(["pytorch"] if appended else []), *name.split()))
    if words is None:
        as_wanted = verdict["valid"]
    else:
        as_wanted = not verdict["valid"] and any(word in verdict["feedback"] for word in words)
    us, feedback = verdict["metrics"].get("geomean_us"), verdict["feedback"][:600]
    return {"as_wanted": as_wanted, "us": us, "feedback": feedback, "wall_s": verdict["wall_s"]}


def programs():
    honest = (read("evaluations") or {}).get("pytorch") or evaluate(program("pytorch"))
    honest_us = honest["metrics"].get("geomean_us", float("nan"))
    results = {"honest_us": honest_us, "programs": {}}
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for name, found in zip(FOOLING, pool.map(fool, FOOLING)):
            if found["us"] is not None:
                found["ratio"] = found["us"] / honest_us
                # In company its process gets less of the host: it may well be slower, but never faster than honest.
                found["as_wanted"] = found["as_wanted"] and found["ratio"] > 0.98
            results["programs"][name] = found
            mark = "ok  " if found["as_wanted"] else "FAIL"
            feedback = found["feedback"][-220:].replace("\n", " | ")
            print(mark, name, found.get("ratio", ""), f"{found['wall_s']:.0f} s", feedback, flush=True)
            write("programs", results)
    return all(found["as_wanted"] for found in results["programs"].values())


def main():
    steps = {"evaluations": evaluations, "sweep": sweep, "tuned": tuned, "repeats": repeats, "programs": programs, "protocol": protocol}
    good = True
    for step in sys.argv[1:] or steps:
        began = time.monotonic()
        # In a process of its own, so that no step leaves anything on the GPU for the next one.
        if os.environ.get("MLA_DECODE_STEP") == step:
            good = steps[step]() and good
            continue
        print(f"== {step}", flush=True)
        done = subprocess.run([sys.executable, os.path.join(HERE, "on_gpu.py"), step], env={**os.environ, "MLA_DECODE_STEP": step})
        good = good and done.returncode == 0
        print(f"== {step}: {'good' if done.returncode == 0 else 'NOT good'}, {time.monotonic() - began:.0f} s", flush=True)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
