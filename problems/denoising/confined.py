"""Runs a program that can read nothing but Python, its own folder and a few facts about the machine, and write into its own
folder alone: python3 confined.py FOLDER LARGEST_FILE_BYTES PROGRAM ARGUMENT...

Linux keeps it so (Landlock, landlock(7); Linux 5.13), for all that the program starts as well. From Linux 6.7 on it has no
TCP either, and from 6.12 on it can send no signals to others. Where there is no Landlock only the size of files is limited.
"""

import ctypes
import os
import resource
import struct
import sys

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION_FLAG, PATH_BENEATH = 1, 1
PR_SET_NO_NEW_PRIVS = 38
O_PATH = getattr(os, "O_PATH", 0)
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
TRUNCATE, IOCTL_DEVICE = 1 << 14, 1 << 15
# Versions of Landlock know more and more rights: 13 at first, then moving files between folders, truncating, ioctl.
RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
NEWEST_RIGHTS = 16
NO_TCP, NO_SIGNALS_OR_SOCKETS = 0b11, 0b11
READABLE = ["/usr", "/lib", "/lib64", "/bin", "/nix/store", "/etc/ld.so.cache", "/proc/cpuinfo", "/proc/meminfo",
            "/sys/devices/system/cpu", "/dev/urandom", "/dev/random"]


def landlock_version():
    """0 where there is none."""
    if sys.platform != "linux":
        return 0
    return max(0, ctypes.CDLL(None).syscall(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION_FLAG))


def confine(folder, version):
    libc = ctypes.CDLL(None, use_errno=True)

    def call(*arguments):
        result = libc.syscall(*arguments)
        if result < 0:
            raise OSError(ctypes.get_errno(), f"Landlock: {os.strerror(ctypes.get_errno())}")
        return result

    rights = (1 << RIGHTS.get(version, NEWEST_RIGHTS)) - 1
    attributes = struct.pack("=Q", rights)
    if version >= 4:
        attributes += struct.pack("=Q", NO_TCP)
    if version >= 6:
        attributes += struct.pack("=Q", NO_SIGNALS_OR_SOCKETS)
    rules = call(CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)

    def allow(path, wanted):
        try:
            opened = os.open(path, O_PATH | os.O_CLOEXEC)
        except OSError:
            return
        of_files = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEVICE
        wanted &= rights if os.path.isdir(path) else rights & of_files
        call(ADD_RULE, rules, PATH_BENEATH, struct.pack("=Qi", wanted, opened), 0)
        os.close(opened)

    for path in [*READABLE, sys.prefix, sys.base_prefix, *os.environ.get("LD_LIBRARY_PATH", "").split(":")]:
        allow(path, EXECUTE | READ_FILE | READ_DIR)
    allow("/dev/null", READ_FILE | WRITE_FILE)
    allow(folder, rights)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError("This process cannot give up new privileges.")
    call(RESTRICT_SELF, rules, 0)


def main():
    folder, largest_file_bytes, *command = sys.argv[1:]
    version = landlock_version()
    most, hard = int(largest_file_bytes), resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    if hard == resource.RLIM_INFINITY or most < hard:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    if version > 0:
        confine(folder, version)
    try:
        from discover_warm import become
    except ImportError:
        os.execv(sys.executable, [sys.executable, *command])
    become([sys.executable, *command])


if __name__ == "__main__":
    main()
