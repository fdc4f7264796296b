import { spawn, type ChildProcess } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JournalEntry } from '../../src/domain/session/events';
import type { SessionListing } from '../../src/protocol/hostCommands';
import { identityOf } from '../../src/runner/host/processIdentity';
import { AttachClient } from './support/attachClient';
import { BuiltRunner, expectSound, untilGone, writerOf } from './support/builtRunner';
import { MovedMachine } from './support/movedMachine';

const machine = new MovedMachine();
let runner: BuiltRunner;
const bystanders = new Set<ChildProcess>();
beforeAll(async () => {
  runner = await BuiltRunner.build({ plugins: [machine.plugin] });
}, 60_000);
afterEach(() => {
  machine.rename('node1');
  for (const bystander of bystanders) bystander.kill('SIGKILL');
  bystanders.clear();
});
afterAll(async () => {
  await runner.dispose();
  machine.dispose();
});

const hasEnded = ({ event }: JournalEntry): boolean =>
  event.type === 'session.finished' || event.type === 'session.failed';
const folderOf = (sessionId: string): string => join(runner.root, 'sessions', sessionId);

/** A session that has made some of its way and whose process was then killed. */
async function killedSession(steps = 6): Promise<string> {
  const spec = runner.specOf(
    runner.makeProblem(`way-of-${steps}`, { session: `steps: ${steps}, groups: 2, groupSize: 3` }),
  );
  await runner.start(spec);
  await kill(writerOf(await runner.until(spec.sessionId, ({ event }) => event.type === 'step.finished')));
  return spec.sessionId;
}

async function kill(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await untilGone(pid);
}

async function listed(sessionId: string): Promise<SessionListing> {
  const reply = await runner.reply(['list']);
  const found =
    reply.kind === 'sessions' ? reply.sessions.find((one) => one.sessionId === sessionId) : undefined;
  if (found === undefined) throw new Error(`list has no ${sessionId}`);
  return found;
}

/** What `list` prints of one session for people. */
async function wordsOf(sessionId: string): Promise<string> {
  const { stdout } = await runner.command(['list']);
  const from = stdout.slice(stdout.indexOf(sessionId));
  return from.slice(0, from.search(/\n(?! )/));
}

async function goesOn(sessionId: string): Promise<void> {
  expect(await runner.reply(['resume', sessionId])).toMatchObject({ kind: 'status' });
  const entries = await runner.until(sessionId, hasEnded);
  expectSound(entries);
  expect(entries.at(-1)?.event).toMatchObject({ type: 'session.finished', reason: 'steps' });
  // It has still to clear up after its last word.
  await untilGone(writerOf(entries));
}

describe('a session whose process was killed', () => {
  it('is lost and not ended, says so with what to do, and goes on when it is resumed', async () => {
    const sessionId = await killedSession();
    expect((await listed(sessionId)).verdict).toEqual({ state: 'exited', reason: 'runner-lost' });
    expect(await wordsOf(sessionId)).toContain(
      'Its process on the host ended unexpectedly.\n  Resume it: it goes on from its journal.',
    );
    await goesOn(sessionId);
    expect((await listed(sessionId)).verdict).toEqual({ state: 'exited', reason: 'finished' });
  });

  it('says in its own words why, where it had time for them', async () => {
    const sessionId = await killedSession();
    const { lastSeq } = await listed(sessionId);
    const damage = { seq: lastSeq + 1, t: 1, m: 1, run: 1, event: { type: 'step.started', step: 'soon' } };
    appendFileSync(join(folderOf(sessionId), 'journal', '000001.jsonl'), `\n${JSON.stringify(damage)}\n`);
    expect(await runner.reply(['resume', sessionId])).toMatchObject({ kind: 'error' });
    const { verdict } = await listed(sessionId);
    expect(verdict).toMatchObject({ state: 'exited', reason: 'runner-lost' });
    expect(verdict).toHaveProperty(
      'message',
      expect.stringContaining(`Journal entry ${damage.seq} cannot be read`),
    );
  });

  it('works on when its log takes nothing more', async () => {
    const sessionId = await killedSession();
    // A line that is no entry, which the next process will want to tell of.
    appendFileSync(join(folderOf(sessionId), 'journal', '000001.jsonl'), '\nno entry\n');
    const full = openSync('/dev/full', 'w');
    const child = spawn(
      process.execPath,
      [runner.bundlePath, 'supervise', sessionId, '--root', runner.root],
      { stdio: ['ignore', 'ignore', full, 'pipe'] },
    );
    closeSync(full);
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code).toBe(0);
    expect((await listed(sessionId)).verdict).toEqual({ state: 'exited', reason: 'finished' });
  });

  it('was asked to end, if it was', async () => {
    const spec = runner.specOf(runner.makeProblem('held', { hold: true }));
    await runner.start(spec);
    await runner.until(spec.sessionId, ({ event }) => event.type === 'candidate.proposed');
    const pid = await runner.livePid(spec.sessionId);
    process.kill(pid, 'SIGTERM');
    await untilGone(pid);
    expect((await listed(spec.sessionId)).verdict).toEqual({
      state: 'exited',
      reason: 'runner-lost',
      message: 'it was asked to end (SIGTERM).',
    });
  });
});

describe('a host that was restarted', () => {
  it('says so of the sessions that it ran, and lets them go on', async () => {
    const sessionId = await killedSession();
    machine.reboot();
    expect((await listed(sessionId)).verdict).toEqual({ state: 'exited', reason: 'host-rebooted' });
    expect(await wordsOf(sessionId)).toContain('lost in a reboot');
    expect(await wordsOf(sessionId)).toContain('The host was restarted.\n  Resume it');
    const client = await AttachClient.open(runner, sessionId);
    expect((await client.initialize(sessionId, 1)).verdict).toEqual({
      state: 'exited',
      reason: 'host-rebooted',
    });
    await client.request('resume');
    await client.until(() => client.entries.some(hasEnded));
    await client.until(() => client.verdicts.at(-1)?.state === 'exited');
    expect(client.verdicts).toContainEqual(expect.objectContaining({ state: 'live' }));
    expectSound(client.entries);
    await client.close();
  });

  it('does not call those lost that had ended before', async () => {
    const spec = runner.specOf();
    await runner.start(spec);
    await untilGone(writerOf(await runner.until(spec.sessionId, hasEnded)));
    machine.reboot();
    expect((await listed(spec.sessionId)).verdict).toEqual({ state: 'exited', reason: 'finished' });
  });
});

describe('a process that has the id of a session’s process', () => {
  it.each(['since a reboot', 'since the session’s process died'])('%s is never signalled', async (since) => {
    const sessionId = await killedSession();
    const bystander = spawn('sleep', ['1000'], { stdio: 'ignore' });
    bystanders.add(bystander);
    const pid = bystander.pid ?? 0;
    const path = join(folderOf(sessionId), 'owners', '000001.json');
    const owner = JSON.parse(readFileSync(path, 'utf8')) as { process: { pid: number; startTicks: string } };
    if (since === 'since a reboot') {
      // The ticks may be the same by chance: they count from another boot.
      owner.process.startTicks = identityOf(pid)?.startTicks ?? '';
      machine.reboot();
    }
    owner.process.pid = pid;
    writeFileSync(path, JSON.stringify(owner));
    expect((await listed(sessionId)).verdict.state).toBe('exited');
    expect(await runner.reply(['stop', sessionId, '--now'])).toMatchObject({ kind: 'status' });
    await runner.until(sessionId, hasEnded);
    expect(await runner.reply(['remove-everything', '--yes'])).toMatchObject({ kind: 'removed' });
    expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
    expect(identityOf(pid)).toBeDefined();
  });
});

describe('a home that several machines share', () => {
  it('holds sessions of another machine that are neither live nor dead from here, and are not run twice', async () => {
    const spec = runner.specOf(runner.makeProblem('held', { hold: true }));
    await runner.start(spec);
    const { sessionId } = spec;
    await runner.until(sessionId, ({ event }) => event.type === 'candidate.proposed');
    const pid = await runner.livePid(sessionId);
    machine.rename('node2');
    const { verdict } = await listed(sessionId);
    expect(verdict).toMatchObject({ state: 'unverifiable', hostName: 'node1' });
    expect(await wordsOf(sessionId)).toMatch(
      /unknown, last on node1[^]*It was last run on node1, whose[^]*Connect to node1/,
    );
    // What it has written can be followed from here.
    const client = await AttachClient.open(runner, sessionId);
    expect((await client.initialize(sessionId, 1)).verdict).toEqual(verdict);
    await client.until(() => client.entries.some(({ event }) => event.type === 'candidate.proposed'));
    await expect(client.request('resume')).rejects.toThrow('It was last run on node1');
    await client.close();
    const removal = await runner.reply(['remove-everything', '--yes']);
    expect(removal).toMatchObject({
      kind: 'error',
      message: expect.stringMatching(/^Sessions were last run on node1, .* Nothing was removed\.$/) as string,
    });
    for (const command of ['resume', 'pause', 'stop']) {
      expect(await runner.reply([command, sessionId])).toMatchObject({ kind: 'error', code: 'refused' });
    }
    expect(
      readdirSync(join(folderOf(sessionId), 'owners')).filter((name) => /^\d+\.json$/.test(name)),
    ).toEqual(['000001.json']);
    machine.rename('node1');
    expect(await runner.pidOf(sessionId)).toBe(pid);
    await kill(pid);
  });

  it('gives a session of a machine that is gone for good to whoever says so', async () => {
    const sessionId = await killedSession();
    machine.rename('node2');
    const refusal = await runner.reply(['resume', sessionId]);
    const command = refusal.kind === 'error' ? /"touch (.+)"/.exec(refusal.advice ?? '')?.[1] : undefined;
    writeFileSync(command ?? '', '');
    expect((await listed(sessionId)).verdict).toMatchObject({ state: 'exited', reason: 'runner-lost' });
    await goesOn(sessionId);
  });
});

describe('a session that another version made', () => {
  it('is listed with what can be read of it, beside the others', async () => {
    const ours = await killedSession();
    const theirs = await killedSession();
    const path = join(folderOf(theirs), 'spec.json');
    writeFileSync(path, JSON.stringify({ version: 2, sessionId: theirs, place: { problem: 'elsewhere' } }));
    const owner = join(folderOf(theirs), 'owners', '000001.json');
    writeFileSync(owner, JSON.stringify({ run: 1, who: 'a newer runner' }));
    expect((await listed(ours)).verdict.state).toBe('exited');
    const listing = await listed(theirs);
    expect(listing).toMatchObject({ title: 'A parabola', verdict: { state: 'unverifiable' } });
    expect(listing.lastSeq).toBeGreaterThan(5);
    expect(await runner.reply(['resume', theirs])).toMatchObject({ kind: 'error', code: 'refused' });
    const client = await AttachClient.open(runner, theirs);
    await client.initialize(theirs, 1);
    await client.until(() => client.entries.length === listing.lastSeq);
    await client.close();
  });

  it('goes on over events that this version does not know, and keeps them', async () => {
    const sessionId = await killedSession();
    const path = join(folderOf(sessionId), 'journal', '000001.jsonl');
    const before = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'));
    const seq = before.length + 1;
    const line = JSON.stringify({
      seq,
      t: 1,
      m: 1,
      run: 1,
      colour: 'blue',
      event: { type: 'moon.rose', phase: 0.5 },
    });
    // Behind a torn line, which the killed process may have left.
    appendFileSync(path, `\n${line}\n`);
    expect(await runner.reply(['resume', sessionId])).toMatchObject({ kind: 'status' });
    const client = await AttachClient.open(runner, sessionId, { acceptsUnknown: true });
    await client.initialize(sessionId, 1);
    await client.until(() => client.verdicts.at(-1)?.state === 'exited' && client.entries.some(hasEnded));
    expect(client.unknown).toEqual([JSON.parse(line)]);
    await client.close();
    expect(readFileSync(path, 'utf8')).toContain(line);
    expect(existsSync(join(folderOf(sessionId), 'exit.json'))).toBe(true);
  });
});
