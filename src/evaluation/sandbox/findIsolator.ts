import type { Around } from '../containment';
import { bubblewrapArguments } from './bubblewrap';
import { makeBundle } from './containerBundle';
import type { RuntimeName } from './containerBundle';
import { knownHost } from './hostView';
import { isolatorKinds } from './isolation';
import type { IsolatorKind } from './isolation';
import { probeBubblewrap } from './probeBubblewrap';
import { probeContainer } from './probeContainer';
import { probeUnshare, unshareCommand } from './probeUnshare';
import { sandboxPlan } from './sandboxPlan';
import type { SandboxNeeds } from './sandboxPlan';
import { refusedCalls, syscallFilter } from './syscallFilter';

/** Puts commands into sandboxes on this host. */
export interface Isolator {
  readonly kind: IsolatorKind;
  /** A process that was made elsewhere can be put into its sandboxes. */
  readonly takesForks: boolean;
  /** `descriptor`: the first one that the command does not have open. */
  wrap(sandbox: Sandbox, descriptor: number): Wrapping;
}

export interface Wrapping {
  readonly around: Around;
  /** What the first program of it reads from `descriptor`. */
  readonly input: Buffer | undefined;
  /** Of system calls, for processes that are put into it; undefined for processors that we do not know. */
  readonly filter: Buffer | undefined;
  /** Once nothing in it lives: removes what was made for it on the host. */
  readonly release?: () => Promise<void>;
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
    if (found.kind === 'works') {
      const takesForks = kind === 'bubblewrap' || kind === 'unshare';
      return { kind: 'works', isolator: { kind, takesForks, wrap: found.wrap } };
    }
    refusals.push(`${names[kind]}: ${found.why}`);
  }
  return { kind: 'fails', why: refusals.join(' ') };
}

const names = {
  bubblewrap: 'bubblewrap',
  unshare: 'namespaces without it',
  crun: 'crun',
  runc: 'runc',
} as const satisfies Record<IsolatorKind, string>;

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
        return { around: (command) => [...prefix, ...command], input: filter, filter };
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
        const { prefix, input } = unshareCommand(probe.unshare, planOf(sandbox), filter, descriptor);
        return { around: (command) => [...prefix, ...command], input, filter };
      },
    };
  },

  crun: () => findContainer('crun'),
  runc: () => findContainer('runc'),
};

async function findContainer(name: RuntimeName): Promise<Found> {
  const probe = await probeContainer(name);
  if (probe.kind !== 'works') return { kind: 'fails', why: probe.why };
  return {
    kind: 'works',
    wrap(sandbox, descriptor) {
      const refused = refusedCalls(sandbox.hasGpus);
      const descriptors = descriptor - firstDescriptor;
      const bundle = makeBundle(probe.runtime, planOf(sandbox), { refused, descriptors });
      return { ...bundle, input: undefined, filter: undefined };
    },
  };
}

/** Behind the standard streams. */
const firstDescriptor = 3;

function planOf(sandbox: Sandbox): ReturnType<typeof sandboxPlan> {
  return sandboxPlan(sandbox, knownHost(sandbox.env, sandbox.hasGpus));
}
