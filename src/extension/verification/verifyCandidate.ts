import { window } from 'vscode';
import { judgeVerification } from '../../domain/verification/judgeVerification';
import type { VerifyReply } from '../../protocol/hostCommands';
import type { MeasureSpec } from '../../protocol/measureSpec';
import { describeFailure, isCancelled } from '../base/failures';
import { t } from '../base/translate';
import { requireTrust } from '../base/trust';
import { candidateFromArguments } from '../candidates/documents/candidateArguments';
import { bestOf } from '../candidates/documents/openDiff';
import { valueOf } from '../sessions/sessionItems';
import { askingForIsolation } from '../start/withoutIsolation';
import type { VerificationNeeds } from './needs';
import { onTarget } from './onTarget';
import { judgementSentence, verificationText } from './resultTexts';
import { withShownCandidate } from './shownCandidate';
import { startOf, subjectOfSession, withIsolation, type Subject } from './subject';

/**
 * Runs a candidate of a session again from scratch, with seeds that nobody knows and the stricter check, under the evaluator that the session
 * began with. Arguments: a session and a candidate, or a candidate's URI or row; without them the
 * candidate that is shown, else the best one.
 */
export async function verifyCandidate(needs: VerificationNeeds, given: readonly unknown[]): Promise<void> {
  requireTrust(t('Verifying runs the programs of a session.'));
  const args = withShownCandidate(given);
  const session = await needs.chooser.choose(
    args,
    t('Verify a candidate of which session?'),
    ({ snapshot }) => snapshot.best !== undefined,
  );
  const candidate = candidateFromArguments(args) ?? bestOf(session);
  const text = await needs.store.readCandidate(session.id, candidate);
  const subject = subjectOfSession(session, startOf(session, candidate));
  const label = `c${candidate}`;
  const reply = await askingForIsolation(subject.target, (isolation) =>
    verify(needs, subject, label, { ...withIsolation(subject, isolation), candidateText: text }),
  );
  const recorded = valueOf(session.snapshot, candidate);
  const outcomes = reply.runs.map(({ outcome }) => outcome);
  const judgement = judgeVerification(reply.verdict, outcomes, recorded, subject.metric);
  const atMs = needs.nowMs();
  const result = needs.results.create(t('{0}, {1} verified', subject.title, label), atMs, subject.problem);
  const head = {
    title: t('{0}: {1}, verified', subject.title, label),
    hostLabel: subject.hostLabel,
    atMs,
    notes: [t('The seeds are new, and the check is the stricter one (DISCOVER_STRICT).'), ...subject.notes],
  };
  result.update(verificationText(head, label, reply, judgement, subject.metric));
  const sentence = judgementSentence(label, judgement, subject.metric);
  showInTests(needs, subject, label, reply, judgement.verdict, sentence);
  const showTable = t('Show Results');
  const show = judgement.verdict === 'confirmed' ? window.showInformationMessage : window.showWarningMessage;
  void show(sentence, showTable).then((chosen) =>
    chosen === showTable ? needs.failures.guard('showResults', () => result.show()) : undefined,
  );
}

async function verify(
  needs: VerificationNeeds,
  subject: Subject,
  label: string,
  spec: MeasureSpec,
): Promise<VerifyReply> {
  try {
    return await onTarget(
      needs.connections,
      subject.target,
      t('Verifying {0}', label),
      (client, report, signal) => client.verify(spec, report, signal),
    );
  } catch (error) {
    if (subject.problem !== undefined && !isCancelled(error)) {
      const words = describeFailure(error).text;
      needs.tests.begin(subject.problem, subject.title, t('Verify {0}', label)).abandon(words);
    }
    throw error;
  }
}

/** Each run is an item below the problem. */
function showInTests(
  needs: VerificationNeeds,
  { problem, title, metric }: Subject,
  label: string,
  { runs }: VerifyReply,
  verdict: 'confirmed' | 'refuted' | 'unclear',
  sentence: string,
): void {
  if (problem === undefined) return;
  const shown = needs.tests.begin(problem, title, t('Verify {0}', label));
  for (const [index, { seed, outcome }] of runs.entries()) {
    const name = t('run {0} of {1}, seed {2}', index + 1, label, seed);
    const unit = metric.unit === undefined ? {} : { unit: metric.unit };
    if (outcome.kind === 'valid') shown.onCase({ name, verdict: 'passed', value: outcome.value, ...unit });
    else shown.onCase({ name, verdict: 'failed', message: `${outcome.message} (${outcome.reason})` });
  }
  const verdicts = { confirmed: 'passed', refuted: 'failed', unclear: 'skipped' } as const;
  const words = {
    confirmed: t('{0} confirmed', label),
    refuted: t('{0} refuted', label),
    unclear: t('{0} unclear', label),
  };
  const durationMs = runs.reduce((sum, run) => sum + run.durationMs, 0);
  shown.conclude(verdicts[verdict], words[verdict], sentence, durationMs);
}
