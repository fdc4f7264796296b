"""Has a program's kernels compiled before its turn on the GPU comes (compile_worker.py): who compiles needs no GPU, and who takes times on it
should not have to wait for compilers."""

import json
import os
import signal
import subprocess
import sys
import time

from candidate_process import children

try:
    from discover_warm import Popen
except ImportError:
    from subprocess import Popen

# After so long the program's own process goes on with what is compiled by then.
LONGEST_S = 120
MOST_REPORT_BYTES = 16_384
MOST_KERNELS = 10_000
LOOK_S = 0.01
# What a program says that has something to compile.
COMPILERS = (b"triton", b"cpp_extension", b"nvrtc")


class CompileAhead:
    """program: path. groups: lists of cases, each list for a process of its own. started: whether there may be anything to compile. kernels: how
    many there were in the end; nobody should trust that number."""

    def __init__(self, program, groups):
        self.kernels, self.started, self._process = 0, False, None
        with open(program, "rb") as file:
            text = file.read()
        self.started = any(word in text for word in COMPILERS)
        if not self.started:
            return
        at_once = max(1, min(len(groups), int(os.environ.get("DISCOVER_CPUS") or 1)))
        merged = [[case._asdict() for group in groups[first::at_once] for case in group] for first in range(at_once)]
        worker = os.path.join(os.path.dirname(os.path.abspath(__file__)), "compile_worker.py")
        self._process = Popen(
            [sys.executable, worker, os.path.abspath(program), json.dumps(merged)],
            env={name: value for name, value in os.environ.items() if not name.startswith("DISCOVER_")},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )
        os.set_blocking(self._process.stdout.fileno(), False)

    def wait(self, deadline, keep):
        """Until all is compiled, at most LONGEST_S and until the deadline, of time.monotonic(). Then every process of ours is ended but those in
        keep, which have a pid: nothing of this may be left when times are taken."""
        if self._process is None:
            return
        until = min(deadline, time.monotonic() + LONGEST_S)
        report = b""
        while self._process.poll() is None and time.monotonic() < until:
            report += self._heard(report)
            time.sleep(LOOK_S)
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()
        end_all_but({one.pid for one in keep})
        report += self._heard(report)
        self._process.stdout.close()
        self._process = None
        for line in report.splitlines():
            try:
                told = json.loads(line)
                self.kernels += max(0, min(MOST_KERNELS, int(told["kernels"])))
                why = told["why"]
            except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
                why = line.decode(errors="replace")
            if why:
                print(f"Compiling ahead of its turn ended early: {str(why)[-MOST_REPORT_BYTES:]}", flush=True)

    def _heard(self, so_far):
        """What there is to read now, as long as it is not too much."""
        try:
            chunk = os.read(self._process.stdout.fileno(), MOST_REPORT_BYTES)
        except BlockingIOError:
            return b""
        return chunk[: max(0, MOST_REPORT_BYTES - len(so_far))]


def end_all_but(pids):
    while True:
        left = [pid for pid in children() if pid not in pids]
        if not left:
            return
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        for pid in left:
            os.waitpid(pid, 0)
