import {
  closeSync,
  fsync,
  fsyncSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { JournalEntry, SessionEvent } from '../../domain/session/events';
import { formatJournalLine } from '../../protocol/journalEntry';
import type { Clock } from '../clock';
import { DiskFullError, isDiskFull } from './diskFullError';
import { readJournal, type JournalLine, type SkippedLine } from './journalReader';
import { listSegments, segmentPath } from './segments';

export interface JournalWriterOptions {
  /** Folder of the segments; made if missing. */
  readonly folder: string;
  /** Which runner process writes: 1 for the first. */
  readonly run: number;
  readonly clock: Clock;
  /** A segment is not made longer than this, unless by one single line. */
  readonly segmentBytes?: number;
  /** For tests: `write(2)`. */
  readonly write?: (fd: number, bytes: Buffer) => number;
}

export interface OpenedJournal {
  readonly writer: JournalWriter;
  /** What was in the journal. */
  readonly lines: readonly JournalLine[];
  readonly skipped: readonly SkippedLine[];
}

const defaultSegmentBytes = 16 * 1024 * 1024;
const reserveBytes = 1024 * 1024;
const syncIntervalMs = 1000;
const newline = 0x0a;

/**
 * The one writer of a session's journal.
 *
 * - One entry a line, one `write(2)` a line on an `O_APPEND` descriptor; numbers are contiguous from 1. A segment is
 *   never truncated, renamed or rewritten; the next one's number is one more.
 * - A killed runner can leave a torn last line. The next runner writes a newline first, and readers skip the line.
 * - `fsync`: before `append` returns for `step.finished` and every `session.*` event, and at most a second after any
 *   other event. A killed process loses nothing; a machine that loses power loses at most that second.
 * - A file `reserve` of 1 MB lies beside the journal. When the disk is full it is deleted, so that there is room to
 *   say so (`appendFromReserve`).
 */
export class JournalWriter {
  readonly #folder: string;
  readonly #run: number;
  readonly #clock: Clock;
  readonly #segmentBytes: number;
  readonly #write: (fd: number, bytes: Buffer) => number;
  #fd: number;
  #segment: number;
  #sizeBytes: number;
  #lastSeq: number;
  /** The segment ends within a line. */
  #torn: boolean;
  #cancelSync: (() => void) | undefined;
  #syncing: Promise<void> = Promise.resolve();
  #closed = false;

  /** Opens the journal for appending after what it has. Only the owner of the session may call it. */
  static async open(options: JournalWriterOptions): Promise<OpenedJournal> {
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    const { lines, skipped, lastSeq } = await readJournal(options.folder);
    const segment = listSegments(options.folder).at(-1) ?? 1;
    const writer = new JournalWriter(options, segment, lastSeq);
    if (!writer.#torn) return { writer, lines, skipped };
    // What stands there may be a whole entry that lacks only its newline; with one it counts.
    writer.#writeWhole(Buffer.from('\n'));
    const again = await readJournal(options.folder);
    writer.#lastSeq = again.lastSeq;
    return { writer, lines: again.lines, skipped: again.skipped };
  }

  private constructor(options: JournalWriterOptions, segment: number, lastSeq: number) {
    this.#folder = options.folder;
    this.#run = options.run;
    this.#clock = options.clock;
    this.#segmentBytes = options.segmentBytes ?? defaultSegmentBytes;
    this.#write = options.write ?? ((fd, bytes) => writeSync(fd, bytes));
    this.#segment = segment;
    this.#lastSeq = lastSeq;
    this.#fd = openSegment(options.folder, segment);
    this.#sizeBytes = fstatSync(this.#fd).size;
    this.#torn = this.#endsWithinLine();
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Writes one event as the next entry. Throws `DiskFullError`; the entry then does not exist. */
  append(event: SessionEvent): JournalEntry {
    if (this.#closed) throw new Error('the journal is closed');
    const entry: JournalEntry = {
      seq: this.#lastSeq + 1,
      t: this.#clock.wallMs(),
      m: Math.round(this.#clock.monotonicMs() * 1000) / 1000,
      run: this.#run,
      event,
    };
    const line = Buffer.from(formatJournalLine(entry));
    // Its writer was told that the entry does not exist: no newline alone, which could make a whole one of it.
    if (this.#torn) this.#writeWhole(Buffer.from('~\n'));
    if (this.#sizeBytes > 0 && this.#sizeBytes + line.length > this.#segmentBytes) this.#beginSegment();
    this.#writeWhole(line);
    this.#lastSeq = entry.seq;
    if (event.type === 'step.finished' || event.type.startsWith('session.')) this.sync();
    else this.#syncSoon();
    return entry;
  }

  /** As `append` after a `DiskFullError`: gives the reserve back to the disk first. Throws `DiskFullError` if that is not enough. */
  appendFromReserve(event: SessionEvent): JournalEntry {
    freeReserve(this.#folder);
    return this.append(event);
  }

  /** Makes the reserve if it is not there. Throws `DiskFullError`. */
  makeReserve(): void {
    try {
      const fd = openSync(this.#reservePath, 'a', 0o600);
      try {
        const missing = reserveBytes - fstatSync(fd).size;
        if (missing > 0) writeAll(this.#write, fd, Buffer.alloc(missing));
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      throw asDiskFull(error, this.#reservePath);
    }
  }

  /** Everything appended is on the disk when it returns. */
  sync(): void {
    this.#cancelSync?.();
    this.#cancelSync = undefined;
    fsyncSync(this.#fd);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelSync?.();
    await this.#syncing;
    fsyncSync(this.#fd);
    closeSync(this.#fd);
  }

  get #reservePath(): string {
    return reserveOf(this.#folder);
  }

  #beginSegment(): void {
    try {
      const fd = openSegment(this.#folder, this.#segment + 1);
      const previous = this.#fd;
      fsyncSync(previous);
      this.#fd = fd;
      this.#segment += 1;
      this.#sizeBytes = 0;
      void this.#syncing.then(() => {
        closeSync(previous);
      });
    } catch (error) {
      throw asDiskFull(error, this.#folder);
    }
  }

  #writeWhole(bytes: Buffer): void {
    try {
      writeAll(
        (fd, part) => {
          const written = this.#write(fd, part);
          this.#sizeBytes += written;
          this.#torn = true;
          return written;
        },
        this.#fd,
        bytes,
      );
      this.#torn = false;
    } catch (error) {
      throw asDiskFull(error, this.#folder);
    }
  }

  #syncSoon(): void {
    this.#cancelSync ??= this.#clock.after(syncIntervalMs, () => {
      this.#cancelSync = undefined;
      const fd = this.#fd;
      this.#syncing = this.#syncing.then(
        () =>
          new Promise((resolve) => {
            // A failed background sync is not lost: the next step's own sync meets the same disk and throws.
            fsync(fd, () => {
              resolve();
            });
          }),
      );
    });
  }

  #endsWithinLine(): boolean {
    if (this.#sizeBytes === 0) return false;
    const last = Buffer.alloc(1);
    const fd = openSync(segmentPath(this.#folder, this.#segment), 'r');
    try {
      readSync(fd, last, 0, 1, this.#sizeBytes - 1);
    } finally {
      closeSync(fd);
    }
    return last.readUInt8(0) !== newline;
  }
}

/** Gives the reserve of a journal back to the disk, so that there is room for last words. */
export function freeReserve(folder: string): void {
  rmSync(reserveOf(folder), { force: true });
}

function reserveOf(folder: string): string {
  return join(dirname(folder), 'reserve');
}

function openSegment(folder: string, segment: number): number {
  const path = segmentPath(folder, segment);
  try {
    const fd = openSync(path, 'a', 0o600);
    const folderFd = openSync(folder, 'r');
    try {
      fsyncSync(folderFd);
    } finally {
      closeSync(folderFd);
    }
    return fd;
  } catch (error) {
    throw asDiskFull(error, path);
  }
}

/** A disk that is nearly full takes a part and refuses the rest at the next call. */
function writeAll(write: (fd: number, bytes: Buffer) => number, fd: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length;) done += write(fd, bytes.subarray(done));
}

function asDiskFull(error: unknown, path: string): unknown {
  return isDiskFull(error) && !(error instanceof DiskFullError)
    ? new DiskFullError(path, { cause: error })
    : error;
}
