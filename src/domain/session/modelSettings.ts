import * as z from 'zod';
import { jsonValue } from '../json';

/** Words that stand in place of a model server's address. */
export const serverWords = {
  /** A SkyRL server that the runner starts and supervises on the session's host. */
  skyrl: 'skyrl',
  /** Thinking Machines' hosted Tinker. */
  tinker: 'tinker',
  /** A language model of the user's own editor (`vscode.lm`). */
  vscode: 'vscode',
} as const;

/** Address of a server without user, password, query and fragment, of which any may hold a key. */
const plainAddress = /^https?:\/\/([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d{1,5})?(\/[^\s?#]*)?$/i;

export function isServer(text: string): boolean {
  return Object.values<string>(serverWords).includes(text) || plainAddress.test(text);
}

/** Price of a model's tokens, in US dollars per million. */
export const tokenPrices = z.object({
  /** Prompt tokens. */
  prompt: z.number().min(0),
  /** Sampled tokens, reasoning included. */
  sample: z.number().min(0),
  /** Tokens of training updates. */
  train: z.number().min(0),
});
export type TokenPrices = z.infer<typeof tokenPrices>;

export const answerForms = ['program', 'edits', 'text'] as const;
export const chatFormats = ['auto', 'harmony', 'qwen3', 'llama3', 'template'] as const;
export const reasoningEfforts = ['low', 'medium', 'high'] as const;
export const wires = ['auto', 'proto', 'json'] as const;
export const skyrlBackends = ['jax', 'fsdp', 'megatron'] as const;
/** Which machine reaches the model server: the session's host, or that of the editor that follows the session. */
export const serverReaches = ['host', 'editor'] as const;

/**
 * The language model of a session: the problem file's `policy:` with the user's overrides on top. Never holds a secret: it
 * is in the journal. A value that is absent is the policy's own default, given where it is used.
 */
export const modelSettings = z.object({
  /** An http(s) address without user, password or query, or one of `serverWords`. */
  server: z.string().min(1),
  /** `editor`: requests go through an editor that follows the session, to a server that the host cannot reach. Absent: `host`. */
  reachedFrom: z.enum(serverReaches).optional(),
  /** The model's name as the server knows it; for SkyRL also an absolute path of a folder on the host. */
  model: z.string().min(1),

  // What an answer is.
  /** The whole program in the last fenced block, search/replace edits of the parent, or the whole final answer as it is. */
  answer: z.enum(answerForms).optional(),
  /** Most characters (UTF-16 code units) of a prompt. */
  maxPromptCharacters: z.int().min(1).optional(),
  maxFeedbackCharacters: z.int().min(0).optional(),

  // Sampling.
  temperature: z.number().min(0).optional(),
  /** Most tokens of an answer, reasoning included. */
  maxTokens: z.int().min(1).optional(),
  /** Most requests at once. */
  requestConcurrency: z.int().min(1).optional(),
  /** Most time for one answer. */
  requestTimeoutMs: z.number().positive().optional(),
  /** `openai`: answers arrive piece by piece. */
  stream: z.boolean().optional(),
  /** `openai`: send a seed, fixed by the session's seed. */
  sendSeed: z.boolean().optional(),

  // `tinker`: how the model reads and writes.
  /** Tokens that prompt and answer may have together. */
  contextTokens: z.int().min(1).optional(),
  /** Two-phase sampling: prompt and first phase together; behind it the model must give its final answer. */
  firstPhaseTokens: z.int().min(1).optional(),
  chatFormat: z.enum(chatFormats).optional(),
  reasoning: z.enum(reasoningEfforts).optional(),
  /** Qwen3 and templates that know it: think before the answer. */
  thinking: z.boolean().optional(),
  /** Where tokenizer.json is: an absolute path of a folder on the host, or a model's name at Hugging Face. Absent: as `model`. */
  tokenizer: z.string().min(1).optional(),
  /** Samples in one request of a group. */
  samplesPerRequest: z.int().min(1).optional(),

  // `tinker`: training.
  loraRank: z.int().min(1).optional(),
  learningRate: z.number().min(0).optional(),
  /** Weight of the KL penalty against the base model. */
  klCoefficient: z.number().min(0).optional(),
  /** Weights are saved on the server every this many steps. */
  checkpointEvery: z.int().min(1).optional(),
  wire: z.enum(wires).optional(),

  // `server: skyrl`.
  backend: z.enum(skyrlBackends).optional(),
  gpus: z.int().min(0).optional(),
  /** SkyRL's own `--backend-config`, on top of what `backend` and `gpus` give. */
  backendConfig: z.record(z.string(), jsonValue).optional(),
  /** Leave the server running when the session ends, for the next one. */
  keepWarm: z.boolean().optional(),

  /** Absent: what is known of the model's price, else no cost is counted. */
  prices: tokenPrices.optional(),
});
export type ModelSettings = z.infer<typeof modelSettings>;

/** True if an editor that follows the session hands its requests on to the model server. */
export function isReachedFromEditor(model: Partial<ModelSettings> | undefined): boolean {
  const { server = '', reachedFrom } = model ?? {};
  return reachedFrom === 'editor' && plainAddress.test(server);
}
