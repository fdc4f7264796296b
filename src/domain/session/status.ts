import type { SessionEvent } from './events';
import type { SessionStatus } from './snapshot';

/**
 * The status after an event. A request only announces: `pausing` and `stopping` last, through a restart too, until the runner
 * says that it did it, so that a runner that comes back finds what was asked of it.
 */
export function statusAfter(status: SessionStatus, event: SessionEvent, begun: boolean): SessionStatus {
  switch (event.type) {
    case 'session.created':
      return 'preparing';
    case 'runner.started':
      if (status === 'failed') return begun ? 'running' : 'preparing';
      return status;
    case 'environment.ready':
    case 'step.started':
      return status === 'preparing' ? 'running' : status;
    case 'request.received':
      return statusAfterRequest(status, event.request);
    case 'session.paused':
      return status === 'stopping' ? 'stopping' : 'paused';
    case 'session.resumed':
      return status === 'stopping' ? 'stopping' : 'running';
    case 'session.finished':
      return 'finished';
    case 'session.failed':
      return 'failed';
    case 'environment.progress':
    case 'policy.progress':
    case 'node.ready':
    case 'policy.ready':
    case 'candidate.proposed':
    case 'candidate.evaluated':
    case 'candidate.verified':
    case 'parent.evaluated':
    case 'step.finished':
    case 'note.added':
    case 'notes.removed':
    case 'warning':
      return status;
  }
}

function statusAfterRequest(status: SessionStatus, request: 'pause' | 'resume' | 'stop'): SessionStatus {
  if (status === 'finished' || status === 'failed' || status === 'stopping') return status;
  switch (request) {
    case 'pause':
      return status === 'paused' ? 'paused' : 'pausing';
    case 'resume':
      // A paused session runs again only when the runner says so.
      return status === 'pausing' ? 'running' : status;
    case 'stop':
      return 'stopping';
  }
}

/** A sentence for people after an event that changed what the session does; `undefined` where the old one stays. */
export function messageAfter(
  status: SessionStatus,
  event: SessionEvent,
  progress: { readonly step: number; readonly steps: number | undefined },
): string | undefined {
  switch (status) {
    case 'preparing':
      if (event.type === 'environment.progress' || event.type === 'policy.progress') return event.message;
      return event.type === 'session.created' || event.type === 'runner.started' ? 'Preparing' : undefined;
    case 'running':
      if (event.type === 'environment.progress' || event.type === 'policy.progress') return event.message;
      return workMessage(progress.step, progress.steps);
    case 'pausing':
      if (event.type !== 'request.received') return undefined;
      return event.afterStep === true
        ? 'Pausing when the step is done'
        : 'Pausing when the running evaluations are done';
    case 'paused':
      if (event.type !== 'session.paused') return undefined;
      return event.message ?? pauseReasons[event.reason];
    case 'stopping':
      return 'Stopping';
    case 'finished':
      return event.type === 'session.finished' ? endReasons[event.reason] : undefined;
    case 'failed':
      if (event.type !== 'session.failed') return undefined;
      return event.advice === undefined ? event.message : `${event.message} ${event.advice}`;
  }
}

const pauseReasons = {
  user: 'Paused',
  error: 'Paused after an error',
  'disk-full': 'Paused: no space left on the host',
};

const endReasons = {
  steps: 'All steps are done',
  time: 'The time is used up',
  evaluations: 'The evaluations are used up',
  tokens: 'The tokens are used up',
  cost: 'The money is used up',
  'no-improvement': 'No better candidate for too many steps',
  stopped: 'Stopped',
};

function workMessage(step: number, steps: number | undefined): string {
  if (step < 0) return 'Evaluating the initial program';
  return steps === undefined ? `Step ${step + 1}` : `Step ${step + 1} of ${steps}`;
}
