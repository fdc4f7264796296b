import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diagnosticsText, type DiagnosticFacts } from '../../../../src/extension/hosts/log/diagnostics';
import { NameMask } from '../../../../src/extension/hosts/log/nameMask';

const facts: DiagnosticFacts = {
  versions: [['TTT-Discover', '0.1.0']],
  host: [
    ['host', 'farm'],
    ['connection', 'failed: No route\nCheck the VPN.'],
  ],
  settings: [['ssh.configFile', '"/home/ada/.ssh/config"']],
  logLines: ['12:00 [info] ada@gpu-1.example.com:22 (10.1.2.3) through gate', '12:01 [info] ``````'],
};

describe('diagnostics', () => {
  it('are a Markdown text of versions, host, settings and the log', () => {
    expect(diagnosticsText(facts).split('\n')).toEqual([
      '# Diagnostics of TTT-Discover',
      '',
      '## Versions',
      '',
      '- TTT-Discover: 0.1.0',
      '',
      '## Host',
      '',
      '- host: farm',
      '- connection: failed: No route Check the VPN.',
      '',
      '## Settings',
      '',
      '- ssh.configFile: "/home/ada/.ssh/config"',
      '',
      '## Log, last 2 lines',
      '',
      '``````',
      '12:00 [info] ada@gpu-1.example.com:22 (10.1.2.3) through gate',
      "12:01 [info] ''''''",
      '``````',
      '',
    ]);
    expect(diagnosticsText({ ...facts, logLines: [] })).toContain('nothing yet in this window');
  });

  it('with masked names can still be followed', () => {
    const mask = new NameMask({ hosts: ['farm', 'gpu-1.example.com', 'gate'], users: ['ada', 'root'] });
    const text = diagnosticsText(facts, (value) => mask.mask(value));
    expect(text).toContain('- host: host-1');
    expect(text).toContain('"/home/user-1/.ssh/config"');
    expect(text).toContain('user-1@host-2:22 (address-1) through host-3');
  });
});

describe('masked names', () => {
  it('are the same each time, and addresses are known by their look', () => {
    const mask = new NameMask({ hosts: ['gpu', 'gpu-1'], users: [] });
    expect(mask.mask('GPU-1 gpu gpus gpu-1:22 10.0.0.5:22 [fe80::1]:22 fe80::1 10.0.0.50')).toBe(
      'host-2 host-1 gpus host-2:22 address-1:22 [address-2]:22 address-2 address-3',
    );
    expect(mask.mask('10.0.0.50')).toBe('address-3');
  });

  it('leave times, versions and what everybody has', () => {
    const mask = new NameMask({ hosts: ['localhost', ''], users: ['root', 'x'] });
    const text = '2026-11-22T09:00:58.123Z root@localhost 127.0.0.1 ::1 OpenSSH_9.2p1 Node 22.1.0 x64';
    expect(mask.mask(text)).toBe(text);
  });

  it('are nowhere in the text, whatever stands around them', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9.+*$^-]{2,12}[a-z]$/);
    fc.assert(
      fc.property(
        fc.uniqueArray(name, { minLength: 1, maxLength: 4 }),
        fc.array(fc.constantFrom(' ', '@', '/', ':', '"')),
        (names, marks) => {
          fc.pre(names.every((one) => !/^(host|user|address|localhost|root|admin|local|ubuntu)/.test(one)));
          const text = names
            .map((one, index) => `${marks[index] ?? ' '}${one}${marks[index + 1] ?? ' '}`)
            .join('');
          const masked = new NameMask({ hosts: names, users: [] }).mask(text);
          for (const one of names) expect(masked).not.toContain(one);
        },
      ),
    );
  });
});
