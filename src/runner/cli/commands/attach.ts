import { existsSync } from 'node:fs';
import { exitCodes } from '../../../protocol/hostCommands';
import { serveAttach } from '../../attach/attachServer';
import { sessionFolder } from '../../host/sessionFolder';
import type { Command } from '../command';
import { noSuchSession, usageError } from '../commandError';
import { session } from '../values';

export const attachCommand: Command = {
  name: 'attach',
  arguments: 'SESSION --nonce HEX',
  summary: 'Serve an editor over JSON-RPC on standard input and output',
  hidden: true,
  mostPositionals: 1,
  options: {
    session: { type: 'string', value: 'SESSION', help: 'The session, if not given as an argument' },
    nonce: { type: 'string', value: 'HEX', help: 'Printed as @@HEX@@ before the first message' },
  },
  async run({ positionals, values, root, bundlePath }) {
    const id = session(values['session'] ?? positionals[0], 'attach');
    const nonce = values['nonce'] ?? '';
    if (!/^[0-9a-f]{8,128}$/i.test(nonce))
      throw usageError('--nonce takes 8 to 128 hexadecimal digits.', 'attach');
    const folder = sessionFolder(root, id);
    if (!existsSync(folder.specPath)) throw noSuchSession(id, root);
    process.stdout.write(`\n@@${nonce}@@\n`);
    await serveAttach({
      root,
      bundlePath,
      folder,
      input: process.stdin,
      output: process.stdout,
      log: (message) => process.stderr.write(`${message}\n`),
    });
    // What a dead link did not take, nobody will: the process must not wait for that.
    if (process.stdout.writableLength > 0) process.exit(exitCodes.ok);
    return exitCodes.ok;
  },
};
