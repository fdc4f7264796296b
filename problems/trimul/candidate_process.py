"""Starts a candidate's process (worker.py), talks with it, and ends all that it started."""

import ctypes
import json
import mmap
import os
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

from page import ANSWER, BEGIN, DONE, PAGE_BYTES

try:
    # Where the runner keeps Python started and its packages imported: the same, many times faster.
    from discover_warm import OURS, Popen
except ImportError:
    from subprocess import Popen

    OURS = frozenset()

FEEDBACK_BYTES = 500
NO_ROOM = "The GPU has too little memory free to check the program's outputs. The program takes it, or others do (`nvidia-smi` tells)."
ASK_AGAIN_S = 0.0005
# While spinning, how often to look whether the process is still there.
SPINS_A_LOOK = 200_000
PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36


class Rejected(Exception):
    """The candidate is not valid. The text goes to the user and to the next prompt."""


def shared_file(size):
    """An open file without a name for memory that two processes map."""
    if hasattr(os, "memfd_create"):
        file = os.memfd_create("candidate")
    else:
        with tempfile.TemporaryFile() as named:
            file = os.dup(named.fileno())
    os.ftruncate(file, size)
    return file


class NoRoom(Rejected):
    """The GPU has too little memory free, for the program or for who checks its outputs."""


class CandidateProcess:
    """deadline: of time.monotonic(), after which the program is rejected. files: inherited by the process."""

    def __init__(self, program, device, deadline, files=()):
        adopt_orphans()
        self._deadline = deadline
        self._call = 0
        page = shared_file(PAGE_BYTES)
        self._page = mmap.mmap(page, PAGE_BYTES)
        read_end, write_end = os.pipe()
        self._folder = tempfile.TemporaryDirectory()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DISCOVER_")}
        if device == "cpu":
            environment["TRITON_INTERPRET"] = "1"
        worker = os.path.join(os.path.dirname(os.path.abspath(__file__)), "worker.py")
        self._process = Popen(
            [sys.executable, worker, os.path.abspath(program), device, str(page), str(read_end)],
            cwd=self._folder.name, env=environment, pass_fds=(page, read_end, *files),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )
        os.close(read_end)
        os.close(page)
        self._commands = os.fdopen(write_end, "w")
        self._tail = bytearray()
        self._reader = threading.Thread(target=self._forward, daemon=True)
        self._reader.start()

    def _forward(self):
        for chunk in iter(lambda: self._process.stdout.read1(65536), b""):
            sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
            self._tail.extend(chunk)
            del self._tail[:-FEEDBACK_BYTES]

    def printed(self):
        return self._tail.decode(errors="replace").strip()

    @property
    def pid(self):
        return self._process.pid

    def ask(self, command):
        """Sends a command and gives the answer, which nobody should trust. Rejected where there is none."""
        self._send(command)
        done = struct.pack("<Q", self._call)
        while self._page[DONE : DONE + 8] != done:
            self._look()
            time.sleep(ASK_AGAIN_S)
        return self._answer()

    def pause(self):
        """Until begin, the program's processes of its own group do nothing."""
        os.killpg(self._process.pid, signal.SIGSTOP)

    def begin(self):
        """Lets begin what the last command was about. Gives the answer, and when it began and ended in ns."""
        begin = struct.pack("<Q", self._call)
        self._call += 1
        done = struct.pack("<Q", self._call)
        page, group = self._page, self._process.pid
        spins = 0
        began = time.perf_counter_ns()
        os.killpg(group, signal.SIGCONT)
        page[BEGIN : BEGIN + 8] = begin
        while page[DONE : DONE + 8] != done:
            spins += 1
            if spins % SPINS_A_LOOK == 0:
                self._look()
        ended = time.perf_counter_ns()
        return self._answer(), began, ended

    def _send(self, command):
        self._call += 1
        try:
            self._commands.write(json.dumps({**command, "call": self._call}) + "\n")
            self._commands.flush()
        except BrokenPipeError:
            self._process.wait(5)
            self._look()
            raise Rejected("The program closed the files that it was handed.") from None

    def _look(self):
        code = self._process.poll()
        if code is not None:
            self._reader.join(1)
            how = f"exit code {code}" if code >= 0 else f"signal {-code} ({signal.Signals(-code).name})"
            raise Rejected(f"The program's process ended with {how}:\n{self.printed()}")
        if time.monotonic() > self._deadline:
            raise Rejected("The program took too long and was stopped.")

    def _answer(self):
        (length,) = struct.unpack_from("<I", self._page, ANSWER)
        try:
            answer = json.loads(self._page[ANSWER + 4 : ANSWER + 4 + min(length, PAGE_BYTES)])
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise Rejected("The program wrote over the memory by which it is told what to do.")
        if "error" in answer:
            kind = NoRoom if "out of memory" in str(answer["error"]) else Rejected
            raise kind(f"The program failed:\n{answer['error']}")
        return answer

    def end(self):
        """Ends the program's own process where another one is to go on; `close` ends the rest."""
        self._process.kill()
        self._process.wait()

    def close(self):
        self._process.kill()
        self._process.wait()
        end_orphans()
        self._reader.join(1)
        try:
            self._commands.close()
        except BrokenPipeError:
            pass
        self._folder.cleanup()


def close_own_memory(is_closed=True):
    """Whether no process of the same user can trace this one from now on, nor open its memory or its files through /proc. Root
    outside of a sandbox can. Linux only."""
    if sys.platform == "linux" and ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0 if is_closed else 1, 0, 0, 0) != 0:
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
