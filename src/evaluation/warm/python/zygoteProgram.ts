import { kernelProgram } from './kernelProgram';
import { mainProgram } from './mainProgram';
import { nurseryProgram } from './nurseryProgram';
import { roomProgram } from './roomProgram';

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
 * To it, frames: `{"join": [pid, number]}` for a fork that joins the sandbox of a first process and learns the rest by a descriptor there; `{"plan":
 * …}`, of which the first is 0; `{"room": number, "plan": which}` for a sandbox, which connects to the meeting place under its number. From it: lines
 * of JSON, `{"ready": bytes it holds}`, `{"failed": why, "holder": pid}`, `{"room": number, …}` with `"first": pid` or `"failed": why`, and later `"ended": how`.
 */
export const zygoteProgram =
  kernelProgram +
  mainProgram +
  nurseryProgram +
  roomProgram +
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
    wakes, told = socket.socketpair()
    for one in (wakes, told):
        one.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
    rooms = {}
    while True:
        ready, _, _ = select.select([control, wakes], [], [])
        if wakes in ready:
            wakes.recv(4096)
            for pid, code in ended_children():
                if pid in rooms:
                    ended = {"signal": -code} if code < 0 else {"code": code}
                    tell(control, {"room": rooms.pop(pid), "ended": ended})
        if control not in ready:
            continue
        try:
            order = receive_frame(control)
        except (EOFError, ConnectionError):
            os._exit(0)
        if "room" in order:
            number, plan = order["room"], PLANS[order["plan"]]
            try:
                first = fork_with(plan.namespaces)
            except OSError as error:
                tell(control, {"room": number, "failed": str(error)})
                continue
            if first:
                rooms[first] = number
                tell(control, {"room": number, "first": first})
                continue
        elif "plan" in order:
            PLANS.append(RoomPlan(order["plan"]))
            continue
        elif os.fork():
            continue
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        return order


def ended_children():
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        yield pid, os.waitstatus_to_exitcode(status)


def be_alone():
    """Threads of the imports would be in the way of making sandboxes: a fork has none, and modules that know of their threads start them
    again."""
    if len(os.listdir("/proc/self/task")) == 1:
        return
    child = os.fork()
    if child == 0:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        return
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os._exit(code & 0xFF)


def enter(control, pid, number):
    """In a fork outside of the sandbox: returns in its child, which is within."""
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
        try:
            system_calls = about["systemCalls"]
            give_up_rights(holder.limits, None if system_calls is None else base64.b64decode(system_calls))
        except BaseException as error:
            tell(channel, {"failed": f"{type(error).__name__}: {error}"})
            os._exit(1)
        return prepare(channel, files)
    for file in files:
        os.close(file)
    tell(channel, {"process": child})
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        tell(channel, {"ended": {"signal": -code} if code < 0 else {"code": code}})
    finally:
        os._exit(0)


def prepare(channel, files):
    """Within the sandbox: what to run, in the evaluator and in each program that it starts. files: descriptors of its output, and of where it tells of cases."""
    global NURSERY, IS_CANDIDATE
    try:
        os.setsid()
        prctl(PR_SET_DUMPABLE, 1)
        nothing = os.open("/dev/null", os.O_RDONLY)
        os.dup2(nothing, 0)
        # Not from a descriptor that is written over before it is copied.
        channel, *files = (out_of_the_way(one) for one in (channel.detach(), *files))
        channel = socket.socket(fileno=channel)
        for file, number in zip(files, (1, 3)):
            os.dup2(file, number)
        os.dup2(1, 2)
        close_all_but({0, 1, 2, channel.fileno(), *((3,) if len(files) > 1 else ())})
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
    be_alone()
    tell(control, {"ready": held_bytes()})
    order = wait_for_work(control)
    if "join" in order:
        request = enter(control, *order["join"])
    else:
        request = be_first(control, order["room"], PLANS[order["plan"]])
    if request.get("session"):
        os.setsid()
    as_if_started(request["environment"], request["folder"])
    run_file(request["arguments"])


begin()
`;
