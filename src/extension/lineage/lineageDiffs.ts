import { commands, type Uri } from 'vscode';
import { Refusal } from '../base/failures';
import { t } from '../base/translate';
import { candidateUri } from '../candidates/documents/candidateDocuments';
import { candidateLabel } from '../candidates/documents/openDiff';
import type { Sessions, SessionView } from '../sessions/sessions';

/** Steps of a lineage that are opened at once, and that `Show More of the Lineage` adds. */
export const lineageSteps = 20;

/** A lineage as a tab shows it. */
export interface ShownLineage {
  readonly sessionId: string;
  readonly candidate: number;
  /** How many of its last steps are shown. */
  readonly steps: number;
  readonly hasMore: boolean;
  readonly title: string;
}

/**
 * Opens the way to a candidate as one tab of diffs, each from a parent to its child, oldest first. Of a long way only the last
 * `steps` are opened: each is a program to be read, from the host maybe.
 */
export async function openLineage(
  session: SessionView,
  path: readonly number[],
  steps: number,
): Promise<ShownLineage> {
  const candidate = path.at(-1);
  if (candidate === undefined || path.length < 2) {
    throw new Refusal(
      candidate === undefined
        ? t('This candidate is not in its session’s list.')
        : t('c{0} has no parent: it is what the session began with.', candidate),
    );
  }
  const pairs = pairsOf(session, path);
  const shown = pairs.slice(-steps);
  const hasMore = shown.length < pairs.length;
  const begin = shown[0]?.parent ?? candidate;
  const title = hasMore
    ? t('Lineage of c{0} from c{1}, {2} of {3} steps', candidate, begin, shown.length, pairs.length)
    : lineageTitle(candidate, begin, path.length - 1 - pairs.length);
  const resources = shown.map(({ parent, child }): [Uri, Uri, Uri] => [
    uriOf(session, child, 'lineage'),
    uriOf(session, parent, 'lineage'),
    uriOf(session, child, 'lineage'),
  ]);
  await commands.executeCommand('vscode.changes', title, resources);
  return { sessionId: session.id, candidate, steps, hasMore, title };
}

/** Opens two candidates side by side, both read-only: `left` is what it was, `right` what it is. */
export async function openComparison(
  sessions: Sessions,
  session: SessionView,
  left: number,
  right: number,
): Promise<void> {
  // Both are read first: a diff with an empty side would say something untrue.
  await Promise.all([left, right].map((one) => sessions.readCandidate(session.id, one)));
  const path = session.snapshot.problem?.candidate ?? '';
  const name = path.slice(path.lastIndexOf('/') + 1);
  const title = `${name}: ${candidateLabel(session, left)} ↔ ${candidateLabel(session, right)}`;
  await commands.executeCommand(
    'vscode.diff',
    uriOf(session, left, 'text'),
    uriOf(session, right, 'text'),
    title,
    {
      preview: true,
    },
  );
}

/** Without a word for the steps that are left out, one would look for what lies between the diffs. */
function lineageTitle(candidate: number, begin: number, unchanged: number): string {
  if (unchanged === 0) return t('Lineage of c{0} from c{1}', candidate, begin);
  return unchanged === 1
    ? t('Lineage of c{0} from c{1}, without 1 step that changed nothing', candidate, begin)
    : t('Lineage of c{0} from c{1}, without {2} steps that changed nothing', candidate, begin, unchanged);
}

/** Parents and children along a way, without those where the text stayed the same. */
export function pairsOf(
  { snapshot }: Pick<SessionView, 'snapshot'>,
  path: readonly number[],
): { readonly parent: number; readonly child: number }[] {
  return path.slice(1).flatMap((child, index) => {
    const parent = path[index];
    if (parent === undefined) return [];
    const isSame = snapshot.candidates.at(parent)?.sha256 === snapshot.candidates.at(child)?.sha256;
    return isSame ? [] : [{ parent, child }];
  });
}

function uriOf(session: SessionView, candidate: number, view: 'text' | 'lineage'): Uri {
  const path = session.snapshot.problem?.candidate ?? 'candidate';
  return candidateUri({ sessionId: session.id, candidate, path, view });
}
