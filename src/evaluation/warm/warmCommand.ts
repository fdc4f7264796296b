/** What `python3 FILE ARGUMENT…` runs: the words behind the program, `[FILE, ARGUMENT…]`. */
export interface WarmCommand {
  readonly program: string;
  readonly args: readonly [string, ...string[]];
}

const shells: readonly string[] = ['sh', '/bin/sh'];
const pythons: readonly string[] = ['python3', 'python'];
/** Characters that mean nothing but themselves to every shell. A word that assigns (`A=b`) is none only where it comes first. */
const plainWord = /^[\w@%+:,./=-]+$/;

/**
 * The command as one that a warm Python can run, or undefined where it must be started: it is no Python, has options for Python itself, reads
 * its program from elsewhere, or needs a shell.
 */
export function warmCommand(argv: readonly string[]): WarmCommand | undefined {
  const [shell, option, script, ...more] = argv;
  const words =
    shells.includes(shell ?? '') && option === '-c' && script !== undefined && more.length === 0
      ? wordsOf(script)
      : argv;
  const [program, file, ...args] = words[0] === 'exec' ? words.slice(1) : words;
  if (program === undefined || !pythons.includes(program)) return undefined;
  if (file === undefined || file.startsWith('-') || !file.endsWith('.py')) return undefined;
  return { program, args: [file, ...args] };
}

/** None where the shell has more to do than to split at blanks. */
function wordsOf(script: string): readonly string[] {
  const words = script.split(/[ \t]+/).filter((word) => word !== '');
  return words.every((word) => plainWord.test(word)) ? words : [];
}
