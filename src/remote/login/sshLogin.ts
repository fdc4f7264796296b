import type { AnyAuthMethod, AuthenticationType, ParsedKey, Prompt } from 'ssh2';
import { RemoteError } from '../hostClient';
import type { Secret } from './secret';
import { agentSigner, OneKeyAgent, type KeyRing, type LoginKey } from './keyRing';
import type { LoginQuestions, LoginRun } from './loginQuestions';
import type { LoginMethod, ResolvedHost } from '../config/resolvedHost';

/** What ssh2 calls for the next way to log in. */
export type AuthHandler = (
  methodsLeft: AuthenticationType[] | null,
  partialSuccess: boolean | null,
  next: (method: AnyAuthMethod) => void,
) => void;

/**
 * One run through the ways to log in, for one connection, as `ssh` goes through them: the first of the preferred ones
 * that the server takes, each until it has nothing more to try, and after a partial success those that are still wanted.
 */
export class SshLogin implements LoginRun {
  isOver = false;
  private hasBegun = false;
  private allowed: readonly string[] = [];
  private readonly waitingKeys: LoginKey[];
  private readonly tried: string[] = [];
  private passwords = 0;
  private lastPassword: Secret | undefined;
  private interactions = 0;
  /** Whether the last keyboard-interactive attempt asked anything: one that does not is not tried again. */
  private hasInteracted = true;
  private mustAskMethods = false;

  /** `fail` is called at most once, when nothing is left to try. */
  constructor(
    private readonly host: ResolvedHost,
    private readonly ring: KeyRing,
    private readonly questions: LoginQuestions,
    private readonly hooks: {
      readonly onPrompt: (isOpen: boolean) => void;
      readonly fail: (error: RemoteError) => void;
    },
  ) {
    this.waitingKeys = [...ring.keys];
  }

  get onPrompt(): (isOpen: boolean) => void {
    return this.hooks.onPrompt;
  }

  /** Names of what was tried so far; the last of them is what let us in. */
  get triedText(): string {
    return this.tried.length === 0 ? 'nothing' : this.tried.join(', ');
  }

  /** The password that the server wants to have changed; `undefined`: none was sent. */
  get sentPassword(): Secret | undefined {
    return this.lastPassword;
  }

  readonly authenticate: AuthHandler = (methodsLeft, _partialSuccess, next) => {
    if (!this.hasBegun || this.mustAskMethods) {
      // "none" is refused with a list of what the server takes. At the start it costs no attempt; after a signature by
      // an agent it is the way to learn of a partial success, because ssh2 does not pass on what the server said then.
      this.hasBegun = true;
      this.mustAskMethods = false;
      next({ type: 'none', username: this.host.user });
      return;
    }
    if (methodsLeft !== null) this.allowed = methodsLeft;
    this.nextMethod().then(
      (method) => {
        if (this.isOver) return;
        if (method === undefined) this.hooks.fail(this.refused());
        else next(method);
      },
      (error: unknown) => this.hooks.fail(asRemoteError(error)),
    );
  };

  /** Asks for a new password in place of the one just sent. */
  async changePassword(text: string): Promise<Secret> {
    const password = await this.questions.newPassword(text, this);
    this.lastPassword = password;
    return password;
  }

  private async nextMethod(): Promise<AnyAuthMethod | undefined> {
    const usable = (method: LoginMethod): boolean => {
      if (!this.allowed.includes(method)) return false;
      switch (method) {
        case 'publickey':
          return this.waitingKeys.length > 0;
        case 'keyboard-interactive':
          return !this.host.isBatch && this.hasInteracted && this.interactions < this.host.passwordPrompts;
        case 'password':
          return !this.host.isBatch && this.passwords < this.host.passwordPrompts;
      }
    };
    const method = this.host.loginMethods.find(usable);
    const username = this.host.user;
    switch (method) {
      case undefined:
        return undefined;
      case 'publickey': {
        const key = this.waitingKeys.shift();
        if (key === undefined) return undefined;
        this.tried.push(labelOf(key));
        return this.keyMethod(key);
      }
      case 'keyboard-interactive':
        if (this.interactions === 0) this.tried.push(method);
        this.interactions++;
        this.hasInteracted = false;
        return {
          type: 'keyboard-interactive',
          username,
          prompt: (name, instructions, _language, prompts, finish) =>
            this.interact(name, instructions, prompts, finish),
        };
      case 'password':
        if (this.passwords === 0) this.tried.push(method);
        this.passwords++;
        this.lastPassword = await this.questions.password(this.passwords, this);
        return { type: 'password', username, password: this.lastPassword.reveal() };
    }
  }

  private interact(
    name: string,
    instructions: string,
    prompts: readonly Prompt[],
    finish: (answers: string[]) => void,
  ): void {
    this.hasInteracted = true;
    const round = {
      name,
      instructions,
      prompts: prompts.map(({ prompt, echo }) => ({ text: prompt, isSecret: echo !== true })),
      attempt: this.interactions,
    };
    this.questions.answers(round, this).then(
      (answers) => {
        if (!this.isOver) finish(answers.map((answer) => answer.reveal()));
      },
      (error: unknown) => this.hooks.fail(asRemoteError(error)),
    );
  }

  private async keyMethod(key: LoginKey): Promise<AnyAuthMethod> {
    const username = this.host.user;
    switch (key.kind) {
      case 'file':
        return { type: 'publickey', username, key: key.key };
      case 'agent': {
        const sign = agentSigner(key.agent, key.key);
        return this.agentMethod(key.key, sign);
      }
      case 'encrypted': {
        const opened = this.questions.openedKey(key.path);
        if (opened !== undefined) return { type: 'publickey', username, key: opened };
        if (key.publicKey === undefined) {
          const privateKey = await this.questions.openKey(key.path, key.text, this);
          return { type: 'publickey', username, key: privateKey };
        }
        // The passphrase is asked for only when the server has said that it would take this key.
        return this.agentMethod(key.publicKey, async (data, { hash }) => {
          try {
            return signatureOf(await this.questions.openKey(key.path, key.text, this), data, hash);
          } catch (error) {
            this.hooks.fail(asRemoteError(error));
            throw error;
          }
        });
      }
    }
  }

  private agentMethod(key: ParsedKey, sign: ConstructorParameters<typeof OneKeyAgent>[1]): AnyAuthMethod {
    const agent = new OneKeyAgent(key, (data, options) => {
      this.mustAskMethods = true;
      return sign(data, options);
    });
    return { type: 'agent', username: this.host.user, agent };
  }

  private refused(): RemoteError {
    const { user, alias, hostName, port } = this.host;
    const triedText = this.tried.length === 0 ? 'no key was found' : `tried: ${this.tried.join(', ')}`;
    const skipped = this.ring.skipped.length === 0 ? '' : `; not used: ${this.ring.skipped.join(', ')}`;
    const methods = this.allowed.length === 0 ? 'nothing' : this.allowed.join(', ');
    return new RemoteError(
      'authentication-failed',
      `${user}@${hostName}:${port} (${alias}) refused the login. The server allows ${methods}; ${triedText}${skipped}.`,
      this.advice(),
    );
  }

  private advice(): string {
    if (this.passwords > 0 || this.interactions > 0) {
      return 'Check the user and the password or code, then connect again; nothing is tried again by itself.';
    }
    if (this.allowed.includes('publickey')) {
      return `Add your public key to ~/.ssh/authorized_keys there (ssh-copy-id ${this.host.alias}), or name the right IdentityFile or User in your SSH configuration.`;
    }
    const usable = this.allowed.filter((method) => ['password', 'keyboard-interactive'].includes(method));
    return usable.length > 0
      ? `Your SSH configuration does not allow ${usable.join(' or ')} for this host (BatchMode, PreferredAuthentications, NumberOfPasswordPrompts).`
      : 'This editor knows none of these ways to log in. Set tttDiscover.remote.transport to "system" to let the ssh program log in.';
  }
}

function labelOf(key: LoginKey): string {
  return key.kind === 'agent' ? key.label : key.path;
}

function signatureOf(key: ParsedKey, data: Buffer, hash: string | undefined): Buffer {
  const signature: unknown = hash === undefined ? key.sign(data) : key.sign(data, hash);
  if (Buffer.isBuffer(signature)) return signature;
  throw signature instanceof Error ? signature : new Error('The key gave no signature.');
}

function asRemoteError(error: unknown): RemoteError {
  if (error instanceof RemoteError) return error;
  return new RemoteError(
    'authentication-failed',
    `A key could not be used: ${error instanceof Error ? error.message : String(error)}`,
    'Check the key with "ssh-keygen -y -f" and its path.',
    { cause: error },
  );
}
