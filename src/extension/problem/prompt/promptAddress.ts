import * as z from 'zod';
import { t } from '../../base/translate';

/** Scheme of the documents that show prompts. */
export const promptScheme = 'discover-prompt';

const address = z.object({
  /** URI of the problem file. */
  problem: z.string(),
  /** Absent: the initial program. */
  parent: z.object({ session: z.string(), candidate: z.int().min(0) }).optional(),
});
export type PromptAddress = z.infer<typeof address>;

/** Path and query of the document. The path ends in `.md`, so that it is shown as Markdown. */
export function promptPlace(
  title: string,
  place: PromptAddress,
): { readonly path: string; readonly query: string } {
  const name = title.replaceAll(/[/\\?#\0]+/g, ' ').trim();
  const words =
    place.parent === undefined
      ? t('Prompt of {0}', name)
      : t('Prompt of {0} from c{1}', name, place.parent.candidate);
  return { path: `/${words}.md`, query: JSON.stringify(place) };
}

/** Undefined for a query that was not made here. */
export function promptAddressOf(query: string): PromptAddress | undefined {
  try {
    return address.safeParse(JSON.parse(query)).data;
  } catch {
    return undefined;
  }
}
