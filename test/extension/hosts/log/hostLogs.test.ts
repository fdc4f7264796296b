import { describe, expect, it } from 'vitest';
import { HostLogs, keptLines, type LogLevel } from '../../../../src/extension/hosts/log/hostLogs';
import type { HostTarget } from '../../../../src/remote/hostClient';

const farm: HostTarget = { kind: 'ssh', alias: 'farm' };
const local: HostTarget = { kind: 'local' };

function logsWithSink() {
  const written: string[] = [];
  const to = (level: LogLevel) => (message: string) => void written.push(`${level} ${message}`);
  const sink = {
    trace: to('trace'),
    debug: to('debug'),
    info: to('info'),
    warn: to('warn'),
    error: to('error'),
  };
  return { written, logs: new HostLogs(sink, () => new Date(0)) };
}

describe('the log of hosts', () => {
  it('writes each line with its host, and keeps the last of each host', () => {
    const { logs, written } = logsWithSink();
    logs.write(farm, 'info', 'one');
    logs.write(local, 'warn', 'two');
    for (let line = 1; line <= keptLines; line++) logs.write(farm, 'debug', `line ${line}`);
    expect(written.slice(0, 3)).toEqual([
      'info [farm] one',
      'warn [this machine] two',
      'debug [farm] line 1',
    ]);
    expect(logs.linesOf(farm)).toHaveLength(keptLines);
    expect(logs.linesOf(farm).at(0)).toBe('1970-01-01T00:00:00.000Z [debug] line 1');
    expect(logs.linesOf(local)).toEqual(['1970-01-01T00:00:00.000Z [warn] two']);
    expect(logs.linesOf({ kind: 'ssh', alias: 'other' })).toEqual([]);
  });

  it('lets no host write a line that looks like another’s, nor move the cursor', () => {
    const { logs, written } = logsWithSink();
    logs.write(farm, 'info', 'says: hello\r\n[gpu-1] Connected\u001b[2J\u202e\r\n\r\n');
    expect(written).toEqual(['info [farm] says: hello', 'info [farm]   [gpu-1] Connected[2J']);
  });
});
