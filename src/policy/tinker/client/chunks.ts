import type { ForwardResult, TrainingDatum } from './training';

export interface ChunkLimits {
  readonly datums: number;
  readonly bytes: number;
}

export interface Chunk {
  readonly data: readonly TrainingDatum[];
  /** Estimated size of the request. */
  readonly bytes: number;
}

/** 4 bytes a token and a float, 8 an int64. */
export function estimatedBytes({
  inputTokens,
  targetTokens,
  weights,
  logprobs,
  advantages,
}: TrainingDatum): number {
  return (
    4 * inputTokens.length +
    8 * targetTokens.length +
    4 * (weights.length + (logprobs?.length ?? 0) + (advantages?.length ?? 0))
  );
}

/** Cuts a batch into requests within the limits, in order; a datum larger than the limit goes alone. */
export function chunked(data: readonly TrainingDatum[], limits: ChunkLimits): Chunk[] {
  const chunks: { data: TrainingDatum[]; bytes: number }[] = [];
  for (const datum of data) {
    const bytes = estimatedBytes(datum);
    const last = chunks.at(-1);
    if (last && last.data.length < limits.datums && last.bytes + bytes <= limits.bytes) {
      last.data.push(datum);
      last.bytes += bytes;
    } else {
      chunks.push({ data: [datum], bytes });
    }
  }
  return chunks;
}

type Reduction = (values: readonly number[], shares: readonly number[]) => number;

const mean: Reduction = (values, shares) =>
  values.reduce((sum, value, i) => sum + value * (shares[i] ?? 0), 0);
const reductions = new Map<string, Reduction>([
  ['sum', (values) => values.reduce((a, b) => a + b, 0)],
  ['mean', mean],
  ['min', (values) => Math.min(...values)],
  ['max', (values) => Math.max(...values)],
  ['slack', (values, shares) => Math.max(...values) - mean(values, shares)],
]);

/**
 * The results of a batch's chunks as one. The suffix of a metric's name says how it adds up, `mean` and `slack` by number of
 * datums; metrics that cannot be added up, or that some chunk lacks, are left out.
 */
export function combined(results: readonly ForwardResult[]): ForwardResult {
  const [only] = results;
  if (only && results.length === 1) return only;
  const outputs = results.flatMap((result) => result.outputs);
  const shares = results.map((result) => result.outputs.length / outputs.length);
  const metrics: Record<string, number> = {};
  for (const key of Object.keys(only?.metrics ?? {})) {
    const values = results.flatMap((result) => result.metrics[key] ?? []);
    if (values.length !== results.length) continue;
    const suffix = key.slice(key.lastIndexOf(':') + 1);
    if (suffix === 'unique') {
      values.forEach((value, index) => (metrics[index === 0 ? key : `${key}_${index}`] = value));
      continue;
    }
    const reduce = reductions.get(suffix);
    if (reduce) metrics[key] = reduce(values, shares);
  }
  return { outputs, metrics };
}
