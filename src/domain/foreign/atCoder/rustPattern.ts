/** Classes of POSIX within brackets; the ASCII ones, as in Rust. */
const posixClasses: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  ascii: String.raw`\x00-\x7f`,
  blank: String.raw`\t `,
  cntrl: String.raw`\x00-\x1f\x7f`,
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: String.raw`!-\/:-@\[-` + '`{-~',
  space: String.raw`\t\n\v\f\r `,
  upper: 'A-Z',
  word: 'A-Za-z0-9_',
  xdigit: '0-9A-Fa-f',
};

export type ReadPattern =
  | { readonly ok: true; readonly pattern: RegExp }
  /** One sentence without a full stop. */
  | { readonly ok: false; readonly problem: string };

/**
 * A pattern of Rust's crate regex (https://docs.rs/regex, "Syntax") as one of JavaScript: flags at its beginning (`x` among them: blanks
 * and comments mean nothing, within brackets, too), names of groups, `\A`, `\z`, classes of POSIX, code points. It finds all matches. What
 * neither has in common (flags in the middle, set operations, `U`, `R`) is refused.
 */
export function patternFromRust(source: string): ReadPattern {
  const flags = new Set(['g']);
  let isVerbose = false;
  let at = 0;
  for (;;) {
    if (isVerbose) at = behindBlanks(source, at);
    const group = /^\(\?([a-zA-Z]*)(?:-([a-zA-Z]+))?\)/.exec(source.slice(at));
    if (group === null) break;
    at += group[0].length;
    for (const flag of group[1] ?? '') {
      if (flag === 'x') isVerbose = true;
      else if ('ims'.includes(flag)) flags.add(flag);
      else if (flag !== 'u') return { ok: false, problem: `it has the flag ${flag}, which is not supported` };
    }
    for (const flag of group[2] ?? '') {
      if (flag === 'x') isVerbose = false;
      else flags.delete(flag);
    }
  }
  try {
    return { ok: true, pattern: new RegExp(translated(source, at, isVerbose), [...flags].join('')) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { ok: false, problem: `it cannot be read here: ${error.message}` };
  }
}

function translated(source: string, start: number, isVerbose: boolean): string {
  let pattern = '';
  let inClass = false;
  let at = start;
  const take = (found: RegExpExecArray | null): string => {
    at += found?.[0].length ?? 0;
    return found?.[1] ?? '';
  };
  while (at < source.length) {
    if (isVerbose) at = behindBlanks(source, at);
    const rest = source.slice(at);
    const next = rest[0];
    if (next === undefined) break;
    const codePoint = /^\\[xuU](?:\{([0-9A-Fa-f]{1,6})\})/.exec(rest);
    const posix = inClass ? /^\[:([a-z]+):\]/.exec(rest) : null;
    if (codePoint !== null) pattern += escaped(parseInt(take(codePoint), 16));
    else if (posix !== null) pattern += classOf(take(posix));
    else if (next === '\\') {
      pattern += anchors[inClass ? '' : rest.slice(0, 2)] ?? rest.slice(0, 2);
      at += 2;
    } else if (!inClass && rest.startsWith('(?P<')) {
      pattern += '(?<';
      at += 4;
    } else {
      if (next === '[' && inClass) throw new SyntaxError('brackets within brackets');
      if (inClass && /^(?:&&|--|~~)/.test(rest)) throw new SyntaxError('operations on sets of characters');
      // In Rust a bracket that closes stands for itself at the beginning of a class.
      const opening = next === '[' ? /^\[\^?\]?/.exec(rest)?.[0] : undefined;
      if (opening !== undefined) {
        pattern += opening.replace(']', String.raw`\]`);
        at += opening.length;
        inClass = true;
        continue;
      }
      if (next === ']') inClass = false;
      pattern += next;
      at += 1;
    }
  }
  return pattern;
}

/** Of the whole text, whatever the flags. */
const anchors: Readonly<Record<string, string>> = {
  [String.raw`\A`]: String.raw`(?<![\s\S])`,
  [String.raw`\z`]: String.raw`(?![\s\S])`,
};

function behindBlanks(source: string, at: number): number {
  return at + (/^(?:\s+|#[^\n]*\n?)*/.exec(source.slice(at))?.[0].length ?? 0);
}

function classOf(name: string): string {
  const found = posixClasses[name];
  if (found === undefined) throw new SyntaxError(`there is no class [:${name}:]`);
  return found;
}

function escaped(codePoint: number): string {
  if (codePoint > 0xffff) throw new SyntaxError('a character beyond U+FFFF');
  return `\\u${codePoint.toString(16).padStart(4, '0')}`;
}
