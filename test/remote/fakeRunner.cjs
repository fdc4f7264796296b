#!/usr/bin/env node
// Speaks the runner's side of the protocol from a folder of plain files; it has no engine. For tests of the link alone.
const {
  mkdirSync,
  readFileSync,
  existsSync,
  writeFileSync,
  readdirSync,
  appendFileSync,
} = require('node:fs');
const { Buffer } = require('node:buffer');
const process = require('node:process');
const { setInterval, clearInterval, setImmediate } = require('node:timers');
const { gunzipSync } = require('node:zlib');
const { join } = require('node:path');

const root = process.env.TTT_DISCOVER_ROOT;
const [command, ...args] = process.argv.slice(2);
const option = (name) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
const print = (value) => process.stdout.write(JSON.stringify(value) + '\n');
const folderOf = (id) => join(root, 'sessions', id);
const fail = (code, message, advice, exitCode) => {
  print({ kind: 'error', code, message, advice });
  process.exitCode = exitCode;
};
const listing = (id) => {
  const spec = JSON.parse(readFileSync(join(folderOf(id), 'spec.json'), 'utf8'));
  return {
    sessionId: id,
    title: 'Fake',
    displayPath: spec.displayPath,
    lastSeq: Number(readFileSync(join(folderOf(id), 'last'), 'utf8')),
    verdict: { state: 'live', pid: process.pid },
  };
};
const readSpec = () => JSON.parse(gunzipSync(readFileSync(0)).toString('utf8'));

function start() {
  const spec = readSpec();
  const folder = folderOf(spec.sessionId);
  const alreadyRunning = existsSync(folder);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'spec.json'), JSON.stringify(spec));
  if (!alreadyRunning) writeFileSync(join(folder, 'last'), '0');
  print({ kind: 'progress', message: 'Making the environment' });
  print({ kind: 'started', alreadyRunning, session: listing(spec.sessionId) });
}

function list() {
  const folder = join(root, 'sessions');
  print({ kind: 'sessions', sessions: (existsSync(folder) ? readdirSync(folder) : []).map(listing) });
}

function evaluate() {
  const spec = readSpec();
  if (spec.candidateText === 'hang') {
    writeFileSync(join(root, 'evaluate.pid'), String(process.pid));
    print({ kind: 'progress', message: 'hanging' });
    setInterval(() => undefined, 1000);
    return;
  }
  print({ kind: 'progress', message: 'Running' });
  const value = (spec.candidateText ?? '').length;
  print({
    kind: 'evaluation',
    outcome: { kind: 'valid', metrics: { c: value }, value, reward: value },
    durationMs: 5,
  });
}

/** Entry n is a function of n alone, so that any process tells the same story; they grow by time. */
function attach() {
  const id = args[0];
  if (!existsSync(folderOf(id))) {
    fail('not-found', `There is no session ${id} on this host.`, 'It may have been removed.', 6);
    return;
  }
  process.stdout.write(`\n@@${option('--nonce')}@@\n`);
  let input = Buffer.alloc(0);
  let next = 1;
  let sentBytes = 0;
  let ackedBytes = 0;
  const bytesAt = new Map();
  let timer;
  let muted = false;
  const send = (message) => {
    if (muted) return;
    const text = JSON.stringify({ jsonrpc: '2.0', ...message });
    process.stdout.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  };
  const spec = JSON.parse(readFileSync(join(folderOf(id), 'spec.json'), 'utf8'));
  const total = Number(spec.displayPath.split(':')[1] ?? 100);
  const pump = () => {
    while (next <= total && sentBytes - ackedBytes < 64 * 1024) {
      const entries = [];
      for (let count = 0; count < 50 && next <= total; count++) {
        entries.push({
          seq: next,
          t: next,
          m: next,
          run: 1,
          event: { type: 'fake', text: 'é'.repeat(next % 40) },
          ...(spec.displayPath.startsWith('richer') && { mood: 'unknown to you' }),
        });
        next++;
      }
      const bytes = Buffer.byteLength(JSON.stringify(entries));
      sentBytes += bytes;
      bytesAt.set(next - 1, sentBytes);
      send({ method: 'entries', params: { entries, bytes } });
    }
  };
  const requests = {
    initialize({ from, protocols }) {
      next = from;
      const kind = spec.displayPath.split(':')[0];
      if (kind === 'newer' && !protocols.includes(8)) {
        const data = { protocols: [7, 8], runnerVersion: '9.0.0', advice: 'Update the older of the two.' };
        throw { code: -32602, message: 'This runner speaks version 7, 8 of the protocol.', data };
      }
      if (kind === 'ancient') return { protocol: 0, runnerVersion: '0.0.1', lastEntry: 5 };
      if (kind === 'richer') send({ method: 'weather', params: { sky: 'clear' } });
      timer = setInterval(pump, 5);
      setImmediate(pump);
      return {
        ...(kind === 'richer' && { gifts: ['of', 'later', 'versions'] }),
        protocol: 1,
        runnerVersion: '0.0.0',
        lastSeq: total,
        verdict: { state: 'live', pid: 1 },
        nowMs: 1,
      };
    },
    ping: () => ({}),
    pause() {
      muted = spec.displayPath.startsWith('mute');
      return {};
    },
    resume: () => ({}),
    stop() {
      send({ method: 'verdict', params: { verdict: { state: 'exited', reason: 'finished' }, nowMs: 2 } });
      return {};
    },
    readCandidate: ({ sha256 }) => ({ text: `candidate ${sha256}` }),
  };
  const take = (message) => {
    if (message.method === 'ack') {
      ackedBytes = bytesAt.get(message.params.seq) ?? ackedBytes;
      appendFileSync(join(folderOf(id), 'acks'), `${message.params.seq}\n`);
    } else if (requests[message.method] !== undefined) {
      try {
        send({ id: message.id, result: requests[message.method](message.params) });
      } catch (error) {
        send({ id: message.id, error });
      }
    } else {
      send({
        id: message.id,
        error: { code: 1, message: 'No such thing.', data: { advice: 'Ask for another.' } },
      });
    }
  };
  process.stdin.on('data', (chunk) => {
    input = Buffer.concat([input, chunk]);
    for (;;) {
      const head = input.indexOf('\r\n\r\n');
      if (head === -1) return;
      const length = Number(/Content-Length: (\d+)/.exec(input.subarray(0, head).toString())[1]);
      if (input.length < head + 4 + length) return;
      take(JSON.parse(input.subarray(head + 4, head + 4 + length).toString('utf8')));
      input = input.subarray(head + 4 + length);
    }
  });
  process.stdin.on('end', () => {
    clearInterval(timer);
    process.exit(0);
  });
}

if (command === '--version') process.stdout.write('0.0.0-fake\n');
else if (command === 'start') start();
else if (command === 'list') list();
else if (command === 'evaluate') evaluate();
else if (command === 'attach') attach();
else fail('usage', `No such command: ${command}`, 'Use another.', 2);
