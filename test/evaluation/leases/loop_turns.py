"""Takes turns on a GPU again and again, and writes down each step as it happens, before anybody else can take the next one:
python3 loop_turns.py PROBLEM_FOLDER UUID LOG NAME alone|shared TURNS. TURNS of 0: until its input ends."""

import fcntl
import os
import select
import sys

sys.dont_write_bytecode = True
folder, uuid, log, name, kind, turns = sys.argv[1:]
sys.path.insert(0, folder)

from gpu_turn import GpuTurn  # noqa: E402

lines = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
flock = fcntl.flock


def note(word):
    os.write(lines, f"{word} {name}\n".encode())


def noting(file, how):
    if how == fcntl.LOCK_UN and file == turn._lock:
        note("leaves")
    flock(file, how)
    if how != fcntl.LOCK_UN:
        note("gate" if file == turn._gate else "has")


def is_told_to_end():
    return len(select.select([sys.stdin], [], [], 0)[0]) > 0


fcntl.flock = noting
turn = GpuTurn(uuid)
taken = 0
while taken < int(turns) or (turns == "0" and not is_told_to_end()):
    with turn.alone() if kind == "alone" else turn.shared():
        taken += 1
