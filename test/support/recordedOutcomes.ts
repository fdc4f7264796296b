import type { EvaluationOutcome, FailureReason } from '../../src/domain/session/outcome';
import type { Random } from '../../src/domain/random';

export interface RecordedOutcome {
  readonly outcome: EvaluationOutcome;
  readonly durationMs: number;
}

/** How often a failure happens, among failures. */
const failureShares: readonly (readonly [FailureReason, number])[] = [
  ['crashed', 0.34],
  ['invalid', 0.24],
  ['timeout', 0.18],
  ['no-program', 0.13],
  ['memory-limit', 0.04],
  ['no-result', 0.03],
  ['not-finite', 0.02],
  ['could-not-start', 0.02],
];

const timeLimitMs = 20_000;

export function failure(reason: FailureReason, random: Random): RecordedOutcome {
  const line = 20 + random.integer(30);
  switch (reason) {
    case 'timeout':
      return ended(reason, 'The evaluation took longer than 20 s.', timeLimitMs + 20 * random.uniform());
    case 'invalid':
      return ended(
        reason,
        `h[${random.integer(300)}] is ${(1 + random.uniform()).toFixed(6)}, not in [0, 1].`,
        runMs(random),
      );
    case 'memory-limit':
      return ended(reason, 'The evaluation needed more than 1 GiB of memory.', runMs(random));
    case 'no-program':
      return ended(reason, 'The answer has no fenced block with a program.', 0);
    case 'no-result':
      return ended(reason, 'The evaluator ended without a result.', runMs(random));
    case 'not-finite':
      return ended(reason, 'c5 is NaN.', runMs(random));
    case 'could-not-start':
      return ended(reason, 'The evaluator could not be started: too many processes.', 3);
    default:
      return ended(
        reason,
        'The program ended with exit code 1.',
        200 + 4000 * random.uniform(),
        [
          'Traceback (most recent call last):',
          `  File "candidate.py", line ${line + 9}, in <module>`,
          '    main()',
          `  File "candidate.py", line ${line}, in main`,
          '    tried = moved(best, rng, TEMPERATURE * (1 - round / ROUNDS))',
          `  File "candidate.py", line ${line - 12}, in moved`,
          '    return normalized(h + step)',
          `ValueError: operands could not be broadcast together with shapes (${100 + random.integer(300)},) (${random.integer(100)},)`,
        ].join('\n'),
      );
  }
}

export function valid(value: number, random: Random): RecordedOutcome {
  return {
    outcome: {
      kind: 'valid',
      metrics: { c5: value, pieces: 50 + random.integer(600) },
      value,
      reward: 1 / value,
      feedback: `c5 = ${value.toFixed(8)}, largest at shift ${random.integer(600)}; the second largest is ${(value - 1e-5 * random.uniform()).toFixed(8)}.`,
    },
    durationMs: runMs(random),
  };
}

export function failureReason(random: Random): FailureReason {
  let drawn = random.uniform();
  for (const [reason, share] of failureShares) {
    drawn -= share;
    if (drawn < 0) return reason;
  }
  return 'crashed';
}

/** Most run for most of the ten seconds that they have. */
function runMs(random: Random): number {
  return random.uniform() < 0.7
    ? 10_000 + 900 * random.uniform()
    : 500 + 9500 * random.uniform() * random.uniform();
}

function ended(
  reason: FailureReason,
  message: string,
  durationMs: number,
  outputTail?: string,
): RecordedOutcome {
  return {
    outcome: { kind: 'failed', reason, message, ...(outputTail === undefined ? {} : { outputTail }) },
    durationMs,
  };
}
