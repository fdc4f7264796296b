"""Shares a GPU as an evaluator of the catalogue does, until its input ends: python3 share_gpu.py PROBLEM_FOLDER UUID."""

import sys

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])

from gpu_turn import GpuTurn  # noqa: E402

turn = GpuTurn(sys.argv[2])
print("wants", flush=True)
with turn.shared():
    print("shares", flush=True)
    sys.stdin.read()
