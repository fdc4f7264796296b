// Starting other programs from the scripts, and ending them.
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export class CommandFailed extends Error {
  /**
   * @param {string} commandLine
   * @param {number | string} ending its exit code, or the signal or error that ended it
   * @param {string} output everything it wrote
   */
  constructor(commandLine, ending, output) {
    super(`${commandLine} failed (${ending})`);
    this.name = 'CommandFailed';
    this.output = output;
  }
}

/** The full path of a program on PATH, or undefined. */
export function findProgram(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not in this folder
    }
  }
  return undefined;
}

/**
 * Runs a program to its end and returns what it wrote (stdout and stderr as they came, and stdout alone).
 * Throws CommandFailed when it does not end with 0; with `allowFailure` it returns its code.
 */
export function run(command, args, { cwd, env, allowFailure = false, show = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let stdout = '';
    child.stdout.on('data', (bytes) => {
      output += bytes;
      stdout += bytes;
      if (show) process.stdout.write(bytes);
    });
    child.stderr.on('data', (bytes) => {
      output += bytes;
      if (show) process.stderr.write(bytes);
    });
    const stopChild = () => child.kill('SIGTERM');
    process.once('exit', stopChild);
    const commandLine = [command, ...args].join(' ');
    child.on('error', (error) => {
      process.off('exit', stopChild);
      reject(new CommandFailed(commandLine, error.message, output));
    });
    child.on('close', (code, signal) => {
      process.off('exit', stopChild);
      if (code === 0 || allowFailure) resolve({ code: code ?? 1, output, stdout });
      else reject(new CommandFailed(commandLine, signal ?? `exit code ${code}`, output));
    });
  });
}

/**
 * Ends a process started with `detached: true` and everything in its group: SIGTERM, then SIGKILL for what is
 * left after `graceMs`. Resolves when the process is gone.
 */
export async function endGroup(child, graceMs = 3000) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('close', resolve));
  signalGroup(child.pid, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), graceMs);
  await gone;
  clearTimeout(timer);
  signalGroup(child.pid, 'SIGKILL');
}

function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
