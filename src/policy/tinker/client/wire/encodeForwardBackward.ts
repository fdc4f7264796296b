import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { lossConfig, lossInputs, type Loss, type ServerKind, type TrainingDatum } from '../training';
import { dtypes, float32Bytes, int32Bytes, int64Bytes } from './bytes';

export interface ForwardBackwardRequest {
  readonly modelId: string;
  readonly seqId: number;
  readonly data: readonly TrainingDatum[];
  readonly loss: Loss;
  readonly forwardOnly: boolean;
  readonly server: ServerKind;
}

/** `tinker_public.ForwardBackwardRequest`; the numbers are those of client version 0.25.0. */
export function encodeForwardBackward(request: ForwardBackwardRequest): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  text(writer, 1, request.modelId);
  writer.tag(2, WireType.Varint).int32(request.seqId);
  for (const datum of request.data) {
    nested(writer, 3, () => encodeDatum(writer, datum, request));
  }
  text(writer, 4, request.loss.name);
  for (const [key, value] of Object.entries(lossConfig(request.loss) ?? {})) {
    nested(writer, 5, () => {
      text(writer, 1, key);
      writer.tag(2, WireType.Bit64).double(value);
    });
  }
  if (request.forwardOnly) writer.tag(6, WireType.Varint).bool(true);
  return writer.finish();
}

function encodeDatum(writer: BinaryWriter, datum: TrainingDatum, request: ForwardBackwardRequest): void {
  // Chunk { EncodedTextChunk encoded_text = 1 { bytes tokens = 1 } }
  nested(writer, 1, () =>
    nested(writer, 1, () => writer.tag(1, WireType.LengthDelimited).bytes(int32Bytes(datum.inputTokens))),
  );
  for (const [key, { dtype, data }] of Object.entries(lossInputs(datum, request.loss, request.server))) {
    nested(writer, 2, () => {
      text(writer, 1, key);
      nested(writer, 2, () => {
        writer
          .tag(1, WireType.LengthDelimited)
          .bytes(dtype === 'int64' ? int64Bytes(data) : float32Bytes(data));
        writer.tag(3, WireType.Varint).int32(dtypes[dtype]);
        nested(writer, 4, () => writer.int64(data.length));
      });
    });
  }
}

function text(writer: BinaryWriter, field: number, value: string): void {
  writer.tag(field, WireType.LengthDelimited).string(value);
}

function nested(writer: BinaryWriter, field: number, write: () => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write();
  writer.join();
}
