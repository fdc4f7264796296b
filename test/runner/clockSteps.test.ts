import { afterAll, beforeAll, expect, it } from 'vitest';
import { exitCodes, runSummary } from '../../src/protocol/hostCommands';
import { BuiltRunner, expectSound } from './support/builtRunner';
import { replacing } from './support/replacing';

/** Every few dozen milliseconds somebody sets the clock of the host, by ten hours forth or back. */
const jumping =
  'wallMs: () => Date.now() + (Math.floor(performance.now() / 37) % 2 === 0 ? 5 : -5) * 3_600_000';
let runner: BuiltRunner;
beforeAll(async () => {
  const plugin = replacing(/runner\/clock\.ts$/, 'wallMs: () => Date.now()', jumping);
  runner = await BuiltRunner.build({ plugins: [plugin] });
}, 60_000);
afterAll(() => runner.dispose());

it('a clock that is set by hours changes neither the order of events nor any duration', async () => {
  const startedMs = performance.now();
  const { code, stdout } = await runner.command([
    'run',
    runner.problemFolder,
    '--steps',
    '6',
    '--max-time',
    '10min',
    '--json',
  ]);
  const tookMs = performance.now() - startedMs;
  expect(code).toBe(exitCodes.ok);
  const summary = runSummary.parse(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? ''));
  expect(summary).toMatchObject({ end: 'steps', steps: 6 });
  const entries = await runner.entries(summary.sessionId);
  expectSound(entries);
  const steps = entries.map((entry, index) => entry.t - (entries[index - 1]?.t ?? entry.t));
  // It was set in both directions while the session ran.
  expect(Math.max(...steps)).toBeGreaterThan(3_600_000);
  expect(Math.min(...steps)).toBeLessThan(-3_600_000);
  const monotonic = entries.map(({ m }) => m);
  expect([...monotonic].sort((a, b) => a - b)).toEqual(monotonic);
  for (const { event } of entries) {
    if (!('durationMs' in event)) continue;
    expect(event.durationMs).toBeGreaterThanOrEqual(0);
    expect(event.durationMs).toBeLessThan(tookMs);
  }
});
