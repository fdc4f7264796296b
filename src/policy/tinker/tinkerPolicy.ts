import { homedir } from 'node:os';
import type { JsonValue } from '../../domain/json';
import { buildPrompt, PromptTooLongError as TextTooLongError } from '../../domain/prompt/buildPrompt';
import type { PromptFacts } from '../../domain/prompt/buildPrompt';
import { promptFactsOf } from '../../domain/prompt/promptFacts';
import { asTheyArrive } from '../answers/asTheyArrive';
import { hasGrown } from '../answers/hasGrown';
import { failedProposal } from '../answers/readAnswer';
import type { PolicySetup } from '../createPolicy';
import type { GroupRequest, Policy, PolicyUpdate, Proposal, RolloutGroup } from '../policy';
import { chatRenderer, type ChatRenderer } from './chatRenderer';
import { NonFiniteLogprobError, OperationFailedError } from './client/errors';
import type { SampleRequest } from './client/sampler';
import { BaseNotSampledError } from './policyErrors';
import type { TakenSample } from './sampling/samplerSlot';
import type { Fetch } from './client/ports';
import { PromptTooLongError as TokensTooManyError } from './rendering/errors';
import { beginSampling, type SampleWanted } from './rendering/samplingPlan';
import { promptLimits } from './sampling/promptLimits';
import { readMember, type ReadMember } from './sampling/readMember';
import { memberTasks, type SampledMember, type SamplingSetup } from './sampling/sampleMembers';
import { modelsOf } from './server/leftBehind';
import { openServer, type OpenServer, type Trainee } from './server/openServer';
import { ServerLink } from './server/serverLink';
import { SharedWork } from './server/sharedWork';
import { tinkerSettings, type TinkerSettings } from './settings';
import { afterUpdate, readLearnedState, untrained, type LearnedState, type StoredUpdate } from './state';
import { StepFigures } from './stepFigures';
import { findTokenizer } from './tokenizer/findTokenizer';
import { SampleArchive, type TracedRollout } from './training/sampleArchive';
import { prepareTrainee, trainStep, type TrainedStep } from './training/trainStep';
import { applyUpdate } from './training/update';

/** What the policy takes from its process. */
export interface TinkerHost {
  readonly fetch: Fetch;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly homePath: string;
}

const systemHost: TinkerHost = {
  fetch: (url, init) => fetch(url, init),
  environment: process.env,
  homePath: homedir(),
};

/**
 * A language model that trains on the problem while it searches, through the Tinker API: LoRA weights, the paper's objective. With the
 * methods `puct` and `best-of-n` the same model without training: their baseline.
 *
 * The first proposal opens the server: makes the model, with the weights learned so far. A server that loses the model is opened anew. Each
 * answer is yielded as soon as it is there. What is trained on are the sampled tokens themselves, kept as blobs until a checkpoint of the
 * weights has them in it.
 *
 * Throws `TinkerSettingsError`; while working `TinkerError` and its kinds, all with `advice`, and what the ports throw. No key is in any
 * of them, nor in a proposal or the saved state.
 */
export function createTinkerPolicy(setup: PolicySetup, host: TinkerHost = systemHost): Policy {
  return new TinkerPolicy(setup, tinkerSettings(setup.options), host);
}

class TinkerPolicy implements Policy {
  readonly #setup: PolicySetup;
  readonly #settings: TinkerSettings;
  readonly #facts: PromptFacts;
  readonly #chat: SharedWork<ChatRenderer>;
  readonly #link: ServerLink;
  readonly #figures = new StepFigures();
  readonly #samples: SampleArchive;
  #learned: LearnedState = untrained;
  #samplesBase: boolean;
  /** Models on the server that are ours, as far as is known. */
  #models: readonly string[];

  constructor(setup: PolicySetup, settings: TinkerSettings, host: TinkerHost) {
    const { ports, problem, options } = setup;
    this.#setup = setup;
    this.#settings = settings;
    this.#facts = promptFactsOf(problem, options.model ?? {});
    this.#samples = new SampleArchive(ports);
    this.#models = modelsOf(ports.previous, settings);
    this.#samplesBase = !settings.trains;
    this.#chat = new SharedWork(async (signal) => {
      const { cachePath } = ports;
      const progress = (message: string): void => ports.progress(message);
      const tokenizer = await findTokenizer(settings.tokenizer, { ...host, cachePath, progress }, signal);
      return chatRenderer(tokenizer, settings.chat);
    });
    this.#link = new ServerLink({
      open: (signal) => this.#open(host.fetch, signal),
      progress: (message) => ports.progress(message),
    });
    if (settings.trains && settings.temperature !== 1) {
      ports.warn(
        'temperature',
        `Answers are sampled at temperature ${settings.temperature}, but trained on as if at 1: importance weights are then wrong. Leave ` +
          'temperature out of the policy settings.',
      );
    }
  }

  async *propose(request: GroupRequest, signal: AbortSignal): AsyncIterable<Proposal> {
    signal.throwIfAborted();
    const first = await this.#begin(request, signal);
    if ('failure' in first) {
      for (const member of request.members) yield failedProposal(member, '', first.failure);
      return;
    }
    const { wanted, sampling } = first;
    const tasks = memberTasks(request, wanted, sampling).map(
      (task) => async (either: AbortSignal) => this.#proposal(request, wanted, sampling, await task(either)),
    );
    const broken: Proposal[] = [];
    for await (const { proposal, problem } of asTheyArrive(tasks, signal)) {
      if (problem === 'non-finite') broken.push(proposal);
      else yield proposal;
    }
    // One sample may be bad luck; when all are, it is the model.
    if (broken.length > 1 && broken.length === request.members.length) {
      throw new NonFiniteLogprobError('Sampling', 'all answers of a group');
    }
    yield* broken;
  }

  async update(
    groups: readonly RolloutGroup[],
    { train }: { readonly train: boolean },
    signal: AbortSignal,
  ): Promise<PolicyUpdate> {
    signal.throwIfAborted();
    const figures = this.#figures.take();
    const [{ step } = { step: undefined }] = groups;
    if (!train || !this.#settings.trains || step === undefined) return { gauges: figures };
    const before = this.#learned;
    const rollouts = this.#samples.traced(groups);
    const startMs = this.#setup.ports.clock.monotonicMs();
    const result = await this.#train(step, rollouts, signal);
    this.#learned = afterUpdate(
      before,
      { step, rollouts: result === undefined ? [] : rollouts, checkpointPath: result?.checkpointPath },
      this.#samples.takeKept(step),
    );
    await this.#tidy(before, signal);
    const updateSeconds = (this.#setup.ports.clock.monotonicMs() - startMs) / 1000;
    return {
      gauges: { ...figures, ...result?.gauges, updateSeconds, updates: this.#learned.updates },
      ...(result !== undefined && { usage: result.usage }),
    };
  }

  save(): JsonValue {
    const { checkpoint, ...rest } = this.#learned;
    return { ...rest, ...(checkpoint !== undefined && { checkpoint }) };
  }

  restore(saved: JsonValue): void {
    this.#learned = readLearnedState(saved);
  }

  async dispose(): Promise<void> {
    await this.#chat.finish(new Error('the policy was disposed'));
    await this.#link.dispose();
  }

  async #open(fetch: Fetch, signal: AbortSignal): Promise<OpenServer> {
    // First what can be wrong without a server.
    const { renderer } = await this.#chat.result(signal);
    return openServer(
      {
        settings: this.#settings,
        ports: this.#setup.ports,
        fetch,
        learned: this.#learned,
        samplesBase: this.#samplesBase,
        leftBehind: this.#models,
        probe: renderer.render({ user: '1' }),
        replay: (trainee, update, at) => this.#replay(trainee, update, at),
        onModels: (modelIds) => (this.#models = modelIds),
      },
      signal,
    );
  }

  /** What to sample for a parent; a failure if its prompt became too long because it grew. */
  async #begin(
    { parent, notes }: GroupRequest,
    signal: AbortSignal,
  ): Promise<
    { readonly wanted: SampleWanted; readonly sampling: SamplingSetup } | { readonly failure: string }
  > {
    try {
      const text = buildPrompt(this.#facts, parent, notes);
      const { renderer, reasons } = await this.#chat.result(signal);
      const prompt = renderer.render({ user: text });
      const offered = await this.#link.with(
        (server) => Promise.resolve(server.offered?.maxContextLength),
        { changes: false },
        signal,
      );
      const { backend, temperature, samplesPerRequest } = this.#settings;
      const limits = promptLimits(prompt.length, this.#settings, {
        offeredContextTokens: offered,
        reasons,
        roundsBudgets: backend === 'jax',
      });
      const sampling: SamplingSetup = {
        renderer,
        limits,
        temperature,
        samplesPerRequest,
        sample: (wanted, at) =>
          this.#link.with((server) => this.#sample(server, wanted, at), { changes: false }, at),
      };
      return { wanted: beginSampling(prompt, limits), sampling };
    } catch (error) {
      const tooLong = error instanceof TextTooLongError || error instanceof TokensTooManyError;
      if (tooLong && hasGrown(parent.text, this.#setup.initialText)) return { failure: error.message };
      throw error;
    }
  }

  async #sample(server: OpenServer, wanted: SampleRequest, signal: AbortSignal): Promise<TakenSample> {
    try {
      return await server.slot.sample(wanted, signal);
    } catch (error) {
      // SkyRL with one set of weights on its GPUs: that of an adapter.
      const noBase = error instanceof OperationFailedError && /unknown model_id/i.test(error.detail);
      if (!noBase || !server.samplesBase) throw error;
      this.#samplesBase = false;
      throw new BaseNotSampledError(error);
    }
  }

  /** Keeps what the member learns from, if it can. */
  async #proposal(
    { step, group, parent }: GroupRequest,
    wanted: SampleWanted,
    { renderer }: SamplingSetup,
    sampled: SampledMember,
  ): Promise<ReadMember> {
    const { member, answer } = sampled;
    const read = readMember(sampled, renderer, this.#facts, parent.text);
    this.#figures.count(sampled, read);
    if (!this.#settings.trains || answer.kind === 'unusable') return read;
    const { action, updates } = answer;
    const trace = await this.#samples.keep({ step, group, member, prompt: wanted.tokens, action, updates });
    return { ...read, proposal: { ...read.proposal, trace } };
  }

  /** Undefined if there is nothing to learn from. */
  async #train(
    step: number,
    rollouts: readonly TracedRollout[],
    signal: AbortSignal,
  ): Promise<TrainedStep | undefined> {
    const stored = await this.#samples.read(rollouts);
    if (stored.length === 0) return undefined;
    const { updates, pending } = this.#learned;
    const scored = stored.map((one) => ({ ...one, onPolicy: one.updates === updates }));
    const saves = pending.length + 1 >= this.#settings.checkpointEvery;
    return this.#link.with(
      async (server) => {
        if (server.trainee === undefined) throw new Error('the server was opened without training');
        const training = { step, rollouts: scored, saves };
        const warn = this.#setup.ports.warn.bind(this.#setup.ports);
        return trainStep(server, server.trainee, training, this.#settings, warn, signal);
      },
      { changes: true },
      signal,
    );
  }

  /** Makes an update of the past again, as `#train` made it. */
  async #replay(trainee: Trainee, { rollouts }: StoredUpdate, signal: AbortSignal): Promise<void> {
    const stored = await this.#samples.read(rollouts.map((rollout) => ({ ...rollout, updates: 0 })));
    const { data } = await prepareTrainee(trainee, stored, this.#settings, signal);
    if (data.length > 0) await applyUpdate(trainee.model, data, this.#settings.learningRate, signal);
  }

  /** Removes what the state before the last update said is not needed once it is in the journal: it is, as the loop went on from it. */
  async #tidy({ removable }: LearnedState, signal: AbortSignal): Promise<void> {
    await this.#samples.remove(removable.blobs);
    for (const path of removable.checkpoints) {
      try {
        await this.#link.with(
          ({ session }) => session.deleteCheckpoint(path, signal),
          { changes: false },
          signal,
        );
      } catch (error) {
        signal.throwIfAborted();
        this.#setup.ports.log(`The old checkpoint ${path} was not deleted from the model server`, error);
      }
    }
  }
}
