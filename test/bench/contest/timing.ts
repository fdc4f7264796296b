// How well programs of contests are timed: on cores of their own, and anywhere, while others compute. Prints one JSON object a figure.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir, uptime } from 'node:os';
import { join } from 'node:path';
import { defaultLimits } from '../../../src/domain/problem/problem';
import { findHostTools, type HostTools } from '../../../src/evaluation/atCoder/hostTools';
import {
  measured,
  onOwnCore,
  readMeasurement,
  type Measurement,
} from '../../../src/evaluation/atCoder/timedCommand';
import { createLocalExecutor } from '../../../src/evaluation/localExecutor';

/** `work`: a fixed amount. `clock`: as much as a time by the clock on the wall allows, as programs of contests do; it prints how much. */
const program = `
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
int main(int count, char** words) {
  auto now = [] { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); };
  const bool clock = count > 1 && words[1][0] == 'c';
  const double seconds = count > 2 ? std::atof(words[2]) : 1.0;
  const long fixed = 2600 * seconds;
  const double end = now() + seconds;
  uint64_t state = 88172645463325252ull;
  long rounds = 0;
  for (; clock ? now() < end : rounds < fixed; rounds++)
    for (int step = 0; step < 250000; step++) { state ^= state << 13; state ^= state >> 7; state ^= state << 17; }
  std::printf("%ld %d\\n", rounds, (int)(state & 1));
}`;

const seeds = Number(process.argv[2] ?? 12);
/** Of one seed: by the clock, and about as much fixed work. */
const seconds = process.argv[3] ?? '1';
const onlyBesideStrangers = process.argv[4] === 'strangers';
const folder = mkdtempSync(join(tmpdir(), 'contest-timing-'));
/** The programs are ours. */
const executor = createLocalExecutor({ containment: 'sweep' });
const never = new AbortController().signal;
const limits = { ...defaultLimits, timeMs: 600_000 };
const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin' };

interface Run extends Measurement {
  /** What the program got done. */
  readonly rounds: number;
}

function note(name: string, value: number, unit: string): void {
  process.stdout.write(`${JSON.stringify({ name, value, unit })}\n`);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] ?? NaN) + (sorted[sorted.length >> 1] ?? NaN)) / 2;
}

/** Coefficient of variation, in percent. */
function variation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance =
    values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
  return (100 * Math.sqrt(variance)) / mean;
}

let runs = 0;

async function runOnce(host: HostTools, word: string, core: number): Promise<Run> {
  const own = join(folder, `run-${(runs += 1)}`);
  mkdirSync(own);
  const files = { input: '/dev/null', output: join(own, 'output') };
  const told: Buffer[] = [];
  const command = measured(
    host,
    [join(folder, 'program'), word, seconds],
    { files, errors: join(own, 'errors') },
    { timeMs: 120_000, outputBytes: 4096 },
  );
  const argv = onOwnCore(host, core, command);
  const onDescriptor3 = (chunk: Buffer): void => void told.push(chunk);
  const report = await executor.execute({ id: 'timing', argv, cwd: own, env, limits, onDescriptor3 }, never);
  const measurement = readMeasurement(Buffer.concat(told).toString());
  if (measurement?.exitCode !== 0) throw new Error(`Nothing was measured: ${report.output}`);
  return { ...measurement, rounds: Number(readFileSync(files.output, 'utf8').split(' ')[0]) };
}

/** One evaluation: as many seeds at once as there are cores. */
async function evaluation(host: HostTools, cores: number, word: string): Promise<Run[]> {
  const done: Run[] = [];
  let next = 0;
  const work = async (worker: number): Promise<void> => {
    while (next++ < seeds) done.push(await runOnce(host, word, worker));
  };
  await Promise.all(Array.from({ length: cores }, (_, worker) => work(worker)));
  return done;
}

async function scenario(name: string, host: HostTools, cores: number, evaluations: number): Promise<void> {
  for (const word of ['work', 'clock']) {
    const all = await Promise.all(Array.from({ length: evaluations }, () => evaluation(host, cores, word)));
    const done = all.flat();
    const walls = done.map(({ wallMs }) => wallMs);
    if (word === 'work') {
      note(`${name}: fixed work, median wall time`, median(walls), 'ms');
      note(
        `${name}: fixed work, median wall time without waiting`,
        median(done.map(({ wallMs, waitedMs }) => wallMs - waitedMs)),
        'ms',
      );
      note(
        `${name}: fixed work, longest wall time without waiting`,
        Math.max(...done.map(({ wallMs, waitedMs }) => wallMs - waitedMs)),
        'ms',
      );
      note(`${name}: fixed work, longest wall time`, Math.max(...walls), 'ms');
      note(`${name}: fixed work, median processor time`, median(done.map(({ cpuMs }) => cpuMs)), 'ms');
    } else {
      const rounds = done.map((run) => run.rounds);
      note(`${name}: done in ${seconds} s, median`, median(rounds), 'rounds');
      note(`${name}: done in ${seconds} s, least`, Math.min(...rounds), 'rounds');
      note(`${name}: done in ${seconds} s, coefficient of variation`, variation(rounds), '%');
    }
  }
}

async function withLoad(processes: number, use: () => Promise<void>): Promise<void> {
  const load: ChildProcess[] = Array.from({ length: processes }, () =>
    spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
  );
  try {
    await use();
  } finally {
    for (const child of load) child.kill('SIGKILL');
  }
}

try {
  writeFileSync(join(folder, 'program.cpp'), program);
  const compiled = spawnSync('g++', ['-O2', '-o', join(folder, 'program'), join(folder, 'program.cpp')]);
  if (compiled.status !== 0) throw new Error(`g++: ${compiled.stderr.toString()}`);
  const pinned = await findHostTools({
    folder,
    cacheFolder: folder,
    onProgress: () => undefined,
    signal: never,
    execute: (command) =>
      executor.execute({ id: 'probe', argv: command.argv, cwd: command.cwd, env, limits }, never),
  });
  const cores = pinned.cores.length;
  if (cores === 0) throw new Error('This host has no taskset or no flock: there is nothing to compare.');
  const anywhere: HostTools = { ...pinned, cores: [] };
  note('cores', cores, '');
  note('uptime', uptime() / 3600, 'h');
  note('load before', loadavg()[0] ?? 0, '');
  await scenario('one evaluation, pinned', pinned, cores, 1);
  if (!onlyBesideStrangers) {
    await scenario('one evaluation, unpinned', anywhere, cores, 1);
    await scenario('two evaluations at once, pinned', pinned, cores, 2);
    await scenario('two evaluations at once, unpinned', anywhere, cores, 2);
  }
  await withLoad(cores, async () => {
    await scenario('one evaluation beside a stranger a core, pinned', pinned, cores, 1);
    await scenario('one evaluation beside a stranger a core, unpinned', anywhere, cores, 1);
  });
  note('load after', loadavg()[0] ?? 0, '');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
