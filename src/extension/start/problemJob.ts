import { workspace, type LogOutputChannel, type Uri } from 'vscode';
import type { SessionOverrides } from '../../domain/session/options';
import type { HostTarget } from '../../remote/hostClient';
import type { Settings } from '../base/settings';
import { bytesText } from '../base/words';
import { labelOf } from '../hosts/hostTargets';
import { unsavedTexts } from './openProblemTexts';
import { checkProblem, prepareSession, type CheckedProblem, type PreparedSession } from './problemFolder';

export interface PrepareContext {
  /** The selected host of the workspace; asks if there is none. */
  readonly requireHost: () => Promise<HostTarget>;
  readonly settingsFor: (uri: Uri) => Settings;
  readonly log: LogOutputChannel;
}

/** A problem that is fit to run, with the host that it is to run on. */
export interface Job {
  readonly uri: Uri;
  readonly target: HostTarget;
  readonly checked: CheckedProblem;
  readonly prepared: PreparedSession;
}

export async function prepareJob(context: PrepareContext, uri: Uri): Promise<Job> {
  const openTexts = unsavedTexts();
  const checked = await checkProblem(uri.fsPath, openTexts);
  const target = await context.requireHost();
  const prepared = await prepareSession(checked, {
    displayPath: workspace.asRelativePath(uri),
    settings: context.settingsFor(uri),
    openTexts,
    signal: new AbortController().signal,
  });
  const { files, totalBytes, unsaved, skipped } = prepared.collected;
  context.log.info(
    `${checked.problem.title}: ${files.length} files, ${bytesText(totalBytes)} for ${labelOf(target)}` +
      (unsaved.length > 0 ? `; unsaved text of the editor is used for ${unsaved.join(', ')}` : '') +
      (skipped.length > 0 ? `; not copied: ${skipped.join(', ')}` : ''),
  );
  return { uri, target, checked, prepared };
}

export function withOverrides(job: Job, overrides: SessionOverrides): Job {
  return { ...job, prepared: { ...job.prepared, spec: { ...job.prepared.spec, overrides } } };
}
