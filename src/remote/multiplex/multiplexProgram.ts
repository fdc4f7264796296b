import { frameKind, windowBytes } from './multiplexFrames';

/** A client that says that it is alive, and then is silent for so long, serves nobody any more. */
const usualSilenceMs = 60_000;

/**
 * The host's end of a multiplexed channel, for `node -e`: runs shells for the frames on its standard input, and ends with
 * it. Plain JavaScript of Node 18, because the runner there may be another version than this.
 * @param nonce printed on a line of its own before the first frame.
 * @param silenceMs after so long without a word of the client its sockets are closed; commands go on, and so does it when it comes back.
 */
export function multiplexProgram(nonce: string, silenceMs = usualSilenceMs): string {
  return `'use strict';
const { spawn } = require('node:child_process');
const { createHash } = require('node:crypto');
const { lstatSync } = require('node:fs');
const { connect } = require('node:net');
const { dirname } = require('node:path');
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
// A folder in /tmp may be anybody's: only what no other user can enter is spoken to.
function ownSocketPath({ root, sessionId }) {
  const digest = createHash('sha256').update(root).digest('hex').slice(0, 8);
  const path = '/tmp/ttt-discover-' + process.getuid() + '-' + digest + '/' + sessionId + '.model.sock';
  const folder = lstatSync(dirname(path));
  if (!folder.isDirectory() || folder.uid !== process.getuid() || (folder.mode & 0o077) !== 0)
    throw new Error(dirname(path) + ' is open to other users');
  return path;
}
function connectTo(id, address) {
  const fail = (error) => send(K.exit, id, Buffer.from(JSON.stringify({ code: 1, signal: null, error })));
  try {
    if (address.port === undefined) hold(id, { path: ownSocketPath(address) }, fail);
    // A server may listen on either of the two loopback addresses.
    else hold(id, { host: '127.0.0.1', port: address.port }, (refused) => hold(id, { host: '::1', port: address.port }, () => fail(refused)));
  } catch (thrown) {
    fail(thrown.code ?? thrown.message);
  }
}
function hold(id, where, onRefused) {
  const socket = connect(where);
  const entry = { child: socket, isSocket: true, out: { left: WINDOW } };
  let error, isConnected = false;
  socket.stdin = socket;
  socket.stdout = socket;
  streams.set(id, entry);
  socket.once('connect', () => { isConnected = true; send(K.connected, id); });
  socket.on('error', (thrown) => { error = thrown.code ?? thrown.message; });
  socket.once('close', () => {
    if (streams.get(id) === entry) streams.delete(id);
    if (!isConnected) return onRefused(error ?? 'closed');
    send(K.exit, id, Buffer.from(JSON.stringify({ code: error === undefined ? 0 : 1, signal: null, error })));
  });
  follow(id, socket, K.stdout, entry.out);
}
function kill({ child, isSocket }) {
  if (isSocket) return child.destroy();
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
  if (kind === K.connect) return connectTo(id, JSON.parse(payload.toString()));
  if (kind === K.alive) isWatched = true;
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
function closeSockets() {
  for (const { child, isSocket } of streams.values()) if (isSocket) child.destroy();
}
let pending = Buffer.alloc(0), isWatched = false, silence;
process.stdout.write('\\n@@${nonce}@@\\n');
process.stdout.on('error', () => process.exit(0));
process.stdin.on('data', (chunk) => {
  clearTimeout(silence);
  pending = Buffer.concat([pending, chunk]);
  while (pending.length >= 9 && pending.length >= 4 + pending.readUInt32BE(0)) {
    const frame = pending.subarray(0, 4 + pending.readUInt32BE(0));
    pending = pending.subarray(frame.length);
    take(frame.readUInt8(4), frame.readUInt32BE(5), frame.subarray(9));
  }
  // Who asks over a socket must learn that nobody serves it, though a dead connection says nothing.
  if (isWatched) silence = setTimeout(closeSockets, ${silenceMs});
});
process.stdin.on('end', () => process.exit(0));
`;
}
