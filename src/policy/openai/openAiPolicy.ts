import * as z from 'zod';
import type { JsonValue } from '../../domain/json';
import type { Method } from '../../domain/problem/problem';
import { buildPrompt, PromptTooLongError, type PromptFacts } from '../../domain/prompt/buildPrompt';
import { AnswerError } from '../../domain/extraction/answerError';
import { finalAnswer } from '../../domain/extraction/finalAnswer';
import { asTheyArrive } from '../answers/asTheyArrive';
import { hasGrown } from '../answers/hasGrown';
import { failedProposal as failed, readAnswer } from '../answers/readAnswer';
import type {
  GroupRequest,
  ModelPorts,
  Parent,
  Policy,
  PolicyUpdate,
  Proposal,
  RolloutGroup,
} from '../policy';
import type { ChatAnswer } from './chatAnswer';
import type { ChatServer, Completed } from './chatServer';
import type { PolicyClock } from '../clock';
import { ContentRefusedError, ContextTooLongError, ModelServerError } from './serverErrors';
import { FoundServers, knownServer, type ChatServers, type ChatSettings } from './servers';
import type { OpenAiSettings } from './settings';

interface CommonSetup {
  readonly facts: PromptFacts;
  /** The session's initial program. */
  readonly initialText: string;
  readonly method: Method;
  readonly clock: PolicyClock;
  /** Called once, when an answer came without a count of its tokens. */
  readonly onUncounted?: () => void;
}

export interface OpenAiPolicySetup extends CommonSetup {
  readonly settings: OpenAiSettings;
}

/** Of a server whose address is only known later. */
export interface LateOpenAiPolicySetup extends CommonSetup {
  readonly settings: ChatSettings;
}

/** The method trains the model, and a chat endpoint cannot be trained. */
export class FrozenModelError extends Error {
  override readonly name = 'FrozenModelError';
  readonly advice = 'Choose the method puct or best-of-n, or a policy that trains.';
  constructor() {
    super('The method ttt-discover trains the model, but a model behind a chat endpoint cannot be trained.');
  }
}

/** A saved state is not one of this policy. */
export class OpenAiPolicyStateError extends Error {
  override readonly name = 'OpenAiPolicyStateError';
}

const usage = z.object({
  requests: z.int().min(0),
  promptTokens: z.number().min(0),
  completionTokens: z.number().min(0),
});
type Usage = z.infer<typeof usage>;
const savedState = z.object({ version: z.literal(1), usage });

const seedBound = 2 ** 31;

/**
 * A frozen language model behind an OpenAI-compatible chat endpoint: the paper's baselines without training.
 *
 * Each member of a group is a request of its own, yielded when its answer is there. An answer that has no program, whose
 * edits do not fit, or that the model refused, is a proposal with `failure`. So is a prompt that became too long because its
 * parent grew; a prompt too long with the initial program is an error.
 *
 * A proposal's usage is the server's count of tokens, absent if it does not count; its trace has how the answer ended and the
 * requests it took, of which only the last is counted.
 *
 * Throws `OpenAiSettingsError` and `FrozenModelError`; while proposing `ModelServerError` and `PromptTooLongError`. No key is in any of them, nor in
 * a proposal or the saved state.
 */
export function createOpenAiPolicy(setup: OpenAiPolicySetup): Policy {
  if (setup.method === 'ttt-discover') throw new FrozenModelError();
  return new OpenAiPolicy(setup, knownServer(setup.settings, setup.clock));
}

/** The same, with a server that is found with the first request, and again after it failed. Throws `FrozenModelError`. */
export function createOpenAiPolicyAt(
  ports: Pick<ModelPorts, 'clock' | 'endpoint' | 'ready'>,
  setup: LateOpenAiPolicySetup,
): Policy {
  if (setup.method === 'ttt-discover') throw new FrozenModelError();
  return new OpenAiPolicy(setup, new FoundServers(setup.settings, ports));
}

class OpenAiPolicy implements Policy {
  readonly #setup: LateOpenAiPolicySetup;
  readonly #servers: ChatServers;
  #allCounted = true;
  #total: Usage = { requests: 0, promptTokens: 0, completionTokens: 0 };
  #step = noGauges();

  constructor(setup: LateOpenAiPolicySetup, servers: ChatServers) {
    this.#setup = setup;
    this.#servers = servers;
  }

  async *propose(request: GroupRequest, signal: AbortSignal): AsyncIterable<Proposal> {
    signal.throwIfAborted();
    const prompt = this.#promptFor(request);
    if (typeof prompt !== 'string') {
      for (const member of request.members) yield failed(member, '', prompt.failure);
      return;
    }
    const server = await this.#servers.get(signal);
    const tasks = request.members.map((member) => (either: AbortSignal) => {
      return this.#proposal(server, request, member, prompt, either);
    });
    yield* asTheyArrive(tasks, signal);
  }

  /** Nothing learns; returns what the answers since the last call took. */
  update(
    _groups: readonly RolloutGroup[],
    _options: { readonly train: boolean },
    signal: AbortSignal,
  ): Promise<PolicyUpdate> {
    return new Promise((resolve) => {
      signal.throwIfAborted();
      const gauges = {
        ...this.#step,
        totalPromptTokens: this.#total.promptTokens,
        totalCompletionTokens: this.#total.completionTokens,
      };
      this.#step = noGauges();
      resolve({ gauges });
    });
  }

  save(): JsonValue {
    return { version: 1, usage: this.#total };
  }

  restore(saved: JsonValue): void {
    const parsed = savedState.safeParse(saved);
    if (!parsed.success) {
      throw new OpenAiPolicyStateError(`The saved policy cannot be read: ${z.prettifyError(parsed.error)}`);
    }
    this.#total = parsed.data.usage;
  }

  async dispose(): Promise<void> {
    // Requests end with their signals; nothing else is held.
  }

  #promptFor({ parent, notes }: GroupRequest): string | { readonly failure: string } {
    try {
      return buildPrompt(this.#setup.facts, parent, notes);
    } catch (error) {
      if (error instanceof PromptTooLongError && hasGrown(parent.text, this.#setup.initialText))
        return { failure: error.message };
      throw error;
    }
  }

  async #proposal(
    server: ChatServer,
    request: GroupRequest,
    member: number,
    prompt: string,
    signal: AbortSignal,
  ): Promise<Proposal> {
    const random = request.random(member);
    const seed = this.#setup.settings.sendSeed ? { seed: random.integer(seedBound) } : {};
    let completed: Completed;
    try {
      completed = await server.complete({ prompt, ...seed }, random, signal);
    } catch (error) {
      const ofThisParent =
        error instanceof ContentRefusedError || error instanceof ContextTooLongError
          ? hasGrown(request.parent.text, this.#setup.initialText)
          : false;
      if (error instanceof Error && ofThisParent) return failed(member, '', error.message);
      if (error instanceof ModelServerError) this.#servers.failed(server);
      throw error;
    }
    this.#count(completed);
    const refusal = server.clean(completed.answer.refusal ?? '');
    return { ...this.#read(completed, refusal, request.parent, member), ...usageOf(completed.answer) };
  }

  #read({ answer, attempts }: Completed, refusal: string, parent: Parent, member: number): Proposal {
    const trace = { finish: answer.finish, attempts };
    if (answer.finish === 'refused') {
      this.#step.answersRefused += 1;
      const words = refusal === '' ? '' : ` It said: "${refusal}"`;
      return { ...failed(member, answer.text, `The model refused to answer.${words}`), trace };
    }
    try {
      return { member, text: readAnswer(finalAnswer(answer.text), this.#setup.facts, parent.text), trace };
    } catch (error) {
      if (!(error instanceof AnswerError)) throw error;
      this.#step.answersWithoutProgram += 1;
      const why =
        answer.finish === 'cut' ? `The answer was cut before its end: ${error.message}` : error.message;
      return { ...failed(member, answer.text, why), trace };
    }
  }

  #count({ answer, attempts }: Completed): void {
    const { promptTokens = 0, completionTokens = 0 } = answer.usage ?? {};
    this.#total = {
      requests: this.#total.requests + attempts,
      promptTokens: this.#total.promptTokens + promptTokens,
      completionTokens: this.#total.completionTokens + completionTokens,
    };
    this.#step.requests += attempts;
    this.#step.promptTokens += promptTokens;
    this.#step.completionTokens += completionTokens;
    if (answer.finish === 'cut') this.#step.answersCut += 1;
    if (answer.usage !== undefined || !this.#allCounted) return;
    this.#allCounted = false;
    this.#setup.onUncounted?.();
  }
}

function usageOf({ usage: counted }: ChatAnswer): Pick<Proposal, 'usage'> {
  if (counted === undefined) return {};
  const { promptTokens, completionTokens } = counted;
  return { usage: { promptTokens: Math.round(promptTokens), sampledTokens: Math.round(completionTokens) } };
}

function noGauges(): Record<
  | 'requests'
  | 'promptTokens'
  | 'completionTokens'
  | 'answersCut'
  | 'answersRefused'
  | 'answersWithoutProgram',
  number
> {
  return {
    requests: 0,
    promptTokens: 0,
    completionTokens: 0,
    answersCut: 0,
    answersRefused: 0,
    answersWithoutProgram: 0,
  };
}
