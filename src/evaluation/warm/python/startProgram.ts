/**
 * Before a zygote is one: it runs itself once more from a read-only mount. A process that is forked from it can reach the file of its program
 * by `/proc/self/exe`, around the mounts of its sandbox, and must not be able to change it there.
 *
 * `view`: argument vector up to the command, for a view of this host that is read-only. `input`: what that reads, in base64, or null.
 */
export const startProgram = String.raw`
import base64, os, socket, subprocess, sys
SEND = (
    "import os, socket, sys\n"
    "files = [os.open('/proc/self/exe', os.O_RDONLY), os.open('/proc/self/ns/mnt', os.O_RDONLY)]\n"
    "socket.send_fds(socket.socket(fileno=int(sys.argv[1])), [b'.'], files)\n"
)
ours, theirs = socket.socketpair()
done = subprocess.run(
    [*settings["view"], sys.executable, "-I", "-S", "-c", SEND, str(theirs.fileno())],
    pass_fds=[theirs.fileno()], input=base64.b64decode(settings["input"] or ""), stdout=subprocess.DEVNULL,
)
theirs.close()
_, files, _, _ = socket.recv_fds(ours, 1, 2)
if done.returncode != 0 or len(files) != 2:
    raise OSError("There is no read-only view of this host.")
executable, view = files
# As long as the view is held, the dynamic linker finds what lies beside the program.
os.set_inheritable(view, True)
os.set_inheritable(CONTROL, True)
os.execve(executable, [sys.executable, "-c", settings["boot"]], os.environ)
`;
