import { createHash } from 'node:crypto';
import { isReachedFromEditor } from '../../domain/session/modelSettings';
import type { SessionOptions } from '../../domain/session/options';
import { isKeyNeeded, keyOriginOf } from '../../protocol/modelServers';
import type { SessionSecrets } from '../../protocol/sessionSecrets';
import { RemoteError, type HostTarget } from '../../remote/hostClient';
import type { Closeable, Subscribe } from '../base/emitter';
import { Cancelled } from '../base/failures';
import { labelOf } from '../hosts/hostTargets';
import { titleOf } from '../sessions/sessionNames';
import type { Sessions, SessionView } from '../sessions/sessions';
import { waitsForKey } from '../sessions/waitingFor';
import type { KeyQuestions, WaitReason } from './keyQuestions';
import type { ModelServerKeys } from './modelServerKeys';
import { t } from '../base/translate';

export interface SessionKeysPorts {
  readonly keys: ModelServerKeys;
  /** Another window stored or forgot one. */
  readonly onDidChangeKeys: Subscribe<unknown>;
  readonly questions: KeyQuestions;
  readonly sessions: Pick<Sessions, 'all' | 'get' | 'onDidChange'> & {
    /** True if all that the host had when contact was made is here. */
    isCurrent(id: string): boolean;
    resume(id: string, secrets?: SessionSecrets): Promise<void>;
    provideSecrets(id: string, secrets: SessionSecrets): Promise<void>;
  };
  readonly onError: (what: string, error: unknown) => void;
  readonly log: (message: string, error?: unknown) => void;
}

/** A session's process that was given a key: which one (never the key itself), and which of its processes. */
interface Handed {
  readonly digest: string;
  readonly run: number;
}

/**
 * Hands the keys of model servers to the sessions that need them: at start and resume, and by itself to one that waits for a
 * key that may go to its host. Where there is none, or the server refuses it, the user is told, once a pause.
 */
export class SessionKeys implements Closeable {
  private readonly handed = new Map<string, Handed>();
  /** Sessions that are being looked after; a second look waits for the next change. */
  private readonly busy = new Set<string>();
  /** Pauses that the user was told of. */
  private readonly told = new Map<string, string>();
  /** Handing over failed: tried again after contact was made anew. */
  private readonly failed = new Set<string>();
  private readonly subscriptions: readonly Closeable[];

  constructor(private readonly ports: SessionKeysPorts) {
    const lookAtAll = (): void => {
      for (const { id } of ports.sessions.all) this.look(id);
    };
    this.subscriptions = [
      ports.sessions.onDidChange((id) => this.look(id)),
      ports.onDidChangeKeys(() => lookAtAll()),
    ];
    lookAtAll();
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  /**
   * What opens the model server of a session that is about to start, asking for the key where the server is known to want one and
   * none is stored. `undefined` where none is needed as far as is known. Throws `Cancelled`.
   */
  async forStart(
    sessionId: string,
    options: Pick<SessionOptions, 'policy' | 'model'>,
    target: HostTarget,
  ): Promise<SessionSecrets | undefined> {
    const origin = handedOriginOf(options);
    if (origin === undefined) return undefined;
    const isNeeded = isKeyNeeded(options.model?.server ?? '');
    const key = await this.keyFor(origin, target, isNeeded, t('{0} answers nobody without a key.', origin));
    if (key === undefined) return undefined;
    this.note(sessionId, key, 1);
    return { key };
  }

  /**
   * Resumes a session on the user's word, with its key where its process has none. `waitFor`: around the wait for the host.
   * Throws `Cancelled`.
   */
  async resume(
    id: string,
    waitFor: (request: Promise<void>) => Promise<void> = (request) => request,
  ): Promise<void> {
    const { sessions } = this.ports;
    const view = sessions.get(id);
    const origin = view === undefined ? undefined : handedOriginOf(view.snapshot.options);
    const isGone = view?.connection.state === 'connected' && view.connection.verdict.state === 'exited';
    if (view === undefined || origin === undefined || !(isGone || waitsForKey(view.snapshot))) {
      await waitFor(sessions.resume(id));
      return;
    }
    const isNeeded = waitsForKey(view.snapshot) || isKeyNeeded(view.snapshot.options?.model?.server ?? '');
    const key = await this.keyFor(origin, view.target, isNeeded, t('"{0}" goes on with it.', titleOf(view)));
    if (key === undefined) await waitFor(sessions.resume(id));
    else await waitFor(this.handIn(view, key, view.snapshot.runs + (isGone ? 1 : 0)));
  }

  /** Asks for a new key, and gives it to the sessions that use it and whose hosts may have it. `view`: the session it is meant for. */
  async set(origin: string, view?: SessionView): Promise<void> {
    const { keys, questions } = this.ports;
    const isHanded = view !== undefined && handedOriginOf(view.snapshot.options) !== undefined;
    const place = isHanded ? { origin, hostLabel: view.hostLabel } : { origin };
    const why = view === undefined ? '' : t('"{0}" asks {1}.', titleOf(view), origin);
    const key = await questions.enter(place, why);
    if (key === undefined) throw new Cancelled();
    if (isHanded) await keys.allow(origin, view.target);
    await keys.store(origin, key);
    await this.renew(origin, key);
  }

  /** The user has typed it in just now: sessions that wait get it even if it is the same, and those at work from now on. */
  private async renew(origin: string, key: string): Promise<void> {
    const { keys, sessions, log } = this.ports;
    for (const view of sessions.all) {
      if (handedOriginOf(view.snapshot.options) !== origin || !isLive(view)) continue;
      if (!keys.mayGoTo(origin, view.target)) continue;
      if (waitsForKey(view.snapshot)) {
        await this.handIn(view, key, view.snapshot.runs);
        continue;
      }
      try {
        await sessions.provideSecrets(view.id, { key });
        this.note(view.id, key, view.snapshot.runs);
      } catch (error) {
        log(`The new key did not reach "${titleOf(view)}", which goes on with the one that it has`, error);
      }
    }
  }

  private look(id: string): void {
    const view = this.ports.sessions.get(id);
    if (view === undefined || !isLive(view)) {
      this.failed.delete(id);
      return;
    }
    const origin = handedOriginOf(view.snapshot.options);
    if (origin === undefined || !waitsForKey(view.snapshot)) return;
    if (this.busy.has(id) || this.failed.has(id) || !this.ports.sessions.isCurrent(id)) return;
    this.busy.add(id);
    this.answer(view, origin)
      .catch((error: unknown) => this.ports.onError(`the key for "${titleOf(view)}"`, error))
      .finally(() => this.busy.delete(id));
  }

  private async answer(view: SessionView, origin: string): Promise<void> {
    const { keys, questions, log } = this.ports;
    const { id, snapshot, target, hostLabel } = view;
    const key = await keys.get(origin);
    const reason = this.reasonFor(view, origin, key);
    if (key !== undefined && reason === undefined) {
      await this.handIn(view, key, snapshot.runs);
      log(`"${titleOf(view)}" got the key of ${origin} again.`);
      return;
    }
    const pause = `${snapshot.runs}:${snapshot.lastSeq}:${reason ?? ''}`;
    if (this.told.get(id) === pause) return;
    this.told.set(id, pause);
    // The answer may come much later, and must not keep other looks from happening.
    void questions
      .waits(titleOf(view), { origin, hostLabel }, reason ?? 'no-key')
      .then(async (wanted) => {
        if (!wanted) return;
        if (reason !== 'stored') return this.set(origin, view);
        await keys.allow(origin, target);
        this.look(id);
      })
      .catch((error: unknown) => this.ports.onError(`the key for "${titleOf(view)}"`, error));
  }

  /** Why the key does not go by itself. */
  private reasonFor(view: SessionView, origin: string, key: string | undefined): WaitReason | undefined {
    if (key === undefined) return 'no-key';
    const handed = this.handed.get(view.id);
    if (handed?.digest === digestOf(key) && handed.run === view.snapshot.runs) return 'refused';
    return this.ports.keys.mayGoTo(origin, view.target) ? undefined : 'stored';
  }

  private async keyFor(
    origin: string,
    target: HostTarget,
    isNeeded: boolean,
    why: string,
  ): Promise<string | undefined> {
    const { keys, questions } = this.ports;
    const place = { origin, hostLabel: labelOf(target) };
    const stored = await keys.get(origin);
    if (stored !== undefined) {
      if (!keys.mayGoTo(origin, target) && !(await questions.maySend(place))) throw new Cancelled();
      await keys.allow(origin, target);
      return stored;
    }
    if (!isNeeded) return undefined;
    const entered = await questions.enter(place, why);
    if (entered === undefined) throw new Cancelled();
    await keys.allow(origin, target);
    await keys.store(origin, entered);
    return entered;
  }

  private async handIn(view: SessionView, key: string, run: number): Promise<void> {
    // Noted before: the session may say that it waits again before the answer is here.
    this.note(view.id, key, run);
    try {
      await this.ports.sessions.resume(view.id, { key });
    } catch (error) {
      this.handed.delete(view.id);
      this.failed.add(view.id);
      // Without contact it is tried again with the next.
      if (error instanceof RemoteError && error.isTransient)
        this.ports.log('A key was not handed over', error);
      else throw error;
    }
  }

  private note(sessionId: string, key: string, run: number): void {
    this.handed.set(sessionId, { digest: digestOf(key), run });
  }
}

/** The origin whose key a session needs; `undefined` where its policy asks no server that takes one. */
export function originOfOptions(
  options: Pick<SessionOptions, 'policy' | 'model'> | undefined,
): string | undefined {
  if (options?.model === undefined || options.policy === 'tunables') return undefined;
  return keyOriginOf(options.model.server);
}

/** As `originOfOptions`, where the session's own process needs the key: not where this editor hands its requests on. */
function handedOriginOf(options: Pick<SessionOptions, 'policy' | 'model'> | undefined): string | undefined {
  return isReachedFromEditor(options?.model) ? undefined : originOfOptions(options);
}

function isLive({ connection }: SessionView): boolean {
  return connection.state === 'connected' && connection.verdict.state === 'live';
}

function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
