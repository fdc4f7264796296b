"""Scores a program for the Erdős minimum overlap problem.

The program runs in a process of its own. It gets a step function and hands back another one; c5 is computed here, from
that function alone. What the program prints or claims never counts.

DISCOVER_CANDIDATE      the program
DISCOVER_PARENT_STATE   JSON {"h": [...]}: the construction to start from; unset: a random one from the seed
DISCOVER_SEED           seeds that start and is handed to the program
DISCOVER_RESULT         where the verdict goes
"""

import json
import math
import os
import subprocess
import sys
import tempfile
import threading

import numpy as np

TIME_LIMIT_S = 10
MAX_SAMPLES = 1000
MAX_ANSWER_BYTES = 1_000_000
FEEDBACK_BYTES = 500


class Rejected(Exception):
    """The construction is not a feasible function. The text goes to the user and to the next prompt."""


def read_construction(value):
    """A float64 array from untrusted JSON, or Rejected."""
    if not isinstance(value, list):
        raise Rejected("h must be a list of numbers.")
    if not 2 <= len(value) <= MAX_SAMPLES:
        raise Rejected(f"h must have 2 to {MAX_SAMPLES} values; it has {len(value)}.")
    for index, number in enumerate(value):
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            raise Rejected(f"h[{index}] is not a number: {str(number)[:40]!r}.")
        if isinstance(number, float) and not math.isfinite(number):
            raise Rejected(f"h[{index}] is not finite: {number}.")
        if not 0 <= number <= 1:
            raise Rejected(f"h[{index}] = {str(number)[:40]} is outside [0, 1].")
    return np.array(value, dtype=np.float64)


def normalise(h):
    """Moves rounding out of the integral without leaving [0, 1]: shrinks towards 0, or grows towards 1."""
    excess = math.fsum(h) / len(h) - 0.5
    if abs(excess) > 1e-6:
        raise Rejected(f"The mean of h must be 1/2 (the integral over [0, 2] is 1); it is {excess + 0.5:.9f}.")
    if excess > 0:
        return h * (0.5 / (0.5 + excess))
    return h + (1 - h) * (-excess / (0.5 - excess))


def c5_of(h):
    """The largest overlap integral of h and 1 - h over all shifts. h: (n,) values of n equal steps on [0, 2].

    The overlap is piecewise linear in the shift, with its corners at whole steps, so the discrete maximum is the true one.
    """
    return float(np.correlate(h, 1 - h, "full").max() * 2 / len(h))


def random_start(seed):
    """The start of the paper's runs: 40 to 99 steps, 1/2 plus centred noise."""
    random = np.random.default_rng(seed)
    noise = random.uniform(-0.4, 0.4, random.integers(40, 100))
    return np.clip(0.5 + noise - noise.mean(), 0, 1).tolist()


def read_start(seed):
    path = os.environ.get("DISCOVER_PARENT_STATE")
    if not path:
        return random_start(seed)
    with open(path) as file:
        return json.load(file)["h"]


def run_candidate(start, seed):
    """What the program wrote, as JSON, and the last of what it printed. All it prints goes on to our own output, where
    the limits of the evaluation count it."""
    with tempfile.TemporaryDirectory() as folder:
        task, answer = os.path.join(folder, "input.json"), os.path.join(folder, "output.json")
        with open(task, "w") as file:
            json.dump({"h": start, "seed": seed}, file)
        environment = {key: value for key, value in os.environ.items() if key != "DISCOVER_RESULT"}
        program = subprocess.Popen(
            [sys.executable, os.environ["DISCOVER_CANDIDATE"], task, answer],
            cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        tail = bytearray()

        def forward():
            for chunk in iter(lambda: program.stdout.read1(65536), b""):
                sys.stdout.buffer.write(chunk)
                sys.stdout.buffer.flush()
                tail.extend(chunk)
                del tail[:-FEEDBACK_BYTES]

        reader = threading.Thread(target=forward, daemon=True)
        reader.start()
        try:
            code = program.wait(TIME_LIMIT_S)
        except subprocess.TimeoutExpired:
            program.kill()
            raise Rejected(f"The program ran longer than {TIME_LIMIT_S} s and was stopped.") from None
        reader.join(1)
        printed = tail.decode(errors="replace").strip()
        if code != 0:
            raise Rejected(f"The program ended with exit code {code}:\n{printed}")
        return read_answer(answer), printed


def read_answer(path):
    try:
        with open(path, "rb") as file:
            text = file.read(MAX_ANSWER_BYTES + 1)
    except OSError:
        raise Rejected("The program wrote no output file.") from None
    if len(text) > MAX_ANSWER_BYTES:
        raise Rejected(f"The output file is larger than {MAX_ANSWER_BYTES} bytes.")
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Rejected(f"The output file is not JSON: {error}.") from None
    if not isinstance(answer, dict) or "h" not in answer:
        raise Rejected('The output must be an object with the key "h".')
    return answer["h"]


def evaluate():
    seed = int(os.environ.get("DISCOVER_SEED", "0"))
    start = read_start(seed)
    try:
        raw, printed = run_candidate(start, seed)
        h = normalise(read_construction(raw))
    except Rejected as rejected:
        return {"valid": False, "metrics": {}, "feedback": str(rejected)}
    return {"valid": True, "metrics": {"c5": c5_of(h)}, "feedback": printed, "state": {"h": h.tolist()}}


if __name__ == "__main__":
    verdict = evaluate()
    with open(os.environ["DISCOVER_RESULT"], "w") as file:
        json.dump(verdict, file)
