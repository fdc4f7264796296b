import { window, type Uri } from 'vscode';
import type { CaseResult, EvaluationOutcome } from '../../domain/session/outcome';
import { describeFailure, isCancelled } from '../base/failures';
import { t } from '../base/translate';
import { durationText, valueText } from '../base/words';
import type { CaseTests } from './caseTests';
import { onHost, type OnHostContext } from './onHost';
import type { Job } from './problemJob';

export interface EvaluationContext extends OnHostContext {
  /** The initial program of a problem was evaluated, well or badly. */
  readonly onEvaluated: (problem: Uri, initialText: string, outcome: EvaluationOutcome) => void;
}

/** Scores the initial program, its cases in the Test Explorer, its outcome in a message. */
export async function evaluateInitial(
  context: EvaluationContext,
  job: Job,
  shownIn: CaseTests,
  cancelled: AbortSignal | undefined,
): Promise<void> {
  const { problem } = job.checked;
  const evaluation = await onHost(
    context,
    job.target,
    t('Evaluating {0}', problem.candidate),
    async (client, report, signal) => {
      const shown = shownIn.begin(job.uri, problem.title);
      let cases = 0;
      const onCase = (result: CaseResult): void => {
        cases += 1;
        report(cases === 1 ? t('1 case done') : t('{0} cases done', cases));
        shown.onCase(result);
      };
      const either = cancelled === undefined ? signal : AbortSignal.any([signal, cancelled]);
      try {
        const result = await client.evaluate(job.prepared.spec, undefined, report, either, onCase);
        shown.end(result, problem.metric);
        return result;
      } catch (error) {
        shown.abandon(isCancelled(error) ? undefined : describeFailure(error).text);
        throw error;
      }
    },
  );
  const { outcome, durationMs } = evaluation;
  context.onEvaluated(job.uri, job.prepared.initialText, outcome);
  if (outcome.kind === 'valid') {
    const value = valueText(outcome.value, problem.metric.unit);
    const message = t('{0} = {1} (valid, {2})', problem.metric.name, value, durationText(durationMs));
    context.log.info(
      `${problem.title}: ${message}${outcome.feedback === undefined ? '' : `\n${outcome.feedback}`}`,
    );
    void window.showInformationMessage(message);
    return;
  }
  context.log.warn(
    `${problem.title}: ${problem.candidate} failed (${outcome.reason}): ${outcome.message}\n${outcome.outputTail ?? ''}`,
  );
  const show = t('Show Output');
  const text = `${problem.candidate}: ${outcome.message} (${outcome.reason}, ${durationText(durationMs)})`;
  void window.showWarningMessage(text, show).then((chosen) => {
    if (chosen === show) context.log.show(true);
  });
}
