import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../../../src/extension/base/failures';
import { hostTerminal, terminalOptions } from '../../../src/extension/hosts/hostTerminal';

const run = promisify(execFile);
const ssh = { sshPath: '/opt/my ssh/ssh', sshConfigFile: '/home/ada/my config' };

describe('a terminal', () => {
  it('on this machine is the shell of the user', () => {
    expect(terminalOptions(hostTerminal({ kind: 'local' }, ssh))).toEqual({
      name: 'TTT-Discover: this machine',
    });
  });

  it('on a host is ssh with the same configuration, without a shell between', () => {
    expect(terminalOptions(hostTerminal({ kind: 'ssh', alias: 'farm' }, ssh))).toEqual({
      name: 'TTT-Discover: farm',
      shellPath: '/opt/my ssh/ssh',
      shellArgs: ['-F', '/home/ada/my config', '--', 'farm'],
    });
    expect(hostTerminal({ kind: 'ssh', alias: 'farm' }, { sshPath: 'ssh' }).program?.args).toEqual([
      '--',
      'farm',
    ]);
  });

  it('gives ssh every name as one word behind the end of the options, or refuses it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1, unit: 'binary-ascii' }), async (alias) => {
        fc.pre(!alias.includes('\0'));
        if (alias.startsWith('-')) {
          expect(() => hostTerminal({ kind: 'ssh', alias }, { sshPath: 'ssh' })).toThrow(Refusal);
          return;
        }
        const { program } = hostTerminal({ kind: 'ssh', alias }, { sshPath: 'ssh' });
        const show = 'process.stdout.write(JSON.stringify(process.argv.slice(1)))';
        const { stdout } = await run(process.execPath, ['-e', show, ...(program?.args ?? [])]);
        expect(JSON.parse(stdout)).toEqual([alias]);
      }),
      { numRuns: 10 },
    );
  });
});
