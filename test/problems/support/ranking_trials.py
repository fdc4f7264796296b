"""The logic of test/problems/trimul/ranking.py with kernels that are not run: prints JSON. OUT must be an empty folder."""

import json
import os
import random
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../trimul"))
import ranking
from ranked_kernels import CHOSEN, EXPECTED_US


def recorded():
    return ranking.us_of(ranking.recorded_of("close")["protocol"])


class StandIn:
    """Times are those of the protocol that were recorded, or expected where none were, with noise; what is slower than its parent by 5 % is
    stopped. One takes 10 s."""

    def __init__(self, noise, broken=()):
        found = {**EXPECTED_US, **{name: us for name, us in recorded().items() if us is not None}}
        self.us = {ranking.text_of(name): found.get(name, 1500.0) for names in ranking.SETS.values() for name in names}
        self.noise, self.broken, self.random = noise, {ranking.text_of(name) for name in broken}, random.Random(3)
        self.lock, self.seconds, self.parents, self.calls = threading.Lock(), 0.0, [], 0

    def now(self):
        return self.seconds

    def run(self, text, seed, parent, without_race):
        with self.lock:
            self.seconds, self.calls = self.seconds + 10, self.calls + 1
            self.parents.append(None if parent is None else parent["value"])
            if text in self.broken:
                return {"valid": False, "metrics": {}, "feedback": "It is broken.", "wall_s": 10.0}
            us = self.us[text] * (1 + self.random.gauss(0, self.noise))
            stopped = parent is not None and us > 1.05 * parent["value"]
            metrics = {"geomean_us": us, "start_s": 2.0, "quick_s": 3.0, "stopped": int(stopped)}
            if parent is not None and 1.01 < us / parent["value"] < 1.05 and not without_race:
                metrics["race_s"] = 4.0
            if not stopped:
                metrics["timing_s"] = 4.0
            return {"valid": True, "metrics": metrics, "feedback": "", "wall_s": 10.0}


def parents_fall(standin):
    values = [value for value in standin.parents if value is not None]
    return values == sorted(values, reverse=True)


def forget(kernel_set):
    """As if of that set nothing had been recorded yet."""
    with open(ranking.RECORDED) as file:
        found = json.load(file)
    found.pop(kernel_set, None)
    ranking.RECORDED = os.path.join(tempfile.mkdtemp(), "recorded.json")
    with open(ranking.RECORDED, "w") as file:
        json.dump(found, file)


def main():
    forget("spread")
    exact, facts = StandIn(0.0), {}
    facts["cut"] = ranking.raced(95, "best", 1, run=exact.run, now=exact.now)
    facts["callsBefore"] = exact.calls
    facts["whole"] = ranking.raced(10**6, "best", 1, run=exact.run, now=exact.now)
    facts["calls"], facts["parentsFall"], facts["firstAlone"] = exact.calls, parents_fall(exact), exact.parents[0] is None
    initial = StandIn(0.0)
    facts["initial"] = ranking.raced(10**6, "initial", 3, run=initial.run, now=initial.now)
    facts["parentsOfInitial"] = len(set(initial.parents[1:]))
    noisy = StandIn(0.08, broken=CHOSEN[3:4])
    facts["noisy"] = ranking.raced(10**6, "best-look", 2, run=noisy.run, now=noisy.now)
    broken = StandIn(0.0, broken=CHOSEN[:1])
    os.remove(os.path.join(ranking.OUT, "trimul-raced-best-1.json"))
    facts["firstBroken"] = ranking.raced(10**6, "best", 1, run=broken.run, now=broken.now)
    spread = StandIn(0.0)
    facts["spread"] = ranking.raced(10**6, "best", 1, "spread", spread.run, spread.now)
    facts["spreadAgain"] = ranking.raced(10**6, "best", 1, "spread", spread.run, spread.now)
    facts["files"] = sorted(os.listdir(ranking.OUT))
    # A second pass in which every kernel takes a tenth longer, but one a fifth; and a pass of a set of which nothing was recorded.
    slower = {name: {"us": us * (1.2 if name == CHOSEN[1] else 1.1), "wallS": 30.0} for name, us in recorded().items() if us is not None}
    ranking.write("protocol", slower)
    ranking.write("protocol-spread", {name: {"us": 1.1 * spread.us[ranking.text_of(name)], "wallS": 30.0} for name in EXPECTED_US})
    facts["twoPasses"] = ranking.raced(10**6, "best", 1, run=exact.run, now=exact.now)
    facts["spreadWithProtocol"] = ranking.raced(10**6, "best", 1, "spread", spread.run, spread.now)
    # The first two are 1 % apart, and the only ones in another order.
    facts["nearby"] = ranking.likeness({"a": 101, "b": 100, "c": 200}, {"a": 100, "b": 101, "c": 200})
    facts["allNearby"] = ranking.likeness({"a": 101, "b": 100}, {"a": 100, "b": 101})
    with open(os.environ["FACTS"], "w") as file:
        json.dump(facts, file)


if __name__ == "__main__":
    main()
