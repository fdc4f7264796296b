import type { AskpassQuestion } from '../login/askpassBridge';
import { RemoteError, type HostEnvironment } from '../hostClient';
import { Secret } from '../login/secret';
import { readable } from '../login/loginQuestions';
import { cancelledError } from '../shell/markedRun';
import type { ResolvedHost } from '../config/resolvedHost';

type Needs = Pick<HostEnvironment, 'prompts'>;

/**
 * Puts the questions of the `ssh` program to the person, each in the dialog that fits. A cancel is final: it is reported,
 * and ssh, which would ask again, is to be ended.
 */
export class SystemSshPrompts {
  private readonly attempts = new Map<string, number>();
  /** By question, while the login lasts. */
  private given = new Map<string, Secret>();
  private ready = new Map<string, Secret>();

  constructor(
    private readonly route: readonly ResolvedHost[],
    private readonly needs: Needs,
    private readonly hooks: {
      readonly onPrompt: (isOpen: boolean) => void;
      readonly giveUp: (error: RemoteError) => void;
      /** Something for the person to do while ssh waits, such as touching a key. */
      readonly announce: (message: string) => void;
    },
  ) {}

  readonly answer = async (
    question: AskpassQuestion,
    withdrawn: AbortSignal,
  ): Promise<Secret | undefined> => {
    this.hooks.onPrompt(true);
    try {
      const text = readable(question.text);
      const answer = this.takeReady(text) ?? (await this.ask({ ...question, text }, withdrawn));
      if (answer !== undefined) this.given.set(text, answer);
      if (answer === undefined && !withdrawn.aborted) this.hooks.giveUp(cancelledError());
      return answer;
    } catch (error) {
      if (error instanceof RemoteError) this.hooks.giveUp(error);
      throw error;
    } finally {
      this.hooks.onPrompt(false);
    }
  };

  /**
   * Has each answer given until now ready for the same question in another call, once: a server may hang up on a person who
   * is still typing. Returns whether there are any.
   */
  repeat(): boolean {
    this.ready = this.given;
    this.given = new Map();
    return this.ready.size > 0;
  }

  private takeReady(text: string): Secret | undefined {
    const answer = this.ready.get(text);
    this.ready.delete(text);
    return answer;
  }

  /** The login is over; what was typed is not needed any more. */
  forget(): void {
    this.given.clear();
    this.ready.clear();
  }

  private async ask({ text, kind }: AskpassQuestion, withdrawn: AbortSignal): Promise<Secret | undefined> {
    const { prompts } = this.needs;
    if (kind === 'none') {
      this.hooks.announce(text.trim());
      return untilGone(withdrawn);
    }
    if (text.startsWith('The authenticity of host')) return this.askAboutKey(text);
    const attempt = (this.attempts.get(text) ?? 0) + 1;
    this.attempts.set(text, attempt);
    const keyPath = /^Enter passphrase for (?:key )?'?(.+?)'?: ?$/.exec(text)?.[1];
    if (keyPath !== undefined) return prompts.passphrase({ keyPath, attempt }, withdrawn);
    const account = /^(.+)'s password: ?$/.exec(text)?.[1];
    if (account !== undefined) return prompts.password({ account: this.named(account), attempt }, withdrawn);
    const answers = await prompts.answers(
      {
        account: this.named(''),
        name: '',
        instructions: '',
        prompts: [{ text, isSecret: kind !== 'confirm' && !/\(yes\/no/.test(text) }],
        attempt,
      },
      withdrawn,
    );
    return answers?.[0];
  }

  /** The fingerprint itself is the answer: ssh compares it with the key that it was shown. */
  private async askAboutKey(text: string): Promise<Secret | undefined> {
    const name = /^The authenticity of host '([^' ]+)/.exec(text)?.[1];
    const shown = /^(\S+) key fingerprint is (SHA256:[A-Za-z0-9+/]+)/m.exec(text);
    const [, keyType, fingerprint] = shown ?? [];
    if (name === undefined || keyType === undefined || fingerprint === undefined) {
      throw new RemoteError(
        'host-key-refused',
        `The ssh program asked about a host key in words that are not understood: ${text}`,
        'Connect once with ssh in a terminal, compare the key there, and connect here again.',
      );
    }
    const host = this.route.find((hop) => isNameOf(name, hop)) ?? this.route.at(-1);
    const trusted: unknown = await this.needs.prompts.trustHostKey({
      name,
      alias: host?.alias ?? name,
      keyType,
      fingerprint,
      alsoKnownAs: [],
    });
    if (trusted === true) return new Secret(fingerprint);
    throw new RemoteError(
      'host-key-refused',
      `The host key of ${name} was not trusted: ${keyType} ${fingerprint}.`,
      'Compare the fingerprint with the administrator of the host, then connect again.',
    );
  }

  private named(account: string): string {
    const target = this.route.at(-1);
    const own = target === undefined ? '' : `${target.user}@${target.hostName}`;
    if (account !== '' && account !== own) return account;
    return target === undefined || target.alias === target.hostName ? own : `${own} (${target.alias})`;
  }
}

function isNameOf(name: string, host: ResolvedHost): boolean {
  const plain = /^\[([^\]]+)\]/.exec(name)?.[1] ?? name;
  return plain === host.hostName.toLowerCase() && (host.port === 22 || name.endsWith(`:${host.port}`));
}

function untilGone(withdrawn: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (withdrawn.aborted) resolve(undefined);
    else withdrawn.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
