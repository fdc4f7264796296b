import { lastOwner } from '../../../src/runner/host/ownership';
import { isAlive } from '../../../src/runner/host/processIdentity';
import { sessionFolder } from '../../../src/runner/host/sessionFolder';

/** Ends the process of a session that its test has left, if it still runs. */
export function killRunnerOf(root: string, sessionId: string): Promise<void> {
  const owner = lastOwner(sessionFolder(root, sessionId));
  if (owner !== undefined && isAlive(owner.process)) process.kill(owner.process.pid, 'SIGKILL');
  return Promise.resolve();
}
