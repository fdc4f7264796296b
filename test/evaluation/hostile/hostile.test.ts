import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { existsSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hostileSession, isolatedWays, type Way } from './hostileSession';
import { writeRow } from './hostileTable';

/** In place of the runner: it can be seen, killed, and reached by a socket without a path. */
const standIn = `
import socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind("\\0" + sys.argv[1])
listener.listen()
print("ready", flush=True)
while True: listener.accept()`;
const mebibyte = 1024 ** 2;
/** Must not be there while the suite runs elsewhere at the same time. */
const inMemory = `/dev/shm/hostile-${process.pid}`;

let port = 0;
let datagramPort = 0;
let agentPath = '';
let runner: ChildProcess;
const servers: Server[] = [];
const datagrams = createSocket('udp4', (_, sender) => datagrams.send('answer', sender.port, sender.address));
const places = hostileSession('not isolated');
const { secretFiles } = places;

beforeAll(async () => {
  const listen = (where: string | number): Promise<Server> =>
    new Promise((resolve) => {
      const server = createServer((socket) => {
        socket.on('error', () => undefined);
        socket.end('hello');
      });
      if (typeof where === 'string') server.listen(where, () => resolve(server));
      else server.listen(where, '127.0.0.1', () => resolve(server));
      servers.push(server);
    });
  port = ((await listen(0)).address() as AddressInfo).port;
  agentPath = join(places.folder, 'agent.sock');
  await listen(agentPath);
  await new Promise<void>((resolve) => datagrams.bind(0, '127.0.0.1', resolve));
  datagramPort = datagrams.address().port;
  runner = spawn('python3', ['-c', standIn, `hostile-${process.pid}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => runner.stdout?.once('data', resolve));
});
afterAll(() => {
  for (const server of servers) server.close();
  datagrams.close();
  runner.kill('SIGKILL');
  places.remove();
  for (const part of [0, 1]) rmSync(`${inMemory}-${part}`, { force: true });
});

/** Attacks that succeed where nothing is isolated, which shows that they are able to. */
const attacks: readonly (readonly [what: string, python: () => string])[] = [
  [
    'connects to a server of this host',
    () => `socket.create_connection(("127.0.0.1", ${port}), 3); succeeded = True`,
  ],
  [
    'asks a name server by datagram',
    () => `
asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asking.settimeout(3)
asking.sendto(b"query", ("127.0.0.1", ${datagramPort}))
succeeded = asking.recv(99) == b"answer"`,
  ],
  [
    'connects to a key agent by its path',
    () => `socket.socket(socket.AF_UNIX).connect("${agentPath}"); succeeded = True`,
  ],
  [
    'connects to a socket without a path',
    () => `socket.socket(socket.AF_UNIX).connect("\\0hostile-${process.pid}"); succeeded = True`,
  ],
  ['reads a key of SSH', () => `succeeded = reads("${secretFiles.ssh}")`],
  ['reads another candidate', () => `succeeded = reads("${secretFiles.candidate}")`],
  ['reads the work of another evaluation', () => `succeeded = reads("${secretFiles.otherWork}")`],
  ['reads what the session is made of', () => `succeeded = reads("${secretFiles.specification}")`],
  [
    'reads what another process was started with',
    () => `succeeded = "hostile" in open("/proc/${runner.pid ?? 0}/cmdline").read()`,
  ],
  [
    'writes outside of its folder',
    () => `open("${places.folder}/session/written", "w").write("x"); succeeded = True`,
  ],
  [
    'changes the problem for those who come after',
    () => `open("${places.folder}/session/problem/evaluate.py", "a").write("\\n"); succeeded = True`,
  ],
  // Root alone could.
  ...(process.getuid?.() === 0
    ? [
        [
          'changes a setting of the kernel',
          () => `open("/proc/sys/kernel/core_pattern", "r+").close(); succeeded = True`,
        ] as const,
      ]
    : []),
  ['kills the runner', () => `os.kill(${runner.pid ?? 0}, 0); succeeded = True`],
  [
    'keeps more in memory than it may, by files',
    () => `
for part in range(2):
    with open(f"${inMemory}-{part}", "wb") as file:
        for _ in range(150): file.write(bytes(2 ** 20))
succeeded = True`,
  ],
  [
    'traces another process',
    () => `
child = subprocess.Popen(["sleep", "100"])
succeeded = ctypes.CDLL(None).ptrace(16, child.pid, None, None) == 0
child.kill()`,
  ],
  [
    'reads keys that the kernel keeps for the user',
    () => `succeeded = ctypes.CDLL(None).syscall(${process.arch === 'arm64' ? 219 : 250}, 0, -4, 1) > 0`,
  ],
  [
    'may get rights by programs that are set to another user',
    () => `
libc = ctypes.CDLL(None)
succeeded = libc.prctl(39, 0, 0, 0, 0) == 0`,
  ],
];
const limits = { memoryBytes: 256 * mebibyte };

describe.each(attacks)('a candidate that %s', (what, python) => {
  it.each(isolatedWays)('is refused: %s', async (way) => {
    const session = hostileSession(way);
    try {
      const outcome = await attackIn(session, what, way, python());
      expect(outcome).toMatchObject({ kind: 'valid', value: 0 });
      expect(existsSync(join(places.folder, 'session', 'written'))).toBe(false);
    } finally {
      session.remove();
    }
  });

  it('succeeds where nothing is isolated', async () => {
    const session = hostileSession('not isolated');
    try {
      const outcome = await attackIn(session, what, 'not isolated', python());
      expect(outcome).toMatchObject({ kind: 'valid', value: 1 });
    } finally {
      session.remove();
      for (const part of [0, 1]) rmSync(`${inMemory}-${part}`, { force: true });
      rmSync(join(places.folder, 'session', 'written'), { force: true });
    }
  });
});

async function attackIn(
  session: ReturnType<typeof hostileSession>,
  what: string,
  way: Way,
  python: string,
): ReturnType<typeof session.attack> {
  const outcome = await session.attack(python, limits);
  writeRow(what, way, outcome);
  return outcome;
}

describe.each(isolatedWays)('an isolated candidate (%s)', (way) => {
  const session = hostileSession(way);
  afterAll(() => session.remove());
  let last: Awaited<ReturnType<typeof session.attack>> | undefined;
  const attack: typeof session.attack = async (...attacking) => (last = await session.attack(...attacking));

  afterEach(async ({ task }) => {
    expect(session.living()).toEqual([]);
    const next = await session.attack('succeeded = True');
    if (last !== undefined) writeRow(task.name, way, last, next.kind === 'valid' && next.value === 1);
    expect(next).toMatchObject({ kind: 'valid', value: 1 });
  });

  it('cannot be a fork bomb', async () => {
    // Bounded, should containment fail: 2^10 processes that end by themselves.
    const bomb = 'for _ in range(10):\n    if os.fork() == 0: os.setsid()\ntime.sleep(20)';
    expect(await attack(bomb, { processes: 40 })).toMatchObject({
      kind: 'failed',
      reason: 'process-limit',
    });
  });

  it('cannot be a fork bomb of large processes, whose memory takes long to count', async () => {
    // Much of it is shared, so their sum is above the limit, and only a look at each tells that all together is not.
    const bomb = 'kept = bytearray(b"x" * 2 ** 28)\nfor _ in range(9): os.fork()\ntime.sleep(8)';
    expect(await attack(bomb, { processes: 100, memoryBytes: 4 * 2 ** 30 })).toMatchObject({
      kind: 'failed',
      reason: 'process-limit',
    });
  });

  it('cannot be a memory bomb', async () => {
    const bomb = 'kept = []\nwhile True: kept.append(bytearray(b"x" * 5 * 2 ** 20)); time.sleep(0.002)';
    expect(await attack(bomb, limits)).toMatchObject({ kind: 'failed', reason: 'memory-limit' });
  });

  it('cannot write a file of 10 GB', async () => {
    const writes = `
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
with open("large", "wb") as file:
    os.posix_fallocate(file.fileno(), 0, 10 ** 10)`;
    expect(await attack(writes, limits)).toMatchObject({ kind: 'failed', reason: 'file-size-limit' });
  });

  it('cannot fill the disk with many files', async () => {
    const writes = `
for number in range(10):
    with open(f"large{number}", "wb") as file: os.posix_fallocate(file.fileno(), 0, 2 ** 28)
time.sleep(20)`;
    expect(await attack(writes, limits)).toMatchObject({
      kind: 'failed',
      reason: 'file-size-limit',
      message: expect.stringMatching(/^Wrote files of more than 2 GiB together/) as string,
    });
  });

  it('cannot fill the disk with files that have no name', async () => {
    const writes = `
kept = []
for number in range(10):
    kept.append(open("large", "wb"))
    os.unlink("large")
    os.posix_fallocate(kept[-1].fileno(), 0, 2 ** 28)
time.sleep(20)`;
    expect(await attack(writes, limits)).toMatchObject({ kind: 'failed', reason: 'file-size-limit' });
  });

  it('leaves no zombies and no daemons', async () => {
    const leaves = `
for _ in range(20):
    if os.fork() == 0: os._exit(0)
for _ in range(5):
    if os.fork() == 0:
        os.setsid()
        if os.fork() > 0: os._exit(0)
        time.sleep(1000)
succeeded = True`;
    expect(await attack(leaves)).toMatchObject({ kind: 'valid', value: 1 });
  });

  it('that stops itself runs into its time limit', async () => {
    const stops = 'os.kill(os.getpid(), signal.SIGSTOP)';
    expect(await attack(stops, { timeMs: 500 })).toMatchObject({ kind: 'failed', reason: 'timeout' });
  });

  it('leaves nothing for the next evaluation to find', async () => {
    const name = `kept-${process.pid}`;
    const places = '("/tmp", "/dev/shm", "/var/tmp", os.environ["HOME"], os.environ["TMPDIR"], ".", "..")';
    const keeps = `
for place in ${places}:
    try:
        with open(f"{place}/${name}", "w") as file: file.write("an answer")
        said += place + " "
    except OSError: pass
succeeded = True`;
    expect(await attack(keeps)).toMatchObject({
      value: 1,
      feedback: expect.stringContaining('/tmp /dev/shm') as string,
    });
    const finds = `
for place in ${places}:
    if os.path.exists(f"{place}/${name}"): said += place
succeeded = said != ""`;
    expect(await attack(finds)).toMatchObject({ kind: 'valid', value: 0 });
    expect(['/tmp', '/dev/shm', '/var/tmp'].filter((place) => existsSync(join(place, name)))).toEqual([]);
  });

  it('that ends every process it can ends itself alone', async () => {
    expect(await attack('os.kill(-1, signal.SIGKILL)')).toMatchObject({ kind: 'valid', value: 0 });
    expect(runner.exitCode).toBeNull();
  });

  it('has no rights over the system, though it is run by root', async () => {
    const outcome = await attack('said = open("/proc/self/status").read()');
    const said = outcome.kind === 'valid' ? String(outcome.feedback) : '';
    for (const set of ['CapPrm', 'CapEff', 'CapInh', 'CapAmb', 'CapBnd'])
      expect(said).toMatch(new RegExp(`${set}:\\s*0+\\b`));
    expect(said).toMatch(/NoNewPrivs:\s*1/);
  });

  it('can write nowhere but in its folder and in memory', async () => {
    const tries = `
places = []
for place, folders, files in os.walk("/"):
    if place in ("/proc", "/sys"): folders.clear(); continue
    if os.access(place, os.W_OK): places.append(place)
    if place.count("/") > 3: folders.clear()
work = os.path.dirname(os.environ["HOME"])
said = json.dumps([place for place in places if not place.startswith(work)])`;
    const outcome = await attack(tries);
    expect(outcome.kind === 'valid' ? JSON.parse(outcome.feedback ?? '') : outcome).toEqual(
      expect.arrayContaining(['/tmp']) as string[],
    );
    const found = outcome.kind === 'valid' ? (JSON.parse(outcome.feedback ?? '') as string[]) : [];
    expect(found.filter((path) => !/^\/(tmp|dev\/(shm|pts))(\/|$)/.test(path))).toEqual([]);
  });

  it('leaves nothing in the files by which evaluations take turns', async () => {
    const lock = `/tmp/timed-core-${process.getuid?.() ?? 0}-0.lock`;
    await attack(`open("${lock}", "w").write("for whoever comes next")`);
    expect(statSync(lock).size).toBe(0);
  });

  it('finds no other process than its own', async () => {
    const outcome = await attack(
      'said = json.dumps([name for name in os.listdir("/proc") if name.isdigit()])',
    );
    expect(
      (JSON.parse(outcome.kind === 'valid' ? (outcome.feedback ?? '') : '') as string[]).length,
    ).toBeLessThan(4);
  });
});
