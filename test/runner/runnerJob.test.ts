import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runnerJob } from '../../src/runner/host/runnerJob';
import { sessionFolder } from '../../src/runner/host/sessionFolder';
import { withTemporaryFolder } from './support/temporaryFolder';

const sessionId = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

interface Run {
  readonly code: number;
  /** What scontrol was asked for, a line a call. */
  readonly asked: string;
  readonly isGone: boolean;
}

/** Runs the script of a job whose runner ends with this code, while Slurm says that the job is in this state. */
function runScript(code: number, state: string): Promise<Run> {
  return withTemporaryFolder(async (temporary) => {
    const root = join(temporary, "a root's folder");
    const folder = sessionFolder(root, sessionId);
    mkdirSync(folder.ownersPath, { recursive: true });
    writeFileSync(join(folder.ownersPath, '000001.json'), '{}');
    const bundlePath = join(temporary, 'runner.cjs');
    writeFileSync(bundlePath, `require('node:fs').writeSync(3, 'ready'); process.exit(${code});`);
    const asked = join(temporary, 'asked');
    const scontrol = join(temporary, 'scontrol');
    writeFileSync(
      scontrol,
      `#!/bin/sh\necho "$*" >> '${asked}'\necho 'JobId=7 JobState=${state} Reason=None'\n`,
    );
    chmodSync(scontrol, 0o755);
    const { script } = runnerJob(folder, { root, bundlePath, env: {}, ownArguments: [] });
    const env = { PATH: `${temporary}:${process.env['PATH'] ?? ''}`, SLURM_JOB_ID: '7' };
    const ended = await new Promise<number>((resolve) => {
      const child = execFile('/bin/sh', ['-c', script], { env }, () => resolve(child.exitCode ?? -1));
    });
    return {
      code: ended,
      asked: existsSync(asked) ? readFileSync(asked, 'utf8') : '',
      isGone: existsSync(join(folder.ownersPath, '000001.gone')),
    };
  });
}

describe('the job of a session', () => {
  it('goes back into the queue when its runner left', async () => {
    const { asked, isGone } = await runScript(130, 'RUNNING');
    expect(asked).toBe('--oneliner show job 7\nrequeue 7\n');
    expect(isGone).toBe(true);
  });

  it('does not where somebody cancelled it, or the session is over', async () => {
    expect((await runScript(130, 'CANCELLED')).asked).toBe('--oneliner show job 7\n');
    expect(await runScript(0, 'RUNNING')).toEqual({ code: 0, asked: '', isGone: true });
    expect(await runScript(4, 'RUNNING')).toEqual({ code: 4, asked: '', isGone: true });
  });

  it('gets no secrets, which the controller would keep', () => {
    const env = {
      PATH: '/bin',
      SLURM_CONF: '/etc/slurm.conf',
      HTTPS_PROXY: 'http://proxy:3128',
      OPENAI_API_KEY: 'sk-1',
      TTT_DISCOVER_KEY: 'sk-2',
      UV_PUBLISH_TOKEN: 'x',
      UV_INDEX_PRIVATE_PASSWORD: 'x',
      PIP_INDEX_URL: 'https://user:x@example.org',
      HISTFILE: '/home/me/.history',
    };
    const folder = sessionFolder('/shared', sessionId);
    const { args, variables } = runnerJob(folder, {
      root: '/shared',
      bundlePath: '/r.cjs',
      env,
      ownArguments: ['--time=5'],
    });
    expect(variables).toEqual(['PATH', 'SLURM_CONF', 'HTTPS_PROXY']);
    expect(args.at(-1)).toBe('--time=5');
  });
});
