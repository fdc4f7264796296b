import type { GroupRequest, Policy, Proposal } from '../../policy/policy';
import type { ModelLink } from './modelLink';

/**
 * A policy whose model server is reached through an editor: when for a while none is attached, what it does is ended and said to wait
 * for one, in place of the failures of requests that nobody hands on.
 */
export function waitsForEditor(policy: Policy, link: () => Promise<ModelLink>): Policy {
  return {
    propose: (request, signal) => proposeWhileAttached(policy, request, link, signal),
    update: (groups, options, signal) =>
      whileAttached(link, signal, (either) => policy.update(groups, options, either)),
    save: () => policy.save(),
    restore: (saved) => policy.restore(saved),
    dispose: () => policy.dispose(),
  };
}

async function* proposeWhileAttached(
  policy: Policy,
  request: GroupRequest,
  link: () => Promise<ModelLink>,
  signal: AbortSignal,
): AsyncGenerator<Proposal, void, undefined> {
  const opened = await link();
  const watch = opened.watch();
  try {
    yield* policy.propose(request, AbortSignal.any([signal, watch.gone]));
  } catch (error) {
    throw named(error, opened, watch.gone, signal);
  } finally {
    watch.end();
  }
}

async function whileAttached<T>(
  link: () => Promise<ModelLink>,
  signal: AbortSignal,
  act: (either: AbortSignal) => Promise<T>,
): Promise<T> {
  const opened = await link();
  const watch = opened.watch();
  try {
    return await act(AbortSignal.any([signal, watch.gone]));
  } catch (error) {
    throw named(error, opened, watch.gone, signal);
  } finally {
    watch.end();
  }
}

function named(error: unknown, link: ModelLink, gone: AbortSignal, signal: AbortSignal): unknown {
  if (signal.aborted) return error;
  return gone.aborted || !link.isAttached ? link.away : error;
}
