import { describe, expect, it } from 'vitest';
import { compareRounds } from '../../../src/domain/verification/comparison';
import { firstOfRound, type ComparisonRound } from '../../../src/domain/verification/comparisonRound';
import { judgeVerification } from '../../../src/domain/verification/judgeVerification';
import type { VerifyReply } from '../../../src/protocol/hostCommands';
import {
  comparisonText,
  evaluationText,
  judgementSentence,
  verificationText,
} from '../../../src/extension/verification/resultTexts';

const metric = { name: 'height', goal: 'minimize', unit: 'm' } as const;
const head = {
  title: 'Valley: your valley.py',
  hostLabel: 'farm',
  atMs: Date.UTC(2026, 0, 2, 3, 4, 5),
  notes: ['A note.'],
};
const valid = (value: number) => ({ kind: 'valid', metrics: {}, value, reward: -value }) as const;

describe('the document of an evaluation', () => {
  it('has the value, each case in a table, and what the evaluator said, as it is', () => {
    const outcome = { ...valid(3), feedback: 'Look: ```| x |```' };
    const text = evaluationText(
      head,
      {
        outcome,
        durationMs: 1200,
        cases: [
          { name: 'shape 1|2', verdict: 'passed', value: 12.5, unit: 'µs' },
          { name: 'shape 3', verdict: 'failed', message: 'wrong\nresult' },
        ],
      },
      metric,
    );
    expect(text).toBe(`# Valley: your valley.py

**height = 3 m, valid.**

It took 1.2 s.

| case       | verdict |   value |              |
| ---------- | ------- | ------: | ------------ |
| shape 1\\|2 | passed  | 12.5 µs |              |
| shape 3    | failed  |         | wrong result |

\`\`\`\`
Look: \`\`\`| x |\`\`\`
\`\`\`\`

Measured on farm, 2026-01-02 03:04:05 UTC.
A note.
`);
  });

  it('says why there is no value', () => {
    const outcome = {
      kind: 'failed',
      reason: 'crashed',
      message: 'It ended with code 3',
      outputTail: 'Boom',
    } as const;
    const text = evaluationText(head, { outcome, durationMs: 10, cases: [] }, metric);
    expect(text).toContain('**No value (crashed): It ended with code 3.**');
    expect(text).toContain('```\nBoom\n```');
  });
});

describe('the document of a verification', () => {
  it('has both values and every run', () => {
    const reply: VerifyReply = {
      kind: 'verification',
      verdict: 'confirmed',
      runs: [4, 4.5].map((value, index) => ({ seed: 10 + index, outcome: valid(value), durationMs: 20 })),
    };
    const judgement = judgeVerification(
      'confirmed',
      reply.runs.map(({ outcome }) => outcome),
      4.2,
      metric,
    );
    const text = verificationText(head, 'c17', reply, judgement, metric);
    expect(text).toContain(
      '**c17 is confirmed: height 4.2 m is recorded, and 4 m to 4.5 m in 2 runs came again.**',
    );
    expect(text).toMatch(/^\| run 2 \| +11 \| +4\.5 m \| 20 ms \|/m);
  });

  it('has a sentence for each outcome', () => {
    const words = (values: readonly number[], recorded?: number): string =>
      judgementSentence('c1', judgeVerification('confirmed', values.map(valid), recorded, metric), metric);
    expect(words([5, 5], 3)).toBe(
      'c1 is refuted: height 3 m is recorded, but with other seeds it is 5 m in 2 runs.',
    );
    expect(words([5])).toBe('c1 is confirmed: all of its runs were valid, height 5 m in 1 run.');
    expect(words([5], 3)).toContain('does not say how much it scatters');
    const failed = judgementSentence('c1', judgeVerification('refuted', [], 3, metric), metric);
    expect(failed).toContain('refuted');
    expect(judgementSentence('c1', judgeVerification('unclear', [], 3, metric), metric)).toContain(
      'refutes nothing',
    );
  });
});

describe('the document of a comparison', () => {
  const rounds = (count: number): ComparisonRound[] =>
    Array.from({ length: count }, (_, round) => ({
      seed: round,
      first: firstOfRound(round),
      a: { outcome: valid(3), durationMs: 1 },
      b: { outcome: valid(2), durationMs: 1 },
    }));
  const labels = { a: 'c17', b: 'your valley.py' };

  it('says what is being done before there is anything to compare', () => {
    const text = comparisonText(head, labels, compareRounds([], metric), metric, 'Connecting…');
    expect(text).toContain('A: c17\nB: your valley.py\n\nConnecting…\n\nLess is better.');
    expect(text).not.toContain('|');
  });

  it('has the verdict and the table', () => {
    const text = comparisonText(
      head,
      labels,
      compareRounds(rounds(4), metric),
      metric,
      'Done after 4 rounds.',
    );
    expect(text).toContain('**B (your valley.py) is better than A (c17): from A to B height changes by −1 m');
    expect(text).toMatch(/^\| height \| 3 m \| 2 m \| +−1 m \| +exact \|$/m);
  });
});
