import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JournalEntry } from '../../src/domain/session/events';
import { methodNames } from '../../src/protocol/attachRpc';
import { exitCodes } from '../../src/protocol/hostCommands';
import type { SessionSpec, StartInput } from '../../src/protocol/sessionSpec';
import { RequestRefusedError } from '../../src/runner/host/controlClient';
import { lineSplitter } from '../../src/runner/host/controlMessages';
import { claimSession } from '../../src/runner/host/ownership';
import { requestSession } from '../../src/runner/host/requestSession';
import { createSessionFolder, sessionFolder } from '../../src/runner/host/sessionFolder';
import { ChatStub, refuse, say, type Reply } from '../policy/openai/chatStub';
import { AttachClient } from './support/attachClient';
import { filesWith } from '../support/filesWith';
import { BuiltRunner, untilGone } from './support/builtRunner';
import { withTemporaryFolder } from './support/temporaryFolder';

const canary = 'sk-CANARY-8f3a91c2e7d64b05';
const program = 'Better:\n```sh\nx=41\necho $x\n```\n';

let runner: BuiltRunner;
let server: ChatStub;
/** Calls wait here while it is set. */
let held: Promise<void> | undefined;
let keyed: (authorization: string | undefined) => Reply | undefined;

beforeAll(async () => {
  runner = await BuiltRunner.build();
  server = await ChatStub.start(async ({ headers }) => {
    const refused = keyed(headers.authorization);
    if (refused !== undefined) return refused;
    await held;
    return say(program);
  });
}, 60_000);
afterAll(async () => {
  await server.stop();
  await runner.dispose();
});
beforeEach(() => {
  held = undefined;
  server.calls.length = 0;
  keyed = (authorization) =>
    authorization === `Bearer ${canary}`
      ? undefined
      : refuse(401, { message: `Incorrect API key: ${authorization ?? 'none'}` });
});

const hasEnded = ({ event }: JournalEntry): boolean =>
  event.type === 'session.finished' || event.type === 'session.failed';
const hasPaused = ({ event }: JournalEntry): boolean => event.type === 'session.paused';

/** A small session that asks the stub. */
function modelSpec(): SessionSpec {
  return runner.specOf(runner.problemFolder, {
    policy: 'openai',
    method: 'puct',
    steps: 2,
    groups: 1,
    groupSize: 3,
    model: { server: server.baseUrl, model: 'stub-model' },
  });
}

function start(input: StartInput): ReturnType<BuiltRunner['reply']> {
  return runner.reply(['start', '--spec', '-'], gzipSync(JSON.stringify(input)));
}

/** The first call of the model server. */
async function untilAsked(): Promise<void> {
  await expect.poll(() => server.calls.length, { timeout: 20_000, interval: 20 }).toBeGreaterThan(0);
}

describe('the key of a model server', () => {
  it('comes with start, opens the server, and is written nowhere', async () => {
    let release: () => void = () => undefined;
    held = new Promise((resolve) => (release = resolve));
    const spec = { ...modelSpec(), secrets: { key: canary } };
    // As in the shell of someone who uses the same key elsewhere.
    process.env['OPENAI_API_KEY'] = canary;
    const started = await start(spec).finally(() => delete process.env['OPENAI_API_KEY']);
    expect(started.kind).toBe('started');
    expect(JSON.stringify(started)).not.toContain(canary);
    await untilAsked();
    const pid = await runner.livePid(spec.sessionId);
    for (const file of ['environ', 'cmdline']) {
      expect(readFileSync(`/proc/${pid}/${file}`, 'latin1')).not.toContain(canary);
    }
    expect(filesWith(runner.root, canary)).toEqual([]);
    release();
    await runner.until(spec.sessionId, hasEnded);
    await untilGone(pid);
    expect(new Set(server.calls.map(({ headers }) => headers.authorization))).toEqual(
      new Set([`Bearer ${canary}`]),
    );
    expect(filesWith(runner.root, canary)).toEqual([]);
  });

  it('is not written either where a server that refuses it quotes it', async () => {
    keyed = (authorization) => refuse(401, { message: `Who is ${authorization ?? ''}?` });
    const spec = { ...modelSpec(), secrets: { key: canary } };
    await start(spec);
    const paused = await runner.until(spec.sessionId, hasPaused);
    expect(paused.at(-1)?.event).toMatchObject({ reason: 'error', code: 'needs-key' });
    expect(server.calls.at(-1)?.headers.authorization).toBe(`Bearer ${canary}`);
    await runner.reply(['stop', spec.sessionId, '--now']);
    await runner.until(spec.sessionId, hasEnded);
    expect(readFileSync(join(runner.root, 'sessions', spec.sessionId, 'start.log'), 'utf8')).not.toBe('');
    expect(filesWith(runner.root, canary)).toEqual([]);
  });

  it('is asked for after a crash, and a session that gets it again goes on', async () => {
    let release: () => void = () => undefined;
    held = new Promise((resolve) => (release = resolve));
    const spec = { ...modelSpec(), secrets: { key: canary } };
    await start(spec);
    await untilAsked();
    const first = await runner.livePid(spec.sessionId);
    process.kill(first, 'SIGKILL');
    await untilGone(first);
    release();
    held = undefined;

    const seq = (await runner.entries(spec.sessionId)).length;
    await runner.reply(['resume', spec.sessionId]);
    const waiting = await runner.until(spec.sessionId, hasPaused, seq + 1);
    expect(waiting.at(-1)?.event).toMatchObject({ reason: 'error', code: 'needs-key' });
    expect(server.calls.at(-1)?.headers.authorization).toBeUndefined();

    const reply = await runner.reply(
      ['resume', spec.sessionId, '--secrets', '-'],
      JSON.stringify({ key: canary }),
    );
    expect(reply.kind).toBe('status');
    const rest = await runner.until(spec.sessionId, hasEnded, seq + waiting.length + 1);
    expect(rest.at(-1)?.event).toMatchObject({ type: 'session.finished', reason: 'steps' });
    expect(filesWith(runner.root, canary)).toEqual([]);
  });

  it('may come with the resume that starts the process again', async () => {
    let release: () => void = () => undefined;
    held = new Promise((resolve) => (release = resolve));
    const spec = { ...modelSpec(), secrets: { key: canary } };
    await start(spec);
    await untilAsked();
    const first = await runner.livePid(spec.sessionId);
    process.kill(first, 'SIGKILL');
    await untilGone(first);
    release();
    held = undefined;
    const before = server.calls.length;
    await runner.reply(['resume', spec.sessionId, '--secrets', '-'], JSON.stringify({ key: canary }));
    const entries = await runner.until(spec.sessionId, hasEnded);
    expect(entries.filter(hasPaused)).toEqual([]);
    expect(server.calls.length).toBeGreaterThan(before);
    expect(filesWith(runner.root, canary)).toEqual([]);
  });

  it('may be handed by an editor to a session that waits for it', async () => {
    const spec = modelSpec();
    await start(spec);
    await runner.until(spec.sessionId, hasPaused);
    const client = await AttachClient.open(runner, spec.sessionId);
    await client.initialize(spec.sessionId, 1);
    await client.request(methodNames.provideSecrets, { secrets: { key: canary } });
    await client.request(methodNames.resume);
    await client.until(() => client.entries.some(hasEnded));
    await client.close();
    expect(filesWith(runner.root, canary)).toEqual([]);
  });
});

describe('a language model that an editor lends', () => {
  it('is asked for before it was named, and again when that editor is another', async () => {
    const spec = modelSpec();
    spec.overrides.model = { server: 'vscode', model: 'stub-model' };
    await start(spec);
    const waiting = await runner.until(spec.sessionId, hasPaused);
    expect(waiting.at(-1)?.event).toMatchObject({ code: 'needs-endpoint' });
    expect(server.calls).toEqual([]);

    const lend = (key: string) =>
      runner.reply(
        ['resume', spec.sessionId, '--secrets', '-'],
        JSON.stringify({ endpointUrl: server.baseUrl, key }),
      );
    await lend(`${canary}-of-an-editor-that-was-closed`);
    const again = await runner.until(spec.sessionId, hasPaused, waiting.length + 1);
    expect(again.at(-1)?.event).toMatchObject({ code: 'needs-endpoint' });
    expect(server.calls.length).toBeGreaterThan(0);

    await lend(canary);
    const rest = await runner.until(spec.sessionId, hasEnded, waiting.length + again.length + 1);
    expect(rest.at(-1)?.event).toMatchObject({ type: 'session.finished', reason: 'steps' });
    expect(filesWith(runner.root, canary)).toEqual([]);
  });
});

describe('what cannot be read as secrets', () => {
  it.each([
    ['cut', `{"key": "${canary}`],
    ['no JSON', `${canary} {`],
    ['of another form', JSON.stringify({ key: [canary] })],
  ])('is refused without being quoted: %s', async (_what, input) => {
    const resume = await runner.command(
      ['resume', '01ARZ3NDEKTSV4RRFFQ69G5FAV', '--secrets', '-', '--json'],
      input,
    );
    expect(resume.code).toBe(exitCodes.usage);
    expect(resume.stdout + resume.stderr).not.toContain(canary);
    const started = await runner.command(['start', '--spec', '-', '--json'], input);
    expect(started.code).toBe(exitCodes.usage);
    expect(started.stdout + started.stderr).not.toContain(canary);
  });

  it('is refused as an argument', async () => {
    const { code, stderr } = await runner.command(['resume', '01ARZ3NDEKTSV4RRFFQ69G5FAV', '--secrets', 'x']);
    expect(code).toBe(exitCodes.usage);
    expect(stderr).toContain('standard input');
  });

  it('does not begin a session whose starter went away in the middle', async () => {
    const spec = modelSpec();
    const { folder } = createSessionFolder(runner.root, spec);
    const { code, stderr } = await runner.command(
      ['supervise', spec.sessionId, '--secrets', '-'],
      `{"key": "${canary}`,
    );
    expect(code).not.toBe(0);
    expect(stderr).toContain('end before their end');
    expect(stderr).not.toContain(canary);
    expect(readdirSync(folder.ownersPath)).toEqual([]);
  });
});

describe('a runner of an older version', () => {
  it('refuses secrets that it does not know, and is not told to go on without them', () =>
    withTemporaryFolder(async (root) => {
      const spec = modelSpec();
      const { folder } = createSessionFolder(root, spec);
      claimSession(folder, { runnerVersion: '0.0.1', bundlePath: '' });
      const heard: string[] = [];
      const old = createServer((socket) => {
        socket.on(
          'data',
          lineSplitter((line) => {
            heard.push(line);
            const message = 'The runner of this session does not know the request.';
            socket.write(`${JSON.stringify({ id: 1, ok: false, message })}\n`);
          }),
        );
      });
      const { socketPath } = sessionFolder(root, spec.sessionId);
      mkdirSync(dirname(socketPath), { recursive: true, mode: 0o700 });
      await new Promise<void>((resolve) => old.listen(socketPath, resolve));
      const asked = requestSession(
        folder,
        { root, bundlePath: '' },
        { request: 'resume', secrets: { key: canary } },
      );
      await expect(asked).rejects.toThrow(RequestRefusedError);
      await new Promise((resolve) => old.close(resolve));
      expect(heard.map((line) => JSON.parse(line) as unknown)).toEqual([
        { id: 1, request: 'provide-secrets', secrets: { key: canary } },
      ]);
    }));
});
