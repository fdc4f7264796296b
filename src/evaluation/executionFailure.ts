import type { Limits } from '../domain/problem/problem';
import type { FailedOutcome } from '../domain/session/outcome';
import type { ExecutionEnd, ExecutionReport } from './executor';
import { largestFileBytes, largestFoldersBytes } from './executor';
import { bytesInWords, durationInWords } from './quantityWords';

const tailBytes = 4 * 1024;

/** The failure that an execution's end means, or undefined where it ended well. */
export function executionFailure(report: ExecutionReport, limits: Limits): FailedOutcome | undefined {
  const { end } = report;
  switch (end.kind) {
    case 'exited':
      if (end.code === 0) return undefined;
      // Shells say so with 127 and 126.
      if (end.code === 127 || end.code === 126) {
        const words = lastLine(report.output) || `exit code ${end.code}`;
        return failed('could-not-start', `The evaluator could not start: ${words}`, report);
      }
      // Programs that ignore SIGXFSZ, as Python does, get EFBIG and end by themselves.
      if (/file too large/i.test(outputTail(report.output)))
        return failedByLimit('file-size', limits, report);
      return failed('crashed', `Ended with exit code ${end.code}.`, report);
    case 'signalled':
      return failed(
        'killed',
        end.signal === 'SIGKILL'
          ? 'Was killed by SIGKILL; the system does so when its memory runs out.'
          : `Was killed by ${end.signal}.`,
        report,
      );
    case 'limit':
      return failedByLimit(end.limit, limits, report);
    case 'could-not-start':
      return failed('could-not-start', `The evaluator could not start: ${end.message}`, report);
  }
}

/** A failure with the last part of the run's output. */
export function failed(
  reason: FailedOutcome['reason'],
  message: string,
  report: ExecutionReport,
): FailedOutcome {
  const tail = outputTail(report.output);
  return { kind: 'failed', reason, message, ...(tail === '' ? {} : { outputTail: tail }) };
}

function failedByLimit(
  limit: Extract<ExecutionEnd, { kind: 'limit' }>['limit'],
  limits: Limits,
  report: ExecutionReport,
): FailedOutcome {
  switch (limit) {
    case 'time':
      return failed('timeout', `Ran longer than ${durationInWords(limits.timeMs)} and was stopped.`, report);
    case 'memory':
      return failed(
        'memory-limit',
        `Used more than ${bytesInWords(limits.memoryBytes)} of memory and was stopped.`,
        report,
      );
    case 'output':
      return failed(
        'output-limit',
        `Printed more than ${bytesInWords(limits.outputBytes)} and was stopped.`,
        report,
      );
    case 'processes':
      return failed(
        'process-limit',
        `Had more than ${limits.processes} processes at once and was stopped.`,
        report,
      );
    case 'file-size':
      return failed(
        'file-size-limit',
        `Tried to write a file larger than ${bytesInWords(largestFileBytes(limits))}.`,
        report,
      );
    case 'folder-size':
      return failed(
        'file-size-limit',
        `Wrote files of more than ${bytesInWords(largestFoldersBytes(limits))} together, or hid how much it wrote, and was stopped.`,
        report,
      );
  }
}

function outputTail(output: string): string {
  const bytes = Buffer.from(output);
  if (bytes.length <= tailBytes) return output;
  let start = bytes.length - tailBytes;
  // Not in the middle of a character: UTF-8 continues with bytes 10xxxxxx.
  while (((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return bytes.subarray(start).toString('utf8');
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) ?? '';
}
