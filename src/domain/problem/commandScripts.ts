/** A script that the evaluator's command names, by its place in the command. */
export interface CommandScript {
  /** As written. */
  readonly path: string;
  /** Offset in the command. */
  readonly from: number;
}

const interpreter =
  /^(?:\S*\/)?(?:python[\d.]*|pypy[\d.]*|node|bash|sh|dash|zsh|ruby|perl|julia|Rscript|lua|deno|bun)$/;
const takesCodeNotFile = /^-(?:m|c|e)$/;

/**
 * The scripts that a shell command names and that must therefore be in the problem's folder: what an interpreter is given
 * first (`python3 evaluate.py`) and programs called by a relative path (`./evaluate.sh`). Where a command computes its
 * paths or changes folders it is left alone.
 */
export function scriptsIn(command: string): readonly CommandScript[] {
  if (/(?:^|[;&|(]|\s)(?:cd|pushd)\s/.test(command)) return [];
  const scripts: CommandScript[] = [];
  for (const part of command.matchAll(/[^;&|()]+/g)) {
    const words = [...part[0].matchAll(/"[^"]*"|'[^']*'|[^\s"']+/g)].map((word) =>
      unquoted(word[0], part.index + word.index),
    );
    const called = words.findIndex((word, index) => {
      return interpreter.test(word.path) || (word.path === 'run' && words[index - 1]?.path === 'uv');
    });
    const script = called < 0 ? programOf(words) : firstScript(words.slice(called + 1));
    if (script !== undefined && isPlainPath(script.path)) scripts.push(script);
  }
  return scripts;
}

function unquoted(word: string, at: number): CommandScript {
  return /^["']/.test(word) ? { path: word.slice(1, -1), from: at + 1 } : { path: word, from: at };
}

/** The program of a command without an interpreter, if it is called by a relative path. */
function programOf(words: readonly CommandScript[]): CommandScript | undefined {
  const program = words.find((word) => !/^\w+=/.test(word.path));
  return program?.path.includes('/') === true ? program : undefined;
}

function firstScript(words: readonly CommandScript[]): CommandScript | undefined {
  const interpreterAgain = words.findIndex((word) => interpreter.test(word.path));
  for (const word of words.slice(interpreterAgain + 1)) {
    if (takesCodeNotFile.test(word.path)) return undefined;
    if (!word.path.startsWith('-') && /\.\w+$/.test(word.path)) return word;
  }
  return undefined;
}

function isPlainPath(path: string): boolean {
  return !/[$`*?{}~<>]/.test(path) && !path.startsWith('/') && !path.includes('://');
}
