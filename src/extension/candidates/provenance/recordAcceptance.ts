import type { SessionView } from '../../sessions/sessions';
import { sha256Of } from '../../sessions/journalCache';
import { valueOf } from '../../sessions/sessionItems';
import { titleOf } from '../../sessions/sessionNames';
import { withoutAbsent } from '../../../domain/withoutAbsent';
import { linesOf } from '../../../domain/merge/textLines';
import { acceptedPlace } from './acceptedFile';
import type { AcceptedRecords } from './acceptedRecords';
import type { AppliedHunks } from '../review/applyHunks';
import { fidelityOf, withAcceptance } from './provenance';

/** Most ancestors that a record names. */
const mostAncestors = 1000;

/** Adds to the workspace's record what a candidate has just given to the user's file. */
export async function recordAcceptance(
  records: AcceptedRecords,
  session: SessionView,
  candidate: number,
  applied: AppliedHunks,
  nowMs: number,
): Promise<void> {
  const { snapshot } = session;
  const own = snapshot.candidates.at(candidate);
  const metric = snapshot.problem?.metric;
  const value = valueOf(snapshot, candidate);
  const target = applied.document.uri;
  const news = withoutAbsent({
    file: acceptedPlace(target).name,
    session: session.id,
    problem: titleOf(session),
    candidate,
    sha256: own?.sha256 ?? '',
    ancestors: ancestorsOf(session, candidate),
    step: own === undefined || own.step < 0 ? undefined : own.step + 1,
    metric:
      metric === undefined || value === undefined
        ? undefined
        : withoutAbsent({ name: metric.name, value, unit: metric.unit }),
    fidelity: fidelityOf(applied.left),
    rejected: applied.left.rejected.map((hunk) => hunk.id),
    undecided: applied.left.open.length,
    before: sha256Of(applied.before),
    after: sha256Of(applied.after),
    exactLines: applied.left.isExact ? sha256Of(applied.left.mine.join('\n')) : undefined,
    acceptedAt: new Date(nowMs).toISOString(),
  });
  const left = [...applied.left.open, ...applied.left.rejected];
  await records.change(target, (before) =>
    withAcceptance(before, news, applied.hunks, linesOf(applied.before), left),
  );
}

function ancestorsOf({ snapshot }: SessionView, candidate: number): number[] {
  const ancestors: number[] = [];
  let parent = snapshot.candidates.at(candidate)?.parent;
  while (parent !== undefined && ancestors.length < mostAncestors) {
    ancestors.push(parent);
    parent = snapshot.candidates.at(parent)?.parent;
  }
  return ancestors;
}
