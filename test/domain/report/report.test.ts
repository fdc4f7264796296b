import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { htmlReport } from '../../../src/domain/report/htmlReport';
import { markdownReport } from '../../../src/domain/report/markdownReport';
import { lateBestChart } from '../../../src/domain/report/reportCharts';
import { gistOf, reportFacts } from '../../../src/domain/report/reportFacts';
import { levels, ticks } from '../../../src/domain/report/svgChart';
import { timeUse } from '../../../src/domain/report/timeUse';
import type { SessionEvent } from '../../../src/domain/session/events';
import { emptySnapshot, reduce } from '../../../src/domain/session/reduce';
import type { SessionSnapshot } from '../../../src/domain/session/snapshot';
import { recordedSession, type RecordedSession } from '../../support/recordedSession';
import { created, evaluated, journal, proposed, runnerStarted, stepStarted } from '../session/journalBuilder';

const madeAtMs = Date.UTC(2026, 10, 1, 12, 0);
let recorded: RecordedSession;
let snapshot: SessionSnapshot;
beforeAll(() => {
  recorded = recordedSession({ steps: 6, groups: 4, groupSize: 16 });
  snapshot = reduce(emptySnapshot, recorded.entries);
});

function inputOf(about: SessionSnapshot) {
  return {
    snapshot: about,
    madeAtMs,
    bestText: recorded.programOf(about.best ?? 0),
    initialText: recorded.programOf(0),
  };
}

/** A session whose every word is that of someone who wants to break out of the report. */
function hostileSession(words: string): SessionSnapshot {
  const head = created() as Extract<SessionEvent, { type: 'session.created' }>;
  const { problem } = head;
  return reduce(
    emptySnapshot,
    journal([
      {
        ...head,
        problem: {
          ...problem,
          title: words,
          path: words,
          candidate: words,
          metric: { ...problem.metric, name: words, unit: words },
          references: [{ label: words, value: 0.39 }],
        },
      },
      runnerStarted(),
      proposed(0, -1),
      evaluated(0, 0.4),
      stepStarted(0),
      { ...proposed(1, 0, 0), note: words } as SessionEvent,
      evaluated(1, 0.39),
      proposed(2, 0, 0),
      {
        type: 'candidate.evaluated',
        candidate: 2,
        outcome: { kind: 'failed', reason: 'crashed', message: words, outputTail: words },
        durationMs: 1,
      },
      { type: 'warning', code: 'w', message: words },
      { type: 'session.failed', message: words, advice: words },
    ]),
  );
}

describe('the report as HTML', () => {
  it('says what was found, how, and what it took', () => {
    const html = htmlReport(inputOf(snapshot), 'abc');
    const best = snapshot.steps.at(-1)?.bestSoFar ?? Number.NaN;
    for (const words of [
      'Erdős minimum overlap',
      String(Number(best.toPrecision(10))),
      'TTT-Discover',
      'Haugland 2016',
      'missed by',
      'openai/gpt-oss-120b at tinker',
      '6 × 4 × 16',
      'Archive and training',
      'Evaluators at work',
      'timeout',
      'PIECES',
    ]) {
      expect(html).toContain(words);
    }
    const charts = Array.from(html.matchAll(/<svg role="img" aria-label="([^"]*)"/g), ([, label]) => label);
    expect(charts).toEqual([
      expect.stringMatching(/^Best c5 so far\. From 0\.4213 to 0\.\d+ after 388 candidates\.$/),
      expect.stringMatching(/^Distribution of c5 by step\. 6 steps/),
      expect.stringMatching(/^Outcomes by step\. /),
    ]);
  });

  it('needs nothing else and lets nothing run', () => {
    const html = htmlReport(inputOf(snapshot), 'abc');
    expect(html).toContain(
      'content="default-src &#39;none&#39;; style-src &#39;nonce-abc&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;"',
    );
    expect(html.match(/<style/g)).toHaveLength(1);
    expect(html).not.toMatch(/<(script|img|link|iframe|object|base|form|a)\b/i);
    expect(html).not.toMatch(/\s(style|on\w+|src|href)=/i);
    expect(html).toContain('prefers-color-scheme: dark');
  });

  it('has every tag closed', () => {
    expect(unclosed(htmlReport(inputOf(snapshot), 'abc'))).toEqual([]);
    expect(unclosed(htmlReport({ snapshot: emptySnapshot, madeAtMs }, 'abc'))).toEqual([]);
  });

  it.each([
    '</title><script>alert(1)</script>',
    `"><img src=x onerror=alert(1)>`,
    `' onload='alert(1)`,
    '</pre></style><style nonce="abc">*{display:none}',
    '<!-- ',
    ']]>',
    '\u202Ereversed\u0000',
  ])('shows %j as the text that it is', (words) => {
    const hostile = hostileSession(words);
    const html = htmlReport(
      { snapshot: hostile, madeAtMs, bestText: words, initialText: `x\n${words}` },
      'abc',
    );
    const plain = htmlReport(
      { snapshot: hostileSession('plain'), madeAtMs, bestText: 'plain', initialText: 'x\nplain' },
      'abc',
    );
    expect(tagsOf(html)).toEqual(tagsOf(plain));
    expect(html).not.toContain('\u202E');
    expect(html).not.toContain('\0');
  });

  it('has the same tags whatever words are in it', () => {
    const plain = tagsOf(htmlReport({ snapshot: hostileSession('plain'), madeAtMs }, 'abc'));
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'binary' }), (words) => {
        expect(tagsOf(htmlReport({ snapshot: hostileSession(words), madeAtMs }, 'abc'))).toEqual(plain);
      }),
      { numRuns: 100 },
    );
  });

  it('says that a session has found nothing, and what it lacks', () => {
    const html = htmlReport({ snapshot: emptySnapshot, madeAtMs }, 'abc');
    expect(html).toContain('No candidate has been valid.');
    expect(html).toContain('could not be had');
    expect(html).not.toContain('<svg role="img"');
  });
});

describe('the charts of a report', () => {
  it('name references that lie close together in one place', () => {
    const places = { x: (value: number) => value, y: (value: number) => value };
    const all = levels(places, [
      { value: 200, label: 'c' },
      { value: 100, label: 'a' },
      { value: 105, label: '<b>' },
    ]);
    expect(Array.from(all.matchAll(/>([^<]+)<\/text>/g), ([, words]) => words)).toEqual([
      'a, &lt;b&gt;',
      'c',
    ]);
    expect(all.match(/<line/g)).toHaveLength(3);
  });

  it('have round ticks within their range, whatever it is', () => {
    expect(ticks([0.3808, 0.3812], 5)).toEqual([0.3808, 0.3809, 0.381, 0.3811, 0.3812]);
    const bounds = fc.double({ noNaN: true, min: -1e9, max: 1e9 });
    const close = fc.tuple(bounds, fc.double({ noNaN: true, min: 0, max: 1e-9 }));
    const pairs = fc.oneof(
      fc.tuple(bounds, bounds),
      close.map(([a, share]): [number, number] => [a, a * (1 + share)]),
    );
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const all = ticks([low, high], 5);
        expect(all.length).toBeLessThan(12);
        const slack = (high - low) * 1e-6 + Math.abs(high) * 1e-11;
        for (const tick of all) {
          expect(tick).toBeGreaterThanOrEqual(low - slack);
          expect(tick).toBeLessThanOrEqual(high + slack);
        }
      }),
    );
  });

  it('are one where numbers can hardly be told apart', () => {
    expect(ticks([1, 1 + Number.EPSILON], 5)).toEqual([1]);
    expect(ticks([-1, -1 + Number.EPSILON], 5)).toEqual([-1]);
    expect(ticks([0, Number.MIN_VALUE], 5)).toEqual([0]);
  });

  it('show the end of a long session at its own scale', () => {
    const improving = Array.from({ length: 30 }, (_, id) => [
      proposed(id, id === 0 ? -1 : 0),
      evaluated(id, 1 + 9 * 0.5 ** id),
    ]);
    const long = reduce(emptySnapshot, journal([created(), stepStarted(0), ...improving.flat()]));
    expect(lateBestChart(long)).toContain('aria-label="Best c5 so far, from c5 on. ');
    expect(lateBestChart(emptySnapshot)).toBe('');
  });
});

describe('the report as Markdown', () => {
  it('says the same, with the diff in a block of its own', () => {
    const text = markdownReport(inputOf(snapshot));
    expect(text).toMatch(/^# Erdős minimum overlap\n/);
    expect(text).toContain('| Sampling |');
    expect(text).toMatch(/```diff\n@@ -\d+,\d+ \+\d+,\d+ @@\n/);
    expect(text).toContain('```py\n"""Minimum overlap');
  });

  it('gives words of others no place to end a block or a row', () => {
    const text = markdownReport({
      snapshot: hostileSession('a | b\n# c <b> `d`'),
      madeAtMs,
      bestText: 'x\n```\n# end\n',
      initialText: 'x\n',
    });
    expect(text).toContain('| a \\| b \\# c \\<b\\> \\`d\\` |');
    expect(text).toContain('````\nx\n```\n# end\n````');
  });
});

describe('what the time of a session went to', () => {
  it('adds up to the time that it worked, and leaves the pause out', () => {
    const use = timeUse(snapshot)!;
    const sum = use.samplingMs + use.evaluationMs + use.trainingMs + use.otherMs;
    expect(sum).toBeCloseTo(use.workedMs, 0);
    const wallMs = (snapshot.lastEventAtMs ?? 0) - (snapshot.createdAtMs ?? 0);
    // A pause of ten minutes and 95 seconds without a runner.
    expect(wallMs - use.workedMs).toBeCloseTo(695_000, -2);
    expect(use.evaluatorsBusy).toBeGreaterThan(0);
    expect(use.evaluatorsBusy).toBeLessThan(use.evaluatingShare);
    expect(use.evaluatingShare).toBeLessThan(1);
  });

  it('counts moments in which several evaluations ran once', () => {
    const events: [number, SessionEvent][] = [
      [0, created()],
      [0, runnerStarted()],
      [0, stepStarted(0)],
      [0, proposed(1, 0)],
      [0, proposed(2, 0)],
      [60, { ...evaluated(1, 1), durationMs: 60 } as SessionEvent],
      [80, { ...evaluated(2, 1), durationMs: 40 } as SessionEvent],
      [100, { type: 'session.finished', reason: 'steps' }],
    ];
    const entries = journal(events.map(([, event]) => event)).map((entry, index) => {
      const atMs = events[index]?.[0] ?? 0;
      return { ...entry, m: atMs, t: atMs };
    });
    const use = timeUse(reduce(emptySnapshot, entries))!;
    expect(use.evaluatingShare).toBeCloseTo(0.8);
    // Two evaluators: 100 of 200 milliseconds.
    expect(use.evaluatorsBusy).toBeCloseTo(0.5);
  });
});

describe('the facts of a report', () => {
  it('rank the best candidates, the earliest first among equals', () => {
    const { best } = reportFacts(snapshot);
    const values = best.map(({ outcome }) => (outcome?.kind === 'valid' ? outcome.value : Number.NaN));
    expect(best).toHaveLength(10);
    expect(best[0]?.id).toBe(snapshot.best);
    expect(values).toEqual([...values].sort((a, b) => a - b));
  });

  it('gives the last line of a traceback as the example of a failure, and other messages whole', () => {
    const frames = 'Traceback (most recent call last):\n  File "a.py", line 3\n    run()\n';
    expect(gistOf(`The program failed:\n${frames}OutOfResources: shared memory\n`)).toBe(
      'The program failed: OutOfResources: shared memory',
    );
    const twice = `${frames}KeyError: 1\n\nDuring handling:\n${frames}ValueError: 2`;
    expect(gistOf(twice)).toBe('ValueError: 2');
    for (const words of ['', 'Wrong output.\nTwice.', 'Traceback (most recent call last):'])
      expect(gistOf(words)).toBe(words);
  });

  it('count each step’s outcomes and each reason to fail', () => {
    const { outcomes, failures } = reportFacts(snapshot);
    const total = outcomes.flatMap((step) => Object.values(step)).reduce((a, b) => a + b, 0);
    expect(total).toBe(6 * 64);
    const failed = failures.reduce((sum, { count }) => sum + count, 0);
    expect(failed).toBe(snapshot.evaluated - snapshot.valid);
  });
});

const tag = /<(\/?)([a-z][a-z0-9]*)((?:\s+[\w-]+(?:="[^"<>]*")?)*)\s*(\/?)>/gi;

function tagsOf(html: string): string[] {
  // Whatever looks like a tag begins with this character; texts have it escaped.
  expect(html.split('<').length - 1).toBe([...html.matchAll(tag)].length + 1);
  return Array.from(html.matchAll(tag), ([, end, name]) => `${end}${name}`);
}

function unclosed(html: string): string[] {
  const open: string[] = [];
  for (const [, end, name = '', , isEmpty] of html.matchAll(tag)) {
    if (isEmpty === '/' || ['meta'].includes(name)) continue;
    if (end !== '/') open.push(name);
    else if (open.at(-1) === name) open.pop();
    else return [...open, `unexpected /${name}`];
  }
  return open;
}
