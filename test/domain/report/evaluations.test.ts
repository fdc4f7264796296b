import { describe, expect, it } from 'vitest';
import { evaluationFacts } from '../../../src/domain/report/evaluationFacts';
import { evaluationUse } from '../../../src/domain/report/evaluationUse';
import { htmlReport } from '../../../src/domain/report/htmlReport';
import { sessionJson } from '../../../src/domain/report/json';
import { candidateCsv } from '../../../src/domain/report/csv';
import { markdownReport } from '../../../src/domain/report/markdownReport';
import type { SessionEvent } from '../../../src/domain/session/events';
import type { ValidOutcome } from '../../../src/domain/session/outcome';
import { emptySnapshot, reduce } from '../../../src/domain/session/reduce';
import type { SessionSnapshot } from '../../../src/domain/session/snapshot';
import { created, proposed, stepStarted } from '../session/journalBuilder';

const madeAtMs = Date.UTC(2026, 9, 1);
const session = '01HZZZZZZZZZZZZZZZZZZZZZZZ';

function outcome(metrics: Record<string, number>): ValidOutcome {
  return { kind: 'valid', metrics: { c5: 1, ...metrics }, value: 1, reward: 1 };
}

/** Ten seconds of work on a host with four GPUs. */
function sessionOf(...more: SessionEvent[]): SessionSnapshot {
  const events: SessionEvent[] = [
    created(),
    {
      ...{ type: 'environment.ready', durationMs: 1, isolation: 'bubblewrap' },
      machine: { processor: 'A processor', processors: 4, gpus: ['G', 'G', 'G', 'G'], gpusEach: 2 },
    },
    proposed(0, -1),
    { type: 'candidate.evaluated', candidate: 0, outcome: outcome({ check_s: 1 }), durationMs: 4000 },
    stepStarted(0),
    ...more,
  ];
  const entries = events.map((event, index) => {
    const m = (10_000 * index) / (events.length - 1);
    return { seq: index + 1, t: madeAtMs + m, m, run: 1, event };
  });
  return reduce(emptySnapshot, entries);
}

const whole = sessionOf(
  proposed(1, 0, 0),
  {
    ...{ type: 'candidate.evaluated', candidate: 1, durationMs: 1000, waitedMs: 2000, queuedMs: 600 },
    ...{ outcome: outcome({ stopped: 1, check_s: 0.5 }), aroundMs: 400, isWarm: true },
  },
  proposed(2, 0, 0),
  {
    ...{ type: 'candidate.evaluated', candidate: 2, durationMs: 0, outcome: outcome({}) },
    reusedFrom: { session, candidate: 7, durationMs: 3500 },
  },
);

describe('where the evaluators’ time went', () => {
  it('is said with shares of all of it, and what was spared', () => {
    expect(Object.fromEntries(evaluationFacts(evaluationUse(whole)))).toEqual({
      'Evaluations run': '2, second runs and runs of parents among them; 2.5 s each on average',
      'Waiting for a free evaluator': '2.0 s (25 %)',
      'Waiting in a queue of the cluster or for a device': '600 ms (7.5 %)',
      Running: '5.0 s (63 %)',
      'Running: check': '1.5 s (30 % of running)',
      'Around it: folders, verdicts, the way there and back': '400 ms (5 %)',
      // Five seconds on two of four GPUs, in ten seconds.
      'GPUs held by evaluations': '25 % of 4 GPUs on average',
      'Not run again': 'one candidate whose evaluation was known; the runs had taken 3.5 s',
      'Stopped early':
        'one evaluation; saved about 3.0 s, if they had taken as long as whole ones do on average',
      'Started warm': '1 of 1 evaluations that tell',
    });
  });

  it('counts the evaluations on a GPU where several may share one, as their times are no share of it', () => {
    const { machine } = whole;
    if (machine === undefined) throw new Error('no machine');
    const factsOn = (gpus: readonly string[], gpusEach: number): ReadonlyMap<string, unknown> =>
      new Map(
        evaluationFacts(evaluationUse({ ...whole, machine: { ...machine, gpus: [...gpus], gpusEach } })),
      );
    // Two at once for a session of that concurrency: five seconds of running in ten, on each of its GPUs.
    expect(factsOn(['G'], 1).get('Evaluations that shared a GPU')).toBe('0.5 at once on one GPU, on average');
    expect(factsOn(['G', 'G', 'G'], 2).get('Evaluations that shared a GPU')).toBe(
      '0.3 at once on each of 3 GPUs, on average',
    );
    expect(factsOn(['G'], 1).has('GPUs held by evaluations')).toBe(false);
    expect(factsOn(['G', 'G'], 1).get('GPUs held by evaluations')).toBe('25 % of 2 GPUs on average');
  });

  it('stands in the report as Markdown and HTML, and as numbers in JSON', () => {
    expect(markdownReport({ snapshot: whole, madeAtMs })).toMatch(
      /## Evaluations\n[\s\S]*\| Stopped early \| one evaluation; saved about 3\.0 s/,
    );
    expect(htmlReport({ snapshot: whole, madeAtMs }, 'abc')).toMatch(/Evaluations<\/h2>[\s\S]*Not run again/);
    const json: unknown = JSON.parse([...sessionJson(whole)].join(''));
    expect(json).toMatchObject({
      machine: { processor: 'A processor' },
      evaluations: {
        ...{ runs: 2, totalMs: 8000, waitedMs: 2000, queuedMs: 600, runMs: 5000, aroundMs: 400 },
        ...{ stages: [{ name: 'check', ms: 1500 }], gpus: 4, gpusHeld: 0.25 },
        ...{ reused: 1, reusedMs: 3500, stopped: 1, savedMs: 3000 },
      },
      candidates: [{}, {}, { reusedFrom: { session, candidate: 7, durationMs: 3500 } }],
    });
    const [head = '', , , last = ''] = [...candidateCsv(whole)].join('').split('\r\n');
    expect(last.split(',')[head.split(',').indexOf('reused_from')]).toBe(`${session} c7`);
  });

  it('is left out of what the journal does not tell, as those of older runners', () => {
    const older = sessionOf();
    expect(evaluationFacts(evaluationUse(older)).map(([label]) => label)).toEqual([
      'Evaluations run',
      'Running',
      'Running: check',
      'GPUs held by evaluations',
    ]);
    expect(evaluationFacts(evaluationUse(emptySnapshot))).toEqual([]);
    expect(markdownReport({ snapshot: emptySnapshot, madeAtMs })).not.toContain('## Evaluations');
  });
});
