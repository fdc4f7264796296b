import type { Uri } from 'vscode';
import * as z from 'zod';
import type { AcceptedRecords } from '../candidates/provenance/acceptedRecords';

/** What a whole file was measured at, in its record of accepted candidates. It holds for the text with this hash alone. */
export const measured = z.object({
  value: z.number(),
  unit: z.string().optional(),
  atMs: z.number(),
  /** Of the whole text as the editor has it. */
  sha256: z.string(),
});
export type Measured = z.infer<typeof measured>;

/**
 * Adds the value to what the workspace remembers of candidates that were accepted into this file: to the records that speak of this very
 * text, else to the newest one. Does nothing where nothing was accepted into it.
 */
export async function recordMeasured(
  accepted: Pick<AcceptedRecords, 'change'>,
  file: Uri,
  news: Measured,
): Promise<void> {
  await accepted.change(file, (records, name) => {
    const own = records.filter((one) => one.file === name);
    const exact = own.filter((one) => one.after === news.sha256);
    const chosen = new Set(exact.length > 0 ? exact : own.slice(-1));
    if (chosen.size === 0) return records;
    return records.map((one) => (chosen.has(one) ? { ...one, measured: news } : one));
  });
}
