import { RemoteError, type RemoteErrorCode } from '../../remote/hostClient';
import type { CommandName } from '../commandIds';
import { t } from './translate';

/** A button of a message that helps: one of our commands, or one of the editor's. */
export interface Remedy {
  readonly title: string;
  readonly command: CommandName | { readonly id: string };
  readonly args?: readonly unknown[];
}

/** Something cannot be done, for a reason that the user can act on. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  /** Another way out. */
  readonly otherwise: Remedy | undefined;
  constructor(
    message: string,
    readonly remedy?: Remedy,
    options?: ErrorOptions & { readonly otherwise?: Remedy },
  ) {
    super(message, options);
    this.otherwise = options?.otherwise;
  }
}

/** The user closed a question. Never shown. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
  constructor() {
    super('Cancelled');
  }
}

export function isCancelled(error: unknown): boolean {
  if (error instanceof Cancelled) return true;
  if (error instanceof RemoteError) return error.code === 'cancelled';
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'Canceled');
}

export interface FailureText {
  /** What to show: what happened and what to do next, in one message. */
  readonly text: string;
  /** A refusal is no defect: it warns, and is not an error. */
  readonly severity: 'warning' | 'error';
  readonly remedy: Remedy | undefined;
  /** Another button. */
  readonly otherwise?: Remedy | undefined;
}

/** What led to the failure of a connection stands in the log of its host. */
function toLog(command: 'showLog' | 'showHostLog'): Remedy {
  return { title: t('Show Log'), command };
}

/** Failures that a setting can mend. */
const settingsByCode: Readonly<Partial<Record<RemoteErrorCode, string>>> = {
  'no-runtime': 'tttDiscover.remote.nodeBinary',
  'ssh-config': 'tttDiscover.ssh',
};

function remedyOf(error: RemoteError): Remedy {
  const setting = settingsByCode[error.code];
  if (setting === undefined) return toLog('showHostLog');
  return { title: t('Open Settings'), command: { id: 'workbench.action.openSettings' }, args: [setting] };
}

/** The one message for a failure. */
export function describeFailure(error: unknown): FailureText {
  if (error instanceof RemoteError) {
    return {
      text: [sentence(error.message), sentence(error.advice)].filter(Boolean).join(' '),
      severity: 'error',
      remedy: remedyOf(error),
    };
  }
  if (error instanceof Refusal) {
    const { message, remedy, otherwise } = error;
    return { text: message, severity: 'warning', remedy, otherwise };
  }
  return { text: messageOf(error), severity: 'error', remedy: toLog('showLog') };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The error with its stack and its chain of causes, for the log. */
export function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause === undefined ? own : `${own}\nCaused by: ${stackOf(error.cause)}`;
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return trimmed === '' || /[.!?…:)]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
