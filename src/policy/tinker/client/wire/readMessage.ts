import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { WireError } from './bytes';

/** Reads the value of one field, if the message has that field with that wire type. */
export type FieldReaders = Readonly<
  Record<number, { readonly type: WireType; read(reader: BinaryReader): void }>
>;

/** Walks over one message; unknown fields are skipped. Throws `WireError` for bytes that are no message. */
export function readMessage(bytes: Uint8Array, fields: FieldReaders): void {
  try {
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const [number, type] = reader.tag();
      const field = fields[number];
      if (!field) {
        reader.skip(type);
        continue;
      }
      if (field.type !== type) throw new WireError(`field ${number} has wire type ${type}`);
      field.read(reader);
    }
  } catch (error) {
    if (error instanceof WireError) throw error;
    // The reader's own errors are plain ones: premature end, invalid varint, illegal tag, invalid UTF-8.
    throw new WireError(error instanceof Error ? error.message : 'the message cannot be read');
  }
}

export const bytesField = (take: (value: Uint8Array) => void): FieldReaders[number] => ({
  type: WireType.LengthDelimited,
  read: (reader) => take(reader.bytes()),
});

export const textField = (take: (value: string) => void): FieldReaders[number] => ({
  type: WireType.LengthDelimited,
  read: (reader) => take(reader.string()),
});

export const intField = (take: (value: number) => void): FieldReaders[number] => ({
  type: WireType.Varint,
  read: (reader) => take(Number(reader.int64())),
});

/** One entry of a map: key 1, value 2. */
export function readEntry(bytes: Uint8Array, takeValue: FieldReaders[number]): string {
  let key = '';
  readMessage(bytes, { 1: textField((value) => (key = value)), 2: takeValue });
  return key;
}
