// How well programs of contests are timed while all cores are busy, against one program on an idle machine. Prints one JSON object a figure.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir, uptime } from 'node:os';
import { join } from 'node:path';
import { defaultLimits } from '../../../src/domain/problem/problem';
import { takenMs } from '../../../src/evaluation/atCoder/disturbance';
import { findHostTools, type HostTools } from '../../../src/evaluation/atCoder/hostTools';
import { Repeats } from '../../../src/evaluation/atCoder/repeatDisturbed';
import type { RanCase } from '../../../src/evaluation/atCoder/runCase';
import {
  measured,
  onOwnCore,
  readMeasurement,
  type Measurement,
} from '../../../src/evaluation/atCoder/timedCommand';
import { createLocalExecutor } from '../../../src/evaluation/localExecutor';
import { errorPercent, quantile } from './spread';

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
/** Situations take turns, so that what changes on the machine meets all of them. */
const rounds = 4;
const folder = mkdtempSync(join(tmpdir(), 'contest-timing-'));
const programFolder = join(folder, 'program');
/** Programs are isolated as in evaluations. */
const executor = createLocalExecutor();
const never = new AbortController().signal;
const limits = { ...defaultLimits, timeMs: 600_000 };
const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin' };

interface Run {
  readonly measurement: Measurement;
  /** What the program got done. */
  readonly done: number;
  /** How often it was run. */
  readonly runs: number;
}

interface Situation {
  readonly name: string;
  readonly host: HostTools;
  readonly atOnce: number;
  readonly evaluations?: number;
  /** One a core all the time, or by turns a second there and three not. */
  readonly strangers?: 'always' | 'passing';
  readonly repeats: Repeats;
  readonly work: Run[];
  readonly clock: Run[];
}

function note(name: string, value: number, unit: string, values?: readonly number[]): void {
  process.stdout.write(`${JSON.stringify({ name, value, unit, ...(values && { values }) })}\n`);
}

let runs = 0;

async function runOnce(host: HostTools, word: string, core: number, quietWithinMs: number): Promise<RanCase> {
  const own = join(folder, `run-${(runs += 1)}`);
  mkdirSync(own);
  const files = { input: '/dev/null', output: join(own, 'output') };
  const told: Buffer[] = [];
  const command = measured(
    host,
    [join(programFolder, 'program'), word, seconds],
    { files, errors: join(own, 'errors') },
    { timeMs: 120_000, outputBytes: 4096 },
  );
  const argv = onOwnCore(host, core, command, quietWithinMs);
  const onDescriptor3 = (chunk: Buffer): void => void told.push(chunk);
  const shown = { writable: [own], readable: [programFolder], hidden: [] };
  const report = await executor.execute(
    { id: 'timing', argv, cwd: own, env, limits, files: shown, onDescriptor3 },
    never,
  );
  const text = Buffer.concat(told).toString();
  const measurement = readMeasurement(text.replace(/^waited .*\n/, ''));
  if (measurement?.exitCode !== 0) throw new Error(`Nothing was measured: ${report.output}${text}`);
  const score = Number(readFileSync(files.output, 'utf8').split(' ')[0]);
  return { seed: runs, verdict: 'AC', score, measurement, isByOthers: true };
}

/** One evaluation: its seeds one after the other on each of its cores, run again as evaluations do. */
async function evaluation(
  { host, atOnce, repeats }: Situation,
  count: number,
  word: string,
): Promise<readonly Run[]> {
  const done: Run[] = [];
  let next = 0;
  const work = async (worker: number): Promise<void> => {
    while (next++ < count) {
      const ran = await repeats.leastDisturbed((quietMs) => runOnce(host, word, worker, quietMs));
      if (ran.measurement === undefined) throw new Error('Nothing was measured.');
      done.push({ measurement: ran.measurement, done: ran.score ?? NaN, runs: ran.runs ?? 1 });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, (_, worker) => work(worker)));
  return done;
}

async function takeTurn(situation: Situation, count: number): Promise<void> {
  const { strangers, evaluations = 1 } = situation;
  const processors = cores.map(({ processor }) => processor);
  const endStrangers = strangers === undefined ? undefined : beStrange(processors, strangers);
  try {
    for (const word of ['work', 'clock'] as const) {
      const all = Array.from({ length: evaluations }, () => evaluation(situation, count, word));
      situation[word].push(...(await Promise.all(all)).flat());
    }
  } finally {
    endStrangers?.();
  }
}

/** A program of somebody else on each processor. */
function beStrange(processors: readonly number[], when: 'always' | 'passing'): () => void {
  const script =
    when === 'always'
      ? 'for (;;);'
      : 'const spin = () => { const end = Date.now() + 1000; while (Date.now() < end); setTimeout(spin, 3000); }; spin();';
  const load: ChildProcess[] = processors.map((processor) =>
    spawn('taskset', ['-c', String(processor), process.execPath, '-e', script], { stdio: 'ignore' }),
  );
  return () => {
    for (const child of load) child.kill('SIGKILL');
  };
}

const columns: readonly (readonly [string, (run: Run) => number])[] = [
  ['processor time', ({ measurement }) => measurement.cpuMs],
  ['by the clock', ({ measurement }) => measurement.wallMs],
  ['by the clock without waiting', ({ measurement }) => measurement.wallMs - measurement.waitedMs],
];
const shares = [
  ['median', 0.5],
  ['90 %', 0.9],
  ['worst', 1],
] as const;

function report(situation: Situation, alone: Situation): void {
  const { name, work, clock } = situation;
  for (const [column, of] of columns) {
    const values = work.map(of);
    note(`${name}: fixed work, ${column}, median`, quantile(values, 0.5), 'ms', values);
    if (situation === alone) continue;
    for (const [word, share] of shares) {
      note(
        `${name}: fixed work, ${column}, error of the ${word}`,
        errorPercent(values, alone.work.map(of), share),
        '%',
      );
    }
  }
  const done = clock.map((run) => run.done);
  note(`${name}: done in ${seconds} s, median`, quantile(done, 0.5), 'rounds', done);
  if (situation !== alone) {
    const reference = alone.clock.map((run) => run.done);
    for (const [word, share] of shares) {
      note(
        `${name}: done in ${seconds} s, error of the ${word}`,
        errorPercent(done, reference, 1 - share),
        '%',
      );
    }
  }
  const all = [...work, ...clock];
  const taken = all.map(({ measurement }) => (100 * takenMs(measurement)) / measurement.wallMs);
  note(`${name}: of the cores others had, median`, quantile(taken, 0.5), '%', taken);
  note(`${name}: seeds that were run again`, all.filter(({ runs: times }) => times > 1).length, '');
}

function situationOf(
  name: string,
  host: HostTools,
  atOnce: number,
  more: Partial<Situation> = {},
): Situation {
  return { name, host, atOnce, repeats: new Repeats(() => true), work: [], clock: [], ...more };
}

let cores: HostTools['cores'] = [];
try {
  mkdirSync(programFolder);
  const source = join(programFolder, 'program.cpp');
  writeFileSync(source, program);
  const compiled = spawnSync('g++', ['-O2', '-o', join(programFolder, 'program'), source]);
  if (compiled.status !== 0) throw new Error(`g++: ${compiled.stderr.toString()}`);
  const pinned = await findHostTools({
    folder,
    cacheFolder: folder,
    onProgress: () => undefined,
    signal: never,
    execute: (command) =>
      executor.execute({ id: 'probe', argv: command.argv, cwd: command.cwd, env, limits }, never),
  });
  cores = pinned.cores;
  const count = cores.length;
  if (count === 0) throw new Error('This host has no taskset or no flock: there is nothing to compare.');
  const anywhere: HostTools = { ...pinned, cores: [] };
  note('cores', count, '');
  note('uptime', uptime() / 3600, 'h');
  note('load before', loadavg()[0] ?? 0, '');
  const alone = situationOf('one seed alone', pinned, 1);
  const once = new Repeats(() => false);
  const situations = [
    alone,
    situationOf('a seed a core', pinned, count),
    ...(onlyBesideStrangers
      ? []
      : [
          situationOf('a seed a core, anywhere', anywhere, count),
          situationOf('two evaluations', pinned, count, { evaluations: 2 }),
          situationOf('two evaluations, anywhere', anywhere, count, { evaluations: 2 }),
        ]),
    situationOf('beside passing strangers, not run again', pinned, count, {
      strangers: 'passing',
      repeats: once,
    }),
    situationOf('beside passing strangers', pinned, count, { strangers: 'passing' }),
    situationOf('beside a stranger a core', pinned, count, { strangers: 'always' }),
    situationOf('beside a stranger a core, anywhere', anywhere, count, { strangers: 'always' }),
  ];
  for (let round = 0; round < rounds; round += 1) {
    for (const situation of situations) await takeTurn(situation, Math.max(1, Math.round(seeds / rounds)));
  }
  for (const situation of situations) report(situation, alone);
  note('load after', loadavg()[0] ?? 0, '');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
