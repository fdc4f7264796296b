import { describe, expect, it, vi } from 'vitest';
import type { SessionEvent } from '../../../src/domain/session/events';
import type { SessionOptions } from '../../../src/domain/session/options';
import { Emitter } from '../../../src/extension/base/emitter';
import { ReachedServers } from '../../../src/extension/languageModels/reachedServers';
import { ModelServerKeys } from '../../../src/extension/models/modelServerKeys';
import { SessionKeys } from '../../../src/extension/models/sessionKeys';
import type { HostTarget } from '../../../src/remote/hostClient';
import { dead, farm, FakeSessions, live, memorySecrets, needsKey } from '../models/fakeSessions';
import { sessionId } from '../sessions/journal';
import { memoryMemento } from '../support/memento';

const server = 'http://office-gpu:8000/v1';
const origin = 'http://office-gpu:8000';
const options: Pick<SessionOptions, 'policy' | 'method' | 'model'> = {
  policy: 'openai',
  method: 'puct',
  model: { server, model: 'm', reachedFrom: 'editor' },
};
const away: SessionEvent = { type: 'session.paused', reason: 'error', code: 'needs-endpoint' };
const resumed: SessionEvent = { type: 'session.resumed' };
const finished: SessionEvent = { type: 'session.finished', reason: 'steps' };

interface Opened {
  readonly server: string;
  readonly key: () => Promise<string | undefined>;
  readonly onReady: () => void;
  isReady: boolean;
  isClosed: boolean;
}

function editor(changes: Partial<SessionOptions> = {}, target: HostTarget = farm) {
  const sessions = new FakeSessions({ ...options, ...changes }, target);
  const opened: Opened[] = [];
  const questions: string[] = [];
  const secrets = memorySecrets();
  const keyChanges = new Emitter<unknown>(() => undefined);
  const keys = new ModelServerKeys(secrets, memoryMemento());
  const memory = memoryMemento();
  const answers: { mayReach: boolean; entered: string | undefined; wanted: boolean } = {
    mayReach: true,
    entered: 'sk-new',
    wanted: false,
  };
  const errors: unknown[] = [];
  const ports = {
    sessions: { ...sessions.port, resume: (id: string) => sessions.port.resume(id) },
    open: (_session: unknown, needs: Pick<Opened, 'server' | 'key' | 'onReady'>) => {
      const link: Opened & { close(): void } = {
        ...needs,
        isReady: false,
        isClosed: false,
        close: () => (link.isClosed = true),
      };
      opened.push(link);
      return link;
    },
    keys,
    onDidChangeKeys: keyChanges.event,
    questions: {
      enter: (_place: unknown, why: string) => {
        questions.push(why);
        return Promise.resolve(answers.entered);
      },
      waits: (title: string, _place: unknown, reason: string) => {
        questions.push(`${title} waits: ${reason}`);
        return Promise.resolve(answers.wanted);
      },
    },
    mayReach: (title: string, host: string, address: string) => {
      questions.push(`${title} on ${host} to ${address}`);
      return Promise.resolve(answers.mayReach);
    },
    memory,
    onError: (_what: string, error: unknown) => errors.push(error),
    log: () => undefined,
  };
  const open = () => new ReachedServers(ports);
  const ready = (link: Opened | undefined): void => {
    if (link === undefined) throw new Error('nothing was opened');
    link.isReady = true;
    link.onReady();
  };
  const storeKey = async (key: string): Promise<void> => {
    await keys.store(origin, key);
    keyChanges.fire(undefined);
  };
  return { sessions, opened, questions, answers, keys, memory, errors, open, ready, storeKey };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('a session whose model server the editor reaches', () => {
  it('reaches the server that it was started with, without a question', async () => {
    const { sessions, opened, questions, open } = editor();
    const reached = open();
    await reached.admit(sessionId, options, farm);
    sessions.touch();
    await vi.waitFor(() => expect(opened).toHaveLength(1));
    expect(opened[0]?.server).toBe(server);
    sessions.touch();
    await settle();
    expect(opened).toHaveLength(1);
    expect(questions).toEqual([]);
  });

  it('that was started elsewhere reaches it with the word of the user alone, asked once', async () => {
    const { sessions, opened, questions, answers, open } = editor();
    answers.mayReach = false;
    const first = open();
    sessions.touch();
    await vi.waitFor(() => expect(questions).toEqual([`Valley on farm to ${server}`]));
    sessions.touch();
    await settle();
    expect(questions).toHaveLength(1);
    expect(opened).toEqual([]);
    first.dispose();
    // Another window, another answer, which holds from then on.
    answers.mayReach = true;
    const second = open();
    sessions.touch();
    await vi.waitFor(() => expect(opened).toHaveLength(1));
    second.dispose();
    expect(opened[0]?.isClosed).toBe(true);
    open();
    sessions.touch();
    await vi.waitFor(() => expect(opened).toHaveLength(2));
    expect(questions).toHaveLength(2);
  });

  it('does not reach another address that its host makes up', async () => {
    const made = editor({ model: { server: 'http://169.254.169.254/', model: 'm', reachedFrom: 'editor' } });
    made.answers.mayReach = false;
    await made.open().admit(sessionId, options, farm);
    made.sessions.touch();
    await vi.waitFor(() => expect(made.questions).toEqual(['Valley on farm to http://169.254.169.254/']));
    await settle();
    expect(made.opened).toEqual([]);
  });

  it('is not served where it says nothing of the editor, and needs no word on this machine', async () => {
    const plain = editor({ model: { server, model: 'm' } });
    plain.open();
    plain.sessions.touch();
    const here = editor({}, { kind: 'local' });
    here.open();
    here.sessions.touch();
    await vi.waitFor(() => expect(here.opened).toHaveLength(1));
    expect(here.questions).toEqual([]);
    expect(plain.opened).toEqual([]);
  });

  it('is served while it is followed, and again after contact was lost', async () => {
    const { sessions, opened, open } = editor();
    await open().admit(sessionId, options, farm);
    sessions.touch();
    await vi.waitFor(() => expect(opened).toHaveLength(1));
    sessions.connect({ state: 'lost', sinceMs: 0, reason: 'cut' });
    expect(opened[0]?.isClosed).toBe(true);
    sessions.connect(live);
    await vi.waitFor(() => expect(opened).toHaveLength(2));
    sessions.connect(dead);
    expect(opened[1]?.isClosed).toBe(true);
    sessions.connect(live);
    await vi.waitFor(() => expect(opened).toHaveLength(3));
    sessions.happen(finished);
    expect(opened[2]?.isClosed).toBe(true);
  });

  it('goes on by itself when the way is there, and not for ever where that is of no use', async () => {
    const { sessions, opened, open, ready } = editor();
    await open().admit(sessionId, options, farm);
    sessions.happen(away);
    await vi.waitFor(() => expect(opened).toHaveLength(1));
    await settle();
    expect(sessions.asked, 'nobody could serve it yet').toEqual([]);
    ready(opened[0]);
    await vi.waitFor(() => expect(sessions.asked).toEqual(['resume']));
    for (let round = 0; round < 5; round++) {
      sessions.happen(resumed, away);
      await settle();
    }
    expect(sessions.asked).toEqual(['resume', 'resume', 'resume']);
  });

  it('waits until all is known of it before it is told to go on', async () => {
    const { sessions, opened, open } = editor();
    await open().admit(sessionId, options, farm);
    sessions.current = false;
    sessions.touch();
    await settle();
    expect(opened).toEqual([]);
  });
});

describe('the key of a server that the editor reaches', () => {
  it('is asked for at the start where nobody is answered without one, and goes to no host', async () => {
    const keyed = {
      ...options,
      model: { server: 'https://api.openai.com/v1', model: 'm', reachedFrom: 'editor' },
    } as const;
    const { keys, questions, answers, sessions, open } = editor(keyed);
    const reached = open();
    await reached.admit(sessionId, keyed, farm);
    reached.dispose();
    expect(questions).toEqual(['https://api.openai.com answers nobody without a key.']);
    expect(await keys.get('https://api.openai.com')).toBe('sk-new');
    const handing = new SessionKeys({
      keys,
      onDidChangeKeys: () => ({ dispose: () => undefined }),
      questions: {
        enter: () => Promise.reject(new Error('asked')),
        maySend: () => Promise.reject(new Error('asked')),
        waits: () => Promise.reject(new Error('asked')),
      },
      sessions: sessions.listed(),
      onError: (_what, error) => {
        throw error;
      },
      log: () => undefined,
    });
    expect(await handing.forStart(sessionId, keyed, farm)).toBeUndefined();
    sessions.happen(needsKey);
    await settle();
    await handing.resume(sessionId);
    expect(sessions.asked).toEqual(['resume']);
    expect(keys.mayGoTo('https://api.openai.com', farm)).toBe(false);
    answers.entered = undefined;
    const other = { ...keyed, model: { ...keyed.model, server: 'https://api.groq.com/v1' } };
    await expect(open().admit(sessionId, other, farm)).rejects.toMatchObject({ name: 'Cancelled' });
  });

  it('is the one of the moment, and a new one lets a session that waits for it go on', async () => {
    const { sessions, opened, questions, open, storeKey } = editor();
    await open().admit(sessionId, options, farm);
    sessions.touch();
    await vi.waitFor(() => expect(opened).toHaveLength(1));
    expect(await opened[0]?.key()).toBeUndefined();
    await storeKey('sk-1');
    expect(await opened[0]?.key()).toBe('sk-1');
    sessions.happen(needsKey);
    await vi.waitFor(() => expect(questions).toEqual(['Valley waits: refused']));
    expect(sessions.asked).toEqual([]);
    await storeKey('sk-2');
    sessions.touch();
    await vi.waitFor(() => expect(sessions.asked).toEqual(['resume']));
  });

  it('is asked for where the server wants one after all', async () => {
    const { sessions, questions, answers, keys, open } = editor();
    answers.wanted = true;
    await open().admit(sessionId, options, farm);
    sessions.happen(needsKey);
    await vi.waitFor(() => expect(sessions.asked).toEqual(['resume']));
    expect(questions).toEqual(['Valley waits: no-key', `"Valley" asks ${origin}.`]);
    expect(await keys.get(origin)).toBe('sk-new');
  });
});
