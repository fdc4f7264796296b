import { createHash } from 'node:crypto';
import type { Memento } from 'vscode';
import { isReachedFromEditor } from '../../domain/session/modelSettings';
import type { SessionOptions } from '../../domain/session/options';
import { isKeyNeeded, originOf } from '../../protocol/modelServers';
import type { ModelLink } from '../../remote/forward/modelLink';
import { hostKeyOf, type HostTarget } from '../../remote/hostClient';
import type { Closeable, Subscribe } from '../base/emitter';
import { Cancelled } from '../base/failures';
import type { KeyQuestions } from '../models/keyQuestions';
import type { ModelServerKeys } from '../models/modelServerKeys';
import { isEnded } from '../sessions/sessionItems';
import { titleOf } from '../sessions/sessionNames';
import type { Sessions, SessionView } from '../sessions/sessions';
import { waitsForKey } from '../sessions/waitingFor';
import { t } from '../base/translate';

export interface ReachedServersPorts {
  readonly sessions: Pick<Sessions, 'all' | 'get' | 'onDidChange' | 'resume'> & {
    /** True if all that the host had when contact was made is here. */
    isCurrent(id: string): boolean;
  };
  /** Hands the requests of a session on to one address, with this key. */
  readonly open: (
    session: { readonly id: string; readonly target: HostTarget },
    needs: {
      readonly server: string;
      readonly key: () => Promise<string | undefined>;
      readonly onReady: () => void;
    },
  ) => ModelLink;
  readonly keys: Pick<ModelServerKeys, 'get' | 'store'>;
  readonly onDidChangeKeys: Subscribe<unknown>;
  readonly questions: Pick<KeyQuestions, 'enter' | 'waits'>;
  /** Asks whether a host's session that was not started here may reach an address through this editor. */
  readonly mayReach: (title: string, hostLabel: string, server: string) => Promise<boolean>;
  /** Of this machine's editor: what the user let whom reach. */
  readonly memory: Pick<Memento, 'get' | 'update'>;
  readonly onError: (what: string, error: unknown) => void;
  readonly log: (message: string) => void;
}

const grantsKey = 'tttDiscover.reachedServers';
const mostGrants = 500;
/** How often a session that got nowhere is told to go on by itself. */
const mostRepeats = 3;

interface Served {
  readonly link: ModelLink;
  readonly server: string;
}

/**
 * Hands the requests of sessions on to model servers that this machine reaches and their hosts do not (`reachedFrom: editor`), while
 * the sessions are followed here. A host can name no address itself: a session reaches the one that the user started it with, or
 * agreed to. The server's key is added here, and goes to no host.
 */
export class ReachedServers implements Closeable {
  private readonly served = new Map<string, Served>();
  private readonly asked = new Set<string>();
  private readonly told = new Map<string, string>();
  private readonly repeats = new Map<string, { readonly candidates: number; readonly times: number }>();
  /** The key that the last request of a session went with; never the key itself. */
  private readonly used = new Map<string, string>();
  private readonly busy = new Set<string>();
  private readonly subscriptions: readonly Closeable[];

  constructor(private readonly ports: ReachedServersPorts) {
    const lookAtAll = (): void => {
      for (const { id } of ports.sessions.all) this.look(id);
    };
    this.subscriptions = [
      ports.sessions.onDidChange((id) => this.look(id)),
      ports.onDidChangeKeys(() => lookAtAll()),
    ];
    lookAtAll();
  }

  /** For a session that is about to start, on the user's word. Asks for the key where the server is known to want one. Throws `Cancelled`. */
  async admit(
    sessionId: string,
    options: Pick<SessionOptions, 'policy' | 'model'>,
    target: HostTarget,
  ): Promise<void> {
    const server = serverOf(options);
    if (server === undefined) return;
    const origin = originOf(server);
    const { keys, questions } = this.ports;
    if (origin !== undefined && isKeyNeeded(server) && (await keys.get(origin)) === undefined) {
      const entered = await questions.enter({ origin }, t('{0} answers nobody without a key.', origin));
      if (entered === undefined) throw new Cancelled();
      await keys.store(origin, entered);
    }
    await this.grant(grantOf(sessionId, target, server));
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
    for (const id of [...this.served.keys()]) this.end(id);
  }

  private look(id: string): void {
    const view = this.ports.sessions.get(id);
    const server = view === undefined ? undefined : serverOf(view.snapshot.options);
    if (view === undefined || server === undefined || !isLive(view) || isEnded(view.snapshot)) {
      this.end(id);
      return;
    }
    if (this.busy.has(id) || !this.ports.sessions.isCurrent(id)) return;
    this.busy.add(id);
    this.serve(view, server)
      .catch((error: unknown) => this.ports.onError(`the model server of "${titleOf(view)}"`, error))
      .finally(() => this.busy.delete(id));
  }

  private async serve(view: SessionView, server: string): Promise<void> {
    const { id, target } = view;
    if (this.served.get(id)?.server !== server) {
      this.end(id);
      if (!(await this.isGranted(view, server))) return;
      this.ports.log(`"${titleOf(view)}" on ${view.hostLabel} reaches ${server} through this editor.`);
      const link = this.ports.open(
        { id, target },
        { server, key: () => this.keyFor(id, server), onReady: () => this.look(id) },
      );
      this.served.set(id, { link, server });
    }
    if (waitsForKey(view.snapshot)) await this.answerKeyPause(view, server);
    else if (waitsForEditor(view) && this.served.get(id)?.link.isReady === true && this.mayRepeat(view)) {
      await this.ports.sessions.resume(id);
    }
  }

  private async answerKeyPause(view: SessionView, server: string): Promise<void> {
    const { keys, questions, sessions, onError } = this.ports;
    const { id, snapshot, hostLabel } = view;
    const origin = originOf(server);
    if (origin === undefined) return;
    const key = await keys.get(origin);
    const isNew = key !== undefined && this.used.get(id) !== digestOf(key);
    if (isNew && this.mayRepeat(view)) {
      await sessions.resume(id);
      return;
    }
    const pause = `${snapshot.runs}:${snapshot.lastSeq}`;
    if (this.told.get(id) === pause) return;
    this.told.set(id, pause);
    // The answer may come much later, and must not keep other looks from happening.
    void questions
      .waits(titleOf(view), { origin, hostLabel }, key === undefined ? 'no-key' : 'refused')
      .then(async (wanted) => {
        const entered = wanted
          ? await questions.enter({ origin }, t('"{0}" asks {1}.', titleOf(view), origin))
          : '';
        if (entered === undefined || entered === '') return;
        await keys.store(origin, entered);
        await sessions.resume(id);
      })
      .catch((error: unknown) => onError(`the key for "${titleOf(view)}"`, error));
  }

  private async keyFor(id: string, server: string): Promise<string | undefined> {
    const origin = originOf(server);
    const key = origin === undefined ? undefined : await this.ports.keys.get(origin);
    if (key === undefined) this.used.delete(id);
    else this.used.set(id, digestOf(key));
    return key;
  }

  /** What the host's journal says is no word of the user's. */
  private async isGranted(view: SessionView, server: string): Promise<boolean> {
    const { id, target, hostLabel } = view;
    // What runs on this machine reaches the address anyway.
    if (target.kind === 'local') return true;
    const grant = grantOf(id, target, server);
    if (this.grants().includes(grant)) return true;
    if (this.asked.has(grant)) return false;
    this.asked.add(grant);
    if (!(await this.ports.mayReach(titleOf(view), hostLabel, server))) return false;
    await this.grant(grant);
    return true;
  }

  private grants(): string[] {
    const known = this.ports.memory.get<unknown>(grantsKey);
    return Array.isArray(known) ? known.filter((grant) => typeof grant === 'string') : [];
  }

  private async grant(grant: string): Promise<void> {
    const others = this.grants().filter((other) => other !== grant);
    await this.ports.memory.update(grantsKey, [...others, grant].slice(-mostGrants));
  }

  private mayRepeat({ id, snapshot }: SessionView): boolean {
    const candidates = snapshot.candidates.length;
    const before = this.repeats.get(id);
    const times = before?.candidates === candidates ? before.times + 1 : 1;
    if (times > mostRepeats) return false;
    this.repeats.set(id, { candidates, times });
    return true;
  }

  private end(id: string): void {
    this.served.get(id)?.link.close();
    this.served.delete(id);
    this.repeats.delete(id);
  }
}

/** The address that a session wants to reach through an editor. */
function serverOf(options: Pick<SessionOptions, 'policy' | 'model'> | undefined): string | undefined {
  if (options === undefined || options.policy === 'tunables') return undefined;
  return isReachedFromEditor(options.model) ? options.model?.server : undefined;
}

function waitsForEditor({ snapshot }: SessionView): boolean {
  return snapshot.status === 'paused' && snapshot.pauseCode === 'needs-endpoint';
}

function isLive({ connection }: SessionView): boolean {
  return connection.state === 'connected' && connection.verdict.state === 'live';
}

function grantOf(sessionId: string, target: HostTarget, server: string): string {
  return `${hostKeyOf(target)} ${sessionId} ${server}`;
}

function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
