import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { isReachedFromEditor, serverWords, type ModelSettings } from '../../domain/session/modelSettings';
import type { ModelPorts, Policy } from '../../policy/policy';
import { createManagedSkyrl } from '../../policy/skyrl/managedSkyrl';
import type { ManagedSkyrl } from '../../policy/skyrl/ports';
import { systemClock } from '../clock';
import { createBlobStore } from '../journal/blobStore';
import type { PolicyWords } from '../loop/ports';
import { lendsEditorModel } from './editorModelPolicy';
import { waitsForEditor } from './editorReachedPolicy';
import { findModelEndpoint } from './modelEndpoint';
import { ModelLink } from './modelLink';
import { makePrivateFolder } from './privateFiles';
import type { SecretHolder } from './secrets';
import type { SessionFolder } from './sessionFolder';
import { createSkyrlHost } from './skyrlHost';

export interface SessionModelNeeds {
  readonly root: string;
  readonly folder: SessionFolder;
  /** Absent for policies without a model. */
  readonly settings: ModelSettings | undefined;
  readonly secrets: SecretHolder;
  readonly log: ModelPorts['log'];
  /** In place of the real one, which `server: skyrl` starts on this host. */
  readonly startSkyrl?: typeof createManagedSkyrl;
  /** See `ModelLinkSetup`. */
  readonly patienceMs?: number;
}

/** What the session's policies with a language model share while this process runs: the way to its server, and its data. */
export class SessionModel {
  #skyrl: ManagedSkyrl | undefined;
  #link: Promise<ModelLink> | undefined;
  /** The server has answered, so its end is an end and no failed start. */
  #wasUp = false;
  /** The last words of a server that ended, until they are told. */
  #lastWords: string | undefined;
  /** Of the policy in use: the server speaks through it. */
  #words: PolicyWords | undefined;

  constructor(private readonly needs: SessionModelNeeds) {}

  /** For a new policy; an earlier one is not used any more. */
  ports(words: PolicyWords): ModelPorts {
    const { root, folder, settings, secrets, log } = this.needs;
    this.#words = words;
    const cachePath = join(root, 'cache');
    if (settings !== undefined) {
      makePrivateFolder(cachePath);
      mkdirSync(folder.policyPath, { recursive: true, mode: 0o700 });
    }
    const data = createBlobStore(folder.policyPath);
    return {
      ...words,
      clock: systemClock,
      endpoint: async (signal) => {
        if (settings === undefined) throw new Error('This session has no language model.');
        if (isReachedFromEditor(settings)) {
          const link = await this.#editorLink(settings);
          await link.attached(signal);
          return link.endpoint;
        }
        return findModelEndpoint(settings, secrets, (waiting) => this.#managed(settings, waiting), signal);
      },
      blobs: {
        write: (content) => data.write(content),
        read: (sha256) => data.read(sha256),
        remove: (sha256) => data.remove(sha256),
      },
      cachePath,
      log,
    };
  }

  /** The policy with those failures named that a client can remove by itself. */
  named(policy: Policy): Policy {
    const { settings, secrets } = this.needs;
    if (settings !== undefined && isReachedFromEditor(settings)) {
      return waitsForEditor(policy, () => this.#editorLink(settings));
    }
    if (settings?.server !== serverWords.vscode) return policy;
    return lendsEditorModel(policy, () => secrets.endpointUrl);
  }

  /**
   * True if an error is explained by the end of the managed server: the next policy starts it again, and says so. One that did not
   * start in the first place is not tried again.
   */
  recovers(): boolean {
    if (this.#skyrl === undefined || !this.#wasUp || this.#skyrl.alive()) return false;
    this.#wasUp = false;
    this.#lastWords = this.#skyrl.lastWords();
    return true;
  }

  /** Ends what the session keeps running for its model, or leaves it for the next session, as its settings say. Never rejects. */
  async dispose(): Promise<void> {
    await this.#skyrl?.dispose();
    try {
      await (await this.#link)?.close();
    } catch (error) {
      this.needs.log('The way to the editor was not closed', error);
    }
  }

  /** Open for as long as this process lives: editors come and go. */
  #editorLink({ server }: ModelSettings): Promise<ModelLink> {
    const { folder, log, patienceMs } = this.needs;
    if (this.#link !== undefined) return this.#link;
    const link = ModelLink.open({
      socketPath: folder.modelSocketPath,
      server,
      log,
      ...(patienceMs === undefined ? {} : { patienceMs }),
    });
    this.#link = link;
    // A folder that is not safe to use can be mended, and the session resumed.
    link.catch(() => (this.#link = undefined));
    return link;
  }

  async #managed(settings: ModelSettings, signal: AbortSignal): ReturnType<ModelPorts['endpoint']> {
    const { root, folder, log, startSkyrl = createManagedSkyrl } = this.needs;
    this.#skyrl ??= startSkyrl(
      { settings, root, sessionFolder: folder.path, sessionId: folder.sessionId },
      {
        clock: systemClock,
        host: createSkyrlHost(),
        fetch,
        progress: (message) => this.#words?.progress(message),
        log,
      },
    );
    if (this.#lastWords !== undefined) {
      const said = this.#lastWords === '' ? '' : ` It said: ${this.#lastWords}`;
      this.#words?.warn('server-restarted', `The SkyRL server ended and is started again.${said}`);
      this.#lastWords = undefined;
    }
    const { url } = await this.#skyrl.endpoint(signal);
    this.#wasUp = true;
    // It listens on this machine alone and knows no keys.
    return { url, key: () => Promise.resolve(undefined) };
  }
}
