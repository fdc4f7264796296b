import { closest } from '../text/closest';
import type { Metric } from './problem';
import { SyntaxProblem, tokensOf, type Token } from './rewardTokens';

/**
 * The arithmetic of `reward:`. Numbers, metric names, `+ - * / ^`, a leading minus, parentheses, and the functions below.
 * Nothing else can be said in it, so nothing of a problem file is ever run as code.
 *
 *     sum     = product { ("+" | "-") product }
 *     product = sign { ("*" | "/") sign }
 *     sign    = ("-" | "+") sign | power
 *     power   = atom [ "^" sign ]                 2^3^2 = 2^9 and -2^2 = -4, as in mathematics
 *     atom    = number | name | function "(" sum { "," sum } ")" | "(" sum ")"
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

interface FunctionSpec {
  readonly fewest: number;
  readonly most: number;
  readonly apply: (...values: number[]) => number;
}

const functions: ReadonlyMap<string, FunctionSpec> = new Map<string, FunctionSpec>([
  ['min', { fewest: 1, most: 16, apply: Math.min }],
  ['max', { fewest: 1, most: 16, apply: Math.max }],
  ['abs', { fewest: 1, most: 1, apply: Math.abs }],
  ['sqrt', { fewest: 1, most: 1, apply: Math.sqrt }],
  ['log', { fewest: 1, most: 1, apply: Math.log }],
  ['log2', { fewest: 1, most: 1, apply: Math.log2 }],
  ['exp', { fewest: 1, most: 1, apply: Math.exp }],
  ['pow', { fewest: 2, most: 2, apply: Math.pow }],
]);

export const rewardFunctionNames: readonly string[] = [...functions.keys()];
const longestSource = 1000;
const deepestNesting = 50;

type Valuation = (metrics: Readonly<Record<string, number>>) => number;

class MissingMetric extends Error {
  constructor(readonly metric: string) {
    super(metric);
  }
}

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

export type Reward =
  | { readonly ok: true; readonly value: number; readonly reward: number }
  | {
      readonly ok: false;
      readonly reason: 'missing-metric' | 'not-finite' | 'bad-expression';
      readonly message: string;
    };

/**
 * The metric's value and the number to maximise: the problem's reward expression, or without one the metric itself,
 * with its sign turned if it is minimised.
 */
export function rewardOf(
  metric: Metric,
  expression: string | undefined,
  metrics: Readonly<Record<string, number>>,
): Reward {
  const value = Object.hasOwn(metrics, metric.name) ? metrics[metric.name] : undefined;
  if (value === undefined) {
    const known = Object.keys(metrics).join(', ') || 'none';
    return {
      ok: false,
      reason: 'missing-metric',
      message: `The evaluator did not give the metric "${metric.name}" (it gave: ${known}).`,
    };
  }
  if (!Number.isFinite(value)) {
    return {
      ok: false,
      reason: 'not-finite',
      message: `The metric "${metric.name}" is ${String(value)}, not a finite number.`,
    };
  }
  if (expression === undefined)
    return { ok: true, value, reward: metric.goal === 'minimize' ? 0 - value : value };
  const parsed = parseReward(expression);
  if (!parsed.ok) {
    const message = parsed.errors.map((error) => error.message).join(' ');
    return {
      ok: false,
      reason: 'bad-expression',
      message: `The reward ${expression} cannot be read: ${message}`,
    };
  }
  const result = parsed.evaluate(metrics);
  return result.ok ? { ok: true, value, reward: result.reward } : result;
}

class RewardParser {
  readonly names = new Set<string>();
  private readonly tokens: readonly Token[];
  private next = 0;
  private depth = 0;

  constructor(source: string) {
    if (source.length > longestSource) {
      throw new SyntaxProblem(
        `The expression is longer than ${longestSource} characters: compute more of it in the evaluator.`,
        0,
        source.length,
      );
    }
    this.tokens = tokensOf(source, rewardFunctionNames);
  }

  parse(): Valuation {
    const valuation = this.sum();
    const rest = this.peek();
    if (rest.kind !== 'end') throw this.unexpected(rest, 'an operator such as + - * / ^');
    return valuation;
  }

  private sum(): Valuation {
    let left = this.product();
    for (;;) {
      const a = left;
      if (this.take('+')) {
        const b = this.product();
        left = (metrics) => a(metrics) + b(metrics);
      } else if (this.take('-')) {
        const b = this.product();
        left = (metrics) => a(metrics) - b(metrics);
      } else return left;
    }
  }

  private product(): Valuation {
    let left = this.sign();
    for (;;) {
      const a = left;
      if (this.take('*')) {
        const b = this.sign();
        left = (metrics) => a(metrics) * b(metrics);
      } else if (this.take('/')) {
        const b = this.sign();
        left = (metrics) => a(metrics) / b(metrics);
      } else return left;
    }
  }

  private sign(): Valuation {
    const token = this.peek();
    this.depth += 1;
    if (this.depth > deepestNesting) {
      throw new SyntaxProblem(
        'The expression is nested too deeply: write it more simply.',
        token.from,
        token.to,
      );
    }
    const valuation = this.signed();
    this.depth -= 1;
    return valuation;
  }

  private signed(): Valuation {
    if (this.take('-')) {
      const value = this.sign();
      return (metrics) => -value(metrics);
    }
    if (this.take('+')) return this.sign();
    const base = this.atom();
    if (!this.take('^')) return base;
    const exponent = this.sign();
    return (metrics) => base(metrics) ** exponent(metrics);
  }

  private atom(): Valuation {
    const token = this.peek();
    if (token.kind === 'number') {
      this.next += 1;
      const value = Number(token.text);
      if (!Number.isFinite(value)) throw new SyntaxProblem('The number is too large.', token.from, token.to);
      return () => value;
    }
    if (token.kind === 'name') {
      this.next += 1;
      return this.take('(') ? this.call(token) : this.metric(token);
    }
    if (this.take('(')) {
      const inner = this.sum();
      this.expectClosing(token);
      return inner;
    }
    throw this.unexpected(token, 'a number, a metric name or "("');
  }

  private metric(token: Token): Valuation {
    const name = token.text;
    this.names.add(name);
    return (metrics) => {
      const value = Object.hasOwn(metrics, name) ? metrics[name] : undefined;
      if (value === undefined) throw new MissingMetric(name);
      return value;
    };
  }

  private call(name: Token): Valuation {
    const spec = functions.get(name.text);
    if (spec === undefined) {
      const meant = closest(name.text, rewardFunctionNames);
      const advice =
        meant === undefined ? `Use ${rewardFunctionNames.join(', ')}.` : `Did you mean ${meant}?`;
      throw new SyntaxProblem(`Unknown function "${name.text}". ${advice}`, name.from, name.to);
    }
    const values: Valuation[] = [];
    if (!this.at(')')) {
      do values.push(this.sum());
      while (this.take(','));
    }
    const end = this.expectClosing(name);
    if (values.length < spec.fewest || values.length > spec.most) {
      const wanted = spec.fewest === spec.most ? String(spec.fewest) : `${spec.fewest} to ${spec.most}`;
      throw new SyntaxProblem(
        `${name.text} takes ${wanted} value${wanted === '1' ? '' : 's'}, not ${values.length}.`,
        name.from,
        end.to,
      );
    }
    return (metrics) => spec.apply(...values.map((value) => value(metrics)));
  }

  private expectClosing(opening: Token): Token {
    const token = this.peek();
    if (this.take(')')) return token;
    if (token.kind === 'end') {
      throw new SyntaxProblem('A parenthesis is not closed: add ")".', opening.from, token.to);
    }
    throw this.unexpected(token, '")" or an operator');
  }

  private peek(): Token {
    const token = this.tokens[this.next];
    if (token === undefined) throw new Error('The parser read past the end of the expression.');
    return token;
  }

  private at(sign: string): boolean {
    const token = this.peek();
    return token.kind === 'sign' && token.text === sign;
  }

  private take(sign: string): boolean {
    if (!this.at(sign)) return false;
    this.next += 1;
    return true;
  }

  private unexpected(token: Token, wanted: string): SyntaxProblem {
    if (token.kind === 'end') {
      // The last character is where a reader looks; the end itself has no width.
      return new SyntaxProblem(
        `The expression ends too early: ${wanted} is missing.`,
        Math.max(0, token.from - 1),
        token.to,
      );
    }
    return new SyntaxProblem(
      `"${token.text}" does not fit here: ${wanted} is expected.`,
      token.from,
      token.to,
    );
  }
}
