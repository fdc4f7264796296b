import type { JournalEntry, SessionEvent } from '../../domain/session/events';
import { isDiskFull } from '../journal/diskFullError';
import { diskFullPause, errorPause } from './pauseEvents';
import type { FinalEvent, SessionPorts } from './ports';
import type { SessionRecord } from './sessionRecord';

/**
 * Writes the session's events: into the journal, from there into the record. A full disk keeps neither the session's end nor the pause that it
 * makes from being taken.
 */
export class SessionWriter {
  /** `onWritten`: called when the record has the event, before the ports hear of it. */
  constructor(
    private readonly ports: Pick<SessionPorts, 'journal' | 'recordEnd' | 'onEntry' | 'log'>,
    private readonly record: SessionRecord,
    private readonly onWritten: () => void,
  ) {}

  /** Throws `DiskFullError`; the event then did not happen. */
  append(event: SessionEvent): void {
    this.#written(this.ports.journal.append(event));
  }

  /** The session is over with this event, which is on the disk for good before it is in the journal. */
  end(event: FinalEvent): void {
    try {
      this.ports.recordEnd(event);
      this.append(event);
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      // The session is over: the reserve is there for this.
      this.#written(this.ports.journal.appendFromReserve(event));
      this.ports.recordEnd(event);
    }
  }

  /** The pause that an error makes, from the reserve where the disk is full. */
  pauseBecauseOf(error: unknown): void {
    try {
      if (isDiskFull(error)) throw error;
      this.append(errorPause(error));
    } catch (full) {
      if (!isDiskFull(full)) throw full;
      try {
        this.#written(this.ports.journal.appendFromReserve(diskFullPause(full)));
      } catch (stillFull) {
        if (!isDiskFull(stillFull)) throw stillFull;
        // Another program took the room that the reserve gave. The session pauses all the same.
        this.ports.log('The pause could not be written to the journal', stillFull);
      }
    }
  }

  /** The end of a pause, with a reserve for the next one. Throws `DiskFullError`. */
  resume(): void {
    this.ports.journal.makeReserve();
    this.append({ type: 'session.resumed' });
  }

  #written(entry: JournalEntry): void {
    this.record.apply([entry]);
    this.onWritten();
    this.ports.onEntry(entry);
  }
}
