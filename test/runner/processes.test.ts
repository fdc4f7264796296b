import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JournalEntry } from '../../src/domain/session/events';
import { mostArtifactBytes } from '../../src/protocol/attachRpc';
import { exitCodes, runSummary } from '../../src/protocol/hostCommands';
import { journalEntry } from '../../src/protocol/journalEntry';
import { bootId, isAlive, ownIdentity } from '../../src/runner/host/processIdentity';
import { UnsafePathError, makeOwnFolderInSharedPlace } from '../../src/runner/host/privateFiles';
import { sessionFolder } from '../../src/runner/host/sessionFolder';
import { createBlobStore } from '../../src/runner/journal/blobStore';
import { runnerVersion } from '../../src/runner/version';
import { AttachClient } from './support/attachClient';
import { BuiltRunner, expectSound, untilGone, writerOf } from './support/builtRunner';
import { withTemporaryFolder } from './support/temporaryFolder';

let runner: BuiltRunner;
beforeAll(async () => {
  runner = await BuiltRunner.build();
}, 60_000);
afterAll(() => runner.dispose());

const hasEnded = ({ event }: JournalEntry): boolean =>
  event.type === 'session.finished' || event.type === 'session.failed';

describe('ttt-discover run', () => {
  it('prints every entry and last the summary, and saves the best program', async () => {
    const { code, stdout } = await runner.command(['run', runner.problemFolder, '--seed', '3', '--json']);
    expect(code).toBe(exitCodes.ok);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    const summary = runSummary.parse(lines.pop());
    const entries = lines.map((line) => journalEntry.parse(line));
    expectSound(entries);
    expect(await runner.entries(summary.sessionId)).toEqual(entries);
    expect(summary).toMatchObject({ end: 'steps', steps: 3, evaluated: 20, valid: 20, initialValue: 1024 });
    const best = summary.best;
    expect(best).not.toBeNull();
    const program = readFileSync(best?.path ?? '', 'utf8');
    const x = Number(/x=(\d+)/.exec(program)?.[1]);
    expect((x - 42) ** 2).toBe(best?.value);
    expect(JSON.parse(readFileSync(best?.statePath ?? '', 'utf8'))).toEqual({ x });
  });

  it('gives the same candidates for the same seed', async () => {
    const findings = async (): Promise<unknown> => {
      const { stdout } = await runner.command([
        'run',
        runner.problemFolder,
        '--seed',
        '4',
        '--steps',
        '2',
        '--json',
      ]);
      const lines = stdout
        .trimEnd()
        .split('\n')
        .map((line): unknown => JSON.parse(line));
      return lines
        .slice(0, -1)
        .flatMap((line) => {
          const { event } = journalEntry.parse(line);
          return event.type === 'candidate.proposed' ? [event] : [];
        })
        .sort((a, b) => a.candidate - b.candidate);
    };
    expect(await findings()).toEqual(await findings());
  });

  it('ends when its time is used up, and kills what runs', async () => {
    const folder = runner.makeProblem('slow', {
      evaluator: 'sleep 30',
      session: 'steps: 3, groups: 1, groupSize: 3',
    });
    const { code, stdout } = await runner.command(['run', folder, '--max-time', '400ms', '--json']);
    expect(code).toBe(exitCodes.noResult);
    expect(runSummary.parse(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? ''))).toMatchObject({
      end: 'time',
      best: null,
    });
  });

  it('stops at the first Ctrl-C and leaves a session that is over', async () => {
    const child = runner.spawn(['run', runner.problemFolder, '--steps', '100000', '--json']);
    let stdout = '';
    let interrupted = false;
    child.stdout?.on('data', (chunk: Buffer) => {
      stdout += chunk.toString('utf8');
      if (interrupted || !stdout.includes('"step.finished"')) return;
      interrupted = true;
      child.kill('SIGINT');
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code).toBe(exitCodes.interrupted);
    const summary = runSummary.parse(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? ''));
    expect(summary.end).toBe('stopped');
    expect(summary.best).not.toBeNull();
    expect(await runner.reply(['resume', summary.sessionId])).toMatchObject({
      kind: 'error',
      code: 'refused',
    });
  });

  it('says why when the initial program fails', async () => {
    const folder = runner.makeProblem('broken', { evaluator: 'echo it is broken; exit 3' });
    const { code, stdout } = await runner.command(['run', folder, '--json']);
    expect(code).toBe(exitCodes.noResult);
    expect(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
      kind: 'error',
      code: 'initial-program',
    });
    expect(stdout).toContain('it is broken');
  });
});

describe('ttt-discover evaluate', () => {
  it('scores the initial program, or another', async () => {
    expect(await runner.reply(['evaluate', runner.problemFolder])).toMatchObject({
      kind: 'evaluation',
      outcome: { kind: 'valid', value: 1024, reward: -1024 },
    });
    const candidate = join(runner.problemFolder, 'other.txt');
    writeFileSync(candidate, 'echo 40\n');
    const { code, stdout } = await runner.command(['evaluate', runner.problemFolder, candidate]);
    rmSync(candidate);
    expect(code).toBe(exitCodes.ok);
    expect(stdout).toMatch(/^error 4 {2}\(reward -4, /);
  });

  it('takes the files and the program from an editor', async () => {
    const spec = { ...runner.specOf(), candidateText: 'echo 41\n' };
    expect(await runner.reply(['evaluate', '--spec', '-'], gzipSync(JSON.stringify(spec)))).toMatchObject({
      kind: 'evaluation',
      outcome: { kind: 'valid', value: 1 },
    });
    expect(readdirSync(join(runner.root, 'evaluations'))).toEqual([]);
  });

  it('has an exit code for a program that fails', async () => {
    const spec = JSON.stringify({ ...runner.specOf(), candidateText: 'exit 1\n' });
    const { code, stdout } = await runner.command(['evaluate', '--spec', '-', '--json'], spec);
    expect(code).toBe(exitCodes.noResult);
    expect(stdout).toContain('"reason":"crashed"');
  });
});

describe('wrong input', () => {
  it.each([
    [['evaporate'], 'There is no command "evaporate".'],
    [['run'], 'Which problem?'],
    [['run', 'a', 'b'], '"b" is one argument too many.'],
    [['run', '.', '--frobnicate'], 'frobnicate'],
    [['run', '.', '--max-time', 'soon'], '--max-time takes a time such as 180s'],
    [['run', '.', '--group-size', '2'], '--group-size takes a whole number from 3 on'],
    [['run', '.', '--method', 'magic'], '--method takes ttt-discover, puct, best-of-n'],
    [['status', 'nonsense'], '"nonsense" is not the id of a session.'],
    [['start'], '--spec is missing.'],
    [['attach', '01HZZZZZZZZZZZZZZZZZZZZZZZ'], '--nonce takes'],
  ])('%j is refused with a reason', async (args, message) => {
    const { code, stdout, stderr } = await runner.command(args);
    expect(code).toBe(exitCodes.usage);
    expect(stdout + stderr).toContain(message);
  });

  it('names file, line and column of what is wrong in a problem', async () => {
    const folder = runner.makeProblem('wrong', { session: 'stepps: 3' });
    const { code, stderr } = await runner.command(['run', folder]);
    expect(code).toBe(exitCodes.problem);
    expect(stderr).toMatch(/^\S+parabola\.discover:7:\d+: /);
    const missing = await runner.command(['run', join(folder, 'none.discover')]);
    expect(missing).toMatchObject({
      code: exitCodes.problem,
      stderr: expect.stringContaining('no such file') as string,
    });
  });

  it('refuses a program without tunables before a session begins', async () => {
    const spec = runner.specOf(runner.makeProblem('plain', { program: 'echo 1\n' }));
    expect(await runner.start(spec)).toMatchObject({ kind: 'error', code: 'program' });
    expect((await runner.command(['status', spec.sessionId])).code).toBe(exitCodes.notFound);
  });

  it('refuses a specification with a path out of its folder, or one that was cut', async () => {
    const spec = runner.specOf();
    const files = [...spec.files, { path: '../evil', executable: false, base64: '' }];
    expect(await runner.start({ ...spec, files })).toMatchObject({ kind: 'error', code: 'input' });
    const cut = gzipSync(JSON.stringify(spec)).subarray(0, 100);
    expect(await runner.reply(['start', '--spec', '-'], cut)).toMatchObject({ kind: 'error', code: 'spec' });
  });

  it('prints help and the version of the package', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(runnerVersion).toBe(version);
    expect(await runner.command(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
    for (const name of [
      'run',
      'evaluate',
      'list',
      'status',
      'pause',
      'resume',
      'stop',
      'start',
      'attach',
      'supervise',
    ]) {
      const { code, stdout } = await runner.command([name, '--help']);
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: ttt-discover ${name}`);
    }
  });
});

describe('a detached session', () => {
  it('runs once, however often and at once it is started', async () => {
    const spec = runner.specOf();
    const replies = await Promise.all([runner.start(spec), runner.start(spec)]);
    replies.push(await runner.start(spec));
    expect(replies.map((reply) => reply.kind)).toEqual(['started', 'started', 'started']);
    expect(replies.filter((reply) => reply.kind === 'started' && !reply.alreadyRunning)).toHaveLength(1);
    const entries = await runner.until(spec.sessionId, hasEnded);
    expectSound(entries);
    expect(entries.filter(({ event }) => event.type === 'runner.started')).toHaveLength(1);
    expect(entries.at(-1)?.event).toMatchObject({ type: 'session.finished', reason: 'steps' });
    expect(await runner.start(spec)).toMatchObject({ kind: 'started', alreadyRunning: true });
    expect(await runner.entries(spec.sessionId)).toEqual(entries);
  });

  it('keeps its files to itself', async () => {
    const spec = runner.specOf();
    await runner.start(spec);
    const entries = await runner.until(spec.sessionId, hasEnded);
    // It still clears its work folder after its last word.
    await untilGone(writerOf(entries));
    const folder = join(runner.root, 'sessions', spec.sessionId);
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      expect(statSync(join(folder, name)).mode & 0o077, name).toBe(0);
    }
    expect(existsSync(join(folder, 'exit.json'))).toBe(true);
    expect(statSync(join(folder, 'reserve')).size).toBe(1024 * 1024);
  });

  it('survives ten kills at arbitrary moments with contiguous numbers and nothing done twice', async () => {
    const folder = runner.makeProblem('long', { session: 'steps: 20, groups: 2, groupSize: 3' });
    const spec = runner.specOf(folder);
    await runner.start(spec);
    let from = 1;
    for (let kill = 1; kill <= 10; kill += 1) {
      // Somewhere within the next entries, at a place that differs from kill to kill, by the process that wrote there.
      const target = from + ((kill * 7) % 13);
      const pid = writerOf(await runner.until(spec.sessionId, ({ seq }) => seq >= target));
      process.kill(pid, 'SIGKILL');
      await untilGone(pid);
      from = (await runner.entries(spec.sessionId)).length + 1;
      const status = await runner.reply(['status', spec.sessionId]);
      expect(status).toMatchObject({ session: { verdict: { state: 'exited', reason: 'runner-lost' } } });
      expect(await runner.reply(['resume', spec.sessionId])).toMatchObject({ kind: 'status' });
    }
    const entries = await runner.until(spec.sessionId, hasEnded);
    expectSound(entries);
    expect(entries.filter(({ event }) => event.type === 'runner.started').length).toBe(11);
    expect(Math.max(...entries.map((entry) => entry.run))).toBe(11);
    expect(entries.filter(({ event }) => event.type === 'step.finished')).toHaveLength(20);
    expect(entries.filter(({ event }) => event.type === 'candidate.evaluated')).toHaveLength(2 + 20 * 6);
  }, 240_000);

  it('ends when it is stopped, also after its process was lost, and never starts again', async () => {
    const spec = runner.specOf(runner.makeProblem('held', { hold: true }));
    await runner.start(spec);
    await runner.until(spec.sessionId, ({ event }) => event.type === 'candidate.proposed');
    const pid = await runner.livePid(spec.sessionId);
    process.kill(pid, 'SIGKILL');
    await untilGone(pid);
    expect(await runner.reply(['pause', spec.sessionId])).toMatchObject({ kind: 'error', code: 'refused' });
    expect(await runner.reply(['stop', spec.sessionId])).toMatchObject({ kind: 'status' });
    const entries = await runner.until(spec.sessionId, hasEnded);
    expect(entries.at(-1)?.event).toMatchObject({ type: 'session.finished', reason: 'stopped' });
    expect(await runner.reply(['stop', spec.sessionId])).toMatchObject({ kind: 'status' });
    expect(await runner.reply(['resume', spec.sessionId])).toMatchObject({ kind: 'error', code: 'refused' });
    await runner.start(spec);
    expect(await runner.entries(spec.sessionId)).toHaveLength(entries.length);
  });

  it('can be resumed after its process was ended by a shutdown', async () => {
    const spec = runner.specOf(runner.makeProblem('shut', { session: 'steps: 8, groups: 2, groupSize: 3' }));
    await runner.start(spec);
    const pid = writerOf(await runner.until(spec.sessionId, ({ event }) => event.type === 'step.finished'));
    process.kill(pid, 'SIGTERM');
    await untilGone(pid);
    await runner.reply(['resume', spec.sessionId]);
    const entries = await runner.until(spec.sessionId, hasEnded);
    expectSound(entries);
    expect(entries.at(-1)?.event).toMatchObject({ type: 'session.finished', reason: 'steps' });
  });
});

describe('attach', () => {
  it('gives two editors the whole journal while it grows, and one the rest from any number', async () => {
    const spec = runner.specOf();
    await runner.start(spec);
    const clients = await Promise.all([1, 1, 9].map(() => AttachClient.open(runner, spec.sessionId)));
    await Promise.all(clients.map((client, index) => client.initialize(spec.sessionId, index < 2 ? 1 : 9)));
    for (const client of clients) {
      await client.until(() => client.verdicts.at(-1)?.state === 'exited' && client.entries.some(hasEnded));
      expect(client.verdicts.at(-1)).toEqual({ state: 'exited', reason: 'finished' });
    }
    const journal = await runner.entries(spec.sessionId);
    expect(journal.at(-1)?.event.type).toBe('session.finished');
    expect(clients.map((client) => client.entries)).toEqual([journal, journal, journal.slice(8)]);
    const proposed = journal.find(({ event }) => event.type === 'candidate.proposed')?.event;
    const sha256 = proposed?.type === 'candidate.proposed' ? proposed.sha256 : '';
    expect(await clients[0]?.request('readCandidate', { sha256 })).toEqual({
      text: 'x=10  # @tune int [0, 1000]\necho $x\n',
    });
    await expect(clients[0]?.request('readCandidate', { sha256: 'f'.repeat(64) })).rejects.toThrow(
      'There is no file',
    );
    await expect(clients[0]?.request('readState', { sha256: '../../spec.json' })).rejects.toThrow();
    expect(await clients[0]?.request('ping')).toEqual({});
    await Promise.all(clients.map((client) => client.close()));
  });

  it('gives what an evaluator offered by its content address, unless it is too large', async () => {
    const spec = runner.specOf();
    await runner.start(spec);
    await runner.until(spec.sessionId, hasEnded);
    const blobs = createBlobStore(sessionFolder(runner.root, spec.sessionId).blobsPath);
    const small = await blobs.write('{"kind":"bars"}');
    const large = await blobs.write('x'.repeat(mostArtifactBytes + 1));
    const client = await AttachClient.open(runner, spec.sessionId);
    expect(await client.request('readArtifact', { sha256: small })).toEqual({ text: '{"kind":"bars"}' });
    await expect(client.request('readArtifact', { sha256: large })).rejects.toMatchObject({
      message: expect.stringContaining('has 2097153 bytes; at most 2097152 are sent at once') as unknown,
      data: { advice: expect.stringContaining('a smaller file') as unknown },
    });
    await expect(client.request('readArtifact', { sha256: 'f'.repeat(64) })).rejects.toThrow(
      'There is no file',
    );
    await expect(client.request('readArtifact', { sha256: '../spec.json' })).rejects.toThrow();
    await client.close();
  });

  it('pauses, resumes and stops, and resumes a session whose process was lost', async () => {
    const spec = runner.specOf(
      runner.makeProblem('endless', { session: 'steps: 100000, groups: 2, groupSize: 3' }),
    );
    await runner.start(spec);
    const client = await AttachClient.open(runner, spec.sessionId);
    await client.initialize(spec.sessionId, 1);
    const seen = (type: string): boolean => client.entries.some(({ event }) => event.type === type);
    await client.until(() => seen('step.finished'));
    await client.request('pause');
    await client.until(() => seen('session.paused'));
    await client.request('resume');
    await client.until(() => seen('session.resumed'));
    process.kill(await runner.livePid(spec.sessionId), 'SIGKILL');
    await client.until(() => client.verdicts.at(-1)?.state === 'exited');
    expect(client.verdicts.at(-1)).toMatchObject({ reason: 'runner-lost' });
    await client.request('resume');
    await client.until(() => client.verdicts.at(-1)?.state === 'live');
    await client.until(
      () => client.entries.filter(({ event }) => event.type === 'runner.started').length === 2,
    );
    await client.request('stop', { now: false });
    await client.until(() => seen('session.finished'));
    await client.until(() => client.verdicts.at(-1)?.state === 'exited');
    expectSound(client.entries);
    await expect(client.request('pause')).rejects.toThrow();
    await client.close();
  });

  it('takes notes from an editor and from the command line, and refuses those without a process', async () => {
    const spec = runner.specOf(runner.makeProblem('steered', { hold: true }));
    await runner.start(spec);
    const client = await AttachClient.open(runner, spec.sessionId);
    await client.initialize(spec.sessionId, 1);
    await client.request('note', { text: 'Look near 40.' });
    const { code, stderr } = await runner.command(['note', spec.sessionId, 'Not above 100.']);
    expect([code, stderr]).toEqual([exitCodes.ok, '']);
    expect((await runner.command(['note', spec.sessionId, '--remove'])).code).toBe(exitCodes.ok);
    await client.until(() => client.entries.some(({ event }) => event.type === 'notes.removed'));
    const notes = client.entries.flatMap(({ event }) => (event.type === 'note.added' ? [event.text] : []));
    expect(notes).toEqual(['Look near 40.', 'Not above 100.']);
    await expect(client.request('note', { text: 'x'.repeat(2001) })).rejects.toThrow(/2000 characters/);
    expect((await runner.command(['note', spec.sessionId, ' '])).code).toBe(exitCodes.usage);
    process.kill(await runner.livePid(spec.sessionId), 'SIGKILL');
    await client.until(() => client.verdicts.at(-1)?.state === 'exited');
    await expect(client.request('note', { text: 'Too late.' })).rejects.toThrow(/no running process/);
    await client.close();
  });

  it('leaves the session running when the editor and its attach process are killed', async () => {
    const spec = runner.specOf(runner.makeProblem('held', { hold: true }));
    await runner.start(spec);
    const client = await AttachClient.open(runner, spec.sessionId);
    await client.initialize(spec.sessionId, 1);
    await client.until(() => client.entries.length > 2);
    client.process.kill('SIGKILL');
    await client.close();
    expect(await runner.pidOf(spec.sessionId)).toBeDefined();
    await runner.reply(['stop', spec.sessionId, '--now']);
    await runner.until(spec.sessionId, hasEnded);
  });

  it('ends when its input ends', async () => {
    const spec = runner.specOf();
    await runner.start(spec);
    const client = await AttachClient.open(runner, spec.sessionId);
    await client.initialize(spec.sessionId, 1);
    await client.close();
    expect(client.process.exitCode).toBe(0);
    await runner.until(spec.sessionId, hasEnded);
  });

  it('sends no more than the credit to a client that does not acknowledge', async () => {
    const program = `${programPadding(60_000)}x=10  # @tune int [0, 1000]\necho $x\n`;
    const evaluator = `printf '{"valid": true, "metrics": {"error": 1}, "feedback": "%s"}' "$(head -c 20000 "$DISCOVER_CANDIDATE" | tr -d '\\n')" > "$DISCOVER_RESULT"\n`;
    const folder = runner.makeProblem('wordy', {
      program,
      evaluator,
      session: 'steps: 13, groups: 2, groupSize: 3',
    });
    const spec = runner.specOf(folder);
    await runner.start(spec);
    await runner.until(spec.sessionId, hasEnded);
    const client = await AttachClient.open(runner, spec.sessionId);
    client.acknowledges = false;
    const { lastSeq } = await client.initialize(spec.sessionId, 1);
    await client.until(() => client.unacknowledgedBytes > 700_000);
    // Whatever it had credit for has been sent before it answers.
    for (let round = 0; round < 20; round += 1) await client.request('ping');
    expect(client.unacknowledgedBytes).toBeLessThanOrEqual(1024 * 1024);
    expect(client.entries.length).toBeLessThan(lastSeq);
    client.acknowledges = true;
    await client.acknowledge();
    await client.until(() => client.entries.at(-1)?.seq === lastSeq);
    expectSound(client.entries);
    await client.close();
  });

  it('refuses another protocol and an unknown session with a reason', async () => {
    const spec = runner.specOf();
    await runner.start(spec);
    const client = await AttachClient.open(runner, spec.sessionId);
    await expect(
      client.request('initialize', { protocols: [99], sessionId: spec.sessionId, from: 1 }),
    ).rejects.toThrow('speaks version 1');
    await client.close();
    const { code, stdout } = await runner.command([
      'attach',
      '01HZZZZZZZZZZZZZZZZZZZZZZZ',
      '--nonce',
      'abcdef0123',
    ]);
    expect(code).toBe(exitCodes.notFound);
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'error', code: 'no-such-session' });
    await runner.until(spec.sessionId, hasEnded);
  });
});

describe('the identity of a process', () => {
  it('is not that of another start or another boot', () => {
    const mine = ownIdentity();
    expect(isAlive(mine)).toBe(true);
    expect(isAlive({ ...mine, startTicks: `${Number(mine.startTicks) + 1}` })).toBe(false);
    expect(isAlive({ ...mine, bootId: bootId().replace(/./, 'x') })).toBe(false);
    expect(isAlive({ ...mine, pid: 2 ** 22 + 1 })).toBe(false);
  });
});

describe('a folder in a shared place', () => {
  it('is refused when others can enter it or it is no folder', async () => {
    await withTemporaryFolder((folder) => {
      makeOwnFolderInSharedPlace(join(folder, 'fresh'));
      makeOwnFolderInSharedPlace(join(folder, 'fresh'));
      writeFileSync(join(folder, 'file'), '');
      expect(() => {
        makeOwnFolderInSharedPlace(join(folder, 'file'));
      }).toThrow(UnsafePathError);
      expect(() => {
        makeOwnFolderInSharedPlace('/tmp');
      }).toThrow(UnsafePathError);
      return Promise.resolve();
    });
  });
});

function programPadding(bytes: number): string {
  return '# padding padding padding padding padding padding padding\n'.repeat(Math.ceil(bytes / 58));
}
