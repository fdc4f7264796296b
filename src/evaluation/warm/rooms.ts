import type { Socket } from 'node:net';
import * as z from 'zod';
import { createLines } from './frames';
import type { RoomPlan } from './roomPlan';
import { jsonOrUndefined } from '../../domain/json';

/** How many of one form wait for evaluations. */
const mostWaiting = 2;
/** Of different forms, told to a zygote. */
const mostPlans = 64;
/** What an older one shows of the host may not be there any more. */
const longestWaitMs = 5 * 60_000;
/** A host under the heaviest load needs a second. */
const makingPatienceMs = 60_000;

const kinds = { channel: 0, output: 1, cases: 2 } as const;

/** A sandbox that is complete but for the folders of its evaluation, with a process in it that waits to hear what it is for. Used once. */
export interface Room {
  /** Number on this host of its first process. */
  readonly firstPid: number;
  readonly channel: Socket;
  readonly output: Socket;
  readonly cases: Socket | undefined;
  /** What comes on the channel from now on. */
  onWord(listener: (line: string) => void): void;
  /** How its first process ended, and with it all others there; undefined where that cannot be known. */
  readonly ended: Promise<RoomEnd | undefined>;
  /** Nobody needs it: it ends. */
  leave(): void;
}

interface Told {
  readonly first?: number | undefined;
  readonly failed?: string | undefined;
  readonly ended?: RoomEnd | undefined;
}

export type RoomEnd = { readonly code: number } | { readonly signal: number };

export interface Rooms {
  /** One that waits or, where none does, a new one; another one is made for whoever comes next. Rejects with the reason where none can be made. */
  take(plan: RoomPlan): Promise<Room>;
  /** A room has connected; see meetingPlace.ts. */
  onConnection(room: number, kind: number, connection: Socket): void;
  /** What the zygote says of a room. */
  onTold(room: number, told: Told): void;
  /** The zygote has ended, and all rooms with it. */
  close(why: string): void;
}

const word = z.union([z.object({ failed: z.string() }), z.object({ made: z.literal(true) })]);

/** `order`: tells the zygote. `nowMs`: a clock, by which they grow too old. */
export function createRooms(order: (what: unknown) => void, nowMs: () => number): Rooms {
  const numbers = new Map<string, number>();
  /** Until their end is known. */
  const living = new Map<number, ReturnType<typeof createMaking>>();
  const waiting = new Map<string, { room: Promise<Room>; readonly sinceMs: number }[]>();
  let last = 0;
  let closed: string | undefined;

  function make(plan: RoomPlan): Promise<Room> {
    let which = numbers.get(plan.key);
    if (closed !== undefined) return Promise.reject(new Error(closed));
    if (which === undefined) {
      if (numbers.size >= mostPlans) return Promise.reject(new Error('There are too many kinds of them.'));
      order({ plan: plan.told() });
      which = numbers.size;
      numbers.set(plan.key, which);
    }
    last += 1;
    const number = last;
    const one = createMaking(plan.hasCases);
    living.set(number, one);
    order({ room: number, plan: which });
    return one.room;
  }

  function makeAhead(plan: RoomPlan): void {
    const list = waiting.get(plan.key) ?? [];
    waiting.set(plan.key, list);
    if (closed !== undefined || list.length >= mostWaiting) return;
    const room = make(plan);
    const one = { room, sinceMs: nowMs() };
    list.push(one);
    const remove = (): void => {
      const place = list.indexOf(one);
      if (place >= 0) list.splice(place, 1);
    };
    // Whoever takes it next makes one, and is told why it fails. A room that ends while it waits is no longer one.
    room.then(({ ended }) => ended.then(remove), remove);
  }

  return {
    async take(plan) {
      const list = waiting.get(plan.key) ?? [];
      let taken: Promise<Room> | undefined;
      for (let one = list.shift(); one !== undefined && taken === undefined;) {
        if (nowMs() - one.sinceMs < longestWaitMs) taken = one.room;
        else {
          one.room.then(
            (room) => room.leave(),
            () => undefined,
          );
          one = list.shift();
        }
      }
      // Nothing that a room has keeps the runner from ending, but who waits for one does.
      const stay = setTimeout(() => undefined, 2 * makingPatienceMs);
      try {
        const room = await (taken ?? make(plan));
        makeAhead(plan);
        return room;
      } finally {
        clearTimeout(stay);
      }
    },

    onConnection(room, kind, connection) {
      const one = living.get(room);
      if (one === undefined) connection.destroy();
      else one.add(kind, connection);
    },

    onTold(room, { first, failed, ended }) {
      const one = living.get(room);
      if (first !== undefined) one?.begin(first);
      if (failed === undefined && ended === undefined) return;
      living.delete(room);
      one?.end(ended, failed ?? 'It ended before its sandbox was made.');
    },

    close(why) {
      closed = why;
      waiting.clear();
      for (const one of living.values()) one.end(undefined, why);
      living.clear();
    },
  };
}

/** From the order on until a room has ended. */
function createMaking(hasCases: boolean): {
  readonly room: Promise<Room>;
  begin(firstPid: number): void;
  add(kind: number, connection: Socket): void;
  end(how: RoomEnd | undefined, why: string): void;
} {
  const connections = new Map<number, Socket>();
  let firstPid: number | undefined;
  let isMade = false;
  let listener: ((line: string) => void) | undefined;
  let resolve: (room: Room) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  let tellEnd: (how: RoomEnd | undefined) => void = () => undefined;
  const room = new Promise<Room>((settle, refuse) => {
    [resolve, reject] = [settle, refuse];
  });
  // Whoever waits for it is told; one that is made ahead may have nobody yet.
  room.catch(() => undefined);
  const ended = new Promise<RoomEnd | undefined>((settle) => {
    tellEnd = settle;
  });
  const leave = (): void => {
    for (const connection of connections.values()) connection.destroy();
  };
  const fail = (why: string): void => {
    clearTimeout(patience);
    leave();
    reject(new Error(why));
  };
  const patience = setTimeout(() => fail('It took too long to make its sandbox.'), makingPatienceMs).unref();
  const proceed = (): void => {
    const channel = connections.get(kinds.channel);
    const output = connections.get(kinds.output);
    const cases = connections.get(kinds.cases);
    if (!isMade || firstPid === undefined || channel === undefined || output === undefined) return;
    if (hasCases && cases === undefined) return;
    clearTimeout(patience);
    const onWord = (next: (line: string) => void): void => {
      listener = next;
    };
    resolve({ firstPid, channel, output, cases, ended, onWord, leave });
  };
  const onLine = (line: string): void => {
    if (listener !== undefined) {
      listener(line);
      return;
    }
    const told = word.safeParse(jsonOrUndefined(line));
    if (!told.success) return;
    if ('failed' in told.data) fail(told.data.failed);
    else isMade = true;
    proceed();
  };
  return {
    room,
    begin(pid) {
      firstPid = pid;
      proceed();
    },
    add(kind, connection) {
      connections.set(kind, connection);
      if (kind === kinds.channel) connection.on('data', createLines(onLine));
      proceed();
    },
    end(how, why) {
      clearTimeout(patience);
      tellEnd(how);
      // One that is in use has what was printed still to be read.
      reject(new Error(why));
    },
  };
}
