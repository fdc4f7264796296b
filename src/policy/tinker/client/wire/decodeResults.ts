import { WireType } from '@bufbuild/protobuf/wire';
import { dtypes, unpack, WireError } from './bytes';
import { bytesField, intField, readEntry, readMessage } from './readMessage';

/** A forward or forward-backward result as it came, before it is checked against its request. */
export interface RawForwardOutput {
  /** Of each datum its tensors by name. */
  readonly outputs: readonly Readonly<Record<string, Float64Array>>[];
  readonly metrics: Readonly<Record<string, number>>;
}

/** A sampling result as it came. Missing numbers are NaN. */
export interface RawSample {
  readonly sequences: readonly {
    readonly stopReason: 'stop' | 'length';
    readonly tokens: readonly number[];
    readonly logprobs: Float64Array | undefined;
  }[];
  readonly promptLogprobs: Float64Array | undefined;
}

/** `tinker_public.ForwardBackwardOutput`. Throws `WireError`. */
export function decodeForwardOutput(bytes: Uint8Array): RawForwardOutput {
  const outputs: Record<string, Float64Array>[] = [];
  const metrics: Record<string, number> = {};
  readMessage(bytes, {
    2: bytesField((record) => outputs.push(...decodeRecord(record))),
    3: bytesField((entry) => {
      let value = 0;
      const key = readEntry(entry, { type: WireType.Bit64, read: (reader) => (value = reader.double()) });
      metrics[key] = value;
    }),
  });
  return { outputs, metrics };
}

/** An ArrayRecord holds the same fields of several datums, one field's values of all datums in one tensor. */
function decodeRecord(bytes: Uint8Array): Record<string, Float64Array>[] {
  const fields: [string, Uint8Array][] = [];
  let datumCount = 0;
  readMessage(bytes, {
    2: bytesField((entry) => {
      let tensor = new Uint8Array();
      const key = readEntry(
        entry,
        bytesField((value) => (tensor = value.slice())),
      );
      fields.push([key, tensor]);
    }),
    3: intField((value) => (datumCount = value)),
  });
  if (datumCount < 0 || datumCount > 1_000_000) throw new WireError(`num_datums is ${datumCount}`);
  const datums = Array.from({ length: datumCount }, (): Record<string, Float64Array> => ({}));
  for (const [name, tensor] of fields) {
    for (const [index, values] of splitTensor(name, tensor, datumCount).entries()) {
      const datum = datums[index];
      if (datum) datum[name] = values;
    }
  }
  return datums;
}

function splitTensor(name: string, bytes: Uint8Array, datumCount: number): Float64Array[] {
  let data = new Uint8Array();
  let offsets = new Uint8Array();
  let dtype = 0;
  readMessage(bytes, {
    1: bytesField((value) => (data = value.slice())),
    2: bytesField((value) => (offsets = value.slice())),
    3: intField((value) => (dtype = value)),
  });
  const bounds = unpack(offsets, dtypes.int64);
  if (bounds.length !== datumCount + 1) {
    throw new WireError(`${name} has ${bounds.length} offsets for ${datumCount} datums`);
  }
  return Array.from({ length: datumCount }, (_, index) => {
    const start = bounds[index] ?? -1;
    const end = bounds[index + 1] ?? -1;
    if (start < 0 || end < start || end > data.length) {
      throw new WireError(`${name} has the offsets ${start} and ${end} in ${data.length} bytes`);
    }
    return unpack(data.subarray(start, end), dtype);
  });
}

/** `tinker_public.SampleResponse`. Throws `WireError`. */
export function decodeSample(bytes: Uint8Array): RawSample {
  const sequences: RawSample['sequences'][number][] = [];
  let promptLogprobs: Float64Array | undefined;
  readMessage(bytes, {
    1: bytesField((sequence) => sequences.push(decodeSequence(sequence))),
    2: bytesField((value) => (promptLogprobs = unpack(value, dtypes.float32))),
  });
  return { sequences, promptLogprobs };
}

function decodeSequence(bytes: Uint8Array): RawSample['sequences'][number] {
  let stop = 0;
  let tokens: readonly number[] = [];
  let logprobs: Float64Array | undefined;
  readMessage(bytes, {
    1: intField((value) => (stop = value)),
    2: bytesField((value) => (tokens = Array.from(unpack(value, dtypes.int32)))),
    3: bytesField((value) => (logprobs = unpack(value, dtypes.float32))),
  });
  if (stop !== 0 && stop !== 1) throw new WireError(`stop_reason is ${stop}`);
  return { stopReason: stop === 0 ? 'stop' : 'length', tokens, logprobs };
}
