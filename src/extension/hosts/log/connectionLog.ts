import { RemoteError, type HostPrompts, type HostTarget } from '../../../remote/hostClient';
import type { Secret } from '../../../remote/login/secret';
import { durationText } from '../../base/words';
import { isCancelled, messageOf } from '../../base/failures';
import type { HostLogs, LogLevel } from './hostLogs';

/**
 * The log of one connection. Our own words never hold what a person typed, as that is no text; but servers and programs sometimes repeat what
 * they were sent. So the answers of this login are struck out of everything that is written, until the connection is made.
 */
export class ConnectionLog {
  private readonly secrets = new Set<Secret>();
  private readonly startedMs: number;
  private lastProgress = '';

  constructor(
    private readonly logs: HostLogs,
    private readonly target: HostTarget,
    private readonly nowMs: () => number,
  ) {
    this.startedMs = nowMs();
  }

  write(level: LogLevel, text: string): void {
    this.logs.write(this.target, level, this.withoutSecrets(text));
  }

  /** What is being done; its fraction changes often, and is not written. */
  progress(message: string): void {
    if (message !== this.lastProgress) this.write('info', message);
    this.lastProgress = message;
  }

  /** The same questions, whose answers this log will not show. */
  watch(prompts: HostPrompts): HostPrompts {
    const noted = <T extends Secret | readonly Secret[] | undefined>(what: string, answer: T): T => {
      for (const secret of secretsOf(answer)) this.secrets.add(secret);
      this.write('info', answer === undefined ? `${what}: cancelled` : `${what}: answered`);
      return answer;
    };
    const asked = (what: string): string => {
      this.write('info', `${what}: asked`);
      return what;
    };
    return {
      trustHostKey: async (question) => {
        const what = asked(
          `Whether to trust ${question.keyType} ${question.fingerprint} of ${question.name}`,
        );
        const isTrusted = await prompts.trustHostKey(question);
        this.write('info', `${what}: ${isTrusted ? 'yes' : 'no'}`);
        return isTrusted;
      },
      passphrase: async (question, signal) =>
        noted(
          asked(`Passphrase of ${question.keyPath}, attempt ${question.attempt}`),
          await prompts.passphrase(question, signal),
        ),
      password: async (question, signal) =>
        noted(
          asked(`Password of ${question.account}, attempt ${question.attempt}`),
          await prompts.password(question, signal),
        ),
      newPassword: async (question, signal) =>
        noted(asked(`New password of ${question.account}`), await prompts.newPassword(question, signal)),
      answers: async (question, signal) =>
        noted(
          asked(`${countOf(question.prompts.length)} of ${question.account}, attempt ${question.attempt}`),
          await prompts.answers(question, signal),
        ),
    };
  }

  connected(description: string): void {
    this.write('info', `Connected in ${this.elapsed()}: ${description}`);
    // From here on nobody speaks of the login any more, and a password is not to lie in memory for hours.
    this.secrets.clear();
  }

  /** Writes why the connection failed. Returns the error for those who show it, without what a server repeated of the answers. */
  failed(error: unknown): unknown {
    if (isCancelled(error)) {
      this.write('info', `Given up after ${this.elapsed()}`);
      return error;
    }
    const shown = this.errorWithoutSecrets(error);
    const code = shown instanceof RemoteError ? ` (${shown.code})` : '';
    const advice = shown instanceof RemoteError ? `\n${shown.advice}` : '';
    const cause =
      shown instanceof Error && shown.cause !== undefined ? `\nBecause: ${messageOf(shown.cause)}` : '';
    this.write('error', `Failed after ${this.elapsed()}${code}: ${messageOf(shown)}${advice}${cause}`);
    this.secrets.clear();
    return shown;
  }

  closed(reason: unknown): void {
    if (reason === undefined || isCancelled(reason)) this.write('info', `Closed after ${this.elapsed()}`);
    else this.write('warn', `Lost after ${this.elapsed()}: ${messageOf(reason)}`);
  }

  private elapsed(): string {
    return durationText(this.nowMs() - this.startedMs);
  }

  private withoutSecrets(text: string): string {
    return [...this.secrets].reduce((words, secret) => secret.strikeOutOf(words), text);
  }

  /** The same error where no secret is in it; else one that says as much without it, and without the causes that may hold it. */
  private errorWithoutSecrets(error: unknown): unknown {
    if (chainOf(error).every((text) => this.withoutSecrets(text) === text)) return error;
    const message = this.withoutSecrets(messageOf(error));
    if (!(error instanceof RemoteError)) return new Error(message);
    return new RemoteError(error.code, message, this.withoutSecrets(error.advice));
  }
}

function countOf(questions: number): string {
  return questions === 1 ? 'A question' : `${questions} questions`;
}

function secretsOf(answer: Secret | readonly Secret[] | undefined): readonly Secret[] {
  if (answer === undefined) return [];
  return 'reveal' in answer ? [answer] : answer;
}

/** Every text that may be shown or logged of an error and of what caused it. */
function chainOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  const advice = error instanceof RemoteError ? [error.advice] : [];
  return [
    error.message,
    error.stack ?? '',
    ...advice,
    ...(error.cause === undefined ? [] : chainOf(error.cause)),
  ];
}
