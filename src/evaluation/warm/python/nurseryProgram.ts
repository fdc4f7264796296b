/**
 * Of a zygote: how an evaluator starts the candidate's program warm as well. Its nursery is a fork from before the evaluator's script began,
 * so that nothing of the evaluator is in the memory of what the nursery forks.
 *
 * The evaluator has `Popen` and `OURS` in the module `discover_warm`; see docs/evaluators.md.
 */
export const nurseryProgram = String.raw`
import json, select, socket, subprocess

# Read when Python, or the module behind the colon, is loaded: with other values a program needs a Python of its own.
READ_AT_START = {
    "PYTHON": "sys", "LD_": "sys", "LC_": "sys", "LANG": "sys", "GLIBC_": "sys", "MALLOC_": "sys", "OMP_": "sys",
    "OPENBLAS_": "sys", "MKL_": "sys", "NUMEXPR_": "sys", "NPY_": "numpy", "NUMBA_": "numba", "TRITON_": "triton",
    "TORCH_": "torch", "PYTORCH_": "torch", "CUDA_": "torch", "NVIDIA_": "torch", "XLA_": "jax", "JAX_": "jax",
}
FRAME = struct.Struct(">I")


def receive(connection, size):
    parts = bytearray()
    while len(parts) < size:
        part = connection.recv(size - len(parts))
        if not part:
            raise EOFError("The connection was closed.")
        parts += part
    return bytes(parts)


def receive_frame(connection):
    return json.loads(receive(connection, FRAME.unpack(receive(connection, FRAME.size))[0]))


def nursery(connection):
    """Serves until its evaluator ends; returns in the forked processes alone, with what to run there."""
    # Not even those that it forks may look into it or change it.
    prctl(PR_SET_DUMPABLE, 0)
    nothing = os.open("/dev/null", os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nothing, descriptor)
    close_all_but_known({0, 1, 2, connection.fileno()})
    while True:
        head, files, _, _ = socket.recv_fds(connection, FRAME.size, 250)
        if not head:
            os._exit(0)
        head += receive(connection, FRAME.size - len(head))
        length = FRAME.unpack(head)[0]
        says, told = os.pipe()
        waits, goes = os.pipe()
        # A child of the evaluator, as if that had forked it.
        child = fork_with(CLONE_PARENT)
        if child == 0:
            request = json.loads(receive(connection, length))
            os.write(told, b".")
            os.close(goes)
            # Until the evaluator knows of it.
            os.read(waits, 1)
            place(files, request["descriptors"])
            return request
        os.close(told)
        # By then the child has read what is its own.
        has_read = os.read(says, 1)
        os.close(says)
        for file in files:
            os.close(file)
        if not has_read:
            os._exit(1)
        connection.sendall(struct.pack("=i", child))
        os.close(waits)
        os.close(goes)


def close_all_but_known(kept):
    """Where /proc/self/fd is closed to us."""
    for descriptor in range(OWN_DESCRIPTORS + 64):
        if descriptor not in kept:
            try:
                os.close(descriptor)
            except OSError:
                pass


def place(files, numbers):
    prctl(PR_SET_DUMPABLE, 1)
    base = max(OWN_DESCRIPTORS, *numbers) + 1
    moved = [fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, base) for file in files]
    for file, number in zip(moved, numbers):
        os.dup2(file, number)
    close_all_but(set(numbers))


class Started:
    """Of subprocess.Popen, what evaluators use."""

    def __init__(self, pid, args, stdout):
        self.pid, self.args, self.stdout, self.returncode = pid, args, stdout, None
        self._file = os.pidfd_open(pid)

    def poll(self):
        if self.returncode is None:
            self._take(os.WNOHANG)
        return self.returncode

    def wait(self, timeout=None):
        if self.returncode is None:
            waiting = select.poll()
            waiting.register(self._file, select.POLLIN)
            if not waiting.poll(None if timeout is None else max(0, timeout * 1000)):
                raise subprocess.TimeoutExpired(self.args, timeout)
            self._take(0)
        return self.returncode

    def _take(self, how):
        try:
            pid, status = os.waitpid(self.pid, how)
        except ChildProcessError:
            # As subprocess has it where another part of the program waited for the process.
            pid, status = self.pid, 0
        if pid == self.pid:
            self.returncode = os.waitstatus_to_exitcode(status)
            os.close(self._file)

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def kill(self):
        self.send_signal(signal.SIGKILL)


def is_fit(args, environment):
    if NURSERY is None or len(args) < 2 or args[0] != sys.executable or os.fspath(args[1]).startswith("-"):
        return False
    at_start = lambda given: {
        name: value for name, value in given.items()
        if any(name.startswith(prefix) and module in sys.modules for prefix, module in READ_AT_START.items())
    }
    return at_start(STARTED_WITH) == at_start(environment)


def Popen(args, *, cwd=None, env=None, stdin=None, stdout=None, stderr=None, pass_fds=(), start_new_session=False):
    """subprocess.Popen, many times faster where it runs a file by this Python."""
    environment = dict(os.environ if env is None else env)
    if not is_fit(args, environment):
        return subprocess.Popen(
            args, cwd=cwd, env=env, stdin=stdin, stdout=stdout, stderr=stderr,
            pass_fds=pass_fds, start_new_session=start_new_session,
        )
    made, pipe = [], None

    def opened(given, inherited):
        if given == subprocess.DEVNULL:
            made.append(os.open("/dev/null", os.O_RDWR))
            return made[-1]
        return inherited if given is None else given if isinstance(given, int) else given.fileno()

    try:
        if stdout == subprocess.PIPE:
            pipe, write_end = os.pipe()
            made.append(write_end)
            stdout = write_end
        files = [opened(stdin, 0), opened(stdout, 1)]
        files.append(files[1] if stderr == subprocess.STDOUT else opened(stderr, 2))
        prctl(PR_SET_CHILD_SUBREAPER, 1)
        request = json.dumps({
            "arguments": [os.fspath(one) for one in args[1:]], "environment": environment,
            "folder": os.getcwd() if cwd is None else os.fspath(cwd),
            "descriptors": [0, 1, 2, *pass_fds], "session": start_new_session,
        }).encode()
        with ASKING:
            try:
                socket.send_fds(NURSERY, [FRAME.pack(len(request))], [*files, *pass_fds])
                NURSERY.sendall(request)
                (pid,) = struct.unpack("=i", receive(NURSERY, 4))
            except (OSError, EOFError) as error:
                raise OSError(f"The process by which programs are started has ended: {error}") from error
        started = Started(pid, args, None if pipe is None else os.fdopen(pipe, "rb"))
        pipe = None
        return started
    finally:
        for file in made:
            os.close(file)
        if pipe is not None:
            os.close(pipe)


def become(args):
    """os.execv for [sys.executable, FILE, ARGUMENT…], within the limits that this process has set itself."""
    if NURSERY is None and IS_CANDIDATE and args[0] == sys.executable:
        run_file(args[1:])
    os.execv(args[0], args)
`;
