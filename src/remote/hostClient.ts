import type { Duplex } from 'node:stream';
import type { CaseResult, EvaluationOutcome } from '../domain/session/outcome';
import type { PauseParams } from '../protocol/attachRpc';
import type { ComparisonRound } from '../domain/verification/comparisonRound';
import type {
  CompareReply,
  DoctorReply,
  SessionListing,
  Verdict,
  VerifyReply,
} from '../protocol/hostCommands';
import type { CompareSpec, MeasureSpec } from '../protocol/measureSpec';
import type { SessionSecrets } from '../protocol/sessionSecrets';
import type { TransportSetting } from './transportChoice';
import type { StartInput } from '../protocol/sessionSpec';
import type { NodeRelease } from './bootstrap/nodeReleases';
import type { Secret } from './login/secret';

/** Where sessions run. */
export type HostTarget = { readonly kind: 'local' } | { readonly kind: 'ssh'; readonly alias: string };

/** `this machine` has the key `local`, an SSH host `ssh:ALIAS`. */
export function hostKeyOf(target: HostTarget): string {
  return target.kind === 'local' ? 'local' : `ssh:${target.alias}`;
}

/** Asks the person at the editor. Every question can be cancelled (`undefined`); its signal withdraws it. */
export interface HostPrompts {
  /** An unknown host key. `true` pins it. Called with no connection open. */
  trustHostKey(question: HostKeyQuestion): Promise<boolean>;
  passphrase(
    question: { readonly keyPath: string; readonly attempt: number },
    signal?: AbortSignal,
  ): Promise<Secret | undefined>;
  password(question: PasswordQuestion, signal?: AbortSignal): Promise<Secret | undefined>;
  /** The server wants another password before it lets the account in. */
  newPassword(
    question: { readonly account: string; readonly text: string },
    signal?: AbortSignal,
  ): Promise<Secret | undefined>;
  /** Questions of the server's own (two-factor codes, menus). One answer for each prompt, in order. */
  answers(question: ServerQuestions, signal?: AbortSignal): Promise<readonly Secret[] | undefined>;
}

export interface PasswordQuestion {
  /** `user@host`, with the alias where it differs. */
  readonly account: string;
  /** From 1; more than 1: the one before was refused. */
  readonly attempt: number;
}

/** What a server wants to know, in its own words: untrusted text, without control characters but line ends. */
export interface ServerQuestions {
  readonly account: string;
  readonly name: string;
  readonly instructions: string;
  readonly prompts: readonly { readonly text: string; readonly isSecret: boolean }[];
  /** From 1; more than 1: earlier answers were refused. */
  readonly attempt: number;
}

export interface HostKeyQuestion {
  /** The name the key is stored under: `host` or `[host]:port`. */
  readonly name: string;
  readonly alias: string;
  /** The jump host or command through which it is reached; absent: directly. */
  readonly via?: string;
  readonly keyType: string;
  /** `SHA256:…`, as `ssh-keygen -lf` prints it. */
  readonly fingerprint: string;
  /** The host is known by a key of another type, which it did not show: more than a first meeting, and to be said so. */
  readonly knownInstead?: {
    readonly keyType: string;
    readonly fingerprint: string;
    /** `FILE:LINE` */
    readonly place: string;
  };
  /** Other names under which the same key is known already, with their places. */
  readonly alsoKnownAs: readonly string[];
}

/** Reports what is being done, in words for people. `fraction` is 0 to 1 where it is known. */
export type Progress = (message: string, fraction?: number) => void;

/** What came of one evaluation. */
export interface HostEvaluation {
  readonly outcome: EvaluationOutcome;
  readonly durationMs: number;
  /** In order; empty where the evaluator has no cases. */
  readonly cases: readonly CaseResult[];
}

/** What a comparison tells as it goes on; both are needed to go on with it later. */
export interface ComparisonListener {
  /** What decides the seeds of its rounds. */
  onSeed(seed: number): void;
  /** `index` counts from 0, those of before contact was lost included. */
  onRound(index: number, round: ComparisonRound): void;
}

/** What removing everything from a host left, and ended in its cluster. */
export interface Removal {
  /** Names in the root folder that are not ours. */
  readonly left: readonly string[];
  /** Jobs of evaluations that no runner was left to end. */
  readonly cancelledJobs: number;
}

/** One connected host, ready to run sessions: the runner (and Node where missing) is on it. */
export interface HostClient {
  readonly target: HostTarget;
  /** How it is reached and what was found, for tooltips and diagnostics. */
  readonly description: string;
  /** Idempotent by `input.sessionId`. Its secrets are held in memory there, by the session's process alone. */
  start(input: StartInput, progress: Progress, signal: AbortSignal): Promise<SessionListing>;
  list(signal: AbortSignal): Promise<readonly SessionListing[]>;
  /** What the host has and what works there; takes seconds, and less than ten. */
  examine(signal: AbortSignal): Promise<DoctorReply>;
  /** Scores one program: the problem's initial one, or `candidateText` in its place. */
  evaluate(
    spec: MeasureSpec,
    candidateText: string | undefined,
    progress: Progress,
    signal: AbortSignal,
    onCase?: (result: CaseResult) => void,
  ): Promise<HostEvaluation>;
  /** Scores a program several times from scratch, with seeds that nobody knows and the stricter check. */
  verify(spec: MeasureSpec, progress: Progress, signal: AbortSignal): Promise<VerifyReply>;
  /** Runs two programs in turns on the same seeds until it is clear which is better, or the rounds are done. */
  compare(
    spec: CompareSpec,
    progress: Progress,
    signal: AbortSignal,
    listener: ComparisonListener,
  ): Promise<CompareReply>;
  /** Replays the journal from `from`, then follows it. One attachment a call; the caller closes it. */
  attach(sessionId: string, from: number, listener: AttachmentListener): Promise<SessionAttachment>;
  /**
   * Ends all sessions of the host, with their jobs in a cluster, and removes all that was put on it. Nothing can be run through this connection
   * any more.
   */
  removeEverything(signal: AbortSignal): Promise<Removal>;
  /**
   * A byte stream to a socket that only the host can reach, through a channel of our own: servers that forbid TCP forwarding
   * know nothing of it. All streams of a host share one channel, opened with the first. Rejects with a `RemoteError`.
   */
  connectTo(address: HostAddress): Promise<Duplex>;
  onClosed(listener: (reason: Error | undefined) => void): void;
  close(): Promise<void>;
}

/** A port of the host's loopback addresses, or where a session there waits for an editor that reaches its model server. */
export type HostAddress = { readonly port: number } | { readonly modelOfSession: string };

export interface AttachmentListener {
  /** Raw journal values in order, contiguous from `from`; awaited before more are taken (flow control). */
  onEntries(entries: readonly unknown[]): Promise<void> | void;
  onVerdict(verdict: Verdict): void;
  /** The host was heard, with news or as the answer to whether it is there. */
  onHeard?(): void;
  /** Contact was lost, or the attach process ended. Never called after `close`. */
  onLost(reason: Error): void;
}

export interface SessionAttachment {
  readonly lastSeq: number;
  readonly verdict: Verdict;
  /** `afterStep`: when the step in work is done. */
  pause(params?: PauseParams): Promise<void>;
  /** Secrets are handed over first; a process that is started again has none. */
  resume(secrets?: SessionSecrets): Promise<void>;
  /** To the session's live process, which holds them in memory. A runner that does not know this refuses. */
  provideSecrets(secrets: SessionSecrets): Promise<void>;
  stop(options: { readonly now: boolean }): Promise<void>;
  /** Steers the prompts of the steps that begin from here on. */
  note(text: string): Promise<void>;
  /** Later prompts cite none of the notes so far. */
  removeNotes(): Promise<void>;
  /** Program text by content address. */
  readCandidate(sha256: string): Promise<string>;
  /** Construction by content address, JSON text. */
  readState(sha256: string): Promise<string>;
  /** Text of a file that an evaluator offered, by content address; at most 2 MiB. A runner that does not know this refuses. */
  readArtifact(sha256: string): Promise<string>;
  close(): Promise<void>;
}

/** What a connection needs from around it. The extension and the tests provide it. */
export interface HostEnvironment {
  /** The runner bundle on this machine. */
  readonly runnerBundlePath: string;
  /** Node for this machine's runner: program and the environment it needs (Electron: ELECTRON_RUN_AS_NODE). */
  readonly localNode: { readonly path: string; readonly env: Readonly<Record<string, string>> };
  /**
   * Where a host has no Node: the path of a program to upload, or a release that the host downloads itself, by runtime key
   * such as `linux-x64`, `linux-x64-musl` or `linux-x64-old-glibc`; `undefined`: none is known.
   */
  nodeBinaryFor(
    runtimeKey: string,
    progress: Progress,
    signal: AbortSignal,
  ): Promise<string | NodeRelease | undefined>;
  /** Own known_hosts file. Read besides the user's; the only one written. */
  readonly knownHostsPath: string;
  /** The `ssh` program for `ssh -G`. */
  readonly sshPath: string;
  /** Passed as `-F`; `undefined`: the user's own configuration. */
  readonly sshConfigPath: string | undefined;
  /** `auto` unless said otherwise. */
  readonly sshTransport?: TransportSetting;
  /** Root folder on hosts; default `~/.ttt-discover`, `~` being the host's home. */
  readonly root: string;
  readonly prompts: HostPrompts;
  log(level: 'debug' | 'info' | 'warn' | 'error', message: string): void;
  /** Every step of the SSH protocol, without contents; absent where nobody wants to know. */
  readonly trace?: (message: string) => void;
}

export type RemoteErrorCode =
  | 'unknown-host'
  | 'unreachable'
  | 'authentication-failed'
  | 'host-key-changed'
  | 'host-key-revoked'
  | 'host-key-refused'
  | 'ssh-config'
  | 'lost'
  | 'unsupported-host'
  | 'no-runtime'
  | 'no-space'
  | 'bootstrap-failed'
  | 'runner-failed'
  /** Evaluations cannot be isolated there, and the start did not say that they may go without. */
  | 'not-isolated'
  | 'protocol'
  | 'cancelled';

/** A failure between the editor and a host, written for the person who reads it: what happened, and what to do next. */
export class RemoteError extends Error {
  override readonly name = 'RemoteError';
  constructor(
    readonly code: RemoteErrorCode,
    message: string,
    readonly advice: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
  /** Whether trying again by itself is harmless: never after a refused key, login or cancel. */
  get isTransient(): boolean {
    return this.code === 'lost' || this.code === 'unreachable';
  }
}
