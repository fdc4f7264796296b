import { Uri, window } from 'vscode';
import type { Comparison } from '../../domain/verification/comparison';
import { changeText } from '../../domain/verification/comparisonWords';
import { numberText } from '../../domain/verification/numberWords';
import { Refusal } from '../base/failures';
import { t } from '../base/translate';
import { requireTrust } from '../base/trust';
import { candidateFromArguments } from '../candidates/documents/candidateArguments';
import { userFileOf } from '../candidates/documents/userFile';
import { sessionFromArguments } from '../sessions/chooseSession';
import type { SessionView } from '../sessions/sessions';
import { titleOf } from '../sessions/sessionNames';
import { chooseProblem } from '../start/chooseProblem';
import { ComparisonRun } from './comparisonRun';
import type { VerificationNeeds } from './needs';
import { newestSession, ownFileOf } from './ownFile';
import { withShownCandidate } from './shownCandidate';
import { candidateSide, chooseSide, type Side, type SideSources } from './sideChoice';
import { startOf, subjectOfProblem, subjectOfSession, type Subject } from './subject';

/** An even number: each program is first as often as the other. */
const mostRounds = 30;

/**
 * Runs two programs in turns on the same seeds until it is clear which is better. Arguments: a session, or a candidate's URI or row, which
 * is then one of the two; without them the candidate that is shown, the problem of the file in the editor, else the user's choice of a session.
 */
export async function comparePrograms(needs: VerificationNeeds, named: readonly unknown[]): Promise<void> {
  requireTrust(t('Comparing runs the programs of this folder.'));
  const args = withShownCandidate(named);
  const place = await placeOf(needs, args);
  const sources = await sourcesOf(place);
  const { session } = place;
  const given = candidateFromArguments(args);
  const known =
    session === undefined || given === undefined
      ? undefined
      : await candidateSide(needs.store, session, given);
  const a = await chooseSide(
    needs,
    sources,
    known === undefined ? t('Program A') : t('Compare {0} with', known.label),
    known,
  );
  const b = known ?? (await chooseSide(needs, sources, t('Program B, to compare with {0}', a.label), a));
  if (a.text === b.text) {
    throw new Refusal(
      t('{0} and {1} are the same text: there is nothing to compare.', capital(a.label), b.label),
    );
  }
  const subject =
    'subject' in place ? place.subject : subjectOfSession(place.session, startOfBoth(place.session, a, b));
  const run = new ComparisonRun(needs, subject, { a, b }, mostRounds);
  await needs.failures.guard('showResults', () => run.result.show());
  await run.run();
  const { comparison, sentence } = run;
  showInTests(
    needs,
    subject,
    t('Compare {0} and {1}', a.label, b.label),
    comparison,
    sentence,
    run.durationMs,
  );
  const show = comparison.verdict === 'failed' ? window.showWarningMessage : window.showInformationMessage;
  const showTable = t('Show Results');
  void show(sentence, showTable).then((chosen) =>
    chosen === showTable ? needs.failures.guard('showResults', () => run.result.show()) : undefined,
  );
}

/** A session, whose evaluator and host are used, or a problem of the workspace that has none. */
type Place =
  | { readonly session: SessionView }
  | {
      readonly session: undefined;
      readonly subject: Subject;
      readonly own: Uri;
    };

async function placeOf(needs: VerificationNeeds, args: readonly unknown[]): Promise<Place> {
  await needs.store.ready;
  if (sessionFromArguments(args) !== undefined) return { session: await needs.chooser.choose(args, '') };
  const named = args[0] instanceof Uri ? args[0] : window.activeTextEditor?.document.uri;
  const isOwn =
    named !== undefined &&
    (named.path.endsWith('.discover') || (await needs.files.problemsOf(named)).length > 0);
  if (!isOwn && needs.store.all.length > 0)
    return { session: await needs.chooser.choose([], t('Compare programs of which session?')) };
  const problem = isOwn ? undefined : await chooseProblem([]);
  const own = await ownFileOf(needs, [problem ?? named]);
  const session = newestSession(needs, own.problem);
  if (session?.snapshot.problem !== undefined) return { session };
  const target = await needs.requireHost();
  const subject = await subjectOfProblem(own.problem, target, needs.settingsFor(own.problem), { notes: [] });
  return { session: undefined, subject, own: own.file };
}

async function sourcesOf(place: Place): Promise<SideSources> {
  if (place.session === undefined) return { title: place.subject.title, session: undefined, own: place.own };
  return { title: titleOf(place.session), session: place.session, own: await userFileOf(place.session) };
}

/** Both go on from the same construction, so that the text is all they differ by: that of the first one that is a candidate with a parent's. */
function startOfBoth(session: SessionView, a: Side, b: Side): ReturnType<typeof startOf> {
  const starts = [a, b].map(({ candidate }) => startOf(session, candidate, 'both'));
  return starts.find(({ from }) => from !== undefined) ?? { notes: [] };
}

/** Each case is an item below the problem. */
function showInTests(
  needs: VerificationNeeds,
  { problem, title, metric }: Subject,
  runName: string,
  comparison: Comparison,
  sentence: string,
  durationMs: number,
): void {
  if (problem === undefined) return;
  const shown = needs.tests.begin(problem, title, runName);
  for (const { name, unit, a, b, scale, estimate } of comparison.cases) {
    if (a === undefined || b === undefined || estimate === undefined) {
      shown.onCase({ name, verdict: 'skipped', message: t('One of the programs has no value for it.') });
      continue;
    }
    const message = t(
      'A {0}, B {1}, from A to B {2}',
      numberText(a, unit),
      numberText(b, unit),
      changeText(scale, estimate, unit),
    );
    shown.onCase({ name, verdict: 'passed', message });
  }
  const { effect, scale, verdict } = comparison;
  const change = effect === undefined ? undefined : changeText(scale, effect.estimate, metric.unit);
  const words = [verdictText(verdict), verdict === 'same' || verdict === 'failed' ? undefined : change];
  const mark = verdict === 'failed' ? 'failed' : verdict === 'unclear' ? 'skipped' : 'passed';
  shown.conclude(mark, words.filter((part) => part !== undefined).join(', '), sentence, durationMs);
}

function verdictText(verdict: Comparison['verdict']): string {
  switch (verdict) {
    case 'a-better':
      return t('A is better');
    case 'b-better':
      return t('B is better');
    case 'same':
      return t('no difference');
    case 'unclear':
      return t('unclear');
    case 'failed':
      return t('not comparable');
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
