import { knownHost } from './hostView';
import { sandboxPlan } from './sandboxPlan';
import type { SandboxPlan } from './sandboxPlan';

const memoryBytes = 64 * 1024 ** 2;

/** A sandbox as evaluations have it, with nothing of ours in it: who can make it for one command can make it for evaluations. */
export function trialPlan(): SandboxPlan {
  const files = { writable: [], readable: [], hidden: [] };
  return sandboxPlan({ files, cwd: '/', memoryBytes, locks: [] }, knownHost({}, false));
}
