"""Runs the evaluator of problems/mla-decode on one program, as a session does, in a copy of the problem's folder."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PROBLEM = os.path.join(HERE, "../../../problems/mla-decode")


def initial_text(**values):
    """The initial program, with other values in the place of those that are marked with @tune."""
    with open(os.path.join(PROBLEM, "initial.py")) as file:
        lines = file.read().split("\n")
    for name, value in values.items():
        (index,) = [index for index, line in enumerate(lines) if line.startswith(f"{name} = ")]
        lines[index] = f"{name} = {value}"
    return "\n".join(lines)


def program(*names):
    """One after the other, the texts of programs in programs/."""
    texts = []
    for name in names:
        with open(os.path.join(HERE, "programs", f"{name}.py")) as file:
            texts.append(file.read())
    return "\n".join(texts)


def evaluate(text, seed=7, time_limit_s=280):
    """The verdict of a program's text, with the seconds that it took."""
    with tempfile.TemporaryDirectory() as folder:
        work = os.path.join(folder, "problem")
        shutil.copytree(PROBLEM, work, ignore=shutil.ignore_patterns("__pycache__"))
        path, result, home = (os.path.join(folder, name) for name in ("initial.py", "result.json", "home"))
        os.mkdir(home)
        with open(path, "w") as file:
            file.write(text)
        environment = {
            "PATH": os.environ["PATH"], "HOME": home, "TMPDIR": home, "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1",
            "OMP_NUM_THREADS": "2", "DISCOVER_CANDIDATE": path, "DISCOVER_RESULT": result,
            "DISCOVER_SEED": str(seed), "DISCOVER_TIME_LIMIT": str(time_limit_s), "DISCOVER_CPUS": "4",
        }
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
            printed = done.stdout.decode(errors="replace")[-1500:]
            return {"valid": False, "metrics": {}, "feedback": f"exit code {done.returncode}: {printed}", "wall_s": wall_s}
        with open(result) as file:
            return {**json.load(file), "wall_s": wall_s, "printed": done.stdout.decode(errors="replace")[-500:]}
