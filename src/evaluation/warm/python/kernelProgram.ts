/** Of a zygote: what Linux does and Python has no function for. */
export const kernelProgram = String.raw`
import ctypes, errno, fcntl, os, resource, signal, struct, sys

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
# <linux/sched.h>, <linux/prctl.h>, <linux/nsfs.h>, <asm/unistd.h>: the same numbers on x86-64 and ARM64.
NAMESPACES = {
    "mnt": 0x00020000, "pid": 0x20000000, "net": 0x40000000, "ipc": 0x08000000, "uts": 0x04000000, "cgroup": 0x02000000,
}
CLONE_NEWUSER, NS_GET_USERNS, PIDFD_GETFD = 0x10000000, 0xB701, 438
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NAME, PR_SET_SECCOMP, PR_CAPBSET_DROP = 1, 4, 15, 22, 24
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 36, 38, 47
SECCOMP_MODE_FILTER, PR_CAP_AMBIENT_CLEAR_ALL, CAPABILITY_VERSION_3 = 2, 4, 0x20080522
SIOCSIFFLAGS, IFF_UP_AND_RUNNING = 0x8914, 0x41
# Descriptors of ours are moved here, out of the way of those that a program knows by their numbers.
OWN_DESCRIPTORS = 200


def must(result, what):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def prctl(*arguments):
    padded = [*arguments, 0, 0, 0, 0][:5]
    return must(libc.prctl(*(ctypes.c_ulong(one) if isinstance(one, int) else one for one in padded)), "prctl")


PR_GET_TID_ADDRESS, CLONE_PARENT = 40, 0x00008000
CLONE_CHILD_CLEARTID, CLONE_CHILD_SETTID = 0x00200000, 0x01000000
# clone(2) takes its arguments in another order on ARM64.
CLONE, GET_ROBUST_LIST, SET_ROBUST_LIST, IS_TID_LAST = {
    "x86_64": (56, 274, 273, False), "aarch64": (220, 100, 99, True),
}.get(os.uname().machine, (None, None, None, None))
python = ctypes.PyDLL(None, use_errno=True)
python.syscall.restype = ctypes.c_long


def fork_with(flags):
    """os.fork with flags of clone(2), from a process that has one thread. As the C library does it, but for what others want to do at a fork
    with their threads: there are none."""
    tid, head, size = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_size_t()
    must(libc.prctl(PR_GET_TID_ADDRESS, ctypes.byref(tid), 0, 0, 0), "prctl")
    must(libc.syscall(GET_ROBUST_LIST, 0, ctypes.byref(head), ctypes.byref(size)), "get_robust_list")
    places = (None, tid) if IS_TID_LAST else (tid, None)
    all_flags = ctypes.c_ulong(flags | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | signal.SIGCHLD)
    python.PyOS_BeforeFork()
    pid = python.syscall(CLONE, all_flags, None, None, *places)
    number = ctypes.get_errno()
    if pid == 0:
        python.syscall(SET_ROBUST_LIST, head, size)
        python.PyOS_AfterFork_Child()
        return 0
    python.PyOS_AfterFork_Parent()
    if pid < 0:
        raise OSError(number, f"clone: {os.strerror(number)}")
    return pid


def out_of_the_way(descriptor):
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, OWN_DESCRIPTORS)
    os.close(descriptor)
    return moved


def descriptor_of(process, number):
    """Of another process, the open file itself: as if that had handed it over."""
    return out_of_the_way(must(libc.syscall(PIDFD_GETFD, process, number, 0), "pidfd_getfd"))


def open_descriptors():
    listed = []
    for name in os.listdir("/proc/self/fd"):
        try:
            os.fstat(int(name))
            listed.append(int(name))
        except OSError:
            # The one by which they are listed.
            pass
    return listed


def close_all_but(kept):
    for descriptor in open_descriptors():
        if descriptor not in kept:
            os.close(descriptor)


class Holder:
    """The first process of a sandbox. Everything is opened by its number; is_still_there says that it was no other's."""

    def __init__(self, pid):
        self.pid = pid
        self.process = out_of_the_way(os.pidfd_open(pid))
        self.opened = {}

    def look(self, mark):
        with open(f"/proc/{self.pid}/environ", "rb") as file:
            if mark.encode() not in file.read().split(b"\0"):
                raise OSError("The process is not that of this evaluation.")
        self.limits = {
            kind: resource.prlimit(self.pid, kind)
            for kind in {value for name, value in vars(resource).items() if name.startswith("RLIMIT_")}
        }
        for kind in ("user", *NAMESPACES):
            place = f"/proc/{self.pid}/ns/{kind}"
            if os.path.exists(f"/proc/self/ns/{kind}"):
                self.opened[kind] = out_of_the_way(os.open(place, os.O_RDONLY | os.O_CLOEXEC))
        # Not reaped, so no other process can have had its number meanwhile.
        signal.pidfd_send_signal(self.process, 0)

    def join(self):
        """This process, and all that it forks from now on, is in the namespaces of the sandbox."""
        ours = {kind: os.stat(f"/proc/self/ns/{kind}").st_ino for kind in self.opened}
        shared = [kind for kind, file in self.opened.items() if os.fstat(file).st_ino == ours[kind]]
        if any(kind != "cgroup" for kind in shared):
            raise OSError(f"The sandbox shares namespaces with this host: {', '.join(shared)}.")
        owner = fcntl.ioctl(self.opened["mnt"], NS_GET_USERNS)
        # Bubblewrap may have made one within another.
        inner = self.opened["user"]
        setns(owner, CLONE_NEWUSER)
        for kind, flag in NAMESPACES.items():
            if kind in self.opened and kind not in shared:
                setns(self.opened[kind], flag)
        if os.fstat(owner).st_ino != os.fstat(inner).st_ino:
            setns(inner, CLONE_NEWUSER)
        os.close(owner)
        for file in (*self.opened.values(), self.process):
            os.close(file)


def setns(file, flag):
    must(libc.setns(file, flag), "setns")


def give_up_rights(limits, system_calls):
    """As a process in the sandbox has it that was started there."""
    for kind, bounds in limits.items():
        resource.setrlimit(kind, bounds)
    for capability in range(64):
        if libc.prctl(PR_CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0) < 0:
            if ctypes.get_errno() == errno.EINVAL:
                break
            must(-1, "prctl")
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    header = struct.pack("=Ii", CAPABILITY_VERSION_3, 0)
    must(libc.capset(header, bytes(24)), "capset")
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    if system_calls is not None:
        program = ctypes.create_string_buffer(system_calls, len(system_calls))
        # struct sock_fprog: number of instructions, padding, address.
        frame = ctypes.create_string_buffer(struct.pack("@HP", len(system_calls) // 8, ctypes.addressof(program)))
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, frame)
`;
