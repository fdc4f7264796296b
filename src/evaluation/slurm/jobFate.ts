import type { JobRow } from './jobRows';

/** What a job's state means for its evaluation. */
export type JobFate =
  | { readonly kind: 'waits' }
  | { readonly kind: 'runs' }
  /** It stays in the queue and will never run. */
  | { readonly kind: 'stuck' }
  /** As the first, and submitting it again would not help. */
  | { readonly kind: 'impossible' }
  | { readonly kind: 'over'; readonly how: JobEnd };

export type JobEnd =
  /** Its own program ended; what it had to say is in its result, if it came to that. */
  | 'ended'
  /** The cluster took it away: a node failed, or another job came first. */
  | 'lost'
  | 'time'
  | 'memory'
  | 'cancelled';

const ends: Readonly<Record<string, JobEnd>> = {
  COMPLETED: 'ended',
  FAILED: 'ended',
  TIMEOUT: 'time',
  OUT_OF_MEMORY: 'memory',
  CANCELLED: 'cancelled',
  NODE_FAIL: 'lost',
  BOOT_FAIL: 'lost',
  PREEMPTED: 'lost',
  REVOKED: 'lost',
  DEADLINE: 'lost',
  LAUNCH_FAILED: 'lost',
  RECONFIG_FAIL: 'lost',
};

const running = new Set(['RUNNING', 'COMPLETING', 'SUSPENDED', 'STOPPED', 'SIGNALING', 'STAGE_OUT']);
/** Slurm gave up to start it, and waits for someone who releases it. */
const stuckReasons = /^(launch failed requeued held|JobHoldMaxRequeue|\(?requeued held\)?)/i;
const stuckStates = new Set(['REQUEUE_HOLD', 'SPECIAL_EXIT']);
/** No wait helps: what was asked for is not there or not allowed. */
const impossibleReasons = new Set([
  ...['BadConstraints', 'DependencyNeverSatisfied', 'PartitionNodeLimit', 'PartitionTimeLimit'],
  ...['InvalidAccount', 'InvalidQOS', 'AccountNotAllowed', 'QOSNotAllowed', 'Reservation_deleted'],
  ...['AssocMaxWallDurationPerJobLimit', 'QOSMaxWallDurationPerJobLimit'],
]);

/** Slurm may learn new states; what we do not know is waited for. */
export function jobFate({ state, reason }: Pick<JobRow, 'state' | 'reason'>): JobFate {
  const how = ends[state];
  if (how !== undefined) return { kind: 'over', how };
  if (running.has(state)) return { kind: 'runs' };
  if (stuckStates.has(state) || stuckReasons.test(reason)) return { kind: 'stuck' };
  return { kind: impossibleReasons.has(reason) ? 'impossible' : 'waits' };
}
