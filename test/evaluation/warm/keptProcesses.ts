import { expect, vi } from 'vitest';
import { allProcesses, environmentOf } from '../../../src/evaluation/processTable';

/** What a runner keeps ready: numbers of its zygotes, and of the first processes of their sandboxes, in use or waiting. */
export function keptBy(runner: number): { readonly zygotes: number[]; readonly rooms: number[] } {
  const all = allProcesses();
  const zygotes = all
    .filter(({ pid, parentPid }) => parentPid === runner && environmentOf(pid).includes('HOME=/nonexistent'))
    .map(({ pid }) => pid);
  const rooms = all.filter(({ parentPid }) => zygotes.includes(parentPid)).map(({ pid }) => pid);
  return { zygotes, rooms };
}

/** When there are so many sandboxes. */
export async function untilRooms(runner: number, of: number): Promise<number[]> {
  return vi.waitFor(
    () => {
      const { rooms } = keptBy(runner);
      expect(rooms).toHaveLength(of);
      return rooms;
    },
    { timeout: 30_000 },
  );
}
