import { basename } from 'node:path';
import { commands, window, workspace } from 'vscode';
import type { CaseResult } from '../../domain/session/outcome';
import { withoutAbsent } from '../../domain/withoutAbsent';
import type { MeasureSpec } from '../../protocol/measureSpec';
import type { HostEvaluation } from '../../remote/hostClient';
import { describeFailure, isCancelled } from '../base/failures';
import { t } from '../base/translate';
import { requireTrust } from '../base/trust';
import { sha256Of } from '../sessions/journalCache';
import { askingForIsolation } from '../start/withoutIsolation';
import type { VerificationNeeds } from './needs';
import { onTarget } from './onTarget';
import { ownFileOf, startOfOwn } from './ownFile';
import { recordMeasured } from './recordMeasured';
import { evaluationText, outcomeSentence } from './resultTexts';
import { subjectOfProblem, withIsolation, type Subject } from './subject';

/**
 * Scores the user's file as it is in the editor, saved or not, under its problem, on the host of the problem's newest session or on the
 * selected one. Arguments: the file's URI, then a session and a candidate that was accepted; without them the file in the editor.
 */
export async function reevaluateFile(needs: VerificationNeeds, args: readonly unknown[]): Promise<void> {
  requireTrust(t('Evaluating runs the programs of this folder.'));
  const { file, problem, session } = await ownFileOf(needs, args);
  const accepted = typeof args[2] === 'number' ? args[2] : undefined;
  const start = await startOfOwn(needs, session, accepted);
  const target = session?.target ?? (await needs.requireHost());
  const document = await workspace.openTextDocument(file);
  const sha256 = sha256Of(document.getText());
  const isUnsaved = document.isDirty;
  const subject = await subjectOfProblem(problem, target, needs.settingsFor(problem), start);
  const name = basename(file.path);
  const evaluation = await askingForIsolation(target, (isolation) =>
    evaluate(needs, subject, t('Evaluating your {0}', name), withIsolation(subject, isolation)),
  );
  const { outcome } = evaluation;
  const atMs = needs.nowMs();
  const result = needs.results.create(t('{0}, your {1}', subject.title, name), atMs, problem);
  const notes = [
    ...(isUnsaved ? [t('The text was not saved when it was measured.')] : []),
    t('SHA-256 of the text: {0}.', sha256),
    ...subject.notes,
  ];
  const head = { title: t('{0}: your {1}', subject.title, name), hostLabel: subject.hostLabel, atMs, notes };
  result.update(evaluationText(head, evaluation, subject.metric));
  if (outcome.kind === 'valid') {
    const unit = subject.metric.unit;
    const measured = withoutAbsent({ value: outcome.value, unit, atMs, sha256 });
    await recordMeasured(needs.accepted, file, measured).catch((error: unknown) =>
      needs.failures.report('accepted.json', error),
    );
  }
  const [showTable, showTests] = [t('Show Results'), t('Show Tests')];
  const message = t('Your {0}: {1}', name, outcomeSentence(outcome, subject.metric));
  const show = outcome.kind === 'valid' ? window.showInformationMessage : window.showWarningMessage;
  void show(message, showTable, showTests).then((chosen) => {
    if (chosen === showTable) return needs.failures.guard('showResults', () => result.show());
    if (chosen === showTests) return commands.executeCommand('workbench.view.testing.focus');
    return undefined;
  });
}

async function evaluate(
  needs: VerificationNeeds,
  subject: Subject,
  title: string,
  spec: MeasureSpec,
): Promise<HostEvaluation> {
  const { problem, metric } = subject;
  return onTarget(needs.connections, subject.target, title, async (client, report, signal) => {
    const shown = problem === undefined ? undefined : needs.tests.begin(problem, subject.title, title);
    let cases = 0;
    const onCase = (result: CaseResult): void => {
      cases += 1;
      report(cases === 1 ? t('1 case done') : t('{0} cases done', cases));
      shown?.onCase(result);
    };
    try {
      const evaluation = await client.evaluate(spec, undefined, report, signal, onCase);
      shown?.end(evaluation, metric);
      return evaluation;
    } catch (error) {
      shown?.abandon(isCancelled(error) ? undefined : describeFailure(error).text);
      throw error;
    }
  });
}
