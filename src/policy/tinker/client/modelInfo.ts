import * as z from 'zod';
import { parseAnswer } from './answers';
import type { Requests } from './requests';

export interface ModelInfo {
  readonly modelId: string;
  readonly baseModel: string | undefined;
  readonly loraRank: number | undefined;
  readonly tokenizerId: string | undefined;
  /** SkyRL only: created, unloading, unloaded. */
  readonly status: string | undefined;
}

const info = z.object({
  model_id: z.string(),
  status: z.string().nullish(),
  lora_rank: z.number().nullish(),
  model_name: z.string().nullish(),
  model_data: z.object({
    base_model: z.string().nullish(),
    model_name: z.string().nullish(),
    tokenizer_id: z.string().nullish(),
    lora_config: z.object({ rank: z.number().nullish() }).nullish(),
  }),
});
/** What the server says of a model. Throws what sending throws and `TinkerAnswerError`. */
export async function fetchModelInfo(
  requests: Requests,
  modelId: string,
  signal: AbortSignal,
): Promise<ModelInfo> {
  const path = '/get_info';
  const answer = await requests.send({ path, json: { model_id: modelId, type: 'get_info' } }, signal);
  const { model_id, status, lora_rank, model_name, model_data } = parseAnswer(path, answer, info);
  return {
    modelId: model_id,
    baseModel: model_data.base_model ?? model_data.model_name ?? model_name ?? undefined,
    loraRank: lora_rank ?? model_data.lora_config?.rank ?? undefined,
    tokenizerId: model_data.tokenizer_id ?? undefined,
    status: status ?? undefined,
  };
}
