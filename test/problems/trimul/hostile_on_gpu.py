"""Hostile programs on a GPU, through the built runner: npm run build && python3 test/problems/trimul/hostile_on_gpu.py [STEP ...]

Needs node, an NVIDIA GPU, and a python3 with PyTorch and numpy; nothing is installed. Writes OUT/hostile.md and OUT/hostile.json after every
program (OUT: the folder named by the variable OUT, or the current one), and ends with 1 if anything was not as wanted. HOSTILE_BESIDE=1: other work
uses the GPU at the same time, so nobody looks at what a program leaves on it. Steps, all by default:

host      what a program must not reach of the host: network, keys, other work, other processes, kernel settings, its evaluator
fooling   the programs of on_gpu.py that try to fool the evaluator, and those that forge its answers
hogs      programs that leave the GPU busy or full, leave processes, or stop themselves; after each an honest one
bombs     a fork bomb, a memory bomb, a file of 10 GB, and the end of every process that it can end; after each an honest one
ipc       whether CUDA shares memory out of a process that no other may trace (then the evaluator could close its memory, too)
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "../../.."))
PROBLEM = os.path.join(ROOT, "problems/trimul")
RUNNER = os.path.join(ROOT, "dist/runner.cjs")
# An honest program must be as fast again, within this share, after a hostile one.
TOLERANCE = 0.05
SETTLE_S = 20
# nvidia-smi would list the others' processes.
BESIDE_OTHERS = os.environ.get("HOSTILE_BESIDE") == "1"

HOST = '''
import ctypes, glob, os, socket, subprocess, sys
def custom_kernel(data): return data[0]
reached = []
def attempt(name, attack):
    try:
        if attack(): reached.append(name)
    except (OSError, subprocess.SubprocessError): pass
def connect(where):
    with socket.create_connection(where, 3): return True
def writes(path):
    with open(path, "a"): return True
def traces(pid):
    if ctypes.CDLL(None).ptrace(16, pid, None, None) != 0: return False
    os.waitpid(pid, 0x40000000); ctypes.CDLL(None).ptrace(17, pid, None, None)
    return True
attempt("network", lambda: connect(("127.0.0.1", PORT)))
attempt("key of SSH", lambda: open("SECRET").read())
attempt("home folder", lambda: ".ssh" in os.listdir("HOME_FOLDER"))
attempt("session", lambda: open("STATE_FILE").read())
# In a sandbox that is a folder of its own: whether it was made outside is looked at from there.
attempt("", lambda: writes("OUTSIDE/written") and False)
attempt("/usr", lambda: writes("/usr/written"))
attempt("kernel settings", lambda: open("/proc/sys/kernel/core_pattern", "r+"))
attempt("other processes", lambda: len([name for name in os.listdir("/proc") if name.isdigit()]) > 40)
attempt("the runner", lambda: "runner.cjs" in open("/proc/RUNNER_PID/cmdline").read())
attempt("tracing the evaluator", lambda: traces(os.getppid()))
attempt("cases in its place", lambda: os.readlink("/proc/self/fd/3").startswith("pipe:") and os.write(3, b'{"name": "x", "verdict": "passed"}\\n'))
attempt("another GPU", lambda: len([name for name in glob.glob("/dev/nvidia[0-9]*") if os.access(name, os.R_OK)]) > VISIBLE)
# Said apart: only its own doing could keep a program out of an evaluator of the same user.
inside = []
try:
    with open(f"/proc/{os.getppid()}/mem", "r+b"): inside.append("memory of the evaluator")
except OSError: pass
raise RuntimeError(f"reached: {reached}; within the sandbox: {inside}; uid {os.getuid()}")
'''

BUSY = '''
import subprocess, sys
subprocess.Popen([sys.executable, "-c", """
import torch
a = torch.randn(8192, 8192, device="cuda")
while True: a = torch.tanh(a @ a)
"""], start_new_session=True)
'''
FULL = '''
import torch
_kept = []
try:
    while True: _kept.append(torch.empty(2 ** 28, device="cuda"))
except torch.OutOfMemoryError: pass
'''
LEAVES = '''
import os, time
import torch
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0: time.sleep(1000)
    os._exit(0)
'''
STOPS = '''
import os, signal
def custom_kernel(data):
    os.kill(os.getpid(), signal.SIGSTOP)
'''
SPINS = '''
import torch, triton, triton.language as tl
@triton.jit
def _spin(x):
    while tl.load(x, volatile=True) == 0: pass
def custom_kernel(data):
    _spin[(1,)](torch.zeros(1, device="cuda", dtype=torch.int32))
    return torch.zeros_like(data[0])
'''

# Name, what it does before it defines anything, and the reason in the journal; None for any failure.
BOMBS = [
    ("a fork bomb", "import os, time\nfor _ in range(12):\n    if os.fork() == 0: os.setsid()\ntime.sleep(60)\n", "process-limit"),
    ("a memory bomb", "kept = []\nwhile True: kept.append(bytearray(b'x' * 2 ** 28))\n", "memory-limit"),
    (
        "a file of 10 GB",
        "import os, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_DFL)\nwith open('large', 'wb') as file:\n"
        "    os.posix_fallocate(file.fileno(), 0, 10 ** 10)\n",
        "file-size-limit",
    ),
    ("ends every process that it can", "import os, signal\nos.kill(-1, signal.SIGKILL)\n", None),
]

rows = []


def program(name):
    with open(os.path.join(HERE, "programs", f"{name}.py")) as file:
        return file.read()


def copy_of_problem(folder, time_limit_s):
    """The problem with the Python that is there: on a host without a registry nothing can be installed."""
    os.makedirs(folder)
    for name in os.listdir(PROBLEM):
        path = os.path.join(PROBLEM, name)
        if not os.path.isfile(path):
            continue
        with open(path, "rb") as file:
            content = file.read()
        if name.endswith(".discover"):
            text = content.decode()
            text, replaced = re.subn(r"(?m)^environment:.*$", "environment: { packages: [] }", text)
            text, limited = re.subn(r"(?m)^limits: \{ time: \w+", f"limits: {{ time: {time_limit_s}s", text)
            if replaced != 1 or limited != 1:
                sys.exit("The problem file has no environment or no limits in one line each.")
            content = text.encode()
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)
    return folder


class Host:
    def __init__(self, folder):
        self.folder = folder
        self.usual = copy_of_problem(os.path.join(folder, "usual"), 300)
        self.short = copy_of_problem(os.path.join(folder, "short"), 45)
        self.honest_us = None

    def evaluate(self, text, problem=None):
        """The outcome as the journal has it, and seconds. Never raises for what a program does."""
        candidate = os.path.join(self.folder, "candidate.py")
        with open(candidate, "w") as file:
            file.write(text)
        environment = {**os.environ, "TTT_DISCOVER_ROOT": os.path.join(self.folder, "state")}
        began = time.monotonic()
        command = ["node", RUNNER, "evaluate", problem or self.usual, candidate, "--seed", str(len(rows) + 1), "--json"]
        try:
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=420)
        except subprocess.TimeoutExpired:
            return {"kind": "failed", "reason": "hung", "message": "The runner did not end within 420 s."}, 420
        took_s = time.monotonic() - began
        for line in reversed(done.stdout.splitlines()):
            try:
                reply = json.loads(line)
            except ValueError:
                continue
            if reply.get("kind") == "evaluation":
                return reply["outcome"], took_s
            if reply.get("kind") == "error":
                return {"kind": "failed", "reason": reply.get("code"), "message": reply.get("message", "")}, took_s
        return {"kind": "failed", "reason": "no-reply", "message": (done.stderr or done.stdout)[-400:]}, took_s

    def honest(self):
        """Microseconds of an honest program, or the outcome's words."""
        outcome, _ = self.evaluate(program("pytorch"))
        return outcome["value"] if outcome["kind"] == "valid" else words_of(outcome)


def words_of(outcome):
    if outcome["kind"] == "valid":
        return f"valid, {outcome['value']:.1f}"
    return f"{outcome.get('reason')}: {outcome.get('message', '')}"


def left_on_gpu():
    """Processes that still use the GPU, once the driver had time to see them end."""
    deadline = time.monotonic() + SETTLE_S
    while True:
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        which = ["-i", visible] if visible else []
        asked = subprocess.run(
            ["nvidia-smi", *which, "--query-compute-apps=pid,used_memory", "--format=csv,noheader"], capture_output=True, text=True,
        )
        left = [line for line in asked.stdout.splitlines() if line.strip()]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.5)


def note(name, outcome, took_s, as_wanted, after):
    rows.append({
        "program": name, "outcome": outcome, "seconds": round(took_s, 1), "as_wanted": as_wanted, "after": after,
    })
    out = os.environ.get("OUT", ".")
    with open(os.path.join(out, "hostile.json"), "w") as file:
        json.dump(rows, file, indent=1)
    cell = lambda text: re.sub(r"\s+", " ", str(text)).replace("|", "\\|")[:240]
    with open(os.path.join(out, "hostile.md"), "w") as file:
        file.write("| program | in the journal | as wanted | s | afterwards |\n| --- | --- | --- | --- | --- |\n")
        for row in rows:
            words = cell(words_of(row["outcome"]))
            wanted = "yes" if row["as_wanted"] else "NO"
            file.write(f"| {row['program']} | {words} | {wanted} | {row['seconds']} | {cell(row['after'])} |\n")
    print("ok  " if as_wanted else "FAIL", name, f"{took_s:.0f} s", words_of(outcome)[-300:], "|", after, flush=True)


def tried(host, name, text, wanted, problem=None, then_honest=False):
    outcome, took_s = host.evaluate(text, problem)
    if BESIDE_OTHERS:
        left, after = [], "not looked at: other work on this GPU"
    else:
        left = left_on_gpu()
        after = f"left on the GPU: {left}" if left else "nothing left on the GPU"
    good = wanted(outcome) and not left
    if then_honest:
        value = host.honest()
        is_same = isinstance(value, float) and abs(value / host.honest_us - 1) < TOLERANCE
        good = good and is_same
        after += f"; an honest program: {value:.1f} µs" if isinstance(value, float) else f"; an honest program: {value}"
    note(name, outcome, took_s, good, after)


def rejected_with(words):
    return lambda outcome: outcome["kind"] == "failed" and re.search(words, outcome.get("message", "")) is not None


def host_step(host):
    import socket

    key = os.path.expanduser("~/.ssh/hostile-test-key")
    had_folder = os.path.isdir(os.path.dirname(key))
    os.makedirs(os.path.dirname(key), mode=0o700, exist_ok=True)
    with open(key, "w") as file:
        file.write("secret")
    state = os.path.join(host.folder, "state", "sessions", "another", "spec.json")
    os.makedirs(os.path.dirname(state))
    with open(state, "w") as file:
        file.write("secret")
    written = os.path.join(host.folder, "written")
    reached_nothing = rejected_with(r"reached: \[\];")
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            text = HOST
            for name, value in {
                "PORT": server.getsockname()[1], "SECRET": key, "HOME_FOLDER": os.path.expanduser("~"),
                "STATE_FILE": state, "OUTSIDE": host.folder, "RUNNER_PID": os.getpid(),
                # The problem asks for one GPU.
                "VISIBLE": 1,
            }.items():
                text = re.sub(rf"\b{name}\b", lambda _: str(value), text)
            tried(host, "attacks the host", text, lambda one: reached_nothing(one) and not os.path.exists(written))
    finally:
        os.remove(key)
        if not had_folder:
            os.rmdir(os.path.dirname(key))


def fooling_step(host):
    from on_gpu import FOOLING

    for name, appended, words in FOOLING:
        text = (program("pytorch") + "\n" if appended else "") + program(name)
        if words is None:
            wanted = lambda outcome: outcome["kind"] == "valid" and outcome["value"] > 0.98 * host.honest_us
        else:
            wanted = rejected_with(words)
        tried(host, name, text, wanted)
    tried(host, "forged_page", program("forged_page"), lambda outcome: outcome["kind"] == "failed")


def hogs_step(host):
    # Who slows itself down by it may: only what comes after must not suffer.
    never_better = lambda outcome: outcome["kind"] == "failed" or outcome["value"] > 0.98 * host.honest_us
    failed = lambda outcome: outcome["kind"] == "failed"
    tried(host, "leaves the GPU busy", BUSY + program("pytorch"), never_better, then_honest=True)
    tried(host, "takes all memory of the GPU", FULL + program("pytorch"), never_better, then_honest=True)
    tried(host, "leaves a process", LEAVES + program("pytorch"), never_better, then_honest=True)
    tried(host, "stops itself", STOPS, failed, host.short, then_honest=True)
    tried(host, "never ends on the GPU", SPINS, failed, host.short, then_honest=True)


def bombs_step(host):
    for name, text, reason in BOMBS:
        wanted = lambda outcome: outcome["kind"] == "failed" and reason in (None, outcome.get("reason"))
        tried(host, name, text + program("pytorch"), wanted, then_honest=True)


IPC = '''
import ctypes, subprocess, sys
sys.path.insert(0, "PROBLEM")
import torch
from cuda_memory import Driver, Window
if len(sys.argv) > 1:
    torch.zeros(1, device="cuda")
    pointer, size = Driver().open(sys.argv[1])
    print("opened", torch.as_tensor(Window(pointer, (4,)), device="cuda").tolist())
else:
    torch.zeros(1, device="cuda")
    print("closed", ctypes.CDLL(None).prctl(4, 0, 0, 0, 0))
    driver = Driver()
    pointer = driver.allocate(1 << 20)
    torch.as_tensor(Window(pointer, (4,)), device="cuda").fill_(7)
    torch.cuda.synchronize()
    handle, _ = driver.share(pointer)
    subprocess.run([sys.executable, __file__, handle], check=True)
'''


def ipc_step(host):
    """As root outside of a sandbox this says little; so it runs without capabilities, as in one."""
    path = os.path.join(host.folder, "ipc.py")
    with open(path, "w") as file:
        file.write(IPC.replace("PROBLEM", PROBLEM))
    command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", sys.executable, path]
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    works = "opened [7.0, 7.0, 7.0, 7.0]" in done.stdout
    words = "works" if works else (done.stdout + done.stderr)[-300:]
    # Either answer is one: no candidate is judged by it.
    outcome = {"kind": "failed", "reason": "seen", "message": f"Sharing GPU memory out of a closed process: {words}"}
    note("(no program) CUDA IPC out of a closed process", outcome, time.monotonic() - began, True, "")


STEPS = {"host": host_step, "fooling": fooling_step, "hogs": hogs_step, "bombs": bombs_step, "ipc": ipc_step}


def main():
    steps = sys.argv[1:] or list(STEPS)
    unknown = [step for step in steps if step not in STEPS]
    if unknown:
        sys.exit(f"There is no step {unknown[0]}; there are {', '.join(STEPS)}.")
    if not os.path.exists(RUNNER):
        sys.exit("There is no dist/runner.cjs: npm run build makes it.")
    sys.path.insert(0, HERE)
    with tempfile.TemporaryDirectory() as folder:
        host = Host(folder)
        if set(steps) != {"ipc"}:
            value = host.honest()
            if not isinstance(value, (int, float)):
                sys.exit(f"An honest program does not get through, so nothing can be tried: {value}")
            host.honest_us = value
            print(f"honest: {value:.1f} µs", flush=True)
        for step in steps:
            try:
                STEPS[step](host)
            except Exception as error:
                # The other steps are worth having.
                note(f"(step {step})", {"kind": "failed", "reason": "script", "message": repr(error)}, 0, False, "")
    if not all(row["as_wanted"] for row in rows):
        sys.exit(1)


if __name__ == "__main__":
    main()
