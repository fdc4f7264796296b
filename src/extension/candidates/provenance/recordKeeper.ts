import { Disposable, Uri, workspace, type TextDocument } from 'vscode';
import { Coalescer } from '../../sessions/coalesce';
import { sha256Of } from '../../sessions/journalCache';
import { linesOf } from '../../../domain/merge/textLines';
import type { AcceptedRecords } from './acceptedRecords';
import { openDocument, userSchemes, type AcceptedText } from './acceptedText';
import type { AcceptedRecord } from './provenance';
import { NumberedLines, standingOf } from './standing';

/** At most this often is the record of a file looked at while it is typed in. */
const intervalMs = 1000;

/**
 * Keeps `accepted.json` true: after Undo, Redo, typing or a checkout each record says again how the text stands to it. It
 * is found from the text, so Redo brings back what Undo took.
 */
export class RecordKeeper implements Disposable {
  private readonly coalescer: Coalescer;
  private readonly subscriptions: Disposable;

  constructor(
    private readonly records: AcceptedRecords,
    private readonly texts: AcceptedText,
    private readonly warn: (message: string, error: unknown) => void,
  ) {
    this.coalescer = new Coalescer((key) => void this.check(Uri.parse(key)), intervalMs);
    const touch = (document: TextDocument): void => {
      if (userSchemes.includes(document.uri.scheme)) this.coalescer.touch(document.uri.toString());
    };
    this.subscriptions = Disposable.from(
      workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) touch(document);
      }),
      workspace.onDidOpenTextDocument(touch),
    );
  }

  dispose(): void {
    this.subscriptions.dispose();
    this.coalescer.dispose();
  }

  private async check(uri: Uri): Promise<void> {
    const document = openDocument(uri);
    if (document === undefined) return;
    try {
      const standings = await this.texts.of(document);
      if (standings.every(({ record, standing }) => record.fidelity === standing.fidelity)) return;
      await this.records.change(uri, (records, name) => withStandings(records, name, document.getText()));
    } catch (error) {
      this.warn('The record of accepted candidates', error);
    }
  }
}

/** The same list where every record is true already. */
function withStandings(
  records: readonly AcceptedRecord[],
  file: string,
  content: string,
): readonly AcceptedRecord[] {
  const text = new NumberedLines(linesOf(content));
  const after = sha256Of(content);
  const kept = records.map((record) => {
    if (record.file !== file) return record;
    const { fidelity } = standingOf(record, text);
    return fidelity === record.fidelity ? record : { ...record, fidelity, after };
  });
  return kept.every((record, index) => record === records[index]) ? records : kept;
}
