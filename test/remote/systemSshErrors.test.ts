import { describe, expect, it } from 'vitest';
import { parseSshSettings } from '../../src/remote/config/resolvedHost';
import { systemSshError } from '../../src/remote/systemSsh/systemSshErrors';

const host = parseSshSettings('gpu', 'hostname gpu.farm\n', {});

describe('what the ssh program says at its end', () => {
  it.each([
    ['ssh: connect to host gpu.farm port 22: Connection refused', 'unreachable'],
    ['ssh: connect to host gpu.farm port 22: Connection timed out', 'unreachable'],
    ['kex_exchange_identification: Connection closed by remote host', 'unreachable'],
    ['Timeout, server gpu.farm not responding.', 'unreachable'],
    ['client_loop: send disconnect: Broken pipe', 'unreachable'],
    ['', 'unreachable'],
    ['ssh: Could not resolve hostname gpu.farm: Name or service not known', 'unknown-host'],
    ['ssh: Could not resolve hostname gpu.farm: Temporary failure in name resolution', 'unreachable'],
    ['ada@gpu.farm: Permission denied (publickey,password).\nConnection closed', 'authentication-failed'],
    [
      'Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures',
      'authentication-failed',
    ],
    [
      'Received disconnect from 10.0.0.1 port 22:14: No supported authentication methods available',
      'authentication-failed',
    ],
    ['Received disconnect from 10.0.0.1 port 22:11: \nDisconnected from 10.0.0.1 port 22', 'unreachable'],
    ['Host key verification failed.', 'host-key-refused'],
    [
      '@@@@\nIT IS POSSIBLE\nREMOTE HOST IDENTIFICATION HAS CHANGED!\nHost key verification failed.',
      'host-key-changed',
    ],
    ['Unable to negotiate with 10.0.0.1 port 22: no matching cipher found.', 'unsupported-host'],
    ['/etc/ssh/ssh_config: line 3: Bad configuration option: bogus', 'ssh-config'],
    ['sh: 1: ssh: not found', 'ssh-config'],
    ['something that nobody has seen', 'unsupported-host'],
  ])('%j is %s', (said, code) => {
    const error = systemSshError(host, said);
    expect(error.code).toBe(code);
    // Only a network that fails is tried again by itself.
    expect(error.isTransient).toBe(code === 'unreachable');
    expect(error.advice).not.toBe('');
  });
});
