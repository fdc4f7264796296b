/** Of a zygote: how a fork of it comes to be what a newly started Python that runs one file is. */
export const mainProgram = String.raw`
import atexit, builtins, gc, importlib.machinery, io, random, tempfile, threading, types


def as_if_started(environment, folder):
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    loaded = sys.modules.get
    tempfile.tempdir = None
    if loaded("multiprocessing.process"):
        sys.modules["multiprocessing.process"].current_process().authkey = os.urandom(32)
    # The module random does this for itself at every fork.
    if loaded("numpy.random"):
        sys.modules["numpy.random"].seed()


def run_file(arguments):
    """python3 FILE ARGUMENT…, and the end of this process."""
    file = os.path.abspath(arguments[0])
    sys.argv = list(arguments)
    sys.orig_argv = ["python3", *arguments]
    sys.path[:] = [os.path.dirname(os.path.realpath(file)), *PATH]
    main = types.ModuleType("__main__")
    main.__dict__.update(
        __file__=file, __builtins__=builtins, __cached__=None,
        __loader__=importlib.machinery.SourceFileLoader("__main__", file),
    )
    sys.modules["__main__"] = main
    try:
        with io.open_code(file) as opened:
            text = opened.read()
    except OSError as error:
        say(f"python3: can't open file {file!r}: [Errno {error.errno}] {error.strerror}\n")
        end(2)
    code = 0
    try:
        exec(compile(text, file, "exec", dont_inherit=True), main.__dict__)
    except SystemExit as exited:
        code = exit_code(exited.code)
    except BaseException as error:
        # What lies outside of the program is not its own.
        trace = error.__traceback__.tb_next
        error.__traceback__ = trace
        sys.excepthook(type(error), error, trace)
        code = -signal.SIGINT if isinstance(error, KeyboardInterrupt) else 1
    del main
    end(code)


def exit_code(value):
    if value is None:
        return 0
    if isinstance(value, int):
        return value & 0xFF
    say(f"{value}\n")
    return 1


def say(text):
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (AttributeError, OSError, ValueError):
        pass


def end(code):
    """What Python does at its end with all that a program made; what was imported before is not taken apart."""
    try:
        threading._shutdown()
        atexit._run_exitfuncs()
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
    failure = flush()
    for name in [name for name in sys.modules if name not in IMPORTED or name == "__main__"]:
        module = sys.modules.pop(name)
        if isinstance(module, types.ModuleType):
            forget(vars(module))
    module = None
    gc.collect()
    code = failure or flush() or code
    libc.fflush(None)
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def forget(names):
    """First what begins with one underscore, then the rest, as Python clears a module."""
    for first in (True, False):
        for name in list(names):
            if name != "__builtins__" and (name.startswith("_") and not name.startswith("__")) == first:
                names[name] = None


def flush():
    """The exit code of a Python that could not write its output, or 0."""
    code = 0
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except (AttributeError, ValueError):
            pass
        except OSError as error:
            if stream is sys.stdout:
                say(f"Exception ignored in: {stream!r}\n{type(error).__name__}: {error}\n")
                code = 120
    return code
`;
