import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { defaultLimits, type Limits } from '../../../src/domain/problem/problem';
import { createEvaluationGpus } from '../../../src/evaluation/leases/evaluationGpus';
import { gpuMemoryInList, smallestMemory } from '../../../src/evaluation/leases/gpuMemory';
import { queueFor } from '../../../src/evaluation/leases/gpuSeats';
import { namesTaken } from '../../../src/evaluation/leases/kernelNames';
import { hostShares } from '../../../src/runner/host/hostShares';

const never = new AbortController().signal;
const gibibyte = 1024 ** 3;
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** The environment of a host with these GPUs, each with its memory as `nvidia-smi` tells it in MiB. */
function hostWith(gpus: readonly (readonly [name: string, memory: string])[]): NodeJS.ProcessEnv {
  const folder = mkdtempSync(join(tmpdir(), 'gpu-memory-'));
  folders.push(folder);
  const listed = gpus.map(([name], index) => `GPU ${index}: A GPU (UUID: ${name})`);
  const told = gpus.map(([name, memory]) => `${name}, ${memory}`);
  const cases = `-L) echo '${listed.join('\n')}';; --query-gpu=uuid,memory.total) echo '${told.join('\n')}';;`;
  writeFileSync(join(folder, 'nvidia-smi'), `#!/bin/sh\ncase "$1" in ${cases} *) exit 1;; esac\n`, {
    mode: 0o755,
  });
  return { PATH: [folder, process.env['PATH']].join(delimiter) };
}

const anyGpu = (): string => `GPU-${randomUUID()}`;

function sharesOf(limits: Partial<Limits>, env: NodeJS.ProcessEnv): ReturnType<typeof hostShares> {
  const evaluator = { kind: 'command', command: 'true' } as const;
  return hostShares({ evaluator, limits: { ...defaultLimits, ...limits } }, env);
}

describe('the memory of GPUs', () => {
  it('is read from the list of the driver’s tool, of those that tell', () => {
    const text = 'GPU-AA-1, 81559\nGPU-bb-2, [N/A]\nGPU-cc-3, 24576\n\nNVIDIA-SMI has failed\n';
    const memory = gpuMemoryInList(text);
    expect([...memory]).toEqual([
      ['gpu-aa-1', 81559 * 1024 ** 2],
      ['gpu-cc-3', 24 * gibibyte],
    ]);
    expect(smallestMemory(['GPU-aa-1', 'GPU-CC-3'], memory)).toBe(24 * gibibyte);
    expect(smallestMemory(['GPU-aa-1', 'GPU-bb-2'], memory)).toBeUndefined();
    expect(smallestMemory(['MIG-aa-1'], memory)).toBeUndefined();
    expect(smallestMemory([], memory)).toBeUndefined();
  });

  it('is a share of the host that is asked for where a problem states what it takes of it', async () => {
    const env = hostWith([
      [anyGpu(), '81559'],
      [anyGpu(), '40960'],
    ]);
    const gpuMemoryBytes = 20 * gibibyte;
    expect(await sharesOf({ gpus: 1, gpuMemoryBytes }, env)).toMatchObject({
      ...{ gpus: 2, gpuMemoryBytes: 40 * gibibyte },
    });
    expect(await sharesOf({ gpus: 1 }, env)).not.toHaveProperty('gpuMemoryBytes');
    expect(await sharesOf({ gpus: 0, gpuMemoryBytes }, env)).not.toHaveProperty('gpus');
    const first = await sharesOf({ gpus: 1, gpuMemoryBytes }, { ...env, CUDA_VISIBLE_DEVICES: '0' });
    expect(first).toMatchObject({ gpus: 1, gpuMemoryBytes: 81559 * 1024 ** 2 });
    const untold = await sharesOf({ gpus: 1, gpuMemoryBytes }, hostWith([[anyGpu(), '[N/A]']]));
    expect(untold).toMatchObject({ gpus: 1 });
    expect(untold).not.toHaveProperty('gpuMemoryBytes');
  });
});

describe('evaluations of all sessions on one GPU', () => {
  /** Two sessions of one evaluation at once each take as many as `room`, in turns; whoever asks then has to wait until one gives it back. */
  async function expectRoom(room: number, memory: string, gpuMemory?: number): Promise<void> {
    const gpu = anyGpu();
    const env = hostWith([[gpu, memory]]);
    const limits = { gpus: 1, ...(gpuMemory !== undefined && { gpuMemoryBytes: gpuMemory * gibibyte }) };
    const sessions = [createEvaluationGpus(limits, 1, env), createEvaluationGpus(limits, 1, env)] as const;
    for (const session of sessions) await session.prepare();
    const leases = [];
    for (let number = 0; number < room; number += 1)
      leases.push(await sessions[number % 2 === 0 ? 0 : 1].lease(never));
    let isFree = false;
    const one = sessions[0].lease(never).then((lease) => ({ lease, hadToWait: isFree }));
    await expect.poll(async () => (await namesTaken(queueFor([gpu]))).length, { timeout: 30_000 }).toBe(1);
    isFree = true;
    for (const lease of leases) await lease.giveBack();
    const { lease, hadToWait } = await one;
    expect(hadToWait).toBe(true);
    expect(lease.gpus).toEqual([gpu]);
    await lease.giveBack();
  }

  it('are as many as have room there, where it is stated and known', async () => {
    await expectRoom(3, '81559', 24);
    await expectRoom(6, '81559', 12);
    await expectRoom(1, '24576', 24);
  });

  it('are four otherwise', async () => {
    await expectRoom(4, '81559');
    await expectRoom(4, '[N/A]', 24);
  });

  it('are more where one session is told to run more', async () => {
    const env = hostWith([[anyGpu(), '81559']]);
    const gpus = createEvaluationGpus({ gpus: 1, gpuMemoryBytes: 40 * gibibyte }, 6, env);
    await gpus.prepare();
    const leases = [];
    for (let number = 0; number < 6; number += 1) leases.push(await gpus.lease(never));
    expect(new Set(leases.flatMap((lease) => lease.gpus)).size).toBe(1);
    for (const lease of leases) await lease.giveBack();
  });
});
