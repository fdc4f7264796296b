import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSshTransport } from '../../src/remote/openTransport';
import { withLoginShell } from '../support/loginServer';
import { skipUnless } from '../support/skipHere';
import { startSshd, type Sshd } from '../support/sshd';
import { environmentFor, never, noProgress } from './hostFixture';

const run = promisify(execFile);

/** With the file that each reads although nobody is there. */
const shells = [
  { name: 'bash', startUpFile: '.bashrc' },
  { name: 'zsh', startUpFile: '.zshenv' },
  { name: 'fish', startUpFile: '.config/fish/config.fish' },
  { name: 'tcsh', startUpFile: '.tcshrc' },
].map((shell) => ({
  ...shell,
  path: [`/bin/${shell.name}`, `/usr/bin/${shell.name}`].find(existsSync),
}));

/** What start-up files print; the last is what terminals take for a title and a place (OSC 0, OSC 7 and OSC 133). */
const noises = [
  ['standard output', 'echo Welcome to the cluster, it has "@@marks@@"'],
  ['standard error', 'sh -c "echo tput: No value for TERM >&2"'],
  [
    'escape sequences',
    String.raw`printf "\033]0;gpu\007\033]7;file://gpu/home\033\\\\\033]133;A\007\033[31mhot\033[0m"`,
  ],
] as const;

const sftpServer = ['/usr/lib/openssh/sftp-server', '/usr/libexec/openssh/sftp-server'].find(existsSync);
const sftpKinds = [
  ['the sftp of sshd itself', 'Subsystem sftp internal-sftp'],
  ['an sftp program', sftpServer === undefined ? undefined : `Subsystem sftp ${sftpServer}`],
] as const;

/** What the ssh program itself gets from a command that prints nothing. */
async function printedAnyway(sshd: Sshd): Promise<string> {
  const options = ['-F', sshd.sshConfigPath, '-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=no'];
  const { stdout, stderr } = await run('ssh', [...options, sshd.alias, 'true']);
  return stdout + stderr;
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe.each(shells)('a host with the login shell $name', ({ name, path, startUpFile }) => {
  describe.each(sftpKinds)('and %s', (_kind, subsystem) => {
    let sshd: Sshd | undefined;
    beforeAll(async () => {
      if (path !== undefined && subsystem !== undefined)
        sshd = await startSshd({ ...(await withLoginShell(path)), config: [subsystem] });
    });
    afterAll(() => sshd?.stop());

    it.for(noises)(
      'whose start-up files print %s runs scripts and commands and takes files, with either client',
      async ([, noise], context) => {
        skipUnless(context, path !== undefined, `the login shell ${name}, which is not installed`);
        skipUnless(context, sshd !== undefined, 'an sftp-server program, which is not installed');
        await mkdir(dirname(join(sshd.home, startUpFile)), { recursive: true });
        await writeFile(join(sshd.home, startUpFile), `${noise}\n`);
        expect(await printedAnyway(sshd)).toMatch(/Welcome|No value|hot/);
        await Promise.all([useAll(sshd, 'ssh2'), useAll(sshd, 'system')]);
      },
    );
  });
});

async function useAll(sshd: Sshd, sshTransport: 'ssh2' | 'system'): Promise<void> {
  const environment = { ...environmentFor(sshd), sshTransport };
  const { transport } = await openSshTransport(sshd.alias, environment, never, noProgress);
  const script = 'echo "it\'s $((6 * 7))"; echo err >&2; exit 3';
  expect(await transport.exec(script)).toEqual({ code: 3, stdout: "it's 42\n", stderr: 'err\n' });

  const command = await transport.spawn(`exec tr '[:lower:]' '[:upper:]'`);
  let answer = '';
  command.stdout.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
  command.stderr.resume();
  command.stdin.end('through it');
  expect((await command.exited).code).toBe(0);
  expect(answer.endsWith('THROUGH IT')).toBe(true);

  const content = randomBytes(200_000);
  const file = join(sshd.home, `it's "here" ${sshTransport}`, 'file');
  async function* pieces() {
    yield await Promise.resolve(content);
  }
  const target = { path: file, sha256: sha256(content), sizeBytes: content.length, executable: false };
  await transport.upload(pieces(), target);
  expect(sha256(await readFile(file))).toBe(sha256(content));
  await transport.close();
}
