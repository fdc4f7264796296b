import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SessionRegistry, type KnownSession } from '../../../src/extension/sessions/sessionRegistry';

const idOf = (digit: number): string => `01JD8E2V7Q000000000000000${digit}`;
const session = (digit: number): KnownSession => ({
  id: idOf(digit),
  target: { kind: 'ssh', alias: 'farm' },
  title: `Problem ${digit}`,
  createdAtMs: digit,
  problemUri: 'file:///p/problem.discover',
});

describe('the list of known sessions', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'session-registry-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('is empty where nothing was stored yet', async () => {
    expect(await new SessionRegistry(join(folder, 'not there')).list()).toEqual([]);
  });

  it('is the same for every window, newest first', async () => {
    await Promise.all([1, 3, 2].map((digit) => new SessionRegistry(folder).put(session(digit))));
    expect(await new SessionRegistry(folder).list()).toEqual([session(3), session(2), session(1)]);
  });

  it('takes the last word about a session', async () => {
    const registry = new SessionRegistry(folder);
    await registry.put(session(1));
    await registry.put({ ...session(1), acceptedCandidate: 4 });
    expect(await registry.get(idOf(1))).toEqual({ ...session(1), acceptedCandidate: 4 });
    await registry.remove(idOf(1));
    expect(await registry.list()).toEqual([]);
  });

  it('goes on without entries that cannot be read', async () => {
    const registry = new SessionRegistry(folder);
    await registry.put(session(1));
    await mkdir(join(folder, idOf(2)));
    await mkdir(join(folder, idOf(3)));
    await writeFile(join(folder, idOf(3), 'session.json'), '{"id":');
    await writeFile(join(folder, 'notes.txt'), '');
    expect(await registry.list()).toEqual([session(1)]);
  });

  it('refuses an id that is no id', async () => {
    await expect(new SessionRegistry(folder).get('../../etc')).rejects.toThrow();
  });
});
