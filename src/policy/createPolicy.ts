import type { PolicyName } from '../domain/problem/problem';
import type { Policy } from './policy';
import { createTunablesPolicy, type TunablesSetup } from './tunables/tunablesPolicy';

/** What policies need to begin a session. */
export type PolicySetup = TunablesSetup;

/** The policy by its name in a problem file, as it is before the session's first step. Throws what the policy's own maker throws. */
export function createPolicy(name: PolicyName, setup: PolicySetup): Policy {
  return makers[name](setup);
}

const makers: Readonly<Record<PolicyName, (setup: PolicySetup) => Policy>> = {
  tunables: createTunablesPolicy,
};
