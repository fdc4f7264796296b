import type { Verdict } from './hostCommands';

export interface VerdictWords {
  /** For a list, a few words. */
  readonly short: string;
  /** What happened, a whole sentence. */
  readonly what: string;
  /** What to do next, sentences; absent where nothing is to be done. */
  readonly advice?: string;
}

const resumeAdvice = 'Resume it: it goes on from its journal.';

/** A verdict for people: what happened to the session's process, and what to do. */
export function verdictWords(verdict: Verdict): VerdictWords {
  if (verdict.state === 'live') return { short: 'running', what: `It runs as process ${verdict.pid}.` };
  if (verdict.state === 'unverifiable') {
    const { hostName, message, advice } = verdict;
    return {
      short: hostName === undefined ? 'unknown' : `unknown, last on ${hostName}`,
      what: message,
      ...(advice === undefined ? {} : { advice }),
    };
  }
  const { message } = verdict;
  const told = (what: string): string => (message === undefined ? `${what}.` : `${what}: ${message}`);
  switch (verdict.reason) {
    case 'finished':
      return { short: 'finished', what: 'It has finished.' };
    case 'failed':
      return { short: 'failed', what: told('It failed') };
    case 'host-rebooted':
      return { short: 'lost in a reboot', what: told('The host was restarted'), advice: resumeAdvice };
    case 'runner-lost':
      return {
        short: 'process lost',
        what: told('Its process on the host ended unexpectedly'),
        advice: resumeAdvice,
      };
    case 'disk-full':
      return {
        short: 'lost, disk full',
        what: told('The disk of the host was full, and its process could not go on'),
        advice: 'Free space on the host, then resume it: it goes on from its journal.',
      };
    case 'out-of-memory':
      return {
        short: 'lost, out of memory',
        what: told('Its process was lost, and the kernel has ended processes around it for want of memory'),
        advice:
          'Free memory on the host, or let evaluations take less (`limits`, `concurrency`); then resume it.',
      };
    case 'never-started':
      return {
        short: 'never started',
        what: told('It never started'),
        advice: 'Resume it to start it again.',
      };
  }
}

/** What became of a process that is not seen at work though its session has not ended; else `undefined`. */
export function processGone(verdict: Verdict): VerdictWords | undefined {
  if (verdict.state === 'live') return undefined;
  if (verdict.state === 'exited' && (verdict.reason === 'finished' || verdict.reason === 'failed'))
    return undefined;
  return verdictWords(verdict);
}
