import { Range, window, workspace, WorkspaceEdit, type Uri } from 'vscode';
import { Refusal } from '../base/failures';
import { valueText } from '../base/words';
import type { SessionStore } from '../sessions/sessionStore';
import { titleOf, valueOf } from '../sessions/sessionItems';
import type { SessionView } from '../sessions/sessions';
import { decideAcceptance } from './acceptance';
import { userFileOf } from './userFile';

/**
 * Writes a candidate into the user's file as one edit, which one Undo takes back and which is not saved. Refuses, and
 * writes nothing, if the file holds anything of the user's own.
 */
export async function acceptCandidate(
  store: SessionStore,
  session: SessionView,
  candidate: number,
): Promise<void> {
  const uri = await userFileOf(session);
  if (uri === undefined) {
    throw new Refusal(
      session.problemUri === undefined
        ? `Session "${titleOf(session)}" was not started from this editor, so there is no file to accept into. Copy what you like from the diff.`
        : `The file that session "${titleOf(session)}" began with is not there any more. Put it back, or copy what you like from the diff.`,
    );
  }
  const text = await store.readCandidate(session.id, candidate);
  const bases = await baseTexts(store, session);
  const document = await workspace.openTextDocument(uri);
  // From here to applyEdit nothing is awaited: the edit belongs to the text that was judged.
  const decision = decideAcceptance(document.getText(), text, bases);
  const name = workspace.asRelativePath(uri);
  switch (decision.kind) {
    case 'already-accepted':
      void window.showInformationMessage(`${name} already holds c${candidate}.`);
      return;
    case 'changed-since':
      throw new Refusal(
        `${name} has changed since this session began, so accepting c${candidate} would overwrite your edits. Nothing was written. Take over what you like from the diff, or undo your edits first.`,
        { title: 'Open Diff', command: 'openDiff', args: [session.id, candidate] },
      );
    case 'edit':
      break;
  }
  const edit = new WorkspaceEdit();
  const range = new Range(document.positionAt(decision.start), document.positionAt(decision.end));
  edit.replace(uri, range, decision.newText);
  if (!(await workspace.applyEdit(edit))) {
    throw new Refusal(
      `${name} changed or is read-only while c${candidate} was being accepted. Nothing was written.`,
      { title: 'Try Again', command: 'acceptCandidate', args: [session.id, candidate] },
    );
  }
  await store.setAccepted(session.id, candidate);
  void confirm(uri, session, candidate);
}

/** Texts that may be overwritten without a loss: the initial program and the candidate accepted last. */
async function baseTexts(store: SessionStore, session: SessionView): Promise<string[]> {
  const accepted = await store.acceptedCandidate(session.id);
  return Promise.all(
    [0, ...(accepted === undefined ? [] : [accepted])].map((candidate) =>
      store.readCandidate(session.id, candidate),
    ),
  );
}

async function confirm(uri: Uri, session: SessionView, candidate: number): Promise<void> {
  const value = valueOf(session.snapshot, candidate);
  const metric = session.snapshot.problem?.metric;
  const score = value === undefined ? '' : ` (${metric?.name ?? 'value'} ${valueText(value, metric?.unit)})`;
  const key = process.platform === 'darwin' ? '⌘Z' : 'Ctrl+Z';
  const show = 'Show File';
  const chosen = await window.showInformationMessage(
    `Accepted c${candidate}${score} into ${workspace.asRelativePath(uri)}. Undo with ${key} there.`,
    show,
  );
  if (chosen === show) await window.showTextDocument(uri);
}
