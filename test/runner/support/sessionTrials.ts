import type { JournalEntry, SessionEvent } from '../../../src/domain/session/events';
import { FakeDisk, fakeRun, type FakeRun, type FakeRunOptions } from './sessionFakes';

const measured = ['tokensPerSecond', 'queueMean', 'queueMax', 'policyIdleShare', 'evaluatorIdleShare'];

/** Without what says how busy a process was, which is another each time. */
function withoutMeasured(gauges: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(gauges).filter(([name]) => !measured.includes(name)));
}

export function types(disk: FakeDisk): string[] {
  return disk.events.map((event) => event.type);
}

/** What a session found, in an order that does not depend on time. */
export function findings(disk: FakeDisk): unknown {
  const evaluated = new Map(
    disk.ofType('candidate.evaluated').map((event) => [event.candidate, event.outcome]),
  );
  return {
    candidates: disk
      .ofType('candidate.proposed')
      .sort((a, b) => a.candidate - b.candidate)
      .map((event) => ({ ...event, outcome: evaluated.get(event.candidate) })),
    verified: disk
      .ofType('candidate.verified')
      .map(({ candidate, verdict, outcome }) => ({ candidate, verdict, outcome })),
    parents: disk.ofType('step.started').map((event) => event.parents),
    steps: disk.ofType('step.finished').map(({ gauges, policySha256 }) => {
      return { gauges: withoutMeasured(gauges), policySha256 };
    }),
    end: disk.events.at(-1),
  };
}

export async function runOf(options: FakeRunOptions = {}): Promise<FakeDisk> {
  const disk = new FakeDisk();
  await fakeRun(disk, options).loop.run();
  return disk;
}

/** Calls `act` once, when the n-th entry of a type was written. */
export function onNth(
  type: SessionEvent['type'],
  n: number,
  act: (run: FakeRun) => void,
): (entry: JournalEntry, run: FakeRun) => void {
  let seen = 0;
  return (entry, run) => {
    if (entry.event.type !== type) return;
    seen += 1;
    if (seen === n) act(run);
  };
}
