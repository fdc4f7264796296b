"""Lets evaluations of all sessions on a host share a GPU: while one takes times, no other one uses it."""

import contextlib
import fcntl
import os
import stat
import time

FOLDER = "/tmp"


class GpuTurn:
    """uuid: of the GPU, 32 hexadecimal digits. waited_s: until turns began, of all of this process together."""

    waited_s = 0.0

    def __init__(self, uuid):
        self._lock, self._gate = (self._open(os.path.join(FOLDER, f"ttt-discover-{uuid}-{part}.lock")) for part in ("gpu", "gate"))

    @staticmethod
    def _open(path):
        how = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            # Reading is enough to lock: the file may be another user's.
            file = os.open(path, how)
        except FileNotFoundError:
            file = os.open(path, how | os.O_CREAT, 0o644)
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(f"{path} is not a regular file: remove it.")
        return file

    @contextlib.contextmanager
    def _held(self, kind):
        began = time.monotonic()
        # Who wants the GPU alone keeps the gate while waiting, so that those who share it cannot go on for ever.
        fcntl.flock(self._gate, fcntl.LOCK_EX)
        try:
            fcntl.flock(self._lock, kind)
        finally:
            fcntl.flock(self._gate, fcntl.LOCK_UN)
        GpuTurn.waited_s += time.monotonic() - began
        try:
            yield
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    def shared(self):
        return self._held(fcntl.LOCK_SH)

    def alone(self):
        return self._held(fcntl.LOCK_EX)
