"""Runs the evaluator of problems/trimul on one program, as a session does, in a copy of the problem's folder."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

PROBLEM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../problems/trimul")


def initial_text(**values):
    """The initial program, with other values in the place of those that are marked with @tune."""
    with open(os.path.join(PROBLEM, "initial.py")) as file:
        lines = file.read().split("\n")
    for name, value in values.items():
        (index,) = [index for index, line in enumerate(lines) if line.startswith(f"{name} = ")]
        lines[index] = f"{name} = {value}"
    return "\n".join(lines)


def handed_over(parent, folder):
    """As the runner does it."""
    program, result = os.path.join(folder, "parent.py"), os.path.join(folder, "parent-result.json")
    with open(program, "w") as file:
        file.write(parent["text"])
    with open(result, "w") as file:
        json.dump({"value": parent["value"], "metrics": parent["metrics"]}, file)
    return {"DISCOVER_INCUMBENT": program, "DISCOVER_INCUMBENT_RESULT": result}


def evaluate(text, seed=7, time_limit_s=280, parent=None, without_race=False):
    """The verdict of a program's text, with the seconds that it took. parent: {"text", "value", "metrics"} of what it is to be compared with.
    without_race: it may be stopped by the quick look alone."""
    with tempfile.TemporaryDirectory() as folder:
        work = os.path.join(folder, "problem")
        shutil.copytree(PROBLEM, work, ignore=shutil.ignore_patterns("__pycache__"))
        program, result, home = (os.path.join(folder, name) for name in ("initial.py", "result.json", "home"))
        os.mkdir(home)
        with open(program, "w") as file:
            file.write(text)
        if without_race:
            cascade = os.path.join(work, "cascade.py")
            with open(cascade) as file:
                before, opening, after = file.read().partition("first > look_noise(len(timed))")
            if not opening:
                raise ValueError("cascade.py decides in another way now whether to race.")
            with open(cascade, "w") as file:
                file.write(f"{before}False{after}")
        environment = {
            "PATH": os.environ["PATH"], "HOME": home, "TMPDIR": home, "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1",
            "OMP_NUM_THREADS": "2", "DISCOVER_CANDIDATE": program, "DISCOVER_RESULT": result,
            "DISCOVER_SEED": str(seed), "DISCOVER_TIME_LIMIT": str(time_limit_s), "DISCOVER_CPUS": "4",
        }
        if parent is not None:
            environment.update(handed_over(parent, folder))
        for name in ("LD_LIBRARY_PATH", "CUDA_HOME", "CUDA_PATH", "CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES"):
            if name in os.environ:
                environment[name] = os.environ[name]
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "evaluate.py"], cwd=work, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        wall_s = time.monotonic() - began
        if not os.path.exists(result):
            return {"valid": False, "feedback": f"exit code {done.returncode}: {done.stdout.decode()[-1500:]}", "wall_s": wall_s}
        with open(result) as file:
            return {**json.load(file), "wall_s": wall_s, "printed": done.stdout.decode(errors="replace")[-500:]}
