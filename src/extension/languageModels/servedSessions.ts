import type { Memento } from 'vscode';
import { serverWords } from '../../domain/session/modelSettings';
import type { SessionSecrets } from '../../protocol/sessionSecrets';
import type { Closeable, Subscribe } from '../base/emitter';
import { messageOf, Refusal } from '../base/failures';
import { isEnded } from '../sessions/sessionItems';
import { titleOf } from '../sessions/sessionNames';
import type { Sessions, SessionView } from '../sessions/sessions';
import { BearerKeys, type Grant } from './bearerKeys';
import { justificationFor, openChatEndpoint, type ChatEndpoint } from './chatEndpoint';
import { EditorModelError, findModel, type EditorModel, type EditorModels } from './models';
import { t } from '../base/translate';

export interface ServedSessionsPorts {
  readonly models: EditorModels;
  readonly onDidChangeModels: Subscribe<unknown>;
  readonly sessions: Pick<Sessions, 'all' | 'get' | 'onDidChange'>;
  /** Hands secrets to a session that is at work. */
  readonly provide: (sessionId: string, secrets: SessionSecrets) => Promise<void>;
  readonly resume: (sessionId: string, secrets: SessionSecrets) => Promise<void>;
  /** Memory of this window's workspace: the sessions that it served before a reload. */
  readonly windowMemory: Pick<Memento, 'get' | 'update'>;
  /** Asks the user whether a session may use a model; only then the editor may ask for its own consent. */
  readonly mayUse: (title: string, model: EditorModel) => Promise<boolean>;
  /** Tells the user, once, why a session waits. */
  readonly tell: (message: string) => void;
  readonly onError: (what: string, error: unknown) => void;
  readonly log: (message: string, error?: unknown) => void;
  readonly nowMs: () => number;
}

const servedKey = 'tttDiscover.servedSessions';
/** How often a session that got nowhere gets the endpoint by itself. */
const mostRepeats = 3;

/**
 * Serves the editor's language models to the sessions of this machine that use one (`server: vscode`): opens the endpoint with
 * the first and closes it with the last, and hands its address to sessions that lost it, as after a reload of the window.
 */
export class ServedSessions implements Closeable {
  private readonly keys = new BearerKeys();
  private endpoint: Promise<ChatEndpoint> | undefined;
  /** Sessions that are being looked after; a second look waits for the next change. */
  private readonly busy = new Set<string>();
  private readonly told = new Set<string>();
  private readonly repeats = new Map<string, { readonly candidates: number; readonly times: number }>();
  private readonly subscriptions: readonly Closeable[];
  private isDisposed = false;

  constructor(private readonly ports: ServedSessionsPorts) {
    const lookAtAll = (): void => {
      for (const { id } of ports.sessions.all) this.look(id);
    };
    this.subscriptions = [
      ports.sessions.onDidChange((id) => this.look(id)),
      ports.onDidChangeModels(() => lookAtAll()),
    ];
    lookAtAll();
  }

  /**
   * For a session that is about to start, on the user's word: asks the model one word, so that the editor asks for consent now
   * and not in the middle of the session, and gives what opens the model. Throws a `Refusal`.
   */
  async admit(
    request: { readonly sessionId: string; readonly title: string; readonly modelName: string },
    signal: AbortSignal,
  ): Promise<SessionSecrets> {
    const model = findModel(await this.ports.models.all(), request.modelName);
    if (model === undefined) throw notOffered(request.modelName);
    await greet(model, request.title, signal);
    return this.grant({ sessionId: request.sessionId, title: request.title, modelName: model.name });
  }

  /** The session did not start. */
  release(sessionId: string): void {
    this.keys.revoke(sessionId);
    this.repeats.delete(sessionId);
    void this.remember(sessionId, false);
    if (this.keys.size > 0) return;
    const { endpoint } = this;
    this.endpoint = undefined;
    endpoint
      ?.then((open) => open.close())
      .catch((error: unknown) => this.ports.log('Closing the chat endpoint', error));
  }

  dispose(): void {
    this.isDisposed = true;
    for (const subscription of this.subscriptions) subscription.dispose();
    const { endpoint } = this;
    this.endpoint = undefined;
    endpoint
      ?.then((open) => open.close())
      .catch((error: unknown) => this.ports.log('Closing the chat endpoint', error));
  }

  private look(sessionId: string): void {
    const view = this.ports.sessions.get(sessionId);
    if (view !== undefined && isEnded(view.snapshot)) {
      if (this.keys.has(sessionId)) this.release(sessionId);
      return;
    }
    if (view === undefined || this.busy.has(sessionId) || !this.wantsEndpoint(view)) return;
    this.busy.add(sessionId);
    this.handIn(view)
      .catch((error: unknown) => this.ports.onError(`the language model of "${titleOf(view)}"`, error))
      .finally(() => this.busy.delete(sessionId));
  }

  /** A session of this machine that uses a model of this editor, and that nobody serves now as far as can be known here. */
  private wantsEndpoint(view: SessionView): boolean {
    const { snapshot, connection, target } = view;
    if (this.isDisposed || !usesEditorModel(view) || target.kind !== 'local') return false;
    // One that another program began is that program's to serve.
    if (view.problemUri === undefined) return false;
    if (connection.state !== 'connected' || connection.verdict.state !== 'live') return false;
    if (waitsForEndpoint(view)) {
      const { candidates, times } = this.repeats.get(view.id) ?? { candidates: -1, times: 0 };
      return candidates !== snapshot.candidates.length || times < mostRepeats;
    }
    return !this.keys.has(view.id) && snapshot.status !== 'paused' && this.remembered().includes(view.id);
  }

  private async handIn(view: SessionView): Promise<void> {
    const { ports } = this;
    const title = titleOf(view);
    const modelName = view.snapshot.options?.model?.model ?? '';
    const model = findModel(await ports.models.all(), modelName);
    if (model === undefined) {
      this.tellOnce(
        view.id,
        t('"{0}" waits for the language model {1}, which this editor does not have now.', title, modelName),
      );
      return;
    }
    if (model.mayBeAsked() !== true) {
      if (this.told.has(view.id)) return;
      this.told.add(view.id);
      if (!(await ports.mayUse(title, model))) return;
      await greet(model, title, new AbortController().signal);
    }
    const waits = waitsForEndpoint(view);
    if (waits) this.countRepeat(view);
    const secrets = await this.grant({ sessionId: view.id, title, modelName: model.name });
    await (waits ? ports.resume(view.id, secrets) : ports.provide(view.id, secrets));
    this.told.delete(view.id);
    ports.log(`The editor serves ${model.name} to "${title}" again.`);
  }

  private countRepeat({ id, snapshot }: SessionView): void {
    const candidates = snapshot.candidates.length;
    const before = this.repeats.get(id);
    this.repeats.set(id, { candidates, times: before?.candidates === candidates ? before.times + 1 : 1 });
  }

  private async grant(grant: Grant): Promise<SessionSecrets> {
    const key = this.keys.issue(grant);
    this.endpoint ??= openChatEndpoint({
      models: this.ports.models,
      keys: this.keys,
      nowMs: this.ports.nowMs,
      log: this.ports.log,
    });
    try {
      const { url } = await this.endpoint;
      await this.remember(grant.sessionId, true);
      return { endpointUrl: url, key };
    } catch (error) {
      this.keys.revoke(grant.sessionId);
      this.endpoint = undefined;
      throw error;
    }
  }

  private tellOnce(sessionId: string, message: string): void {
    if (this.told.has(sessionId)) return;
    this.told.add(sessionId);
    this.ports.tell(message);
  }

  private remembered(): string[] {
    const ids = this.ports.windowMemory.get<unknown>(servedKey);
    return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : [];
  }

  private async remember(sessionId: string, isServed: boolean): Promise<void> {
    const others = this.remembered().filter((id) => id !== sessionId);
    if (!isServed && others.length === this.remembered().length) return;
    await this.ports.windowMemory.update(servedKey, isServed ? [...others, sessionId] : others);
  }
}

export function usesEditorModel({ snapshot }: Pick<SessionView, 'snapshot'>): boolean {
  return snapshot.options?.policy === 'openai' && snapshot.options.model?.server === serverWords.vscode;
}

function waitsForEndpoint({ snapshot }: SessionView): boolean {
  return snapshot.status === 'paused' && snapshot.pauseCode === 'needs-endpoint';
}

function notOffered(modelName: string): Refusal {
  return new Refusal(
    t(
      'This editor has no language model {0}. Sign in to the extension that offers it, or choose another with "Start Discovery With…".',
      modelName,
    ),
    { title: t('Choose Another…'), command: 'startDiscoveryWith' },
  );
}

/** One word from the model, or a `Refusal` that says why there is none. */
async function greet(model: EditorModel, title: string, signal: AbortSignal): Promise<void> {
  const text = 'Answer with the one word: ready';
  try {
    const request = {
      messages: [{ role: 'user', text }],
      justification: justificationFor(title),
      options: {},
    } as const;
    // The first piece says enough; the rest is let go.
    const pieces = (await model.ask(request, signal))[Symbol.asyncIterator]();
    await pieces.next();
    await pieces.return?.();
  } catch (error) {
    signal.throwIfAborted();
    throw new Refusal(t('{0} cannot be used: {1}', model.label, reasonOf(error)), undefined, {
      cause: error,
    });
  }
}

function reasonOf(error: unknown): string {
  const words = messageOf(error).trim();
  switch (error instanceof EditorModelError ? error.kind : 'other') {
    case 'no-consent':
      return t(
        'you have not allowed it. Start again and allow it, or change that under "Manage Language Model Access" in the Accounts menu.',
      );
    case 'blocked':
      return t('{0} Wait, or choose another model.', words || t('its quota is used up.'));
    case 'gone':
      return t('the editor does not have it any more. Choose another model.');
    case 'other':
      return words || t('it gave no reason.');
  }
}
