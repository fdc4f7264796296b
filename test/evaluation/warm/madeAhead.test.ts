import { afterAll, describe, expect, it, vi } from 'vitest';
import { allProcesses, readProcess } from '../../../src/evaluation/processTable';
import { keptBy, untilRooms } from './keptProcesses';
import { createRuns } from './warmRuns';

const warm = createRuns('warm');
afterAll(async () => {
  expect(warm.said).toEqual([]);
  await warm.remove();
});

const kept = (): ReturnType<typeof keptBy> => keptBy(process.pid);
const oneWaits = (): Promise<number[]> => untilRooms(process.pid, 1);

const namespaces = {
  'evaluate.py': `
import os
print(*(os.stat(f"/proc/self/ns/{kind}").st_ino for kind in ("mnt", "pid", "net", "ipc", "uts", "user")))`,
};
const fine = { 'evaluate.py': 'print("fine")' };

describe('a sandbox that is made ahead', () => {
  it('waits for the next evaluation, is used by that one alone, and is followed by another one', async () => {
    await warm.run(fine);
    const [first] = await oneWaits();
    await warm.run(fine);
    const [second] = await oneWaits();
    expect(second).not.toBe(first);
    expect(readProcess(first ?? 0)).toBeUndefined();
  });

  it('shares no namespace with another one, nor with this host', async () => {
    const outputs: string[][] = [];
    for (let round = 0; round < 4; round += 1)
      outputs.push((await warm.run(namespaces)).output.trim().split(' '));
    const all = outputs.flat();
    expect(all).toHaveLength(24);
    // The kernel gives the number of one that is gone to a new one at times, so neighbours are compared: one was there while the next was made.
    for (const [index, one] of outputs.entries()) {
      for (const number of one) expect(outputs[index + 1] ?? []).not.toContain(number);
    }
  });

  it('shows nobody what waits beside it', async () => {
    await warm.run(fine);
    await oneWaits();
    const looks = `
import os
numbers = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
print(numbers, os.path.exists("/oldroot"), os.path.exists("/newroot"), [name for name in os.listdir("/tmp") if "ttt-discover-warm" in name])`;
    expect(await warm.run({ 'evaluate.py': looks })).toMatchObject({ output: '[1, 2, 3] False False []\n' });
  });

  it('shows an evaluation its own folder, and not that of the one before', async () => {
    const looks = `
import os
folder = os.path.dirname(os.path.dirname(os.getcwd()))
print(sorted(os.listdir(folder)) == [os.path.basename(os.path.dirname(os.getcwd()))], sorted(os.listdir(".")))
open("left", "w").close()`;
    for (let round = 0; round < 3; round += 1) {
      expect(await warm.run({ 'evaluate.py': looks })).toMatchObject({ output: "True ['evaluate.py']\n" });
    }
  });

  it('that was killed is no evaluation’s, and another one is made', async () => {
    await warm.run(fine);
    const [waiting = 0] = await oneWaits();
    process.kill(waiting, 'SIGKILL');
    await vi.waitFor(() => expect(kept().rooms).toEqual([]), { timeout: 30_000 });
    expect(await warm.run(fine)).toMatchObject({ output: 'fine\n', isWarm: true });
    await oneWaits();
  });

  it('has the limits of the evaluation that it is for', async () => {
    const looks = {
      'evaluate.py':
        'import resource\nprint(resource.getrlimit(resource.RLIMIT_FSIZE), resource.getrlimit(resource.RLIMIT_CORE))',
    };
    for (const bytes of [2 ** 28, 2 ** 29, 2 ** 28]) {
      const { output } = await warm.run(looks, { limits: { memoryBytes: bytes } });
      expect(output).toBe(`(${bytes}, ${bytes}) (0, 0)\n`);
    }
  });

  it('ends with the Python that made it, and with what runs in it', async () => {
    const own = createRuns('warm');
    const before = new Set(kept().zygotes);
    await own.run(fine);
    const [zygote = 0] = kept().zygotes.filter((pid) => !before.has(pid));
    const sleeps = own.run({ 'evaluate.py': 'import time\nprint("begun", flush=True)\ntime.sleep(100)' });
    const ofOwn = (): number[] =>
      allProcesses()
        .filter(({ parentPid }) => parentPid === zygote)
        .map(({ pid }) => pid);
    // The one in use, with an evaluation in it, and the one that waits.
    await vi.waitFor(
      () => {
        const inUse = allProcesses().filter(({ parentPid }) => ofOwn().includes(parentPid));
        expect([ofOwn().length, inUse.length]).toEqual([2, 1]);
      },
      { timeout: 30_000 },
    );
    const all = ofOwn();
    process.kill(zygote, 'SIGKILL');
    expect((await sleeps).end).toEqual({ kind: 'signalled', signal: 'SIGKILL' });
    await vi.waitFor(() => expect(all.map(readProcess)).toEqual([undefined, undefined]), { timeout: 30_000 });
    await own.remove();
  });

  it('is not left when nobody needs it any more', async () => {
    const own = createRuns('warm');
    const before = new Set(kept().rooms);
    await own.run(fine);
    await own.remove();
    await vi.waitFor(() => expect(kept().rooms.filter((pid) => !before.has(pid))).toEqual([]), {
      timeout: 30_000,
    });
  });
});
