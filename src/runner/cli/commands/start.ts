import type { SessionOptions } from '../../../domain/session/options';
import { checkPolicy } from '../../../policy/createPolicy';
import { exitCodes } from '../../../protocol/hostCommands';
import { startInput, type SessionSpec } from '../../../protocol/sessionSpec';
import { lastOwner } from '../../host/ownership';
import { problemOfSpec, type ReadyProblem } from '../../host/readProblem';
import { resolveOptions, type HostDefaults } from '../../../domain/session/resolveOptions';
import { StartFailedError } from '../../host/requestSession';
import { createSessionFolder } from '../../host/sessionFolder';
import { listingOf } from '../../host/sessionListing';
import { startDetached } from '../../host/startDetached';
import { tidyHost } from '../../host/tidyHost';
import type { Command } from '../command';
import { noSuchSession, usageError } from '../commandError';
import { requireIsolation } from '../requireIsolation';
import { readSpecInput } from '../specInput';
import { listingText } from './list';

export const startCommand: Command = {
  name: 'start',
  arguments: '--spec -',
  summary: 'Start a session that lives on by itself; its specification comes on standard input',
  mostPositionals: 0,
  options: {
    spec: {
      type: 'string',
      value: '-',
      help: 'JSON, gzip-compressed or not: the files, what was chosen, and secrets (never written)',
    },
  },
  async run({ values, root, bundlePath, output }) {
    const from = values['spec'];
    if (from === undefined) throw usageError('--spec is missing.', 'start');
    const { secrets, ...spec } = await readSpecInput(from, startInput);
    const { problem, options } = checkSpec(spec);
    await requireIsolation(problem, options);
    const { folder, existed } = createSessionFolder(root, spec);
    // An earlier call may have been cut off between making the folder and starting the process.
    const began = existed && lastOwner(folder) !== undefined;
    const message = began ? undefined : await startDetached(folder, { root, bundlePath, secrets });
    if (message?.kind === 'failed') throw new StartFailedError(message);
    const listing = await listingOf(folder);
    if (listing === undefined) throw noSuchSession(spec.sessionId, root);
    output.reply({
      kind: 'started',
      alreadyRunning: began || message?.kind === 'already-running',
      session: listing,
    });
    output.line(listingText(listing));
    tidyInPassing(root);
    return exitCodes.ok;
  },
};

/** The session has begun: what hinders the tidying must not be told as its failure. */
function tidyInPassing(root: string): void {
  try {
    tidyHost(root);
  } catch (error) {
    process.stderr.write(
      `Old versions were not removed: ${error instanceof Error ? error.message : String(error)}\n`,
    );
  }
}

/** What a specification comes to before anything begins. */
export interface CheckedSpec extends ReadyProblem {
  /** With seed 0 where none is given, and one evaluation at once for each that a single processor bears. */
  readonly options: SessionOptions;
}

/**
 * What can be known to be wrong is said before anything begins. `host`: what it gives to evaluations; a single processor by default. Throws
 * `ProblemError`, `SettingsError` and what policies throw.
 */
export function checkSpec(
  spec: SessionSpec,
  host: Omit<HostDefaults, 'randomSeed'> = { processors: 1 },
): CheckedSpec {
  const ready = problemOfSpec(spec);
  const { problem, initialText } = ready;
  const options = resolveOptions(problem, spec.overrides, { randomSeed: 0, ...host });
  checkPolicy({ problem, initialText, options });
  return { ...ready, options };
}
