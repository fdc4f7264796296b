import { bubblewrapArguments } from './bubblewrap';
import { knownHost } from './hostView';
import { isolatorKinds } from './isolation';
import type { IsolatorKind } from './isolation';
import { probeBubblewrap } from './probeBubblewrap';
import { probeUnshare, unshareCommand } from './probeUnshare';
import { sandboxPlan } from './sandboxPlan';
import type { SandboxNeeds } from './sandboxPlan';
import { syscallFilter } from './syscallFilter';

/** Puts commands into sandboxes on this host. */
export interface Isolator {
  readonly kind: IsolatorKind;
  /** Up to the command, and what the first program of it reads from `descriptor`. */
  wrap(sandbox: Sandbox, descriptor: number): Wrapping;
}

export interface Wrapping {
  readonly prefix: [string, ...string[]];
  readonly input: Buffer | undefined;
  /** Of system calls; undefined for processors that we do not know. */
  readonly filter: Buffer | undefined;
}

export interface Sandbox extends SandboxNeeds {
  readonly env: Readonly<Record<string, string>>;
  readonly hasGpus: boolean;
}

export type IsolatorSearch =
  { readonly kind: 'works'; readonly isolator: Isolator } | { readonly kind: 'fails'; readonly why: string };

type Found =
  | { readonly kind: 'works'; readonly wrap: Isolator['wrap'] }
  | { readonly kind: 'fails'; readonly why: string };

/** The best of `kinds` that works here, in the order of `isolatorKinds`. Takes some milliseconds: it tries them. */
export async function findIsolator(kinds: readonly IsolatorKind[] = isolatorKinds): Promise<IsolatorSearch> {
  const refusals: string[] = [];
  for (const kind of isolatorKinds.filter((one) => kinds.includes(one))) {
    const found = await searches[kind]();
    if (found.kind === 'works') return { kind: 'works', isolator: { kind, wrap: found.wrap } };
    refusals.push(`${names[kind]}: ${found.why}`);
  }
  return { kind: 'fails', why: refusals.join(' ') };
}

const names = { bubblewrap: 'bubblewrap', unshare: 'namespaces without it' } as const;

const searches: Readonly<Record<IsolatorKind, () => Promise<Found>>> = {
  async bubblewrap() {
    const probe = await probeBubblewrap();
    if (probe.kind === 'fails') return probe;
    return {
      kind: 'works',
      wrap(sandbox, descriptor) {
        const filter = syscallFilter(sandbox);
        const place = filter === undefined ? undefined : descriptor;
        const prefix = bubblewrapArguments(probe.bubblewrap, planOf(sandbox), place);
        return { prefix, input: filter, filter };
      },
    };
  },

  async unshare() {
    const probe = await probeUnshare();
    if (probe.kind === 'fails') return probe;
    return {
      kind: 'works',
      wrap(sandbox, descriptor) {
        const filter = syscallFilter(sandbox);
        return { ...unshareCommand(probe.unshare, planOf(sandbox), filter, descriptor), filter };
      },
    };
  },
};

function planOf(sandbox: Sandbox): ReturnType<typeof sandboxPlan> {
  return sandboxPlan(sandbox, knownHost(sandbox.env, sandbox.hasGpus));
}
