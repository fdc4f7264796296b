import { execFileSync } from 'node:child_process';

/** Runs a command as root, by itself or by sudo; `undefined` where neither is possible. */
export const asRoot: ((...command: string[]) => void) | undefined = (() => {
  const isRoot = process.getuid?.() === 0;
  const run = (...command: string[]): void => {
    const [program = '', ...args] = isRoot ? command : ['sudo', '-n', ...command];
    execFileSync(program, args, { stdio: 'pipe' });
  };
  try {
    run('mount', '--version');
    return run;
  } catch {
    return undefined;
  }
})();
