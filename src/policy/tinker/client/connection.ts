import type { DialectCell } from './dialectCell';
import type { Futures } from './futures';
import type { Gate } from './gate';
import type { Requests } from './requests';
import type { ServerFlags } from './serverFlags';

/** What the session, its models and its samplers share. */
export interface Connection {
  readonly requests: Requests;
  readonly futures: Futures;
  readonly dialect: DialectCell;
  readonly flags: ServerFlags;
  /** Bounds sampling requests that are being submitted. */
  readonly samplingGate: Gate;
  /** Bounds training requests that are being submitted. */
  readonly trainingGate: Gate;
  readonly stallLimitMs: number;
  /** Names of the models that the server offers. */
  offeredModels(signal: AbortSignal): Promise<readonly string[]>;
}
