import {
  languages,
  MarkdownString,
  Range,
  Hover,
  type Disposable,
  type HoverProvider,
  type TextDocument,
  type Position,
} from 'vscode';
import { linesOf } from '../../../domain/merge/textLines';
import { valueText } from '../../base/words';
import { acceptedPlace, readAccepted, type AcceptedPlace } from './acceptedFile';
import { acceptedAround, type AcceptedRecord } from './provenance';

/** Which candidate lines came from, over lines that were accepted and not changed since. */
class AcceptedHover implements HoverProvider {
  constructor(private readonly warn: (message: string, error: unknown) => void) {}

  async provideHover(document: TextDocument, position: Position): Promise<Hover | undefined> {
    const place = acceptedPlace(document.uri);
    const records = (await this.read(place)).filter((one) => one.file === place.name);
    if (records.length === 0) return undefined;
    const lines = linesOf(document.getText());
    const found = acceptedAround(records, lines, position.line);
    if (found === undefined) return undefined;
    // Not `appendText`, whose blanks do not wrap. With a backslash before it, a mark has no meaning to Markdown.
    const text = new MarkdownString(provenanceText(found.record).replace(/[!-/:-@[-`{-~]/g, '\\$&'));
    return new Hover(text, new Range(found.start, 0, found.end - 1, lines[found.end - 1]?.length ?? 0));
  }

  /** A record that cannot be read is told when something is to be added to it: a hover only has nothing to say. */
  private async read(place: AcceptedPlace): Promise<readonly AcceptedRecord[]> {
    try {
      return await readAccepted(place);
    } catch (error) {
      this.warn('The record of accepted candidates', error);
      return [];
    }
  }
}

/** `From c17 of Valley, step 24, height 0.38 m: 2 of 3 changes, so this text was not scored. Parents: c12, c3, c0.` */
export function provenanceText(record: AcceptedRecord): string {
  const { candidate, problem, step, metric, fidelity, accepted, rejected, undecided, ancestors } = record;
  const all = accepted.length + rejected.length + undecided;
  const facts = [
    `From c${candidate} of ${problem}`,
    ...(step === undefined ? [] : [`step ${step}`]),
    ...(metric === undefined ? [] : [`${metric.name} ${valueText(metric.value, metric.unit)}`]),
  ].join(', ');
  const standing = {
    exact: 'accepted as it was scored.',
    rebased: 'on top of your own edits, so this text was not scored.',
    partial: `${accepted.length} of ${all} changes, so this text was not scored.`,
  }[fidelity];
  const named = ancestors.slice(0, 5).map((one) => `c${one}`);
  const more = ancestors.length > named.length ? ', …' : '';
  return `${facts}: ${standing}${named.length === 0 ? '' : ` Parents: ${named.join(', ')}${more}.`}`;
}

export function registerAcceptedHover(warn: (message: string, error: unknown) => void): Disposable {
  return languages.registerHoverProvider(
    [{ scheme: 'file' }, { scheme: 'vscode-remote' }],
    new AcceptedHover(warn),
  );
}
