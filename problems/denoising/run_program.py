"""Runs a candidate in a process of its own: a matrix goes in, a matrix comes out, and nothing that it says is trusted."""

import ctypes
import math
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading

import numpy as np

try:
    # Where the runner keeps Python started and its packages imported: the same, many times faster.
    from discover_warm import OURS, Popen
except ImportError:
    from subprocess import Popen

    OURS = frozenset()

FEEDBACK_BYTES = 500
# A header of numpy's format is 128 bytes for a matrix; more is allowed for other writers.
MOST_HEADER_BYTES = 4096
# As many as a complex value has: whoever writes those shall read what is wrong with them.
LARGEST_VALUE_BYTES = 16
PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36


class Rejected(Exception):
    """The program or its matrix is not valid. The text goes to the user and to the next prompt."""


def run_program(program, train, seed, time_limit_s):
    """The matrix that the program made of the training molecules (cells x genes, int32), float64 of the same shape, and
    the last of what it printed. All that it prints goes on to our own output, where the limits of the evaluation count it.
    """
    close_own_memory()
    adopt_orphans()
    with tempfile.TemporaryDirectory() as folder:
        own, question, answer = (os.path.join(folder, name) for name in ("program.py", "train.npy", "denoised.npy"))
        shutil.copyfile(program, own)
        np.save(question, train, allow_pickle=False)
        largest_bytes = train.size * LARGEST_VALUE_BYTES + MOST_HEADER_BYTES
        launcher = os.path.join(os.path.dirname(os.path.abspath(__file__)), "confined.py")
        process = Popen(
            [sys.executable, launcher, folder, str(largest_bytes), own, question, answer, str(seed)],
            cwd=folder, env=environment_of(folder), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
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
            code = process.wait(time_limit_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Rejected(f"The program ran longer than {time_limit_s:g} s and was stopped.") from None
        finally:
            end_orphans()
        reader.join(1)
        printed = tail.decode(errors="replace").strip()
        if code != 0:
            how = f"exit code {code}" if code > 0 else f"signal {-code} ({signal.Signals(-code).name})"
            raise Rejected(f"The program ended with {how}:\n{printed}")
        return read_matrix(answer, train.shape, largest_bytes), printed


def environment_of(folder):
    """Nothing of the evaluation but the mark by which its processes are found when it is over."""
    kept = {
        name: value for name, value in os.environ.items()
        if not name.startswith("DISCOVER_") or name == "DISCOVER_EVALUATION_ID"
    }
    return {**kept, "HOME": folder, "TMPDIR": folder}


def read_matrix(path, shape, largest_bytes):
    """float64 from numpy's own format, read as plain numbers: nothing in the file is ever executed."""
    try:
        # Neither a link nor a pipe that somebody would have to fill.
        file = open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")
    except OSError:
        raise Rejected("The program wrote no output file.") from None
    with file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise Rejected("The output is not a regular file.")
        if about.st_size > largest_bytes:
            raise Rejected(f"The output file is larger than {largest_bytes} bytes.")
        found, fortran_order, dtype = read_header(file)
        if dtype not in (np.dtype("<f4"), np.dtype("<f8")):
            raise Rejected(f"The output must be of float32 or float64; it is {str(dtype)[:80]}.")
        if found != shape:
            raise Rejected(f"The output must have the shape {shape}, as the input has; it has {str(found)[:80]}.")
        size = math.prod(shape) * dtype.itemsize
        content = file.read(size + 1)
        if len(content) != size:
            held = about.st_size - file.tell() + len(content)
            raise Rejected(f"The output file should hold {size} bytes of values and holds {held}.")
    return np.frombuffer(content, dtype=dtype).reshape(shape, order="F" if fortran_order else "C").astype(np.float64)


def read_header(file):
    """(shape, whether in Fortran's order, dtype)"""
    try:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            return np.lib.format.read_array_header_1_0(file, max_header_size=MOST_HEADER_BYTES)
        if version == (2, 0):
            return np.lib.format.read_array_header_2_0(file, max_header_size=MOST_HEADER_BYTES)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError, OverflowError) as error:
        raise Rejected(f"The output file is not in numpy's format (numpy.save): {str(error)[:200]}") from None
    raise Rejected(f"The output file must be in version 1.0 or 2.0 of numpy's format, not {version[0]}.{version[1]}.")


def check_values(denoised, train):
    """Rejects what is no matrix of expression; both cells x genes."""
    if not np.isfinite(denoised).all():
        cell, gene = np.argwhere(~np.isfinite(denoised))[0]
        raise Rejected(f"The value of cell {cell}, gene {gene} is not finite: {denoised[cell, gene]}.")
    if denoised.min() < 0:
        cell, gene = np.unravel_index(denoised.argmin(), denoised.shape)
        raise Rejected(f"The value of cell {cell}, gene {gene} is negative: {denoised[cell, gene]:g}.")
    molecules = int(train.sum(dtype=np.int64))
    if denoised.max() > molecules:
        raise Rejected(f"A value of {denoised.max():g} is more than all {molecules} molecules of the input.")
    empty = (denoised.sum(axis=1) < 1e-3) & (train.sum(axis=1) > 0)
    if empty.any():
        count = int(empty.sum())
        raise Rejected(f"{count} of {len(train)} cells are empty in the output, cell {empty.argmax()} first.")


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
