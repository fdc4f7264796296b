import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandReply, type CommandReply } from '../../src/protocol/hostCommands';
import { isolatorsHere } from '../evaluation/sandbox/isolatorsHere';
import { skipUnless } from '../support/skipHere';
import { BuiltRunner, type CommandResult } from './support/builtRunner';

let runner: BuiltRunner;
beforeAll(async () => {
  runner = await BuiltRunner.build();
}, 120_000);
afterAll(() => runner.dispose());

const interpreters = ['/usr/bin/perl', '/usr/bin/python3'].flatMap((path) =>
  existsSync(path) ? [realpathSync(path)] : [],
);
const hosts = {
  /** This one but for `bwrap`, which it has not. */
  withoutBubblewrap: ['--ro-bind', '/dev/null', '/usr/bin/bwrap'],
  /** Nor anything that could make a sandbox in its place. */
  withoutInterpreters: ['/usr/bin/bwrap', ...interpreters].flatMap((path) => [
    '--ro-bind',
    '/dev/null',
    path,
  ]),
  /** As this one, but nobody can make namespaces. */
  forbidding: ['--unshare-user', '--disable-userns', '--cap-drop', 'ALL'],
} as const;

async function onHost(host: keyof typeof hosts, args: readonly string[], input = ''): Promise<CommandResult> {
  const own = ['--dev-bind', '/', '/', ...hosts[host], '--'];
  const child = spawn('bwrap', [...own, process.execPath, runner.bundlePath, ...args], {
    env: { ...process.env, TTT_DISCOVER_ROOT: runner.root, PATH: '/usr/bin:/bin:/usr/sbin:/sbin' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(input);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}

function repliesOf({ stdout }: CommandResult): CommandReply[] {
  return stdout
    .trim()
    .split('\n')
    .flatMap((line) => commandReply.safeParse(JSON.parse(line)).data ?? []);
}

describe('where programs can be isolated', () => {
  it('a session names in its journal what isolates them, and warns of nothing', async () => {
    const { code, stdout } = await runner.command(['run', runner.problemFolder, '--steps', '1', '--json']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/"type":"environment.ready","durationMs":[\d.]+,"isolation":"bubblewrap"/);
    expect(stdout).not.toContain('not-isolated');
  });

  it('a session is isolated without bubblewrap, too, and its journal says by what', async () => {
    const args = ['run', runner.problemFolder, '--steps', '1', '--json'];
    const { code, stdout } = await onHost('withoutBubblewrap', args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/"type":"environment.ready","durationMs":[\d.]+,"isolation":"unshare"/);
    expect(stdout).not.toContain('not-isolated');
  });
});

describe('where a runtime of containers is all that can isolate them', () => {
  it('a session is isolated by it, and its journal says so', async (context) => {
    const runtimes = (await isolatorsHere()).filter((kind) => kind === 'crun' || kind === 'runc');
    skipUnless(context, runtimes.length > 0, 'neither crun nor runc makes containers');
    const args = ['run', runner.problemFolder, '--steps', '1', '--json'];
    const { code, stdout } = await onHost('withoutInterpreters', args);
    expect(code).toBe(0);
    expect(stdout).toContain(`"isolation":"${runtimes[0]}"`);
    expect(stdout).not.toContain('not-isolated');
  });
});

describe('where programs cannot be isolated', () => {
  it.each([
    ['run', []],
    ['evaluate', []],
    ['verify', ['--runs', '1']],
  ])('%s refuses, and says how to allow it', async (command, flags) => {
    const result = await onHost('forbidding', [command, runner.problemFolder, ...flags, '--json']);
    expect(repliesOf(result).at(-1)).toMatchObject({
      kind: 'error',
      code: 'not-isolated',
      advice: expect.stringMatching(/apt install bubblewrap.*--isolation none/) as string,
    });
    expect(result.code).toBe(4);
  });

  it('no session is made of a start that is refused', async () => {
    const spec = runner.specOf();
    const result = await onHost('forbidding', ['start', '--spec', '-', '--json'], JSON.stringify(spec));
    expect(repliesOf(result).at(-1)).toMatchObject({ kind: 'error', code: 'not-isolated' });
    expect(await runner.reply(['list'])).toEqual({
      kind: 'sessions',
      sessions: expect.not.arrayContaining([
        expect.objectContaining({ sessionId: spec.sessionId }),
      ]) as unknown[],
    });
  });

  it('a session runs where that was agreed to, and its journal says so', async () => {
    const result = await onHost('forbidding', [
      'run',
      runner.problemFolder,
      '--steps',
      '1',
      '--isolation',
      'none',
      '--json',
    ]);
    expect(result.code).toBe(0);
    expect(result.stdout).toMatch(/"type":"environment.ready","durationMs":[\d.]+,"isolation":"none"/);
    expect(result.stdout).toMatch(/"type":"warning","code":"not-isolated"/);
  });

  it('one program is scored where that was agreed to', async () => {
    const result = await onHost('forbidding', ['evaluate', runner.problemFolder, '--isolation', 'none']);
    expect(result.code).toBe(0);
    expect(result.stdout + result.stderr).toMatch(/not isolated on this host/);
  });
});
