"""Evaluates a program by GPU MODE's protocol, as the adapter for its folders runs it on a folder of our own in that format."""

import json
import os
import subprocess
import tempfile
import time

FOLDERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../evaluation/gpuMode/fixtures")


def by_protocol(name, text, command):
    """name: of a folder in FOLDERS. command: what runs `ttt-discover`. Gives {"us", "wallS"}, and what was printed where there is no value."""
    task = os.path.join(FOLDERS, name)
    with tempfile.TemporaryDirectory() as folder:
        program, problem = os.path.join(folder, "submission.py"), os.path.join(folder, f"{name}.discover")
        with open(program, "w") as file:
            file.write(text)
        with open(problem, "w") as file:
            file.write(
                f"---\ntitle: In the format of GPU MODE\ncandidate: submission.py\n"
                f"evaluator: {{ format: gpu-mode, folder: {task}, mode: leaderboard-equal }}\n"
                "metric: { name: time_us, goal: minimize }\n"
                "limits: { time: 420s, memory: 16GiB, cpus: 4, gpus: 1, processes: 1024 }\n---\n# By the protocol\n"
            )
        started = time.monotonic()
        done = subprocess.run(
            [*command, "evaluate", problem, program, "--root", os.path.join(folder, "root"), "--isolation", "none", "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        printed = done.stdout.decode(errors="replace")
    found = {"us": value_in(printed), "wallS": time.monotonic() - started}
    return found if found["us"] is not None else {**found, "printed": printed[-500:]}


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
