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
import { t } from '../../base/translate';

const setting = 'review.provenanceLenses';
/** Most changes of one candidate that have a lens; a hover tells of the others. */
const mostLenses = 50;

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
    const runs = acceptedRuns(standings.map((one) => one.standing));
    return standings.flatMap(({ record, standing, measured }) =>
      runs
        .filter((run) => run.record === record)
        .slice(0, mostLenses)
        .flatMap(({ start }, index) => {
          const range = new Range(start, 0, start, 0);
          const origin = new CodeLens(range, {
            // All of it once: the same sentence at every change would be in the way of the program.
            title: index === 0 ? lensTitle(record, standing, measured) : t('from c{0}', record.candidate),
            tooltip: t(
              '{0} Click to compare the candidate with your file.',
              provenanceText(record, standing),
            ),
            command: commandIds.openDiff,
            arguments: [record.session, record.candidate],
          });
          const isScored = standing.fidelity === 'exact' || measured !== undefined;
          return index > 0 || isScored ? [origin] : [origin, new CodeLens(range, measureCommand(document))];
        }),
    );
  }
}

function measureCommand({ uri }: TextDocument): Command {
  return {
    title: t('Re-evaluate'),
    tooltip: t('Run the problem’s evaluator on this file as it is now'),
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
