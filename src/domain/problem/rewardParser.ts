import { closest } from '../text/closest';
import { SyntaxProblem, tokensOf, type Token } from './rewardTokens';

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

/** Computes an expression. Throws `MissingMetric`. */
export type Valuation = (metrics: Readonly<Record<string, number>>) => number;

export class MissingMetric extends Error {
  constructor(readonly metric: string) {
    super(metric);
  }
}

/**
 *     sum     = product { ("+" | "-") product }
 *     product = sign { ("*" | "/") sign }
 *     sign    = ("-" | "+") sign | power
 *     power   = atom [ "^" sign ]                 2^3^2 = 2^9 and -2^2 = -4, as in mathematics
 *     atom    = number | name | function "(" sum { "," sum } ")" | "(" sum ")"
 *
 * Throws `SyntaxProblem`.
 */
export class RewardParser {
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
