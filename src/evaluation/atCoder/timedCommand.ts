import { asCommand, type HostTools } from './hostTools';

/**
 * All evaluations of a user on a host share its cores in turns, so that no two programs are timed on the same one. The problems of the
 * catalogue use the same locks.
 */
const lockPrefix = `/tmp/timed-core-${process.getuid?.() ?? 0}-`;

/** Begins what a command tells that had to wait for its core: when it asked and when it had it, in nanoseconds of the clock. */
export const waitedWord = 'waited ';

/**
 * `idle PROCESSOR OTHERS`, where OTHERS are numbers, each between commas: how long the processor was idle (proc(5)), and all the others together,
 * in hundredths of a second; empty where the kernel does not tell.
 */
const idleFunction = `
idle() {
  own= beside=
  [ -z "$1" ] || while read -r name user nice system idle waiting rest; do
    case $name in cpu) continue ;; cpu*) name=\${name#cpu} ;; *) break ;; esac
    [ "$name" != "$1" ] || own=$((idle + waiting))
    case $2 in *,$name,*) beside=$((\${beside:-0} + idle + waiting)) ;; esac
    [ -z "$own" ] || [ "$2" != , ] || break
  done </proc/stat
}
`;

/**
 * $1: cores, the wanted one first, each as its number, which the lock is named after, the processor to run on, and its other processors, see
 * \`physicalCores\`, with colons between them; $2: begin of the locks' names; $3: for how many nanoseconds it looks for a core that is quiet, so that for
 * a tenth of a second nobody computes there; then any will do. Then the command, which runs on one core that nobody else times on. File descriptor 3
 * is told if it had to wait.
 */
const ownCoreScript = `
cores=$1 prefix=$2 quiet=$3 asked=; shift 3
${idleFunction}
take() { { command exec 9>>"$prefix\${1%%:*}.lock"; } 2>/dev/null && flock $2 9; }
processor() { one=\${1#*:}; others=\${one#*:}; one=\${one%%:*}; }
is_quiet() {
  processor "$1"
  idle "$one" "$others"; own_before=$own beside_before=$beside
  sleep 0.1
  idle "$one" "$others"
  [ -z "$own" ] || [ $((own - own_before)) -ge 8 ] || return 1
  [ -n "$beside" ] || return 0
  least=$((beside_before - 2)) commas=\${others%,}
  while [ -n "$commas" ]; do least=$((least + 10)) commas=\${commas%,*}; done
  [ "$beside" -ge "$least" ]
}
core=
if [ "$quiet" -gt 0 ]; then
  asked=$(date +%s%N)
  until [ -n "$core" ] || [ $(($(date +%s%N) - asked)) -ge "$quiet" ]; do
    has_looked=
    for candidate in $cores; do
      take "$candidate" -n || continue
      has_looked=1
      if is_quiet "$candidate"; then core=$candidate; break; fi
      exec 9>&-
    done
    [ -n "$has_looked" ] || sleep 0.1
  done
fi
for candidate in $cores; do
  [ -z "$core" ] || break
  if take "$candidate" -n; then core=$candidate; fi
done
if [ -z "$core" ] && [ -n "$cores" ]; then
  core=\${cores%% *}
  asked=\${asked:-$(date +%s%N)}
  take "$core" ''
fi
[ -z "$asked" ] || { echo "${waitedWord}$asked $(date +%s%N)" >&3; } 2>/dev/null
processor "$core"
if [ -n "$one" ] && taskset -cp "$one" $$ >/dev/null 2>&1; then export TIMED_CORE="$one" TIMED_BESIDE="$others"; fi
exec "$@"
`;

/**
 * The command on a core of its own, for which it waits; anywhere where the host has no means for it. `quietWithinMs`: for so long it looks for one
 * on which nobody else computes either.
 */
export function onOwnCore(
  { cores }: HostTools,
  preferred: number,
  command: readonly string[],
  quietWithinMs = 0,
): [string, ...string[]] {
  if (cores.length === 0) return asCommand(command);
  const first = preferred % cores.length;
  const order = [...cores.slice(first), ...cores.slice(0, first)];
  const words = order.map(
    ({ core, processor, beside = [] }) =>
      `${core}:${processor}:,${beside.map((number) => `${number},`).join('')}`,
  );
  const quietNs = String(Math.round(quietWithinMs * 1e6));
  return ['/bin/sh', '-c', ownCoreScript, 'sh', words.join(' '), lockPrefix, quietNs, ...command];
}

/**
 * Runs the rest of its arguments and writes to file descriptor 3 what it took. $1: standard input, or nothing to leave input and output as
 * they are; $2: standard output; $3: standard error; $4: largest file in blocks of 512 bytes; $5: most processor seconds of one process.
 * The stack may be as large as a contest's. The last number in /proc/loadavg is the last process number that was given out in this namespace.
 */
const measureScript = `
in=$1 out=$2 err=$3 blocks=$4 seconds=$5 core=$TIMED_CORE others=\${TIMED_BESIDE:-,}; shift 5
unset TIMED_CORE TIMED_BESIDE DISCOVER_CANDIDATE DISCOVER_RESULT DISCOVER_SEED DISCOVER_PARENT_STATE
unset DISCOVER_TIME_LIMIT DISCOVER_CPUS DISCOVER_STRICT
${idleFunction}
ulimit -s 1048576 2>/dev/null || ulimit -s "$(ulimit -H -s)"
ulimit -f "$blocks"
ulimit -t "$seconds"
idle "$core" "$others"; own_before=$own beside_before=$beside
began=$(date +%s%N)
first=- last=-
read -r _ _ _ _ first </proc/loadavg
if [ -n "$in" ]; then "$@" <"$in" >"$out" 2>"$err" 3>&- 9>&-
else "$@" 2>"$err" 3>&- 9>&-
fi
code=$?
read -r _ _ _ _ last </proc/loadavg
ended=$(date +%s%N)
idle "$core" "$others"
count=0
while [ "$others" != , ]; do count=$((count + 1)) others=\${others%,*}; others=\${others%,*},; done
{
  echo "$code $began $ended \${own_before:--} \${own:--} $first $last $count \${beside_before:--} \${beside:--}"
  times
} >&3
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
  /** How long anybody computed on the core's other processors; absent where that cannot be told, or there are none. */
  readonly besideMs?: number;
  /**
   * Processes and threads that were started in its process namespace while it ran, with those that start it: see `HostTools.aloneTasks`. Absent
   * where that cannot be told.
   */
  readonly tasks?: number;
}

/** Idle time and processor time are each known to a hundredth of a second. */
const roundingMs = 20;

/** What came over file descriptor 3; undefined if the measuring shell was ended before it could say so. */
export function readMeasurement(text: string): Measurement | undefined {
  const found = /^(\d+) (\d+) (\d+) (\S+) (\S+)((?: \S+)*)\n.*\n(\d+)m([\d.]+)s (\d+)m([\d.]+)s\n$/.exec(
    text,
  );
  if (found === null) return undefined;
  const [code, began, ended, before, after, more = '', userMin, userS, systemMin, systemS] = found.slice(1);
  const wallMs = Number(BigInt(ended ?? 0) - BigInt(began ?? 0)) / 1e6;
  const cpuMs = (Number(userMin) * 60 + Number(userS) + Number(systemMin) * 60 + Number(systemS)) * 1000;
  const idleMs = 10 * (Number(after) - Number(before));
  const waitedMs = Number.isFinite(idleMs) ? Math.max(0, wallMs - cpuMs - idleMs - roundingMs) : 0;
  const [first, last, count, besideBefore, besideAfter] = more.trim().split(' ').map(Number);
  const tasks = (last ?? NaN) - (first ?? NaN);
  const besideIdleMs = 10 * ((besideAfter ?? NaN) - (besideBefore ?? NaN));
  const besideMs = Math.max(0, (count ?? NaN) * (wallMs - roundingMs) - besideIdleMs);
  return {
    exitCode: Number(code),
    wallMs,
    cpuMs,
    waitedMs,
    ...(Number.isFinite(besideMs) && { besideMs }),
    ...(Number.isFinite(tasks) && { tasks }),
  };
}
