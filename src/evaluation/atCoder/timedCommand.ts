import { asCommand, type HostTools } from './hostTools';

/**
 * All evaluations of a user on a host share its cores in turns, so that no two programs are timed on the same one. The problems of the
 * catalogue use the same locks.
 */
const lockPrefix = `/tmp/timed-core-${process.getuid?.() ?? 0}-`;

/** Begins what a command tells that had to wait for its core: when it asked and when it had it, in nanoseconds of the clock. */
export const waitedWord = 'waited ';

/**
 * $1: cores, the wanted one first, each as its number, which the lock is named after, and behind a colon the processor to run on; $2: begin of the
 * locks' names; then the command, which runs on one core that nobody else times on. File descriptor 3 is told if it had to wait.
 */
const ownCoreScript = `
cores=$1 prefix=$2; shift 2
take() { { command exec 9>>"$prefix\${1%:*}.lock"; } 2>/dev/null && flock $2 9; }
core=
for one in $cores; do
  if take "$one" -n; then core=$one; break; fi
done
if [ -z "$core" ] && [ -n "$cores" ]; then
  core=\${cores%% *}
  asked=$(date +%s%N)
  take "$core" ''
  { echo "${waitedWord}$asked $(date +%s%N)" >&3; } 2>/dev/null
fi
core=\${core#*:}
if [ -n "$core" ] && taskset -cp "$core" $$ >/dev/null 2>&1; then export TIMED_CORE="$core"; fi
exec "$@"
`;

/** The command on a core of its own, for which it waits; anywhere where the host has no means for it. */
export function onOwnCore(
  { cores }: HostTools,
  preferred: number,
  command: readonly string[],
): [string, ...string[]] {
  if (cores.length === 0) return asCommand(command);
  const first = preferred % cores.length;
  const order = [...cores.slice(first), ...cores.slice(0, first)];
  const words = order.map(({ core, processor }) => `${core}:${processor}`).join(' ');
  return ['/bin/sh', '-c', ownCoreScript, 'sh', words, lockPrefix, ...command];
}

/**
 * Runs the rest of its arguments and writes to file descriptor 3 what it took. $1: standard input, or nothing to leave input and output as
 * they are; $2: standard output; $3: standard error; $4: largest file in blocks of 512 bytes; $5: most processor seconds of one process.
 * The stack may be as large as a contest's. How long its core was idle stands in /proc/stat (proc(5)), in hundredths of a second.
 */
const measureScript = `
in=$1 out=$2 err=$3 blocks=$4 seconds=$5 core=$TIMED_CORE; shift 5
unset TIMED_CORE DISCOVER_CANDIDATE DISCOVER_RESULT DISCOVER_SEED DISCOVER_PARENT_STATE
unset DISCOVER_TIME_LIMIT DISCOVER_CPUS DISCOVER_STRICT
idle() {
  now=
  [ -z "$core" ] || while read -r name user nice system idle waiting rest; do
    if [ "$name" = "cpu$core" ]; then now=$((idle + waiting)); break; fi
  done </proc/stat
}
ulimit -s 1048576 2>/dev/null || ulimit -s "$(ulimit -H -s)"
ulimit -f "$blocks"
ulimit -t "$seconds"
idle; before=$now
began=$(date +%s%N)
if [ -n "$in" ]; then "$@" <"$in" >"$out" 2>"$err" 3>&- 9>&-
else "$@" 2>"$err" 3>&- 9>&-
fi
code=$?
ended=$(date +%s%N)
idle
{ echo "$code $began $ended \${before:--} \${now:--}"; times; } >&3
exit 0
`;

export interface MeasuredStreams {
  /** Undefined to leave standard input and output to whoever starts the command. */
  readonly files?: { readonly input: string; readonly output: string };
  readonly errors: string;
}

/** The command measured from outside of it, and ended when it is hopelessly late: `timeMs` is the limit that it must keep. */
export function measured(
  { isolation }: HostTools,
  command: readonly string[],
  { files, errors }: MeasuredStreams,
  limits: { readonly timeMs: number; readonly outputBytes: number },
): readonly string[] {
  const blocks = String(Math.max(1, Math.ceil(limits.outputBytes / 512)));
  const seconds = String(Math.ceil(limits.timeMs / 1000) + 1);
  const stop = ['timeout', '-s', 'KILL', (latestMs(limits.timeMs) / 1000).toFixed(3)];
  const streams = [files?.input ?? '', files?.output ?? '', errors];
  // The first process of a namespace is deaf to signals, its own included: that is a shell, not the program.
  const contained = isolation.length === 0 ? [] : [...isolation, '/bin/sh', '-c', '"$@"; exit $?', 'sh'];
  return [
    '/bin/sh',
    '-c',
    measureScript,
    'sh',
    ...streams,
    blocks,
    seconds,
    ...stop,
    ...contained,
    ...command,
  ];
}

/** On a busy host a program waits for its core, which is not its fault; one that only sleeps is ended then. */
export function latestMs(timeMs: number): number {
  return 4 * timeMs + 2000;
}

export interface Measurement {
  /** As a shell has it: 128 and more for a death by a signal. */
  readonly exitCode: number;
  readonly wallMs: number;
  /** Of all its threads and processes. */
  readonly cpuMs: number;
  /** How long others computed on its core; 0 where that cannot be told. */
  readonly waitedMs: number;
}

/** Idle time and processor time are each known to a hundredth of a second. */
const roundingMs = 20;

/** What came over file descriptor 3; undefined if the measuring shell was ended before it could say so. */
export function readMeasurement(text: string): Measurement | undefined {
  const found = /^(\d+) (\d+) (\d+) (\S+) (\S+)\n.*\n(\d+)m([\d.]+)s (\d+)m([\d.]+)s\n$/.exec(text);
  if (found === null) return undefined;
  const [code, began, ended, before, after, userMin, userS, systemMin, systemS] = found.slice(1);
  const wallMs = Number(BigInt(ended ?? 0) - BigInt(began ?? 0)) / 1e6;
  const cpuMs = (Number(userMin) * 60 + Number(userS) + Number(systemMin) * 60 + Number(systemS)) * 1000;
  const idleMs = 10 * (Number(after) - Number(before));
  const waitedMs = Number.isFinite(idleMs) ? Math.max(0, wallMs - cpuMs - idleMs - roundingMs) : 0;
  return { exitCode: Number(code), wallMs, cpuMs, waitedMs };
}
