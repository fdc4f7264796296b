import { createHash } from 'node:crypto';
import type { AcceptedChange, AcceptedRecord, SurroundedLines } from './provenance';
import { linesId, surroundedId } from './lineIds';

/** Most places that are compared with one change, in texts that repeat themselves. */
const mostPlaces = 1000;

/** The lines of a document, numbered so that what was accepted is found in them. */
export class NumberedLines {
  private readonly places = new Map<string, number[]>();
  private readonly ids = new Map<string, string>();
  private digest: string | undefined;

  /** `before`: an earlier version of the text, whose lines need not be named again. */
  constructor(
    readonly lines: readonly string[],
    before?: NumberedLines,
  ) {
    for (const [index, line] of lines.entries()) {
      const id = this.ids.get(line) ?? before?.ids.get(line) ?? linesId([line]);
      this.ids.set(line, id);
      const places = this.places.get(id);
      if (places === undefined) this.places.set(id, [index]);
      else places.push(index);
    }
  }

  /** SHA-256 of the text with `\n` as line end and no byte order mark. */
  get sha256(): string {
    this.digest ??= createHash('sha256').update(this.lines.join('\n'), 'utf8').digest('hex');
    return this.digest;
  }

  /** The first place of such a run of lines. */
  find(firstLineId: string, length: number, id: string): number | undefined {
    return this.places
      .get(firstLineId)
      ?.slice(0, mostPlaces)
      .find((start) => linesId(this.lines.slice(start, start + length)) === id);
  }

  /** Whether a run of lines stands there again, with the same line before it and after it, or the same edge of the text. */
  hasSurrounded({ length, firstLineId, id }: SurroundedLines): boolean {
    // The first line is the one before the run; at the text's begin there is none.
    const befores =
      firstLineId === undefined ? [-1] : (this.places.get(firstLineId)?.slice(0, mostPlaces) ?? []);
    return befores.some((before) => {
      const end = before + 1 + length;
      return surroundedId(this.lines[before], this.lines.slice(before + 1, end), this.lines[end]) === id;
    });
  }
}

export interface AcceptedRun {
  readonly record: AcceptedRecord;
  readonly start: number;
  readonly end: number;
}

/** How a text stands to what was accepted into it, found from the text alone. */
export interface Standing {
  /** `undone`: nothing of it is in the text any more. */
  readonly fidelity: AcceptedRecord['fidelity'];
  /** The changes that were accepted and not taken back; the user may have edited them since. */
  readonly kept: number;
  /** All changes of the candidate. */
  readonly of: number;
  /** Accepted lines that stand in the text as they were accepted, from top to bottom. */
  readonly runs: readonly AcceptedRun[];
}

export function standingOf(record: AcceptedRecord, text: NumberedLines): Standing {
  const runs: AcceptedRun[] = [];
  let kept = 0;
  let isAnythingLeft = false;
  for (const change of record.accepted) {
    const { added, replaced } = change;
    if (replaced !== undefined && text.hasSurrounded(replaced)) continue;
    kept += 1;
    const start = added === 0 ? undefined : text.find(change.firstLineId, added, change.linesId);
    if (start !== undefined) runs.push({ record, start, end: start + added });
    isAnythingLeft ||= start !== undefined || isDeletionThere(change, text);
  }
  const of = record.accepted.length + record.rejected.length + record.undecided;
  const { sha256 } = text;
  const isExact = sha256 === record.sha256 || sha256 === record.exactLines;
  const fidelity = isExact ? 'exact' : !isAnythingLeft ? 'undone' : kept === of ? 'rebased' : 'partial';
  return {
    fidelity,
    kept: isExact ? of : isAnythingLeft ? kept : 0,
    of,
    runs: runs.sort((a, b) => a.start - b.start),
  };
}

/** Of a deletion the lines before and after stand side by side. */
function isDeletionThere({ added, firstLineId, linesId: id }: AcceptedChange, text: NumberedLines): boolean {
  if (added > 0) return false;
  return text.hasSurrounded({ length: 0, id, ...(firstLineId === '' ? {} : { firstLineId }) });
}

/** The accepted lines of a text, each with the newest record that has them. */
export function acceptedRuns(standings: readonly Standing[]): AcceptedRun[] {
  const taken = new Set<number>();
  const runs: AcceptedRun[] = [];
  for (const { runs: own } of standings.toReversed()) {
    for (const run of own) {
      const lines = Array.from({ length: run.end - run.start }, (_, index) => run.start + index);
      if (lines.some((line) => taken.has(line))) continue;
      for (const line of lines) taken.add(line);
      runs.push(run);
    }
  }
  return runs.sort((a, b) => a.start - b.start);
}
