/** Numbers as the protocol packs them: little-endian, one after another. */

export function int32Bytes(values: ArrayLike<number>): Uint8Array {
  return pack(values, 4, (view, at, value) => view.setInt32(at, value, true));
}

export function int64Bytes(values: ArrayLike<number>): Uint8Array {
  return pack(values, 8, (view, at, value) => view.setBigInt64(at, BigInt(value), true));
}

export function float32Bytes(values: ArrayLike<number>): Uint8Array {
  return pack(values, 4, (view, at, value) => view.setFloat32(at, value, true));
}

function pack(
  values: ArrayLike<number>,
  width: number,
  set: (view: DataView, at: number, value: number) => void,
): Uint8Array {
  const bytes = new Uint8Array(values.length * width);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < values.length; index += 1) set(view, index * width, values[index] ?? 0);
  return bytes;
}

/** The protocol's DType numbers. */
export const dtypes = { float32: 1, int64: 2, int32: 3, bfloat16: 4 } as const;

/** The numbers of a packed field; a NaN stays NaN. Throws `WireError` for a part of a number and an unknown type. */
export function unpack(bytes: Uint8Array, dtype: number): Float64Array {
  const reader = readers.get(dtype);
  if (!reader) throw new WireError(`a tensor has the unknown dtype ${dtype}`);
  if (bytes.length % reader.width !== 0) {
    throw new WireError(`${bytes.length} bytes are no whole number of ${reader.width}-byte values`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float64Array(bytes.length / reader.width);
  for (let index = 0; index < values.length; index += 1)
    values[index] = reader.get(view, index * reader.width);
  return values;
}

const bfloat16 = new DataView(new ArrayBuffer(4));
const readers = new Map<number, { width: number; get(view: DataView, at: number): number }>([
  [dtypes.float32, { width: 4, get: (view, at) => view.getFloat32(at, true) }],
  [dtypes.int64, { width: 8, get: (view, at) => Number(view.getBigInt64(at, true)) }],
  [dtypes.int32, { width: 4, get: (view, at) => view.getInt32(at, true) }],
  [
    dtypes.bfloat16,
    {
      width: 2,
      // The upper half of a float32.
      get: (view, at) => {
        bfloat16.setUint16(0, view.getUint16(at, true));
        return bfloat16.getFloat32(0);
      },
    },
  ],
]);

/** Bytes that are not the message they should be. */
export class WireError extends Error {
  override readonly name = 'WireError';
}
