import ssh2 from 'ssh2';
import type { ParsedKey } from 'ssh2';
import { Secret } from './secret';
import { RemoteError, type HostPrompts, type ServerQuestions } from '../hostClient';
import { cancelledError } from '../shell/markedRun';
import type { ResolvedHost } from '../config/resolvedHost';

const maxPassphraseTries = 3;
const noAnswer = new Secret('');

/** One attempt to log in over one connection. */
export interface LoginRun {
  /** Whether the connection has gone: what is answered then could not be sent. */
  readonly isOver: boolean;
  readonly onPrompt: (isOpen: boolean) => void;
}

/**
 * What the person is asked during a login. Answers that a server no longer waited for are kept for the same question of
 * the next connection, once, and opened keys for good; nothing else is remembered.
 */
export class LoginQuestions {
  private readonly openedKeys = new Map<string, ParsedKey>();
  private readonly unsent = new Map<string, readonly Secret[]>();
  private pending: Promise<unknown> | undefined;

  constructor(
    private readonly host: ResolvedHost,
    private readonly prompts: HostPrompts,
    private readonly signal: AbortSignal,
  ) {}

  /** Settles with the question that is open now: rejects with its `RemoteError` when it is cancelled. */
  get open(): Promise<unknown> | undefined {
    return this.pending;
  }

  openedKey(path: string): ParsedKey | undefined {
    return this.openedKeys.get(path);
  }

  /** Opens a key under a passphrase. Rejects with a `RemoteError`. */
  async openKey(path: string, text: Buffer, run: LoginRun): Promise<ParsedKey> {
    return this.hold(
      (async () => {
        for (let attempt = 1; attempt <= maxPassphraseTries; attempt++) {
          const passphrase = await this.answered(run, (signal) =>
            this.prompts.passphrase({ keyPath: path, attempt }, signal),
          );
          const parsed = ssh2.utils.parseKey(text, passphrase.reveal());
          if (!(parsed instanceof Error)) {
            this.openedKeys.set(path, parsed);
            return parsed;
          }
        }
        throw new RemoteError(
          'authentication-failed',
          `The passphrase of ${path} was wrong ${maxPassphraseTries} times.`,
          'Check it with "ssh-keygen -y -f" and the path of the key, or load the key into an agent, then connect again.',
        );
      })(),
    );
  }

  async password(attempt: number, run: LoginRun): Promise<Secret> {
    const [password = noAnswer] = await this.once('password', run, async (signal) => {
      const typed = await this.prompts.password({ account: this.account, attempt }, signal);
      return typed === undefined ? undefined : [typed];
    });
    return password;
  }

  async newPassword(text: string, run: LoginRun): Promise<Secret> {
    return this.hold(
      this.answered(run, (signal) =>
        this.prompts.newPassword({ account: this.account, text: readable(text) }, signal),
      ),
    );
  }

  /** One round of keyboard-interactive. */
  async answers(round: Omit<ServerQuestions, 'account'>, run: LoginRun): Promise<readonly Secret[]> {
    const question: ServerQuestions = {
      account: this.account,
      name: readable(round.name),
      instructions: readable(round.instructions),
      prompts: round.prompts.map(({ text, isSecret }) => ({ text: readable(text), isSecret })),
      attempt: round.attempt,
    };
    const key = JSON.stringify([question.name, question.instructions, question.prompts]);
    const answers = await this.once(key, run, (signal) => this.prompts.answers(question, signal));
    return question.prompts.map((_prompt, index) => answers[index] ?? noAnswer);
  }

  private get account(): string {
    const { user, hostName, port, alias } = this.host;
    const place = `${user}@${hostName}${port === 22 ? '' : `:${port}`}`;
    return alias === hostName || alias === place ? place : `${place} (${alias})`;
  }

  private async once(
    key: string,
    run: LoginRun,
    ask: (signal: AbortSignal) => Promise<readonly Secret[] | undefined>,
  ): Promise<readonly Secret[]> {
    const kept = this.unsent.get(key);
    this.unsent.delete(key);
    if (kept !== undefined) return kept;
    return this.hold(
      this.answered(run, ask).then((answer) => {
        if (run.isOver) this.unsent.set(key, answer);
        return answer;
      }),
    );
  }

  private async answered<T>(run: LoginRun, ask: (signal: AbortSignal) => Promise<T | undefined>): Promise<T> {
    if (this.host.isBatch) {
      throw new RemoteError(
        'authentication-failed',
        `${this.account} wants an answer, and BatchMode forbids asking for it.`,
        'Take "BatchMode yes" out of the settings of this host, or use a key without a passphrase.',
      );
    }
    if (this.signal.aborted) throw cancelledError();
    run.onPrompt(true);
    try {
      const answer = await ask(this.signal);
      if (answer === undefined || isAborted(this.signal)) throw cancelledError();
      return answer;
    } finally {
      run.onPrompt(false);
    }
  }

  private async hold<T>(question: Promise<T>): Promise<T> {
    this.pending = question;
    try {
      return await question;
    } finally {
      if (this.pending === question) this.pending = undefined;
    }
  }
}

/** A call, because the answer may differ after every wait. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

const maxQuestionLength = 8_192;

/** A server's words without what could move a cursor or colour a dialog. */
export function readable(text: string): string {
  return (
    text
      .slice(0, maxQuestionLength)
      .replace(/\r\n?/g, '\n')
      // eslint-disable-next-line no-control-regex
      .replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '')
      // eslint-disable-next-line no-control-regex
      .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
  );
}
