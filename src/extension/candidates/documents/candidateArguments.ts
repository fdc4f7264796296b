import * as z from 'zod';
import { parseCandidatePath, candidateScheme } from './candidateUri';

const number = z.int().min(0);
const row = z.object({ candidate: number });
const uri = z.object({ scheme: z.literal(candidateScheme), path: z.string() });

/** The candidate number among a command's arguments: the second one, in a row of the Candidates view, or in a candidate's URI. */
export function candidateFromArguments(args: readonly unknown[]): number | undefined {
  const asUri = uri.safeParse(args[0]);
  if (asUri.success) return parseCandidatePath(asUri.data.path)?.candidate;
  const asRow = row.safeParse(args[0]);
  if (asRow.success) return asRow.data.candidate;
  const asNumber = number.safeParse(args[1]);
  return asNumber.success ? asNumber.data : undefined;
}

/** The id of a hunk among a command's arguments: the third one, after a session and a candidate number. */
export function hunkFromArguments(args: readonly unknown[]): string | undefined {
  return typeof args[2] === 'string' ? args[2] : undefined;
}
