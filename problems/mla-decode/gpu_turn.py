"""Lets evaluations of all sessions on a host share a GPU: while one takes times, no other one uses it."""

import contextlib
import fcntl
import os
import stat

FOLDER = "/tmp"


class GpuTurn:
    """name: of the GPU, the same for all that use it."""

    def __init__(self, name):
        self._lock, self._gate = (self._open(f"ttt-discover-{os.getuid()}-{name}-{part}.lock") for part in ("gpu", "gate"))

    @staticmethod
    def _open(name):
        file = os.open(os.path.join(FOLDER, name), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(f"{os.path.join(FOLDER, name)} is not a regular file: remove it.")
        return file

    @contextlib.contextmanager
    def _held(self, kind):
        # Who wants the GPU alone keeps the gate while waiting, so that those who share it cannot go on for ever.
        fcntl.flock(self._gate, fcntl.LOCK_EX)
        try:
            fcntl.flock(self._lock, kind)
        finally:
            fcntl.flock(self._gate, fcntl.LOCK_UN)
        try:
            yield
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    def shared(self):
        return self._held(fcntl.LOCK_SH)

    def alone(self):
        return self._held(fcntl.LOCK_EX)
