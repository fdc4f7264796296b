import { serverWords, type TokenPrices } from './modelSettings';

/** Prompt, sample and train, in US dollars per million tokens. */
type PriceRow = readonly [prompt: number, sample: number, train: number];

/**
 * Hosted Tinker, at each model's default context. Source: https://tinker-docs.thinkingmachines.ai/tinker/models/, as read
 * between 2026-07-30 and 2026-10-07; models whose three prices were not found with a date are left out. Full prices: discounts
 * for a limited time and the lower price of cached prompts are left out, so a session costs at most what is counted.
 */
const hostedTinker: ReadonlyMap<string, PriceRow> = new Map<string, PriceRow>([
  ['openai/gpt-oss-20b', [0.18, 0.45, 0.396]],
  ['openai/gpt-oss-120b', [0.33, 0.84, 0.737]],
  ['openai/gpt-oss-120b:peft:131072', [0.78, 1.94, 2.33]],
  ['Qwen/Qwen3-8B', [0.195, 0.6, 0.44]],
  ['Qwen/Qwen3.5-4B', [0.33, 1.005, 0.737]],
  ['Qwen/Qwen3.5-9B', [0.66, 1.995, 1.463]],
  ['Qwen/Qwen3.5-9B-Base', [0.66, 1.995, 1.463]],
  ['Qwen/Qwen3.5-397B-A17B', [3, 7.5, 6.6]],
  ['Qwen/Qwen3.6-35B-A3B', [0.54, 1.335, 1.177]],
  ['Qwen/Qwen3.8-27B', [1.86, 5.595, 4.103]],
  ['Qwen/Qwen3.8-27B:peft:262144', [2.48, 7.46, 7.46]],
  ['nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16', [0.39, 0.99, 0.88]],
]);

/** Source: https://developers.openai.com/api/docs/pricing, standard tier without caching, as read on 2026-05-04. Nothing trains here. */
const openAi: ReadonlyMap<string, PriceRow> = new Map<string, PriceRow>([
  ['gpt-5.5', [5, 30, 0]],
  ['gpt-5.4', [2.5, 15, 0]],
  ['gpt-5.4-mini', [0.75, 4.5, 0]],
  ['gpt-5.4-nano', [0.2, 1.25, 0]],
]);

/** The newest date of the tables above, for people. */
export const pricesReadOn = '2026-10-07';

/**
 * What is known of a model's prices at a server (an address or one of `serverWords`). Undefined: not known, or nobody sends a
 * bill (a server of one's own); no cost is counted then.
 */
export function knownPrices(server: string, model: string): TokenPrices | undefined {
  const row = tableOf(server)?.get(model);
  if (row === undefined) return undefined;
  const [prompt, sample, train] = row;
  return { prompt, sample, train };
}

/** Models at a server whose prices are known, without those that differ in their context alone. */
export function pricedModels(server: string): readonly string[] {
  return [...(tableOf(server)?.keys() ?? [])].filter((name) => !name.includes(':'));
}

function tableOf(server: string): ReadonlyMap<string, PriceRow> | undefined {
  if (server === serverWords.tinker) return hostedTinker;
  const host = /^https:\/\/([^/:?#@]+)(?::443)?(?:\/|$)/i.exec(server)?.[1]?.toLowerCase();
  if (host === 'api.openai.com') return openAi;
  // Its chat endpoint samples at the same prices.
  if (host === 'tinker.thinkingmachines.dev') return hostedTinker;
  return undefined;
}
