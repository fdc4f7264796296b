import {
  CodeLens,
  Disposable,
  EventEmitter,
  languages,
  Range,
  workspace,
  type CodeLensProvider,
  type Command,
  type Event,
  type TextDocument,
} from 'vscode';
import { commandIds } from '../../commandIds';
import type { AcceptedRecords } from './acceptedRecords';
import { userSchemes, type AcceptedText } from './acceptedText';
import { lensTitle, provenanceText } from './provenanceWords';
import { acceptedRuns } from './standing';

const setting = 'review.provenanceLenses';

/** Above accepted lines: where they came from, and whether the score is the file's. */
class AcceptedLenses implements CodeLensProvider, Disposable {
  private readonly changes = new EventEmitter<void>();
  readonly onDidChangeCodeLenses: Event<void> = this.changes.event;
  private readonly subscriptions: Disposable;

  constructor(
    private readonly texts: AcceptedText,
    records: AcceptedRecords,
    private readonly warn: (message: string, error: unknown) => void,
  ) {
    this.subscriptions = Disposable.from(
      this.changes,
      records.onDidChange(() => this.changes.fire()),
      workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration(`tttDiscover.${setting}`)) this.changes.fire();
      }),
    );
  }

  async provideCodeLenses(document: TextDocument): Promise<CodeLens[]> {
    const isOn = workspace.getConfiguration('tttDiscover').get<unknown>(setting) !== false;
    if (!isOn) return [];
    try {
      return await this.lensesFor(document);
    } catch (error) {
      this.warn('The record of accepted candidates', error);
      return [];
    }
  }

  dispose(): void {
    this.subscriptions.dispose();
  }

  private async lensesFor(document: TextDocument): Promise<CodeLens[]> {
    const standings = await this.texts.of(document);
    return acceptedRuns(standings.map((one) => one.standing)).flatMap(({ record, start }) => {
      const own = standings.find((one) => one.record === record);
      if (own === undefined) return [];
      const range = new Range(start, 0, start, 0);
      const origin = new CodeLens(range, {
        title: lensTitle(record, own.standing, own.measured),
        tooltip: `${provenanceText(record, own.standing)} Click to compare the candidate with your file.`,
        command: commandIds.openDiff,
        arguments: [record.session, record.candidate],
      });
      const measure =
        own.standing.fidelity === 'exact' || own.measured !== undefined
          ? undefined
          : measureCommand(document);
      return measure === undefined ? [origin] : [origin, new CodeLens(range, measure)];
    });
  }
}

function measureCommand({ uri }: TextDocument): Command {
  return {
    title: 'Re-evaluate',
    tooltip: 'Run the problem’s evaluator on this file as it is now',
    command: commandIds.reevaluateFile,
    arguments: [uri],
  };
}

export function registerAcceptedLenses(
  texts: AcceptedText,
  records: AcceptedRecords,
  warn: (message: string, error: unknown) => void,
): Disposable {
  const lenses = new AcceptedLenses(texts, records, warn);
  return Disposable.from(
    lenses,
    languages.registerCodeLensProvider(
      userSchemes.map((scheme) => ({ scheme })),
      lenses,
    ),
  );
}
