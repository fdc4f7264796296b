import { checkedForward } from './checkResults';
import { chunked, combined, type Chunk } from './chunks';
import type { Connection } from './connection';
import { requestIdOf } from './futures';
import { isSuccess, type Call, type Delivery } from './requests';
import { lossConfig, lossInputs, type ForwardResult, type Loss, type TrainingDatum } from './training';
import type { Dialect } from './wire/chooseWire';
import { decodeForwardOutput } from './wire/decodeResults';
import { encodeForwardBackward } from './wire/encodeForwardBackward';
import { forwardOutputJson } from './wire/jsonResults';

export interface ForwardOrder {
  readonly modelId: string;
  readonly data: readonly TrainingDatum[];
  readonly loss: Loss;
  readonly forwardOnly: boolean;
}

/**
 * Sends one batch as requests with consecutive numbers. The later ones travel together and the first goes last: hosted servers begin
 * when the first arrives. Resolves when the server has them all, with what waits for the result.
 */
export async function submitForward(
  connection: Connection,
  order: ForwardOrder,
  delivery: Delivery,
  take: (count: number) => number,
  signal: AbortSignal,
): Promise<() => Promise<ForwardResult>> {
  const { flags, futures } = connection;
  await connection.dialect.current(signal);
  const limits = { datums: flags.fwdbwd_max_chunk_len, bytes: flags.fwdbwd_max_chunk_bytes_count };
  const chunks = chunked(order.data, limits);
  const firstSeqId = take(chunks.length);
  // If one request fails the others are stopped: without it the batch is not whole.
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const deliveries = chunks.map((): Delivery => ({ maybeReached: false }));
  const send = (chunk: Chunk, index: number): Promise<string> =>
    submitChunk(connection, order, chunk, firstSeqId + index, deliveries[index] ?? delivery, both);
  const ids: string[] = [];
  try {
    const later = chunks.slice(1).map(async (chunk, index) => {
      ids[index + 1] = await send(chunk, index + 1);
    });
    await settleAll(later, () => stop.abort(new Error('another request of the batch failed')));
    const [first] = chunks;
    if (first) ids[0] = await send(first, 0);
  } finally {
    delivery.maybeReached = deliveries.some(({ maybeReached }) => maybeReached);
  }
  const operation = order.forwardOnly ? 'Forward' : 'ForwardBackward';
  return async () => {
    const results = await Promise.all(
      chunks.map(async (chunk, index) => {
        const raw = await futures.result(
          {
            operation,
            requestId: ids[index] ?? '',
            json: forwardOutputJson,
            protobuf: decodeForwardOutput,
            resubmit: () =>
              submitChunk(connection, order, chunk, firstSeqId + index, { maybeReached: true }, signal),
          },
          signal,
        );
        return checkedForward(operation, raw, chunk.data);
      }),
    );
    return combined(results);
  };
}

/** Waits for all, then throws the first failure, so that nothing goes on unobserved. */
async function settleAll(work: readonly Promise<void>[], onFailure: () => void): Promise<void> {
  let failure: { readonly error: unknown } | undefined;
  await Promise.all(
    work.map((one) =>
      one.catch((error: unknown) => {
        failure ??= { error };
        onFailure();
      }),
    ),
  );
  if (failure) throw failure.error;
}

async function submitChunk(
  { requests, dialect, trainingGate }: Connection,
  order: ForwardOrder,
  chunk: Chunk,
  seqId: number,
  delivery: Delivery,
  signal: AbortSignal,
): Promise<string> {
  const leave = await trainingGate.enter(chunk.bytes, signal);
  try {
    for (;;) {
      const spoken = await dialect.current(signal);
      const call: Call = {
        ...encoded(spoken, order, chunk, seqId),
        delivery,
        accept: ({ status }) => status === 415,
      };
      const answer = await requests.send(call, signal);
      if (isSuccess(answer)) return requestIdOf(call.path, answer);
      if (!(await dialect.flip(spoken.wire, signal))) throw requests.refusal(call, answer);
    }
  } finally {
    leave();
  }
}

function encoded({ wire, server }: Dialect, order: ForwardOrder, chunk: Chunk, seqId: number): Call {
  const { modelId, loss, forwardOnly } = order;
  if (wire === 'proto') {
    const protobuf = encodeForwardBackward({ modelId, seqId, data: chunk.data, loss, forwardOnly, server });
    return { path: '/forward_backward', protobuf };
  }
  const input = {
    loss_fn: loss.name,
    loss_fn_config: lossConfig(loss) ?? null,
    data: chunk.data.map((datum) => ({
      model_input: { chunks: [{ type: 'encoded_text', tokens: Array.from(datum.inputTokens) }] },
      loss_fn_inputs: Object.fromEntries(
        Object.entries(lossInputs(datum, loss, server)).map(([key, { dtype, data }]) => [
          key,
          { data: Array.from(data), dtype, shape: [data.length] },
        ]),
      ),
    })),
  };
  return forwardOnly
    ? { path: '/forward', json: { model_id: modelId, seq_id: seqId, forward_input: input } }
    : {
        path: '/forward_backward',
        json: { model_id: modelId, seq_id: seqId, forward_backward_input: input },
      };
}
