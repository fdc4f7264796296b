import { Disposable, type ExtensionContext, type LogOutputChannel } from 'vscode';
import { stackOf } from '../base/failures';
import type { CommandHandlers } from '../commandIds';
import { CandidateFiles } from './candidateFiles';
import { comparePrograms } from './comparePrograms';
import type { VerificationNeeds } from './needs';
import { reevaluateFile } from './reevaluate';
import { registerResultDocuments, ResultDocuments } from './resultDocuments';
import { saveResults } from './saveResults';
import { verifyCandidate } from './verifyCandidate';

/** Measuring on demand: the user's own text, a candidate again, and one program against another. */
export function createVerification(
  needs: Omit<VerificationNeeds, 'files' | 'results' | 'nowMs'> & {
    readonly context: Pick<ExtensionContext, 'workspaceState'>;
    readonly log: LogOutputChannel;
  },
): {
  readonly commands: Pick<
    CommandHandlers,
    'reevaluateFile' | 'verifyCandidate' | 'comparePrograms' | 'saveResults'
  >;
  readonly dispose: () => void;
} {
  const { context, log, ...rest } = needs;
  const warn = (message: string, error: unknown): void => log.warn(`${message}: ${stackOf(error)}`);
  const files = new CandidateFiles(warn);
  const results = new ResultDocuments(context.workspaceState, warn, Date.now);
  const own: VerificationNeeds = { ...rest, files, results, nowMs: Date.now };
  const registered = Disposable.from(files, registerResultDocuments(results));
  return {
    commands: {
      reevaluateFile: (...args) => reevaluateFile(own, args),
      verifyCandidate: (...args) => verifyCandidate(own, args),
      comparePrograms: (...args) => comparePrograms(own, args),
      saveResults: (...args) => saveResults(args),
    },
    dispose: () => {
      registered.dispose();
    },
  };
}
