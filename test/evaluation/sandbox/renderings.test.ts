import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../src/domain/problem/problem';
import { createLocalExecutor } from '../../../src/evaluation/localExecutor';
import type { IsolatorKind } from '../../../src/evaluation/sandbox/isolation';
import { sandboxPlan } from '../../../src/evaluation/sandbox/sandboxPlan';
import { sandboxCalls } from '../../../src/evaluation/sandbox/systemCalls';
import { tryUnshare } from '../../../src/evaluation/sandbox/probeUnshare';
import { encodedCalls } from '../../../src/evaluation/sandbox/unshareLoader';
import { isolatorsHere } from './isolatorsHere';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'renderings-')));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const place = (name: string): string => {
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'file'), name);
  return folder;
};
const [work, given] = [place('work'), place('given with a space')];
const inner = place('work/inner');
const linked = join(root, 'linked');
symlinkSync(given, linked);
const never = new AbortController().signal;
const isolators = await isolatorsHere();

async function said(kind: IsolatorKind, script: string): Promise<string> {
  const executor = createLocalExecutor({ isolators: [kind] });
  const request = {
    id: `renderings-${process.pid}`,
    argv: ['/bin/sh', '-c', script] as const,
    cwd: work,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8' },
    limits: { ...defaultLimits, memoryBytes: 512 * 1024 ** 2 },
    files: { writable: [work], readable: [given, inner, linked], hidden: ['/usr/share'] },
  };
  const { end, output } = await executor.execute(request, never);
  expect(end).toEqual({ kind: 'exited', code: 0 });
  return output;
}

/** What all must have alike. */
const questions: readonly (readonly [what: string, script: string])[] = [
  // Not everybody makes the link `/dev/core` where the kernel does not show its memory.
  ['the top of the file system', 'ls -1 -I core / /etc /dev /run /var /usr/share'],
  ['its own files', `cat ${work}/file "${given}/file" ${inner}/file ${linked}/file`],
  [
    'where links lead',
    'for p in /bin /lib /lib64 /var/tmp /dev/stdin /dev/fd; do echo "$p $(readlink $p)"; done',
  ],
  [
    'where it can write',
    `for p in / /etc /usr /usr/share /dev /dev/shm /tmp /var/tmp /run /proc/sys/kernel ${work} ${inner} "${given}"; do
       (: >"$p/written") 2>/dev/null && echo "$p"; rm -f "$p/written" 2>/dev/null; done; true`,
  ],
  [
    'how large its memory folders are',
    'for p in /tmp /dev/shm; do df -P "$p" | tail -1 | awk "{ print \\$2, \\$6 }"; done',
  ],
  [
    'who it is',
    'id -u; id -g; cat /proc/self/uid_map; grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status',
  ],
  ['its processes', 'set -- /proc/[0-9]*; echo $1 $# $PPID'],
  ['its network', 'cat /proc/net/dev | tail -n +3 | cut -d: -f1; cat /proc/net/route | wc -l'],
  ['its namespaces', 'ls -1 /proc/self/ns'],
  [
    'that what it runs gets no devices and no rights of other users',
    `awk '$5 != "/" && $5 !~ "^/(dev|proc)" { print $5, ($6 ~ /nosuid/), ($6 ~ /nodev/) }' /proc/self/mountinfo | sort | uniq | grep -v "1 1$"; true`,
  ],
];

describe.each(isolators.slice(1))('a sandbox of bubblewrap and one of %s', (kind) => {
  it.each(questions)('agree about %s', async (what, script) => {
    const [ofBubblewrap, answer] = await Promise.all([said('bubblewrap', script), said(kind, script)]);
    expect(answer).toBe(ofBubblewrap);
    expect(answer.length).toBeGreaterThan(what.startsWith('that') ? -1 : 0);
  });
});

describe.each(isolators)('a sandbox of %s', (kind) => {
  it('ends with the exit code of the command, and starts its loopback', async () => {
    const python =
      'import socket; s = socket.create_server(("127.0.0.1", 0)); socket.create_connection(s.getsockname()); print("reached")';
    expect(await said(kind, `python3 -c '${python}'`)).toBe('reached\n');
  });
});

describe('a sandbox of our own', () => {
  it.each(['perl', 'python'] as const)('can be made by %s', async (language) => {
    const path = language === 'perl' ? '/usr/bin/perl' : '/usr/bin/python3';
    expect(await tryUnshare({ loader: { language, path }, hasUserNamespace: true })).toBeUndefined();
  });

  it.runIf(process.getuid?.() === 0)('needs no user namespace where root makes it', async () => {
    const loader = { language: 'perl', path: '/usr/bin/perl' } as const;
    expect(await tryUnshare({ loader, hasUserNamespace: false })).toBeUndefined();
  });

  it('shows the plan in its order, each folder below a new root', () => {
    const needs = {
      files: { writable: ['/work/one'], readable: ['/work'], hidden: ['/opt/keys'] },
      cwd: '/work/one',
      memoryBytes: 1000,
      locks: ['/tmp/absent.lock'],
    };
    const view = { links: [['/bin', 'usr/bin']] as const, system: ['/opt'], tools: [], devices: [] };
    const calls = sandboxCalls(sandboxPlan(needs, view), {
      account: { user: 5, group: 6 },
      filter: undefined,
      lookAt: (path) => (path.endsWith('.lock') ? undefined : { realPath: `/real${path}`, isFolder: true }),
    });
    const text = encodedCalls(calls, 'x64').toString();
    const words = text.split('\n').flatMap((line) => line.split(' # ')[1] ?? []);
    expect(words.filter((line) => /^(mount|symlinkat) .*(opt|work|bin|keys)/.test(line))).toEqual([
      'symlinkat "usr/bin" "/newroot/bin"',
      'mount "/oldroot/real/opt" "/newroot/opt"',
      'mount "tmpfs" "/newroot/opt/keys" "tmpfs" "mode=0755"',
      'mount "/oldroot/real/work" "/newroot/work"',
      'mount "/oldroot/real/work/one" "/newroot/work/one"',
    ]);
    expect(text).toContain('\nids 5 6\n');
    expect(text).not.toContain('absent');
    expect(() => encodedCalls(calls, 'riscv64')).toThrow('not known');
  });

  it('is not made where something is missing that the command needs', () => {
    const needs = {
      files: { writable: ['/work'], readable: [], hidden: [] },
      cwd: '/work',
      memoryBytes: 1000,
      locks: [],
    };
    const plan = sandboxPlan(needs, { links: [], system: [], tools: [], devices: [] });
    const options = { account: undefined, filter: undefined, lookAt: () => undefined };
    expect(() => sandboxCalls(plan, options)).toThrow('There is no /work.');
  });
});
