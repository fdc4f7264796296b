import { Range, workspace, WorkspaceEdit, type TextDocument } from 'vscode';
import { editsOf, type LineReplacement } from '../../../domain/merge/lineEdits';
import { replacementOf, type CandidateReview, type ReviewHunk } from '../../../domain/merge/review';
import { Refusal, type Remedy } from '../../base/failures';
import { isCell, targetName } from '../documents/reviewTargets';
import type { LiveReview } from './liveReview';
import { isReadOnly } from './readOnly';
import { t } from '../../base/translate';

export interface AppliedHunks {
  readonly document: TextDocument;
  readonly hunks: readonly ReviewHunk[];
  /** The document's text before and after. */
  readonly before: string;
  readonly after: string;
  /** The review after it: what is left to decide. */
  readonly left: CandidateReview;
  /** From the decision until the document had the lines. */
  readonly durationMs: number;
}

/** How often a document may change just while an edit of it is on its way: something else may be writing into it. */
const mostRaces = 50;
/** How often the editor may refuse an edit of a document that did not change. */
const mostRefusals = 3;

/**
 * Writes the chosen changes into the user's document as one edit, that one Undo takes back, and saves nothing. The choice is
 * made from the document as it is at that moment. Throws a `Refusal` if the editor does not take the edit.
 */
export async function applyHunks(
  live: LiveReview,
  choose: (review: CandidateReview) => readonly ReviewHunk[],
): Promise<AppliedHunks | undefined> {
  refuseNotebook(live);
  const startedMs = performance.now();
  let refusals = 0;
  for (let race = 1; race <= mostRaces && refusals < mostRefusals; race++) {
    const { document, version, review } = await live.now();
    await refuseReadOnly(live, document);
    // An edit that is late is applied at the wrong lines without a word, so it must be of the document's version.
    if (document.version !== version) continue;
    const hunks = choose(review);
    if (hunks.length === 0) return undefined;
    const before = document.getText();
    if (await replaceInDocument(document, review.mine, hunks.map(replacementOf))) {
      const durationMs = performance.now() - startedMs;
      const after = document.getText();
      return { document, hunks, before, after, left: (await live.now()).review, durationMs };
    }
    if (document.version === version) refusals += 1;
  }
  throw new Refusal(
    t(
      '{0} is read-only, or changed at that very moment. Nothing was written. Try again, or take the program elsewhere.',
      targetName(live.target),
    ),
    elsewhere(live),
  );
}

/** The editor lets extensions write where it lets nobody type. */
async function refuseReadOnly(live: LiveReview, document: TextDocument): Promise<void> {
  if (!(await isReadOnly(document))) return;
  throw new Refusal(
    t(
      '{0} is read-only. Nothing was written. Copy the program, or save it as a new file.',
      targetName(live.target),
    ),
    elsewhere(live),
  );
}

/** A notebook is edited cell by cell; a candidate is a whole file, and as text it would write past the open cells. */
function refuseNotebook(live: LiveReview): void {
  const { target } = live;
  if (isCell(target)) return;
  const isOpenAsNotebook = workspace.notebookDocuments.some(
    ({ uri }) => uri.toString() === target.toString(),
  );
  if (!isOpenAsNotebook && !target.path.endsWith('.ipynb')) return;
  throw new Refusal(
    t(
      '{0} is a notebook, and a candidate is a whole file: its changes cannot be put into cells. Nothing was written. Review it against one of the cells, or copy the program.',
      workspace.asRelativePath(target),
    ),
    elsewhere(live),
    {
      otherwise: {
        title: t('Choose a Cell…'),
        command: 'reviewAgainst',
        args: [live.sessionId, live.candidate],
      },
    },
  );
}

function elsewhere({ sessionId, candidate }: LiveReview): Remedy {
  return { title: t('Copy or Save…'), command: 'copyOrSaveCandidate', args: [sessionId, candidate] };
}

/** Replaces lines of a document; false if the editor did not take the edit. `lines` are the document's at this moment. */
export function replaceInDocument(
  document: TextDocument,
  lines: readonly string[],
  replacements: readonly LineReplacement[],
): Thenable<boolean> {
  const edit = new WorkspaceEdit();
  for (const one of editsOf(lines, replacements)) {
    edit.replace(
      document.uri,
      new Range(one.startLine, one.startCharacter, one.endLine, one.endCharacter),
      one.newText,
    );
  }
  return workspace.applyEdit(edit);
}
