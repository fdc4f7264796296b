import { kernelProgram } from './kernelProgram';
import { mainProgram } from './mainProgram';
import { nurseryProgram } from './nurseryProgram';

/** Of its first line: it reads what it is from the connection to the runner, which is `zygoteControl` in it. */
export const zygoteControl = 3;

/** Given by `python3 -c`: reads a program with its settings and runs it. */
export const bootProgram = `
import json, os
CONTROL = ${zygoteControl}
def exactly(size):
    parts = b""
    while len(parts) < size:
        part = os.read(CONTROL, size - len(parts))
        if not part: os._exit(0)
        parts += part
    return parts
told = json.loads(exactly(int.from_bytes(exactly(4), "big")))
settings = told["settings"]
exec(compile(told["program"], "discover_warm", "exec"), globals())
`;

/**
 * A zygote: a Python with the imports done, which forks a process for each evaluation. It never reads what an evaluation is about, so that
 * nothing of one is left in the memory of the next: its forks do, from the sandbox that they join.
 *
 * To it: 4 bytes for the number of a sandbox's first process, 1 for the descriptor there by which the fork is told the rest. From it: lines of
 * JSON, `{"ready": bytes it holds}`, `{"failed": why, "holder": pid}`.
 */
export const zygoteProgram =
  kernelProgram +
  mainProgram +
  nurseryProgram +
  String.raw`
import base64, importlib

NURSERY, IS_CANDIDATE, ASKING = None, False, threading.Lock()
STARTED_WITH = dict(os.environ)


def tell(connection, what):
    connection.sendall(json.dumps(what).encode() + b"\n")


def writable_shared_memory():
    with open("/proc/self/maps") as file:
        found = [line.split() for line in file]
    return [" ".join(fields) for fields in found if "w" in fields[1] and "s" in fields[1]]


def held_bytes():
    with open("/proc/self/smaps_rollup") as file:
        return 1024 * next(int(line.split()[1]) for line in file if line.startswith("Rss:"))


def wait_for_work(control):
    """Returns in the forked processes alone."""
    # Nobody waits for them.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        try:
            order = receive(control, 5)
        except (EOFError, ConnectionError):
            os._exit(0)
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            return int.from_bytes(order[:4], "big"), order[4]


def enter(control, pid, number):
    """In a fork outside of the sandbox: returns in its child, which is within, with what that needs."""
    try:
        close_all_but({0, 1, 2, control.fileno()})
        holder = Holder(pid)
        channel = socket.socket(fileno=descriptor_of(holder.process, number))
    except BaseException as error:
        tell(control, {"failed": f"{type(error).__name__}: {error}", "holder": pid})
        os._exit(1)
    control.close()
    try:
        about = receive_frame(channel)
        holder.look(about["mark"])
        files = [descriptor_of(holder.process, one["from"]) for one in about["descriptors"]]
        if not os.statvfs("/proc/self/exe").f_flag & os.ST_RDONLY:
            raise OSError("The file of this Python could be changed from within the sandbox.")
        holder.join()
        child = os.fork()
    except BaseException as error:
        tell(channel, {"failed": f"{type(error).__name__}: {error}"})
        os._exit(1)
    if child == 0:
        return channel, about, holder.limits, files
    for file in files:
        os.close(file)
    tell(channel, {"process": child})
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        tell(channel, {"ended": {"signal": -code} if code < 0 else {"code": code}})
    finally:
        os._exit(0)


def prepare(channel, about, limits, files):
    """Within the sandbox: what to run, in the evaluator and in each program that it starts."""
    global NURSERY, IS_CANDIDATE
    try:
        os.setsid()
        system_calls = about["systemCalls"]
        give_up_rights(limits, None if system_calls is None else base64.b64decode(system_calls))
        prctl(PR_SET_DUMPABLE, 1)
        nothing = os.open("/dev/null", os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        for file, one in zip(files, about["descriptors"]):
            os.dup2(file, one["to"])
            os.close(file)
        os.dup2(1, 2)
        ours, theirs = socket.socketpair()
        ours, theirs = (socket.socket(fileno=out_of_the_way(one.detach())) for one in (ours, theirs))
        pid = os.fork()
        if pid == 0:
            ours.close()
            channel.close()
            IS_CANDIDATE = True
            return nursery(theirs)
        theirs.close()
        NURSERY = ours
        MODULE.OURS = frozenset([pid])
        # The sandbox has forgotten the channel by the time that this comes.
        request = receive_frame(channel)
        tell(channel, {"begun": True})
        channel.close()
        return request
    except BaseException as error:
        tell(channel, {"failed": f"{type(error).__name__}: {error}"})
        os._exit(1)


def begin():
    global PATH, IMPORTED, MODULE
    control = socket.socket(fileno=CONTROL)
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    prctl(PR_SET_NAME, ctypes.c_char_p(b"python3"))
    # Of a program given by -c it is the current folder.
    PATH = sys.path[1:]
    sys.path[:] = PATH
    try:
        for name in settings["preload"]:
            importlib.import_module(name)
        shared = writable_shared_memory()
        if shared:
            raise OSError(f"The imports share memory that all forks could change: {shared[0]}")
    except BaseException as error:
        tell(control, {"failed": f"{type(error).__name__}: {error}"})
        os._exit(1)
    MODULE = sys.modules["discover_warm"] = types.ModuleType("discover_warm")
    MODULE.__dict__.update(OURS=frozenset(), Popen=Popen, become=become)
    IMPORTED = frozenset(sys.modules)
    sys.stdout.flush()
    sys.stderr.flush()
    gc.collect()
    gc.freeze()
    tell(control, {"ready": held_bytes()})
    pid, number = wait_for_work(control)
    request = prepare(*enter(control, pid, number))
    if request.get("session"):
        os.setsid()
    as_if_started(request["environment"], request["folder"])
    run_file(request["arguments"])


begin()
`;
