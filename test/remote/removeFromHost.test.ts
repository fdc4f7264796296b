import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { connectHost } from '../../src/remote/connectHost';
import { sessionFolder } from '../../src/runner/host/sessionFolder';
import { BuiltRunner } from '../runner/support/builtRunner';
import { startSshd } from '../support/sshd';
import { environmentFor, never, noProgress, toolsWithout } from './hostFixture';

/** Living processes that name a folder in their arguments or work in it, as `pid arguments`. */
function processesOf(folder: string): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      const place = readlinkSync(`/proc/${pid}/cwd`);
      return args.includes(folder) || place.startsWith(folder) ? [`${pid} ${args}`] : [];
    } catch {
      return [];
    }
  });
}

it('a host from which everything is removed has nothing of ours, running or lying there', async () => {
  const built = await BuiltRunner.build();
  // Without Node of its own, so that one is put there.
  const tools = await toolsWithout(['node', 'nodejs']);
  const sshd = await startSshd({ path: tools.path });
  try {
    const environment = environmentFor(sshd, {
      runnerBundlePath: built.bundlePath,
      nodeBinary: process.execPath,
    });
    const before = readdirSync(sshd.home);
    const client = await connectHost({ kind: 'ssh', alias: sshd.alias }, environment, never);
    const root = join(sshd.home, '.ttt-discover');
    const spec = built.specOf(built.makeProblem('held', { hold: true }));
    await client.start(spec, noProgress, never);
    // Another window follows the session meanwhile.
    const other = await connectHost({ kind: 'ssh', alias: sshd.alias }, environment, never);
    await other.attach(spec.sessionId, 1, {
      onEntries: noProgress,
      onVerdict: noProgress,
      onLost: noProgress,
    });
    expect(readdirSync(root)).toEqual(expect.arrayContaining(['runner', 'runtime', 'sessions']));
    expect(processesOf(root).length).toBeGreaterThan(1);

    expect(await client.removeEverything(never)).toEqual({ left: [], cancelledJobs: 0 });
    await client.close();
    await other.close();

    await expect.poll(() => processesOf(root)).toEqual([]);
    expect(readdirSync(sshd.home)).toEqual(before);
    expect(existsSync(dirname(sessionFolder(root, 'any').socketPath))).toBe(false);
  } finally {
    await sshd.stop();
    await tools.remove();
    await built.dispose();
  }
});
