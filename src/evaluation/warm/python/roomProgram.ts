/**
 * Of a zygote: how it makes a sandbox by itself, ahead of need and without starting a program. Its fork is the first process of the sandbox, and
 * parent of the evaluation that comes into it; the zygote hears of its end when the kernel has ended all others there.
 */
export const roomProgram = String.raw`
CHANNEL, OUTPUT, CASES = range(3)
PLANS = []


class RoomPlan:
    """What all sandboxes of one form have alike; of single evaluations there is nothing in it."""

    def __init__(self, told):
        self.namespaces = told["namespaces"]
        self.outside = ready_calls(told["outside"])
        self.inside = ready_calls(told["inside"])
        self.account = told["account"]
        self.limits = {getattr(resource, "RLIMIT_" + name): most for name, most in told["limits"].items()}
        self.system_calls = None if told["systemCalls"] is None else base64.b64decode(told["systemCalls"])
        self.has_cases = told["hasCases"]


def ready_calls(calls):
    """Each as a list: the error number that is none, the number of the call, arguments; or the word loopback."""
    ready = []
    for call in calls:
        if call == "loopback":
            ready.append((None, None, call))
            continue
        fine, *numbers = call
        given = [
            ctypes.c_long(one) if isinstance(one, int)
            else os.fsencode(one) if isinstance(one, str) else base64.b64decode(one["bytes"])
            for one in numbers
        ]
        ready.append((fine, given, call))
    return ready


def do_calls(calls):
    for fine, given, call in calls:
        if given is None:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
                fcntl.ioctl(made, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP_AND_RUNNING))
        elif libc.syscall(*given) == -1 and ctypes.get_errno() != fine:
            number = ctypes.get_errno()
            words = " ".join(str(one) for one in call[1:] if not isinstance(one, dict))
            raise OSError(number, f"system call {words}: {os.strerror(number)}")


def connected(number, kind):
    made = socket.socket(socket.AF_UNIX)
    made.connect(settings["meeting"])
    made.sendall(struct.pack(">IB", number, kind))
    return made


def be_first(control, number, plan):
    """Process 1 of the sandbox, which nobody within can signal or look into. It knows nothing of the evaluation but its folders. Returns in the
    evaluation's own process."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setsid()
    close_all_but({0, 1, 2})
    control.detach()
    # Where the zygote ended before it would end us, the runner has closed this, or will.
    channel = connected(number, CHANNEL)
    try:
        files = [connected(number, kind).detach() for kind in ((OUTPUT, CASES) if plan.has_cases else (OUTPUT,))]
        do_calls(plan.outside)
        for name, text in (("setgroups", "deny"), ("uid_map", "{0} {0} 1"), ("gid_map", "{1} {1} 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text.format(*plan.account))
        prctl(PR_SET_DUMPABLE, 0)
        do_calls(plan.inside)
        tell(channel, {"made": True})
        try:
            late = receive_frame(channel)
        except EOFError:
            # Nobody needs this sandbox.
            os._exit(0)
        do_calls(ready_calls(late))
        give_up_rights(within_own(plan.limits), plan.system_calls)
        child = os.fork()
    except BaseException as error:
        tell(channel, {"failed": f"{type(error).__name__}: {error}"})
        os._exit(1)
    if child == 0:
        return prepare(channel, files)
    channel.close()
    for file in files[1:]:
        os.close(file)
    ended = 0
    while ended != child:
        ended, status = os.wait()
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        # So a shell says what it says of a command that is ended by a signal.
        script = '/bin/sh -c \'kill -"$1" "$$"\' sh "$1"; exit $?'
        os.dup2(files[0], 1)
        os.dup2(files[0], 2)
        code = subprocess.run(["/bin/sh", "-c", script, "sh", str(-code)]).returncode
    os._exit(code)


def within_own(limits):
    """What this process may have of them."""
    found = {}
    for kind, most in limits.items():
        _, hard = resource.getrlimit(kind)
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        found[kind] = (bound, bound)
    return found
`;
