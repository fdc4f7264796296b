import type { ToDashboard } from '../../../src/protocol/dashboardMessages';

/** Messages as text for `harness.js`, which makes typed arrays of `{ "$array": type, "base64": bytes }` again. */
export function toWire(messages: unknown): string {
  return JSON.stringify(messages, (_, value: unknown) => {
    if (!ArrayBuffer.isView(value)) return value;
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return { $array: value.constructor.name, base64: bytes.toString('base64') };
  });
}

export type Recorded = readonly ToDashboard[];
