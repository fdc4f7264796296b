"""Runs a candidate in a process of its own: JSON goes in, JSON comes out, and nothing that it says is trusted."""

import ctypes
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import threading

try:
    # Where the runner keeps Python started and its packages imported: the same, many times faster.
    from discover_warm import OURS, Popen
except ImportError:
    from subprocess import Popen

    OURS = frozenset()

TIME_LIMIT_S = 10
MAX_ANSWER_BYTES = 8_000_000
FEEDBACK_BYTES = 500
PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36


class Rejected(Exception):
    """The construction is not feasible. The text goes to the user and to the next prompt."""


def check_number(value, name):
    """Passes finite numbers of JSON on; a whole number may be of any size."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Rejected(f"{name} is not a number: {str(value)[:40]!r}.")
    if isinstance(value, float) and not math.isfinite(value):
        raise Rejected(f"{name} is not finite: {value}.")


def run_program(program, task, key):
    """What the program wrote under this key, as JSON, and the last of what it printed. All it prints goes on to our own
    output, where the limits of the evaluation count it."""
    close_own_memory()
    adopt_orphans()
    with tempfile.TemporaryDirectory() as folder:
        question, answer = os.path.join(folder, "input.json"), os.path.join(folder, "output.json")
        with open(question, "w") as file:
            json.dump(task, file)
        environment = {name: value for name, value in os.environ.items() if name != "DISCOVER_RESULT"}
        process = Popen(
            [sys.executable, program, question, answer],
            cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        tail = bytearray()

        def forward():
            for chunk in iter(lambda: process.stdout.read1(65536), b""):
                sys.stdout.buffer.write(chunk)
                sys.stdout.buffer.flush()
                tail.extend(chunk)
                del tail[:-FEEDBACK_BYTES]

        reader = threading.Thread(target=forward, daemon=True)
        reader.start()
        try:
            code = process.wait(TIME_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Rejected(f"The program ran longer than {TIME_LIMIT_S} s and was stopped.") from None
        finally:
            end_orphans()
        reader.join(1)
        printed = tail.decode(errors="replace").strip()
        if code != 0:
            raise Rejected(f"The program ended with exit code {code}:\n{printed}")
        return read_answer(answer, key), printed


def close_own_memory():
    """From now on no process of the same user can trace this one, nor open its memory or its files through /proc; root
    can. Linux only."""
    if sys.platform == "linux" and ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError("This system cannot close the memory of a process to others.")


def adopt_orphans():
    """From now on a process whose parent ends becomes a child of ours, whatever session it is in. Linux only."""
    if sys.platform == "linux" and ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError("This system cannot find the processes that a program leaves behind.")


def end_orphans():
    """Ends all that the program started: a process that stays could write a verdict after ours. A program that forks
    faster than this kills runs into the time limit of the evaluation."""
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] != 0:
                continue
        except ChildProcessError:
            return
        left = children()
        if not left:
            return
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        os.waitpid(-1, 0)


def children():
    """Process numbers of our children, of those too that have ended and were not waited for, but not of what starts them.
    Linux only."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                parent = int(file.read().rpartition(b")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == os.getpid() and int(name) not in OURS:
            found.append(int(name))
    return found


def read_answer(path, key):
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
    if not isinstance(answer, dict) or key not in answer:
        raise Rejected(f'The output must be an object with the key "{key}".')
    return answer[key]
