import { Uri, window, workspace, type QuickPickItem } from 'vscode';
import { Cancelled, Refusal } from '../../base/failures';
import { t } from '../../base/translate';
import { valueText } from '../../base/words';
import type { SessionStore } from '../../sessions/sessionStore';
import { chooseProblem } from '../../start/chooseProblem';
import { parsedProblemAt } from '../problemDocuments';
import { promptPlace, promptScheme, type PromptAddress } from './promptAddress';

interface ParentItem extends QuickPickItem {
  readonly parent?: NonNullable<PromptAddress['parent']>;
}

/** Shows the prompt that the model will see. First argument: the URI of the problem file. */
export async function previewPromptOf(
  sessions: Pick<SessionStore, 'all'>,
  args: readonly unknown[],
): Promise<void> {
  const uri = await chooseProblem(args);
  const { problem } = await parsedProblemAt(uri);
  if (problem === undefined) {
    throw new Refusal(t('The problem file has mistakes, so it has no prompt yet.'), {
      title: t('Show Problems'),
      command: { id: 'workbench.actions.view.problems' },
    });
  }
  const parent = await chooseParent(sessions, uri.toString());
  const place = promptPlace(problem.title, {
    problem: uri.toString(),
    ...(parent !== undefined && { parent }),
  });
  const document = await workspace.openTextDocument(Uri.from({ scheme: promptScheme, ...place }));
  await window.showTextDocument(document, { preview: true });
}

/** Asks where there is more than the first step to look at. */
async function chooseParent(
  sessions: Pick<SessionStore, 'all'>,
  problemUri: string,
): Promise<PromptAddress['parent']> {
  const bests = sessions.all.flatMap(({ id, problemUri: uri, snapshot, hostLabel }): ParentItem[] => {
    const candidate = snapshot.announcedBest ?? snapshot.best;
    if (uri !== problemUri || candidate === undefined) return [];
    const outcome = snapshot.candidates.at(candidate)?.outcome;
    const value =
      outcome?.kind === 'valid' ? valueText(outcome.value, snapshot.problem?.metric.unit) : undefined;
    return [
      {
        label: t('From c{0}, the best of a session', candidate),
        description: [value, hostLabel].filter((words) => words !== undefined).join(' · '),
        detail: t('With the notes to the model that the session has now'),
        parent: { session: id, candidate },
      },
    ];
  });
  if (bests.length === 0) return undefined;
  const first: ParentItem = {
    label: t('From the initial program'),
    description: t('the first step of a session'),
  };
  const chosen = await window.showQuickPick([first, ...bests.slice(0, 20)], {
    title: t('Preview Prompt'),
    placeHolder: t('Which program is the model to make better?'),
  });
  if (chosen === undefined) throw new Cancelled();
  return chosen.parent;
}
