import { readFileSync } from 'node:fs';

/** What the kernel says of the processors. */
export interface Topology {
  /** Processors that we may run on: those of the container or the job, not of the machine. */
  readonly allowed: readonly number[];
  /** Of a processor: those of the same physical core, itself included. Not every kernel and sandbox tells. */
  readonly siblings: ReadonlyMap<number, readonly number[]>;
}

export interface PhysicalCore {
  /** The lowest number of its processors, ours or not: the same for all that look, whatever part of the machine they have. */
  readonly core: number;
  /** Where a program runs, alone: the other processors of the core stay idle, since two slow each other down. */
  readonly processor: number;
  /** Its other processors, if it is known to have such: who computes there slows the program down. */
  readonly beside?: readonly number[];
}

/**
 * The cores to time programs on. Those of which we have all processors, if there are such: on another's second processor anybody may run.
 * A processor of which nothing is known counts as a core.
 */
export function physicalCores({ allowed, siblings }: Topology): readonly PhysicalCore[] {
  const ours = new Set(allowed);
  const found = new Map<number, PhysicalCore & { readonly isWhole: boolean }>();
  for (const processor of [...ours].toSorted((a, b) => a - b)) {
    const threads = siblings.get(processor) ?? [processor];
    const core = Math.min(processor, ...threads);
    if (found.has(core)) continue;
    const beside = threads.filter((thread) => thread !== processor);
    const isWhole = threads.every((thread) => ours.has(thread));
    found.set(core, { core, processor, ...(beside.length > 0 && { beside }), isWhole });
  }
  const cores = [...found.values()];
  const whole = cores.filter(({ isWhole }) => isWhole);
  return (whole.length > 0 ? whole : cores).map(({ isWhole: _, ...core }) => core);
}

/** Of this host; without processors where there is no `/proc` (macOS). */
export function readTopology(): Topology {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(textOf('/proc/self/status'))?.[1] ?? '';
  const allowed = numbersIn(list);
  const siblings = new Map<number, readonly number[]>();
  for (const processor of allowed) {
    const threads = threadsBeside(processor);
    if (threads.length > 0) siblings.set(processor, threads);
  }
  return { allowed, siblings };
}

const known = new Map<number, readonly number[]>();

/** A machine stays as it is, and there may be hundreds of processors. */
function threadsBeside(processor: number): readonly number[] {
  const path = `/sys/devices/system/cpu/cpu${processor}/topology/thread_siblings_list`;
  const threads = known.get(processor) ?? numbersIn(textOf(path).trim());
  known.set(processor, threads);
  return threads;
}

/** `0-3,8` (cpuset(7)). */
export function numbersIn(list: string): readonly number[] {
  return list.split(',').flatMap((part) => {
    const found = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (found === null) return [];
    const [from, to] = [Number(found[1]), Number(found[2] ?? found[1])];
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
  });
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
