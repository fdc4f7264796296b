export interface Token {
  readonly kind: 'number' | 'name' | 'sign' | 'end';
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/** A mistake in an expression, with its offsets in the source. */
export class SyntaxProblem extends Error {
  constructor(
    message: string,
    readonly from: number,
    readonly to: number,
  ) {
    super(message);
  }
}

const tokenPattern = /\s+|((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|(\*\*|[-+*/^(),])/y;

export function tokensOf(source: string, functionNames: readonly string[]): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    tokenPattern.lastIndex = at;
    const match = tokenPattern.exec(source);
    if (match === null) {
      const character = String.fromCodePoint(source.codePointAt(at) ?? 0);
      throw new SyntaxProblem(
        `"${character}" cannot be used in a reward. Only numbers, metric names, + - * / ^, parentheses and ${functionNames.join(', ')} can.`,
        at,
        at + character.length,
      );
    }
    const to = at + match[0].length;
    if (match[3] === '**') throw new SyntaxProblem('Write ^ for "to the power of", not **.', at, to);
    const kind = match[1] !== undefined ? 'number' : match[2] !== undefined ? 'name' : 'sign';
    if (match[0].trim() !== '') tokens.push({ kind, text: match[0], from: at, to });
    at = to;
  }
  const end = source.trimEnd().length;
  tokens.push({ kind: 'end', text: '', from: end, to: end });
  return tokens;
}
