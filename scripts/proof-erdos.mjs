// `npm run proof:erdos`: sessions on problems/erdos-min-overlap, method by method and seed by seed, one after the other.
//
//   npm run proof:erdos -- --steps 30 --seeds 1,2,3 --methods ttt-discover,puct,best-of-n --json FILE
//   npm run proof:erdos -- --max-time 600s --seeds 1,2,3 --json FILE
//
// With --steps the result depends on the seed alone (a candidate does a fixed number of steps, whatever the machine does beside
// it); with --max-time it depends on the machine. Prints a line a session; the file has every improvement of every session.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    methods: { type: 'string', default: 'ttt-discover' },
    seeds: { type: 'string', default: '1,2,3' },
    steps: { type: 'string' },
    'max-time': { type: 'string' },
    json: { type: 'string' },
    runner: { type: 'string', default: 'dist/runner.cjs' },
  },
});
const root = await mkdtemp(join(tmpdir(), 'proof-erdos-'));
const sessions = [];
try {
  for (const seed of options.seeds.split(',').map(Number)) {
    for (const method of options.methods.split(',')) {
      const session = await run(method, seed);
      sessions.push(session);
      const { best, evaluated, durationS } = session;
      console.log(`${method} seed ${seed}: ${best} c5 (${evaluated} evaluations, ${durationS} s)`);
      // After every session, so that an interrupted run is not lost.
      if (options.json !== undefined) await write(options.json);
    }
  }
} finally {
  await rm(root, { recursive: true, force: true });
}

async function write(file) {
  const { steps, 'max-time': maxTime } = options;
  const about = {
    problem: 'erdos-min-overlap',
    metric: 'c5',
    goal: 'minimize',
    cores: availableParallelism(),
  };
  await writeFile(file, `${JSON.stringify({ ...about, steps, maxTime, sessions }, null, 1)}\n`);
}

async function run(method, seed) {
  const budget = Object.entries({ steps: options.steps, 'max-time': options['max-time'] });
  const given = budget.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]));
  const child = spawn(
    process.execPath,
    [options.runner, 'run', 'problems/erdos-min-overlap', '--json', '--root', root]
      .concat(['--method', method, '--seed', String(seed)])
      .concat(given),
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = new Promise((resolve) => child.once('close', resolve));
  /** [seconds since the first evaluation began, evaluations so far, best c5 so far] at every improvement. */
  const improvements = [];
  let [startM, evaluated, best, summary] = [undefined, 0, Infinity, undefined];
  for await (const line of createInterface({ input: child.stdout })) {
    const entry = JSON.parse(line);
    if (entry.kind === 'summary') summary = entry;
    if (entry.event?.type === 'environment.ready') startM = entry.m;
    if (entry.event?.type !== 'candidate.evaluated') continue;
    evaluated += 1;
    const { outcome } = entry.event;
    if (outcome.kind !== 'valid' || outcome.value >= best) continue;
    best = outcome.value;
    improvements.push([Math.round((entry.m - startM) / 10) / 100, evaluated, best]);
  }
  const code = await ended;
  if (code !== 0 || summary === undefined)
    throw new Error(`the session of ${method}, seed ${seed}, ended with code ${code}`);
  const { initialValue, durationMs } = summary;
  return {
    method,
    seed,
    initialValue,
    best,
    evaluated,
    durationS: Math.round(durationMs / 1000),
    improvements,
  };
}
