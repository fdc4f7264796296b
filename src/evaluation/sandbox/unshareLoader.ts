import { callNumbers } from './systemCalls';
import type { SandboxCall } from './systemCalls';

/** What can make system calls on a host where nothing was installed for us. */
export interface Loader {
  readonly language: 'perl' | 'python';
  readonly path: string;
}

const places: Readonly<Record<string, 0 | 1>> = { x64: 0, arm64: 1 };

/** Whether we know the numbers of its system calls. */
export function isKnownProcessor(architecture: string = process.arch): boolean {
  return processorPlace(architecture) !== undefined;
}

/** Which of the numbers of `callNumbers` are its own; undefined where we know none. */
export function processorPlace(architecture: string = process.arch): 0 | 1 | undefined {
  return places[architecture];
}

/** Up to the command: reads `encodedCalls` from the descriptor, does them, and becomes the command. */
export function loaderCommand({ language, path }: Loader, descriptor: number): [string, ...string[]] {
  const program = language === 'perl' ? ['-e', perlProgram] : ['-I', '-S', '-c', pythonProgram];
  return [path, ...program, String(descriptor)];
}

/**
 * One line a call: what it is, the error number that is none (-1 for no such), the number of the call, its arguments (`i` with a number, `x` with
 * bytes in hexadecimal), and for people its name. Throws for a processor that we do not know.
 */
export function encodedCalls(calls: readonly SandboxCall[], architecture: string = process.arch): Buffer {
  const place = places[architecture];
  if (place === undefined) throw new Error(`The system calls of ${architecture} are not known.`);
  const lines = calls.map((call) => {
    switch (call.kind) {
      case 'call': {
        const args = call.args.map((arg) => (typeof arg === 'number' ? `i${arg}` : `x${hex(arg)}`));
        const words = call.args.filter((arg) => typeof arg === 'string').map((arg) => JSON.stringify(arg));
        const number = callNumbers[call.name][place];
        return ['call', call.mayFailWith ?? -1, number, ...args, '#', call.name, ...words].join(' ');
      }
      case 'ids':
        return `ids ${call.user} ${call.group}`;
      case 'fork':
        // The child asks to die with its parent before it does anything else.
        return `fork ${callNumbers.prctl[place]}`;
      case 'filter':
        return `filter ${callNumbers.prctl[place]} ${hex(call.program)}`;
      case 'loopback':
        return call.kind;
    }
  });
  return Buffer.from(lines.map((line) => `${line}\n`).join(''));
}

function hex(value: string | Uint8Array): string {
  return Buffer.from(value).toString('hex');
}

/** Of the interpreters' words for people, so that they can be told from those of the command. */
export const loaderWords = 'sandbox: ';

// Core of the language alone, no module: it is there in a millisecond.
const perlProgram = String.raw`
open(my $list, "<&=", shift) or fail("list"); my @lines = <$list>; close $list;
sub fail { print STDERR "sandbox: $_[0]: $!\n"; exit 125 }
sub put { open(my $file, ">", $_[0]) or return fail($_[0]); syswrite($file, $_[1]) // fail($_[0]) }
my $still;
for (@lines) {
  chomp; my ($line, $words) = split / # /, $_, 2; my ($kind, @rest) = split / /, $line;
  if ($kind eq "call") {
    my ($fine, $number, @args) = @rest;
    my @given = map { substr($_, 0, 1) eq "i" ? 0 + substr($_, 1) : pack("H*", substr($_, 1)) } @args;
    syscall(0 + $number, @given) != -1 or $! == $fine or fail($words);
  } elsif ($kind eq "ids") {
    my ($user, $group) = @rest;
    put("/proc/self/setgroups", "deny"); put("/proc/self/uid_map", "$user $user 1"); put("/proc/self/gid_map", "$group $group 1");
  } elsif ($kind eq "fork") {
    pipe($still, my $held) or fail("pipe"); my $child = fork() // fail("fork");
    if ($child) { close $still; waitpid($child, 0); exit($? & 127 ? 128 + ($? & 127) : $? >> 8) }
    close $held; syscall(0 + $rest[0], 1, 9) != -1 or fail("parent");
    my $ended = ""; vec($ended, fileno($still), 1) = 1; exit 137 if select($ended, undef, undef, 0);
  } elsif ($kind eq "loopback") {
    socket(my $socket, 2, 2, 0) or fail("loopback"); my $request = pack("a16 s x22", "lo", 0x41);
    ioctl($socket, 0x8914, $request) or fail("loopback");
  } elsif ($kind eq "filter") {
    my $program = pack("H*", $rest[1]); my $filter = pack("S x![P] P", length($program) / 8, $program);
    syscall(0 + $rest[0], 22, 2, $filter) != -1 or fail("filter");
  }
}
exec { $ARGV[0] } @ARGV; fail($ARGV[0]);`;

const pythonProgram = String.raw`
import ctypes, os, select, signal, socket, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
def fail(words, number):
    os.write(2, f"sandbox: {words}: {os.strerror(number)}\n".encode(errors="replace")); os._exit(125)
def call(words, number, *args, fine=-1):
    given = [ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in args]
    if libc.syscall(ctypes.c_long(number), *given) == -1 and ctypes.get_errno() != fine: fail(words, ctypes.get_errno())
def put(path, text):
    with open(path, "w") as file: file.write(text)
def do(kind, rest, words):
    if kind == "call":
        args = [int(arg[1:]) if arg[0] == "i" else bytes.fromhex(arg[1:]) for arg in rest[2:]]
        call(words, int(rest[1]), *args, fine=int(rest[0]))
    elif kind == "ids":
        user, group = rest
        put("/proc/self/setgroups", "deny"); put("/proc/self/uid_map", f"{user} {user} 1"); put("/proc/self/gid_map", f"{group} {group} 1")
    elif kind == "fork":
        still, held = os.pipe()
        child = os.fork()
        if child:
            os.close(still); code = os.waitpid(child, 0)[1]
            os._exit(128 + (code & 127) if code & 127 else code >> 8)
        os.close(held); call("parent", int(rest[0]), 1, 9)
        if select.select([still], [], [], 0)[0]: os._exit(137)
    elif kind == "loopback":
        import fcntl
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made: fcntl.ioctl(made, 0x8914, struct.pack("16sh22x", b"lo", 0x41))
    elif kind == "filter":
        program = ctypes.create_string_buffer(bytes.fromhex(rest[1]), len(rest[1]) // 2)
        call("filter", int(rest[0]), 22, 2, struct.pack("HP", len(program) // 8, ctypes.addressof(program)))
with open(int(sys.argv[1]), encoding="utf-8") as file: lines = file.read().splitlines()
for line in lines:
    line, _, words = line.partition(" # "); kind, *rest = line.split(" ")
    try: do(kind, rest, words)
    except OSError as error: fail(kind, error.errno or 0)
for name in ("SIGPIPE", "SIGXFSZ"): signal.signal(getattr(signal, name), signal.SIG_DFL)
try: os.execv(sys.argv[2], sys.argv[2:])
except OSError as error: fail(sys.argv[2], error.errno)`;
