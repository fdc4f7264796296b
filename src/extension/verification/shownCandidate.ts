import { window } from 'vscode';
import { candidateScheme } from '../candidates/documents/candidateUri';

/** A command's arguments; without any the URI of the candidate that is shown, if one is. */
export function withShownCandidate(args: readonly unknown[]): readonly unknown[] {
  if (args.length > 0) return args;
  const shown = window.activeTextEditor?.document.uri;
  return shown?.scheme === candidateScheme ? [shown] : [];
}
