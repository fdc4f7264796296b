import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { namesTaken, takeName, type HeldName } from './kernelNames';

const betweenLooksMs = 100;

/** What one evaluation has of the GPUs. */
export interface GpuLease {
  /** As `CUDA_VISIBLE_DEVICES` names them. */
  readonly gpus: readonly string[];
  readonly waitedMs: number;
  giveBack(): Promise<void>;
}

export interface WantedGpus {
  /** Those that may be given, in any order. */
  readonly among: readonly string[];
  /** How many of them. */
  readonly count: number;
  /** Evaluations that share one GPU at once, of all sessions and users of the host. */
  readonly mostSharing: number;
}

/**
 * The GPUs that the fewest evaluations of this host have. Waits where too many have them all, in the order in which all sessions asked that may
 * have the same ones. A session that dies gives back what it has, and its place in the queue. Rejects with the signal's reason.
 */
export async function leaseGpus(wanted: WantedGpus, signal: AbortSignal): Promise<GpuLease> {
  const askedMs = performance.now();
  signal.throwIfAborted();
  const queue = queueFor(wanted.among);
  const place = await joinQueue(queue);
  try {
    for (;;) {
      const seats = (await isFirst(queue, place)) ? await takeSeats(wanted) : undefined;
      if (seats !== undefined) {
        return {
          gpus: seats.map(({ gpu }) => gpu),
          waitedMs: performance.now() - askedMs,
          giveBack: async () => {
            await Promise.all(seats.map(({ held }) => held.giveBack()));
          },
        };
      }
      await delay(betweenLooksMs, undefined, { signal }).catch(() => {
        signal.throwIfAborted();
      });
    }
  } finally {
    await place.held.giveBack();
  }
}

interface Place {
  readonly number: number;
  readonly held: HeldName;
}

/** Begin of the names of those who wait for some of these GPUs. */
export function queueFor(among: readonly string[]): string {
  const hash = createHash('sha256').update(among.toSorted().join().toLowerCase()).digest('hex');
  return `queue/${hash.slice(0, 32)}/`;
}

/** Behind all that wait. */
async function joinQueue(queue: string): Promise<Place> {
  for (let number = Math.max(0, ...(await numbersTaken(queue))) + 1; ; number += 1) {
    const held = await takeName(`${queue}${number}`);
    if (held !== undefined) return { number, held };
  }
}

async function isFirst(queue: string, { number }: Place): Promise<boolean> {
  return (await numbersTaken(queue)).every((other) => other >= number);
}

interface Seat {
  readonly gpu: string;
  readonly held: HeldName;
}

/** Undefined where not enough GPUs have a free seat. */
async function takeSeats({ among, count, mostSharing }: WantedGpus): Promise<readonly Seat[] | undefined> {
  const found = await Promise.all(
    among.map(async (gpu) => ({ gpu, taken: new Set(await numbersTaken(seatsOf(gpu))) })),
  );
  const free = found
    .filter(({ taken }) => taken.size < mostSharing)
    .toSorted((a, b) => a.taken.size - b.taken.size)
    .slice(0, count);
  if (free.length < count) return undefined;
  const seats: Seat[] = [];
  for (const { gpu, taken } of free) {
    const number = Array.from({ length: mostSharing }, (_, index) => index).find((one) => !taken.has(one));
    const held = number === undefined ? undefined : await takeName(`${seatsOf(gpu)}${number}`);
    // Somebody was faster: he came to the queue at the same moment.
    if (held === undefined) {
      await Promise.all(seats.map((seat) => seat.held.giveBack()));
      return undefined;
    }
    seats.push({ gpu, held });
  }
  return seats;
}

function seatsOf(gpu: string): string {
  return `gpu/${gpu.toLowerCase()}/`;
}

async function numbersTaken(beginning: string): Promise<readonly number[]> {
  return (await namesTaken(beginning))
    .map((name) => Number(name.slice(beginning.length)))
    .filter(Number.isInteger);
}
