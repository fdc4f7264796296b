import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import * as z from 'zod';
import type { Secret } from './secret';

/** What `ssh` wants to know. */
export interface AskpassQuestion {
  readonly text: string;
  /** `confirm`: yes or no. `none`: nothing, the text is to be shown until ssh goes on (a key to be touched). */
  readonly kind: string;
}

export interface AskpassBridge {
  /** Makes `ssh` ask here, whatever terminal it has. Holds no secret. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

const maxQuestionBytes = 64 * 1024;
const questionShape = z.object({ text: z.string(), kind: z.string() });

/**
 * Answers the questions of an `ssh` program, which starts a small program of ours for each (SSH_ASKPASS, ssh(1)). Answers
 * go over a socket in a folder that only this account can enter, and the standard output of that program.
 * @param folder a private folder; the caller removes it.
 * @param answer `undefined`: the person cancelled.
 */
export async function startAskpassBridge(
  folder: string,
  node: { readonly path: string; readonly env: Readonly<Record<string, string>> },
  answer: (question: AskpassQuestion, withdrawn: AbortSignal) => Promise<Secret | undefined>,
): Promise<AskpassBridge> {
  const isWindows = process.platform === 'win32';
  const address = isWindows
    ? `\\\\.\\pipe\\ttt-discover-${randomBytes(16).toString('hex')}`
    : join(folder, 'ask');
  const scriptPath = join(folder, 'askpass.cjs');
  const programPath = join(folder, isWindows ? 'askpass.cmd' : 'askpass');
  await writeFile(scriptPath, clientScript, { mode: 0o600 });
  await writeFile(
    programPath,
    isWindows
      ? `@"%TTT_ASKPASS_NODE%" "${scriptPath}" %*\r\n`
      : `#!/bin/sh\nexec "$TTT_ASKPASS_NODE" "\${0%/*}/askpass.cjs" "$@"\n`,
  );
  await chmod(programPath, 0o700);
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    const withdrawn = new AbortController();
    socket.on('error', () => undefined);
    socket.on('close', () => {
      open.delete(socket);
      withdrawn.abort();
    });
    void readQuestion(socket)
      .then((question) => answer(question, withdrawn.signal))
      // What goes wrong here is told where the answers are given; ssh sees a question that was cancelled.
      .catch(() => undefined)
      .then((given) => socket.end(JSON.stringify(given === undefined ? {} : { answer: given.reveal() })));
  });
  server.listen(address);
  await once(server, 'listening');
  return {
    env: {
      ...node.env,
      TTT_ASKPASS_NODE: node.path,
      TTT_ASKPASS_SOCKET: address,
      SSH_ASKPASS: programPath,
      SSH_ASKPASS_REQUIRE: 'force',
      // Before OpenSSH 8.4 the program is used only with a display; its name is not looked at.
      DISPLAY: process.env['DISPLAY'] ?? ':0',
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

async function readQuestion(socket: Socket): Promise<AskpassQuestion> {
  let text = '';
  socket.setEncoding('utf8');
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (text.length > maxQuestionBytes) throw new RangeError('The question is too long.');
    if (text.endsWith('\n')) break;
  }
  // Only whether it goes away is of interest now.
  socket.resume();
  return questionShape.parse(JSON.parse(text));
}

/** Runs under Node, for ssh: asks over the socket and prints the answer. */
const clientScript = `'use strict';
const socket = require('node:net').connect(process.env.TTT_ASKPASS_SOCKET);
let reply = '';
socket.setEncoding('utf8');
socket.on('error', () => process.exit(1));
socket.on('data', (part) => (reply += part));
socket.on('end', () => {
  const { answer } = JSON.parse(reply || '{}');
  if (answer === undefined) process.exit(1);
  process.stdout.write(answer + '\\n');
});
socket.write(JSON.stringify({ text: process.argv[2] || '', kind: process.env.SSH_ASKPASS_PROMPT || '' }) + '\\n');
`;
