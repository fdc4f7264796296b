import { workspace, type TextDocument, type Uri } from 'vscode';
import { linesOf } from '../../../domain/merge/textLines';
import { sha256Of } from '../../sessions/journalCache';
import type { AcceptedRecords } from './acceptedRecords';
import type { AcceptedRecord } from './provenance';
import { NumberedLines, standingOf, type Standing } from './standing';

export interface StandingRecord {
  readonly record: AcceptedRecord;
  readonly standing: Standing;
  /** What this very text was measured at. */
  readonly measured: AcceptedRecord['measured'];
}

/** Files of people, wherever they lie. */
export const userSchemes: readonly string[] = ['file', 'vscode-remote'];

/** What was accepted into a document, and how its text stands to it now; computed once for each version of it. */
export class AcceptedText {
  private readonly known = new WeakMap<
    TextDocument,
    {
      readonly version: number;
      readonly text: NumberedLines;
      readonly records: readonly AcceptedRecord[];
      readonly standings: readonly StandingRecord[];
    }
  >();

  constructor(private readonly records: AcceptedRecords) {}

  async of(document: TextDocument): Promise<readonly StandingRecord[]> {
    if (!userSchemes.includes(document.uri.scheme)) return [];
    const records = await this.records.of(document.uri);
    if (records.length === 0) return [];
    const known = this.known.get(document);
    if (known?.version === document.version && sameRecords(known.records, records)) return known.standings;
    const { version } = document;
    const text = new NumberedLines(linesOf(document.getText()), known?.text);
    const isMeasured = records.some((record) => record.measured !== undefined);
    const sha256 = isMeasured ? sha256Of(document.getText()) : undefined;
    const standings = records.map((record) => ({
      record,
      standing: standingOf(record, text),
      measured: record.measured?.sha256 === sha256 ? record.measured : undefined,
    }));
    this.known.set(document, { version, text, records, standings });
    return standings;
  }
}

function sameRecords(a: readonly AcceptedRecord[], b: readonly AcceptedRecord[]): boolean {
  return a.length === b.length && a.every((record, index) => record === b[index]);
}

/** The document of a file, if it is open. */
export function openDocument(uri: Uri): TextDocument | undefined {
  return workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
}
