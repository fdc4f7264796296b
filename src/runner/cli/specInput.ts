import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type * as z from 'zod';
import { exitCodes } from '../../protocol/hostCommands';
import { CommandError, usageError } from './commandError';

const largestSpecBytes = 512 * 1024 * 1024;
const inflate = promisify(gunzip);

/** Reads a specification from standard input, JSON, gzip-compressed or not. */
export async function readSpecInput<T>(from: string, schema: z.ZodType<T>): Promise<T> {
  if (from !== '-') throw usageError('--spec takes - alone: the specification comes on standard input.');
  const input = await buffer(process.stdin);
  const isCompressed = input[0] === 0x1f && input[1] === 0x8b;
  let json: unknown;
  try {
    const bytes = isCompressed ? await inflate(input, { maxOutputLength: largestSpecBytes }) : input;
    json = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const advice = 'The connection may have been cut while it was sent: try again.';
    throw new CommandError('spec', exitCodes.usage, `The specification cannot be read: ${why}`, advice);
  }
  return schema.parse(json);
}
