"""Facts about how an evaluator stops what is clearly slower than its parent, by times that are made up: python3 cascade_trials.py PROBLEM prints
JSON. The test beside this folder says what they must be."""

import json
import math
import os
import random
import statistics
import sys
import tempfile
import time
import types

from standin_gpu import Evaluator, Gpu, Judge, Process, Turn

STILL = dict(drift=0, place=0, rest=0, off_places=0)


def flow(ev):
    """One evaluation of each kind."""
    from candidate_process import Rejected

    first, rest = ev.evaluate.split()
    shapes = len(ev.cases.TIMING)
    slower = math.exp(1.2 * ev.cascade.look_noise(shapes))

    def one(factor=1.0, gpu=None, incumbent=True, rival=None, **how):
        gpu = gpu or Gpu(1, **STILL)
        candidate = Process(gpu, "candidate", ev.times_us(factor), **how)
        other = Process(gpu, "rival", ev.times_us(), **rival) if rival is not None else None
        try:
            verdict, view = ev.run(gpu, candidate, ev.parent() if incumbent else None, other)
        except Rejected as rejected:
            return {"rejected": str(rejected), "events": gpu.events}
        metrics = verdict["metrics"]
        return {
            "value": metrics["geomean_us"], "true": ev.true_us(ev.times_us(factor)), "stopped": metrics.get("stopped"),
            "stages": [name for name in metrics if name.endswith("_s")], "rounds": metrics.get("rounds"), "raced": metrics.get("raced"), "metrics": metrics,
            "checked": sum(event[:2] == ("candidate", "check") for event in gpu.events),
            "rival": any(event[0] == "rival" for event in gpu.events), "rivalEnded": ("rival", "end") in gpu.events,
            "moves": sum(event == ("candidate", "move") for event in gpu.events), "saved": metrics.get("saved_seconds"),
            "words": verdict["feedback"], "shown": len(view["rows"]), "events": gpu.events, "batches": gpu.batches,
        }

    def shown(facts):
        return {name: value for name, value in facts.items() if name not in ("events", "batches", "metrics")}

    raced = one(slower)
    own = [batch for batch in raced["batches"] if batch[0] == "candidate" and batch[2] != "none"]
    other = [batch for batch in raced["batches"] if batch[0] == "rival" and batch[2] != "none"]
    turns = [name for name, *_ in (batch for batch in raced["batches"][raced["batches"].index(other[0]) - 3 :] if batch[2] != "none")]
    each = ev.timing.BATCHES_A_ROUND
    early_wrong = one(0.8, wrong_in=first[:1])

    def leaves(facts, who="candidate"):
        """What turn a process was ended in."""
        before = facts["events"][: facts["events"].index((who, "end"))]
        return next(event[1] for event in reversed(before) if event[0] == "turn")

    return {
        "firstCases": len(first), "restCases": len(rest), "shapes": shapes, "race_rounds": ev.cascade.RACE_ROUNDS,
        "allCases": sorted(map(str, first + rest)) == sorted(map(str, ev.cases.CORRECTNESS)),
        "smallestFirst": first[0] == min(ev.cases.CORRECTNESS, key=lambda case: case.batch * getattr(case, "n", getattr(case, "prefill", 0))),
        "alone": shown(one(0.8, incumbent=False)), "faster": shown(one(0.8)), "much": shown(one(1.5)), "raced": shown(raced),
        "sameInputs": all(any(mine[1:2] + mine[3:] == theirs[1:2] + theirs[3:] for mine in own) for theirs in other) and len(other) > 0,
        "roundsOfRival": len(other) // (each * shapes),
        "byTurns": [turns[index : index + 2 * each] for index in range(0, 2 * each * shapes, 2 * each)],
        "rivalFails": shown(one(slower, rival={"wrong_in": first + rest})),
        "noMemoryForTwo": shown(one(slower, fails_at=(shapes + 1, "CUDA out of memory."))),
        "wrongInTheRace": one(slower, fails_at=(shapes + 1, "Wrong output for a timed call."))["rejected"],
        "wrongLate": one(0.8, wrong_in=rest)["rejected"], "wrongAndMuchSlower": shown(one(1.5, wrong_in=rest)),
        "wrongEarly": {"rejected": early_wrong["rejected"], "timed": ("candidate", "move") in early_wrong["events"]},
        "leaves": {
            "alone": leaves(one(0.8, incumbent=False)), "whole": leaves(one(0.8)), "stopped": leaves(one(1.5)), "raced": leaves(raced),
            "rival": leaves(raced, "rival"), "wrong": leaves(early_wrong), "judge": leaves(raced, "judge"),
        },
        "estimates": [ev.cascade.estimate_us(rounds) for rounds in ([510.0, 345.0], [350.0, 350.0])],
        "roomAlone": shown(one(0.8, no_room_in=first + rest)), "noRoom": one(0.8, never_room_in=rest[:1])["rejected"],
        "disturbed": shown(one(1.5, gpu=Gpu(1, **STILL, disturbed_batches=(ev.timing.MOST_AGAIN + each + 3) * shapes))),
    }


def on_full_gpu(ev):
    """What is said where there is no room before the program has begun."""
    from gpu_state import NotTimed

    gpu, Judge.finds_room = Gpu(1, **STILL), False
    try:
        ev.run(gpu, Process(gpu, "candidate", ev.times_us()), None)
    except NotTimed as not_timed:
        return str(not_timed)
    finally:
        Judge.finds_room = True
    return ""


def waiting(ev):
    """A race, and a look that stops, in which each turn is waited for, for an hour."""
    real = ev.cascade.time
    ev.cascade.time = types.SimpleNamespace(monotonic=lambda: time.monotonic() + Turn.waited_s)
    before, Turn.waits_s = Turn.waited_s, 3600.0
    try:
        raced, stopped = (
            ev.run(gpu := Gpu(1, **STILL), Process(gpu, "candidate", ev.times_us(factor)), ev.parent())[0]["metrics"]
            for factor in (math.exp(1.2 * ev.cascade.look_noise(len(ev.cases.TIMING))), 1.5)
        )
    finally:
        ev.cascade.time, Turn.waits_s = real, 0.0
    return {
        "waitedS": Turn.waited_s - before, "stages": {name: number for name, number in raced.items() if name.endswith("_s")},
        "savedS": stopped["saved_seconds"],
    }


def given(ev):
    """When there is something to compare with."""
    keys, folder = ev.keys(), tempfile.mkdtemp()
    program, result = os.path.join(folder, "parent.py"), os.path.join(folder, "result.json")
    with open(program, "w") as file:
        file.write("text")

    def found(value=1000.0, strict=False, absent=(), **changes):
        metrics = {**{key: 1000.0 for key in keys}, **changes}
        with open(result, "w") as file:
            json.dump({"value": value, "metrics": metrics}, file)
        environment = {"DISCOVER_INCUMBENT": program, "DISCOVER_INCUMBENT_RESULT": result, **({"DISCOVER_STRICT": "1"} if strict else {})}
        for name in absent:
            del environment[name]
        return ev.cascade.Incumbent.given(keys, environment)

    usual = found()
    return {
        "usual": usual is not None and (usual.text.decode(), usual.value, usual.times_us) == ("text", 1000.0, [1000.0] * len(keys)),
        "strict": found(strict=True) is not None, "estimate": found(stopped=1) is not None, "whole": found(stopped=0) is not None,
        "absent": found(absent=["DISCOVER_INCUMBENT"]) is not None, "otherScale": found(value=1.0) is not None,
        "shapeMissing": found(**{keys[0]: 0.0}) is not None,
        "again": found(start_s=3.0).again(),
    }


def trials(ev, factor, count, parent_seed=0, **how):
    """Outcomes of many programs, each with a parent that was timed before: logarithms of value / true time, and of value / the parent's."""
    found = []
    for number in range(count):
        incumbent = ev.parent(Gpu(parent_seed + number))
        gpu = Gpu(10**6 + number)
        times = ev.times_us(factor, uneven=0.05 if len(ev.cases.TIMING) % 2 == 0 else 0.0)
        verdict, _ = ev.run(gpu, Process(gpu, "candidate", times, **how), incumbent)
        metrics = verdict["metrics"]
        whole = Gpu(2 * 10**6 + number)
        reference, _ = ev.run(whole, Process(whole, "candidate", times), None)
        found.append({
            "stopped": metrics["stopped"] > 0, "against": math.log(metrics["geomean_us"] / incumbent.value),
            "error": math.log(metrics["geomean_us"] / ev.true_us(times)),
            "wholeError": math.log(reference["metrics"]["geomean_us"] / ev.true_us(times)),
        })
    return found


def summary(found):
    stopped = [one for one in found if one["stopped"]]
    return {
        "stopped": len(stopped) / len(found), "error": statistics.fmean(one["error"] for one in found),
        "wholeError": statistics.fmean(one["wholeError"] for one in found),
        "leastAgainstParent": min((one["against"] for one in stopped), default=None),
        "errorOfStopped": statistics.fmean(one["error"] for one in stopped) if stopped else None,
    }


def error_rates(count=20000):
    """How often programs that are as fast as their parents are stopped, by the rules alone, where noise is the largest that is assumed."""
    from sequential import SHAPE_NOISE, is_clearly_slower, look_bound, round_noise

    random_numbers, rates = random.Random(5), {}
    for shapes in (2, 7):
        noises = {
            "normal": lambda scale: random_numbers.gauss(0, scale),
            "two values": lambda scale: random_numbers.choice((-scale, scale)),
            "seldom": lambda scale: 3 * scale * random_numbers.choice([-1] + [0] * 7 + [1]) * 0.7,
        }
        for name, noise in noises.items():
            looks = races = 0
            for _ in range(count):
                own, recorded = (statistics.fmean(noise(scale) for _ in range(shapes)) for scale in (SHAPE_NOISE, SHAPE_NOISE / 2))
                looks += own - recorded > look_bound(shapes)
                rounds = []
                for _ in range(7):
                    rounds.append(noise(round_noise(shapes)) - noise(round_noise(shapes)))
                    if is_clearly_slower(rounds, shapes):
                        races += 1
                        break
            rates[f"{name}, {shapes} shapes"] = {"look": looks / count, "race": races / count}
    return rates


def main():
    ev = Evaluator(sys.argv[1])
    facts = {
        "flow": flow(ev), "onFullGpu": on_full_gpu(ev), "waiting": waiting(ev), "given": given(ev), "rates": error_rates(),
        "equal": summary(trials(ev, 1.0, 300)), "equalWithBadRounds": summary(trials(ev, 1.0, 200, whole_rounds_off=0.08)),
        "better": summary(trials(ev, 0.97, 200)), "bound": ev.cascade.look_bound(len(ev.cases.TIMING)),
        "slower": {str(factor): summary(trials(ev, factor, 100)) for factor in (1.03, 1.06, 1.12, 1.5)},
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
