import { constants } from 'node:os';
import type { FailureReason } from '../../domain/session/outcome';
import type { CaseLimits } from '../../domain/foreign/atCoder/caseLimits';
import type { ExecutionReport } from '../executor';
import { bytesInWords, durationInWords } from '../quantityWords';
import { latestMs, type Measurement } from './timedCommand';

/** As AtCoder's judge has them. */
export type Verdict = 'AC' | 'WA' | 'TLE' | 'RE' | 'MLE' | 'OLE';

export const reasonOf: Record<Exclude<Verdict, 'AC'>, FailureReason> = {
  WA: 'invalid',
  TLE: 'timeout',
  RE: 'crashed',
  MLE: 'memory-limit',
  OLE: 'output-limit',
};

/**
 * By the clock on the wall a program has this much more than the limit, and what others computed on its core: it is not to fail because the
 * host was busy. What it computes itself counts strictly, but for what starting and measuring it takes.
 */
const wallToleranceMs = 500;
const cpuToleranceMs = 50;
/** Who shares its core's caches with others computes longer, by this factor at most. */
const sharingFactor = 1.15;
/** The shell, the timer and the namespace around a program hold less. */
export const measuringBytes = 32 * 1024 ** 2;

export interface Refusal {
  readonly verdict: Exclude<Verdict, 'AC'>;
  /** One sentence. */
  readonly why: string;
  /** It would have been in time, or nearly so, had nobody else been there. */
  readonly mayBeInTime?: true;
}

export const notMeasured: Refusal = {
  verdict: 'RE',
  why: 'It ended, or was ended, in a way that could not be measured.',
};

/** Why a run is not accepted whatever its answer; undefined if its answer is to be scored. */
export function refusalOfRun(
  report: ExecutionReport,
  measurement: Measurement | undefined,
  printedBytes: number,
  limits: CaseLimits & { readonly outputBytes: number },
): Refusal | undefined {
  const { end } = report;
  const tooMuch: Refusal = {
    verdict: 'OLE',
    why: `It printed more than ${bytesInWords(limits.outputBytes)}.`,
  };
  if (end.kind === 'limit' && end.limit === 'memory') {
    return { verdict: 'MLE', why: `It used more than ${bytesInWords(limits.memoryBytes)} of memory.` };
  }
  if (end.kind === 'limit' && end.limit === 'processes') {
    return { verdict: 'RE', why: 'It had too many processes at once.' };
  }
  if (end.kind === 'limit' && end.limit !== 'time') return tooMuch;
  if (measurement === undefined) return notMeasured;
  const { exitCode, wallMs, cpuMs, waitedMs } = measurement;
  const isLate = wallMs - waitedMs > limits.timeMs + wallToleranceMs || wallMs >= latestMs(limits.timeMs);
  if (cpuMs > limits.timeMs + cpuToleranceMs || isLate) {
    const took = `it computed for ${(cpuMs / 1000).toFixed(2)} s in ${(wallMs / 1000).toFixed(2)} s`;
    const mayBeInTime =
      cpuMs <= sharingFactor * limits.timeMs && wallMs - waitedMs <= limits.timeMs + wallToleranceMs;
    return {
      verdict: 'TLE',
      why: `It took more than ${durationInWords(limits.timeMs)}: ${took}.`,
      ...(mayBeInTime && { mayBeInTime }),
    };
  }
  // Some languages ignore the signal and get an error instead.
  if (exitCode === 128 + constants.signals.SIGXFSZ || printedBytes >= limits.outputBytes) return tooMuch;
  if (exitCode > 128) {
    const name = Object.entries(constants.signals).find(([, number]) => number === exitCode - 128)?.[0];
    return { verdict: 'RE', why: `It was ended by ${name ?? `signal ${exitCode - 128}`}.` };
  }
  if (exitCode !== 0) return { verdict: 'RE', why: `It ended with exit code ${exitCode}.` };
  return undefined;
}
