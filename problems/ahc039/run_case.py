"""Runs a compiled program on one input: confined, on the core of this process, with the clock and the limits outside of it."""

import collections
import os
import resource
import select
import signal
import time

from cores import threads_beside
from disturbance import read_core, taken_by_others
from syscall_filter import confine_myself, die_with_parent

TIME_LIMIT_S = 2.0
# By the clock on the wall, a program has this much more, and also what it waited for its core: it is not to fail because
# the host was busy elsewhere. What it computes counts strictly.
WALL_TOLERANCE_S = 0.5
WALL_BACKSTOP_S = 60
MEMORY_LIMIT_BYTES = 1024**3
OUTPUT_LIMIT_BYTES = 1024**2
STACK_BYTES = 256 * 1024**2
ADDRESSES_BYTES = 8 * 1024**3
BETWEEN_LOOKS_S = 0.05
# Where the kernel helps in case this process is too late.
CPU_BACKSTOP_S = 4
SAID_BYTES = 400

Run = collections.namedtuple("Run", "verdict why output said cpu_s wall_s waited_s taken_s memory_bytes")
"""verdict: None, or TLE, MLE, OLE, RE with `why`. said: the last that it wrote to standard error. waited_s: how long its
first thread was ready to compute while its core did something else. taken_s: how much of its core others had."""


def run(program, text):
    """program: path of a static executable. text: bytes for its standard input. Nothing of it is left when this returns."""
    with memory_file("input") as given, memory_file("output") as printed, memory_file("errors") as said:
        given.write(text)
        given.flush()
        given.seek(0)
        core = min(os.sched_getaffinity(0))
        beside = threads_beside(core) - {core}
        before = read_core(core, beside)
        began = time.monotonic()
        pid = start(program, given.fileno(), printed.fileno(), said.fileno())
        stopped = watch(pid, began)
        waited_s = waiting_seconds(pid)
        _, status, usage = os.wait4(pid, 0)
        wall_s = time.monotonic() - began
        cpu_s = usage.ru_utime + usage.ru_stime
        taken_s = taken_by_others(before, read_core(core, beside), cpu_s)
        memory_bytes = usage.ru_maxrss * 1024
        printed_bytes = max(os.fstat(file.fileno()).st_size for file in (printed, said))
        verdict, why = judge(stopped, status, cpu_s, wall_s - waited_s, memory_bytes, printed_bytes)
        output = os.pread(printed.fileno(), OUTPUT_LIMIT_BYTES, 0)
        size = os.fstat(said.fileno()).st_size
        tail = os.pread(said.fileno(), SAID_BYTES, max(0, size - SAID_BYTES))
        words = tail.decode(errors="replace").strip()
        return Run(verdict, why, output, words, cpu_s, wall_s, waited_s, taken_s, memory_bytes)


def memory_file(name):
    """Lies in no folder: no other program can open it, and it is gone when closed."""
    return os.fdopen(os.memfd_create(name), "w+b")


def start(program, stdin, stdout, stderr):
    """The number of the process that has become the program. OSError if the host is to blame that it could not."""
    failed_read, failed_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            die_with_parent()
            for place, descriptor in enumerate((stdin, stdout, stderr)):
                os.dup2(descriptor, place)
            os.chdir("/")
            set_limits()
            confine_myself()
            os.execve(program, ["program"], {})
        except BaseException as error:
            os.write(failed_write, str(error).encode()[:1000])
        finally:
            os._exit(127)
    os.close(failed_write)
    # It closes by itself when the program takes over.
    with os.fdopen(failed_read, "rb") as failed:
        why = failed.read().decode(errors="replace")
    if why:
        os.waitpid(pid, 0)
        raise OSError(f"This host cannot run a program confined: {why}.")
    return pid


def set_limits():
    for what, wanted in (
        (resource.RLIMIT_FSIZE, OUTPUT_LIMIT_BYTES),
        (resource.RLIMIT_CPU, CPU_BACKSTOP_S),
        (resource.RLIMIT_AS, ADDRESSES_BYTES),
        (resource.RLIMIT_STACK, STACK_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        most = resource.getrlimit(what)[1]
        limit = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(what, (limit, limit))
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)


def watch(pid, began):
    """Waits until it ends or is stopped; says why it was stopped: "time", "memory", "busy" (the host), or None."""
    ended = os.pidfd_open(pid)
    try:
        poll = select.poll()
        poll.register(ended, select.POLLIN)
        while not poll.poll(1000 * BETWEEN_LOOKS_S):
            why = reason_to_stop(pid, time.monotonic() - began)
            if why is not None:
                os.kill(pid, signal.SIGKILL)
                poll.poll()
                return why
        return None
    finally:
        os.close(ended)


def reason_to_stop(pid, wall_s):
    if resident_bytes(pid) > MEMORY_LIMIT_BYTES:
        return "memory"
    if wall_s > TIME_LIMIT_S + WALL_TOLERANCE_S + waiting_seconds(pid):
        return "time"
    return "busy" if wall_s > WALL_BACKSTOP_S else None


def resident_bytes(pid):
    with open(f"/proc/{pid}/statm", "rb") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def waiting_seconds(pid):
    """0 where the kernel does not count it."""
    try:
        with open(f"/proc/{pid}/schedstat", "rb") as file:
            return int(file.read().split()[1]) / 1e9
    except FileNotFoundError:
        return 0.0


def judge(stopped, status, cpu_s, own_wall_s, memory_bytes, printed_bytes):
    if stopped == "memory" or memory_bytes > MEMORY_LIMIT_BYTES:
        return "MLE", f"It used more than {MEMORY_LIMIT_BYTES // 1024**2} MiB."
    ended_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
    if stopped == "busy":
        return "TLE", f"It was stopped after {WALL_BACKSTOP_S} s: the host is so busy that it computed for {cpu_s:.2f} s alone."
    if stopped == "time" or cpu_s > TIME_LIMIT_S or own_wall_s > TIME_LIMIT_S + WALL_TOLERANCE_S:
        return "TLE", f"It took more than {TIME_LIMIT_S:g} s: it computed for {cpu_s:.2f} s in {own_wall_s:.2f} s."
    if ended_by == signal.SIGXFSZ or printed_bytes >= OUTPUT_LIMIT_BYTES:
        return "OLE", f"It printed {OUTPUT_LIMIT_BYTES} bytes or more."
    if ended_by is not None:
        return "RE", f"It was ended by signal {ended_by} ({signal.strsignal(ended_by)})."
    if os.WEXITSTATUS(status) != 0:
        return "RE", f"It ended with exit code {os.WEXITSTATUS(status)}."
    return None, ""
