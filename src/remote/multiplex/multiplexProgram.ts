import { frameKind, windowBytes } from './multiplexFrames';

/**
 * The host's end of a multiplexed channel, for `node -e`: runs shells for the frames on its standard input, and ends with
 * it. Plain JavaScript of Node 18, because the runner there may be another version than this.
 * @param nonce printed on a line of its own before the first frame.
 */
export function multiplexProgram(nonce: string): string {
  return `'use strict';
const { spawn } = require('node:child_process');
const K = ${JSON.stringify(frameKind)}, WINDOW = ${windowBytes};
const streams = new Map();
const send = (kind, id, payload = Buffer.alloc(0)) => {
  const head = Buffer.alloc(9);
  head.writeUInt32BE(5 + payload.length, 0);
  head.writeUInt8(kind, 4);
  head.writeUInt32BE(id, 5);
  process.stdout.write(Buffer.concat([head, payload]));
};
const number = (value) => { const b = Buffer.alloc(4); b.writeUInt32BE(value); return b; };
const signalGroup = (pid, name) => { try { process.kill(-pid, name); } catch (e) { if (e.code !== 'ESRCH') throw e; } };
function follow(id, stream, kind, credit) {
  stream.on('data', (chunk) => {
    credit.left -= chunk.length;
    if (credit.left <= 0) stream.pause();
    for (let at = 0; at < chunk.length; at += 65536) send(kind, id, chunk.subarray(at, at + 65536));
  });
}
function open(id, { script, command }) {
  const child = spawn('/bin/sh', script ? ['-s'] : ['-c', command], { detached: true });
  const entry = { child, out: { left: WINDOW }, err: { left: WINDOW } };
  streams.set(id, entry);
  child.stdin.on('error', () => undefined);
  follow(id, child.stdout, K.stdout, entry.out);
  follow(id, child.stderr, K.stderr, entry.err);
  const end = (code, signal) => {
    if (!streams.delete(id)) return;
    send(K.exit, id, Buffer.from(JSON.stringify({ code, signal })));
  };
  child.once('error', () => end(127, null));
  child.once('close', end);
}
function kill({ child }) {
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    signalGroup(child.pid, 'SIGTERM');
    const force = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), 3000);
    child.once('exit', () => clearTimeout(force));
  }
  child.stdout.destroy();
  child.stderr.destroy();
}
function take(kind, id, payload) {
  if (kind === K.open) return open(id, JSON.parse(payload.toString()));
  const entry = streams.get(id);
  if (entry === undefined) return;
  const { stdin } = entry.child;
  if (kind === K.stdin) {
    if (stdin.writable) stdin.write(payload, () => send(K.inputCredit, id, number(payload.length)));
    else send(K.inputCredit, id, number(payload.length));
  } else if (kind === K.stdinEnd) stdin.end();
  else if (kind === K.kill) kill(entry);
  else if (kind === K.outputCredit) {
    const [credit, stream] = payload[0] === 1 ? [entry.out, entry.child.stdout] : [entry.err, entry.child.stderr];
    credit.left += payload.readUInt32BE(1);
    if (credit.left > 0) stream.resume();
  }
}
let pending = Buffer.alloc(0);
process.stdout.write('\\n@@${nonce}@@\\n');
process.stdout.on('error', () => process.exit(0));
process.stdin.on('data', (chunk) => {
  pending = Buffer.concat([pending, chunk]);
  while (pending.length >= 9 && pending.length >= 4 + pending.readUInt32BE(0)) {
    const frame = pending.subarray(0, 4 + pending.readUInt32BE(0));
    pending = pending.subarray(frame.length);
    take(frame.readUInt8(4), frame.readUInt32BE(5), frame.subarray(9));
  }
});
process.stdin.on('end', () => process.exit(0));
`;
}
