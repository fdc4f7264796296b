import type { Memento } from 'vscode';
import type { HostTarget } from '../../remote/hostClient';
import { Refusal } from '../base/failures';
import { t } from '../base/translate';
import { labelOf } from '../hosts/hostTargets';
import type { EditorModels } from '../languageModels/models';
import { chooseRun } from './chooseRun';
import { confirmSpending } from './confirmSpending';
import { asksEditorModel, plannedMistakes, plannedOptions } from './plannedSession';
import { withOverrides, type Job } from './problemJob';

export interface ChooseContext {
  readonly models: EditorModels;
  /** Memory of the workspace. */
  readonly memory: Pick<Memento, 'get' | 'update'>;
}

/** The job with the user's choices in its overrides. Asks how to run it where it should, and before money is spent. */
export async function chooseHow(context: ChooseContext, job: Job, asksHow: boolean): Promise<Job> {
  const { problem } = job.checked;
  const { spec, initialText } = job.prepared;
  const editorModelsRefusal = refusalOfEditorModels(job.target);
  let { overrides } = spec;
  for (let asks = asksHow; ; asks = true) {
    if (asks) {
      const question = { problem, initialText, overrides, models: context.models, editorModelsRefusal };
      overrides = await chooseRun(question);
    }
    const options = plannedOptions(problem, overrides);
    const mistakes = plannedMistakes(options);
    if (mistakes.length > 0) {
      throw new Refusal(mistakes.join(' '), {
        title: t('Choose…'),
        command: 'startDiscoveryWith',
        args: [job.uri],
      });
    }
    if (asksEditorModel(options) && editorModelsRefusal !== undefined) {
      throw new Refusal(editorModelsRefusal, { title: t('Select Host…'), command: 'selectHost' });
    }
    const { memory } = context;
    const question = { problem, problemUri: job.uri.toString(), options, initialText, memory };
    if ((await confirmSpending(question)) === 'start') return withOverrides(job, overrides);
  }
}

function refusalOfEditorModels(target: HostTarget): string | undefined {
  if (target.kind === 'local') return undefined;
  return t(
    'A language model of this editor can be used by sessions on this machine only: {0} cannot reach the editor. Select this machine as the host, or choose another model.',
    labelOf(target),
  );
}
