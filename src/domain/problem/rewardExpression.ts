import { MissingMetric, RewardParser, type Valuation } from './rewardParser';
import { SyntaxProblem } from './rewardTokens';

/**
 * The arithmetic of `reward:`. Numbers, metric names, `+ - * / ^`, a leading minus, parentheses, and functions; `RewardParser` has the grammar.
 * Nothing else can be said in it, so nothing of a problem file is ever run as code.
 */
export interface RewardExpression {
  readonly ok: true;
  /** The metrics that the expression mentions. */
  readonly names: ReadonlySet<string>;
  evaluate(metrics: Readonly<Record<string, number>>): RewardNumber;
}

export type RewardNumber =
  | { readonly ok: true; readonly reward: number }
  | { readonly ok: false; readonly reason: 'missing-metric' | 'not-finite'; readonly message: string };

export interface RewardSyntaxError {
  /** Offsets in the source, `to` not included. */
  readonly from: number;
  readonly to: number;
  readonly message: string;
}

export type ParsedReward =
  RewardExpression | { readonly ok: false; readonly errors: readonly RewardSyntaxError[] };

/** Parses a reward expression. Never throws. */
export function parseReward(source: string): ParsedReward {
  try {
    const parser = new RewardParser(source);
    const valuation = parser.parse();
    return { ok: true, names: parser.names, evaluate: (metrics) => valueOf(valuation, source, metrics) };
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    return { ok: false, errors: [{ from: error.from, to: error.to, message: error.message }] };
  }
}

function valueOf(
  valuation: Valuation,
  source: string,
  metrics: Readonly<Record<string, number>>,
): RewardNumber {
  try {
    const reward = valuation(metrics);
    if (Number.isFinite(reward)) return { ok: true, reward };
    return {
      ok: false,
      reason: 'not-finite',
      message: `The reward ${source} is ${String(reward)} for these metrics, not a finite number.`,
    };
  } catch (error) {
    if (!(error instanceof MissingMetric)) throw error;
    const known = Object.keys(metrics).join(', ') || 'none';
    return {
      ok: false,
      reason: 'missing-metric',
      message: `The reward ${source} needs the metric "${error.metric}", which the evaluator did not give (it gave: ${known}).`,
    };
  }
}
