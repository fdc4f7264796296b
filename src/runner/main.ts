import { realpathSync } from 'node:fs';
import { runCommandLine } from './cli/commandLine';

// A reader that went away (`| head`) is not an error; commands that care listen for it themselves.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

// The log of a session is a file: on a full disk it stays as it is, and the session must not end for it.
process.stderr.on('error', () => undefined);

const program = process.argv[1];
if (program === undefined) throw new Error('this program does not know its own path');
void runCommandLine(process.argv.slice(2), realpathSync(program)).then((exitCode) => {
  // What is written has gone out when the callback comes; open streams must not keep the process.
  process.stdout.write('', () => process.exit(exitCode));
});
