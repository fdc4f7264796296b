import type { Uri } from 'vscode';
import * as z from 'zod';
import { acceptedPlace, readAccepted, writeAccepted } from '../candidates/provenance/acceptedFile';

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
export async function recordMeasured(file: Uri, news: Measured): Promise<void> {
  const place = acceptedPlace(file);
  const records = await readAccepted(place);
  const own = records.filter((one) => one.file === place.name);
  const exact = own.filter((one) => one.after === news.sha256);
  const chosen = new Set(exact.length > 0 ? exact : own.slice(-1));
  if (chosen.size === 0) return;
  await writeAccepted(
    place,
    records.map((one) => (chosen.has(one) ? { ...one, measured: news } : one)),
  );
}
