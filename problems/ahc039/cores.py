"""One case a core: all evaluations on a host share its cores in turns, so that no two programs are timed on the same one."""

import contextlib
import fcntl
import os
import stat
import time

from disturbance import LOOK_S, is_quiet

FOLDER = "/tmp"
SIBLINGS = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"


def physical_cores():
    """One processor number for each core to time programs on: two threads of one core slow each other down. Cores of which we have all
    processors, if there are such: on another's second processor anybody may run."""
    ours = os.sched_getaffinity(0)
    first_of, whole = {}, []
    for number in sorted(ours):
        threads = threads_beside(number)
        if first_of.setdefault(min(threads), number) == number and threads <= ours:
            whole.append(number)
    return whole or list(first_of.values())


def threads_beside(number):
    """Processors of the same core, this one included."""
    try:
        with open(SIBLINGS.format(number)) as file:
            ranges = [part.split("-") for part in file.read().strip().split(",")]
        return {number}.union(*(range(int(ends[0]), int(ends[-1]) + 1) for ends in ranges))
    except (OSError, ValueError):
        return {number}


@contextlib.contextmanager
def core_of_my_own(cores, preferred, quiet_within_s=0):
    """Moves this process to a core that no other case uses, and waits for one if it must. quiet_within_s: for so long it looks for one on
    which nobody else computes either; then any will do."""
    order = [cores[(preferred + offset) % len(cores)] for offset in range(len(cores))]
    with contextlib.ExitStack() as stack:
        locks = [(core, stack.enter_context(_lock_file(core))) for core in order]
        core = _take_quiet(locks, quiet_within_s)
        if core is None:
            core = _take_free(locks)
        if core is None:
            core, lock = locks[0]
            fcntl.flock(lock, fcntl.LOCK_EX)
        os.sched_setaffinity(0, {core})
        yield core


def _take_quiet(locks, within_s):
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        has_looked = False
        for core, lock in locks:
            if _take(lock):
                has_looked = True
                if is_quiet(core, threads_beside(core) - {core}):
                    return core
                fcntl.flock(lock, fcntl.LOCK_UN)
        if not has_looked:
            time.sleep(LOOK_S)
    return None


def _take_free(locks):
    return next((core for core, lock in locks if _take(lock)), None)


def _take(lock):
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False


def _lock_file(core):
    # After the core's first processor, which is the same for all, whatever part of the machine they have.
    path = os.path.join(FOLDER, f"timed-core-{os.getuid()}-{min(threads_beside(core))}.lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    file = os.fdopen(descriptor, "r+")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        file.close()
        raise OSError(f"{path} is not a regular file: remove it.")
    return file
