import type { SessionSnapshot } from '../../domain/session/snapshot';
import type { Verdict } from '../../protocol/hostCommands';
import type { HostTarget } from '../../remote/hostClient';
import type { Subscribe } from '../base/emitter';

/** What the editor knows of its link to a session. */
export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'connected'; readonly verdict: Verdict }
  /** Contact was lost; the session goes on by itself. */
  | {
      readonly state: 'lost';
      /** Since when there is no contact. */
      readonly sinceMs: number;
      /** When the host was last heard over this link; absent if it never was. */
      readonly lastHeardMs?: number;
      readonly reason: string;
      /** Absent when only the user can retry. */
      readonly retryAtMs?: number;
      /** For so long that what the session does now is not known. */
      readonly isUnverifiable?: boolean;
    }
  /** Not tried: the user disconnected, or the window has just opened. */
  | { readonly state: 'offline' };

/** One session as the editor shows it; a new object after every change. */
export interface SessionView {
  readonly id: string;
  /** Of the problem, known before the first entry of the journal is. */
  readonly title?: string;
  readonly target: HostTarget;
  readonly hostLabel: string;
  /** URI of the problem file in this workspace, as a string, if the session was started here. */
  readonly problemUri?: string;
  readonly snapshot: SessionSnapshot;
  readonly connection: Connection;
  /** When the host was last heard, Unix milliseconds of this machine. */
  readonly lastContactMs?: number;
}

/** The store of all sessions this editor knows. It holds what the journals say, and changes nothing by itself. */
export interface Sessions {
  readonly all: readonly SessionView[];
  get(id: string): SessionView | undefined;
  /** Fires with the id of a session that changed, came or went; at most every 100 ms a session. */
  readonly onDidChange: Subscribe<string>;
  /** Program text of a candidate, from the cache or from the host. */
  readCandidate(id: string, candidate: number): Promise<string>;
  /** Text of a file that an evaluator offered, by content address, from the cache or from the host. */
  readArtifact(id: string, sha256: string): Promise<string>;
  pause(id: string): Promise<void>;
  resume(id: string): Promise<void>;
  stop(id: string, options: { readonly now: boolean }): Promise<void>;
}
