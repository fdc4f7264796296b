import { existsSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { listSegments, segmentPath } from './segments';
import { jsonOrUndefined } from '../../domain/json';

/** A line of the journal as it stands there. */
export interface JournalLine {
  readonly seq: number;
  /** Parsed JSON; read it with `parseJournalValue`. */
  readonly value: unknown;
  /** Length in the file, with its newline. */
  readonly bytes: number;
}

/** A line that is no entry: the torn end of a runner that was killed while it wrote, or damage. */
export interface SkippedLine {
  readonly segment: number;
  /** Where it begins in the segment, in bytes. */
  readonly offset: number;
  readonly bytes: number;
  readonly reason: string;
}

const newline = 0x0a;
const chunkBytes = 256 * 1024;

/**
 * Reads a journal from a sequence number to what is written now, again and again, while the runner writes it.
 *
 * Only lines that end in a newline are read, so a line is whole or not there yet. Bytes are decoded a line at a time,
 * so that no character is ever split. A line that is no entry is reported and left out; so is an entry whose number
 * was there before. A jump of the numbers is reported and the reading goes on.
 */
export class JournalReader {
  readonly #folder: string;
  readonly #from: number;
  readonly #onSkipped: (line: SkippedLine) => void;
  #segment = 0;
  #file: FileHandle | undefined;
  /** Where the next bytes are read. */
  #readOffset = 0;
  /** Bytes that are read and not yet a whole line. */
  #rest: Buffer[] = [];
  #restBytes = 0;
  /** Number of the last entry seen; `undefined` before the first. */
  #lastSeq: number | undefined;

  constructor(folder: string, from = 1, onSkipped: (line: SkippedLine) => void = () => undefined) {
    this.#folder = folder;
    this.#from = from;
    this.#onSkipped = onSkipped;
  }

  /** Number of the last entry in the journal, as far as it was read; 0 for an empty one. */
  get lastSeq(): number {
    return this.#lastSeq ?? 0;
  }

  /**
   * The next entries, in order: about `maxBytes` of them at most, none if there is nothing new. Rejects if a file
   * cannot be read.
   */
  async read(maxBytes = chunkBytes): Promise<readonly JournalLine[]> {
    if (this.#file === undefined && !(await this.#openFirst())) return [];
    const lines: JournalLine[] = [];
    let bytes = 0;
    while (bytes < maxBytes) {
      // Asked before reading: what is written to this segment after its successor exists does not exist.
      const successorExists = existsSync(segmentPath(this.#folder, this.#segment + 1));
      const chunk = await this.#readChunk();
      if (chunk.length > 0) {
        bytes += this.#split(chunk, lines);
      } else if (successorExists) {
        await this.#openNext();
      } else {
        break;
      }
    }
    return lines;
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  /** Opens the last segment that begins at or before `from`. */
  async #openFirst(): Promise<boolean> {
    const segments = listSegments(this.#folder);
    let chosen = segments[0];
    if (chosen === undefined) return false;
    for (const segment of segments.slice(1)) {
      const first = await firstSeqOf(segmentPath(this.#folder, segment));
      if (first === undefined || first > this.#from) break;
      chosen = segment;
    }
    await this.#openSegment(chosen);
    return true;
  }

  async #openNext(): Promise<void> {
    if (this.#restBytes > 0) {
      this.#skip(this.#readOffset - this.#restBytes, this.#restBytes, 'the segment ends within the line');
    }
    await this.#openSegment(this.#segment + 1);
  }

  async #openSegment(segment: number): Promise<void> {
    await this.close();
    this.#file = await open(segmentPath(this.#folder, segment), 'r');
    this.#segment = segment;
    this.#readOffset = 0;
    this.#rest = [];
    this.#restBytes = 0;
  }

  async #readChunk(): Promise<Buffer> {
    if (this.#file === undefined) throw new Error('the journal reader is closed');
    const buffer = Buffer.allocUnsafe(chunkBytes);
    const { bytesRead } = await this.#file.read(buffer, 0, chunkBytes, this.#readOffset);
    this.#readOffset += bytesRead;
    return buffer.subarray(0, bytesRead);
  }

  /** Adds the entries of whole lines to `lines` and gives their length in bytes. */
  #split(chunk: Buffer, lines: JournalLine[]): number {
    let bytes = 0;
    let begin = 0;
    const chunkOffset = this.#readOffset - chunk.length;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, begin)) {
      const line = Buffer.concat([...this.#rest, chunk.subarray(begin, end)]);
      const lineOffset = chunkOffset + begin - this.#restBytes;
      this.#rest = [];
      this.#restBytes = 0;
      begin = end + 1;
      const parsed = this.#parse(line, lineOffset);
      if (parsed === undefined || parsed.seq < this.#from) continue;
      bytes += parsed.bytes;
      lines.push(parsed);
    }
    if (begin < chunk.length) {
      this.#rest.push(chunk.subarray(begin));
      this.#restBytes += chunk.length - begin;
    }
    return bytes;
  }

  #parse(line: Buffer, offset: number): JournalLine | undefined {
    // A runner that finds a torn end writes a newline first; where two do so, the line between is empty.
    if (line.length === 0) return undefined;
    const value = jsonOrUndefined(line.toString('utf8'));
    const seq = seqOf(value);
    if (seq === undefined) {
      this.#skip(offset, line.length, 'not a journal entry');
      return undefined;
    }
    if (this.#lastSeq !== undefined && seq <= this.#lastSeq) {
      this.#skip(offset, line.length, `number ${seq} again after ${this.#lastSeq}`);
      return undefined;
    }
    if (this.#lastSeq !== undefined && seq > this.#lastSeq + 1) {
      this.#skip(offset, 0, `numbers ${this.#lastSeq + 1} to ${seq - 1} are missing`);
    }
    this.#lastSeq = seq;
    return { seq, value, bytes: line.length + 1 };
  }

  #skip(offset: number, bytes: number, reason: string): void {
    this.#onSkipped({ segment: this.#segment, offset, bytes, reason });
  }
}

/** Reads all entries that are in the journal now. */
export async function readJournal(
  folder: string,
  from = 1,
): Promise<{
  readonly lines: readonly JournalLine[];
  readonly skipped: readonly SkippedLine[];
  readonly lastSeq: number;
}> {
  const skipped: SkippedLine[] = [];
  const reader = new JournalReader(folder, from, (line) => skipped.push(line));
  try {
    const lines = await reader.read(Number.POSITIVE_INFINITY);
    return { lines, skipped, lastSeq: reader.lastSeq };
  } finally {
    await reader.close();
  }
}

/** Number of the first entry of a segment; `undefined` if it has no whole one. */
async function firstSeqOf(path: string): Promise<number | undefined> {
  const file = await open(path, 'r');
  try {
    for await (const line of file.readLines({ autoClose: false })) {
      const seq = seqOf(jsonOrUndefined(line));
      if (seq !== undefined) return seq;
    }
    return undefined;
  } finally {
    await file.close();
  }
}

/** The entry's number, if it is an entry of whatever type. By hand: every line of a long journal comes through here. */
function seqOf(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null || !('seq' in value) || !('event' in value))
    return undefined;
  const { seq, event } = value;
  if (typeof event !== 'object' || event === null || !('type' in event)) return undefined;
  if (typeof event.type !== 'string') return undefined;
  return typeof seq === 'number' && Number.isSafeInteger(seq) && seq >= 1 ? seq : undefined;
}
