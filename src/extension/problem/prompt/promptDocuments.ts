import {
  CodeLens,
  EventEmitter,
  Range,
  Uri,
  workspace,
  type CodeLensProvider,
  type Disposable,
  type TextDocument,
  type TextDocumentContentProvider,
} from 'vscode';
import type { Problem } from '../../../domain/problem/problem';
import { Refusal } from '../../base/failures';
import { t } from '../../base/translate';
import { findModel, type EditorModels } from '../../languageModels/models';
import type { SessionStore } from '../../sessions/sessionStore';
import { asksEditorModel, plannedOptions } from '../../start/plannedSession';
import { outcomeOfInitial } from '../evaluations/lastEvaluation';
import { programSha256, type RememberedEvaluations } from '../evaluations/rememberedEvaluations';
import { namedUri } from '../namedFiles';
import { parsedProblemAt, textAt } from '../problemDocuments';
import { promptAddressOf, promptScheme, type PromptAddress } from './promptAddress';
import { previewPrompt, tokenWords, type PreviewedProgram, type PromptPreview } from './promptPreview';

export interface PromptNeeds {
  readonly evaluations: RememberedEvaluations;
  readonly sessions: Pick<SessionStore, 'all' | 'get' | 'onDidChange' | 'readCandidate'>;
  readonly models: EditorModels;
  readonly log: { warn(message: string): void };
}

/** How long texts must rest before an open preview is made anew. */
const restMs = 300;

/** Read-only documents whose text is a prompt, to the letter; what is to be known about it stands in lenses above. */
export class PromptDocuments implements TextDocumentContentProvider, CodeLensProvider, Disposable {
  private readonly textChanges = new EventEmitter<Uri>();
  private readonly lensChanges = new EventEmitter<void>();
  readonly onDidChange = this.textChanges.event;
  readonly onDidChangeCodeLenses = this.lensChanges.event;
  /** What each open document shows, by its URI; kept while the problem file has mistakes. */
  private readonly shown = new Map<string, PromptPreview>();
  private readonly counted = new Map<string, { readonly tokens: number; readonly by: string }>();
  private readonly subscriptions: readonly { dispose(): unknown }[];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly needs: PromptNeeds) {
    const changed = (): void => this.changed();
    this.subscriptions = [
      workspace.onDidChangeTextDocument(({ document }) => {
        if (document.uri.scheme !== promptScheme) changed();
      }),
      workspace.onDidSaveTextDocument(changed),
      needs.evaluations.onDidChange(changed),
      workspace.onDidCloseTextDocument(({ uri }) => this.shown.delete(uri.toString())),
    ];
  }

  async provideTextDocumentContent(uri: Uri): Promise<string> {
    const address = promptAddressOf(uri.query);
    if (address === undefined) return `${t('This is no prompt of a problem.')}\n`;
    const key = uri.toString();
    const { problem } = await parsedProblemAt(Uri.parse(address.problem));
    const known = this.shown.get(key);
    if (problem === undefined) {
      const words = t('The problem file has mistakes: mend them first, and the prompt appears here.');
      return known?.text ?? `${words}\n`;
    }
    const preview = previewPrompt(problem, await this.programOf(address, problem));
    this.shown.set(key, preview);
    this.lensChanges.fire();
    void this.count(key, problem, preview.text);
    return preview.text;
  }

  provideCodeLenses(document: TextDocument): CodeLens[] {
    const key = document.uri.toString();
    const top = new Range(0, 0, 0, 0);
    const problem = promptAddressOf(document.uri.query)?.problem;
    const words = tokenWords(document.getText(), this.counted.get(key));
    const remarks = this.shown.get(key)?.remarks ?? [];
    return [
      new CodeLens(top, { title: words, command: '' }),
      ...remarks.map(({ text, offersEvaluation }) =>
        offersEvaluation === true && problem !== undefined
          ? new CodeLens(top, {
              title: `$(beaker) ${text}`,
              tooltip: t('Evaluate the initial program now'),
              command: 'tttDiscover.evaluateInitial',
              arguments: [Uri.parse(problem)],
            })
          : new CodeLens(top, { title: text, command: '' }),
      ),
    ];
  }

  dispose(): void {
    clearTimeout(this.timer);
    for (const subscription of this.subscriptions) subscription.dispose();
    this.textChanges.dispose();
    this.lensChanges.dispose();
  }

  private changed(): void {
    if (this.shown.size === 0) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      for (const key of this.shown.keys()) this.textChanges.fire(Uri.parse(key));
    }, restMs);
  }

  private async programOf({ problem, parent }: PromptAddress, parsed: Problem): Promise<PreviewedProgram> {
    const { sessions, evaluations } = this.needs;
    if (parent === undefined) {
      const text = await textAt(namedUri(Uri.parse(problem), parsed.candidate));
      const outcome = outcomeOfInitial(problem, programSha256(text), evaluations.of(problem), sessions.all);
      return { name: t('the initial program'), text, ...(outcome !== undefined && { outcome }) };
    }
    const { candidates, notes } = sessions.get(parent.session)?.snapshot ?? {};
    const record = candidates?.at(parent.candidate);
    if (record === undefined) {
      throw new Refusal(t('The session that this prompt is of is not in the list of this window any more.'));
    }
    const before = record.parent === undefined ? undefined : candidates?.at(record.parent)?.outcome;
    return {
      name: `c${parent.candidate}`,
      text: await sessions.readCandidate(parent.session, parent.candidate),
      ...(record.outcome !== undefined && { outcome: record.outcome }),
      ...(before !== undefined && { before }),
      notes: (notes ?? []).map(({ text }) => text),
    };
  }

  /** Models of the editor count by themselves; of all others an estimate is shown. */
  private async count(key: string, problem: Problem, text: string): Promise<void> {
    this.counted.delete(key);
    const options = plannedOptions(problem, {});
    const name = options.model?.model;
    if (!asksEditorModel(options) || name === undefined) return;
    try {
      const model = findModel(await this.needs.models.all(), name);
      if (model === undefined) return;
      const tokens = await model.countTokens(text, new AbortController().signal);
      if (this.shown.get(key)?.text !== text) return;
      this.counted.set(key, { tokens, by: model.label });
      this.lensChanges.fire();
    } catch (error) {
      this.needs.log.warn(`The tokens of a prompt were not counted by ${name}: ${String(error)}`);
    }
  }
}
