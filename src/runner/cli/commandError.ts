import * as z from 'zod';
import { EnvironmentError } from '../../evaluation/evaluator';
import { IsolationMissingError } from '../../evaluation/sandbox/isolation';
import { exitCodes } from '../../protocol/hostCommands';
import { ProblemError } from '../host/readProblem';
import { StartFailedError } from '../host/requestSession';
import { DiskFullError, isDiskFull } from '../journal/diskFullError';

/** How a command fails: what machines read, what people read, and the exit code. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly advice?: string;
  readonly exitCode: number;
  /** A defect of ours: the stack helps. */
  readonly isDefect?: boolean;
}

/** A failure that a command itself finds. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  constructor(
    readonly code: string,
    readonly exitCode: number,
    message: string,
    readonly advice?: string,
  ) {
    super(message);
  }
}

export function usageError(message: string, command?: string): CommandError {
  const help = command === undefined ? 'ttt-discover --help' : `ttt-discover ${command} --help`;
  return new CommandError('usage', exitCodes.usage, message, `See ${help}.`);
}

export function noSuchSession(sessionId: string, root: string): CommandError {
  return new CommandError(
    'no-such-session',
    exitCodes.notFound,
    `There is no session ${sessionId} under ${root}.`,
    'See the sessions with ttt-discover list.',
  );
}

/** Policies refuse problems and programs that give them nothing to work with. */
const programErrors = new Set(['NoTunablesError', 'TunableMarkError', 'EmptyStatementError']);
/** What was chosen is not enough or does not fit together. */
const settingsErrors = new Set([
  'SettingsError',
  'FrozenModelError',
  'OpenAiSettingsError',
  'TinkerSettingsError',
]);
const refusals = new Set([
  'SessionOverError',
  'RequestRefusedError',
  'AlreadyRunningError',
  'RunsElsewhereError',
]);
const withAdvice = z.object({ advice: z.string() });

export function failureOf(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  const name = error instanceof Error ? error.name : '';
  const advice = withAdvice.safeParse(error).data ?? {};
  if (error instanceof CommandError || error instanceof StartFailedError) {
    return { code: error.code, message, ...advice, exitCode: error.exitCode };
  }
  if (error instanceof ProblemError)
    return { code: 'problem', message, ...advice, exitCode: exitCodes.problem };
  if (programErrors.has(name)) return { code: 'program', message, ...advice, exitCode: exitCodes.problem };
  if (settingsErrors.has(name)) return { code: 'settings', message, ...advice, exitCode: exitCodes.usage };
  if (error instanceof EnvironmentError) {
    return {
      code: error instanceof IsolationMissingError ? error.code : 'environment',
      message,
      ...advice,
      exitCode: exitCodes.environment,
    };
  }
  if (isDiskFull(error)) {
    const full = error instanceof DiskFullError ? error : new DiskFullError('the session', { cause: error });
    return { code: 'disk-full', message: full.message, advice: full.advice, exitCode: exitCodes.environment };
  }
  if (refusals.has(name)) return { code: 'refused', message, ...advice, exitCode: exitCodes.usage };
  if (error instanceof z.ZodError)
    return { code: 'input', message: z.prettifyError(error), exitCode: exitCodes.usage };
  const known = 'advice' in advice;
  return { code: 'internal', message, ...advice, exitCode: exitCodes.internal, isDefect: !known };
}
