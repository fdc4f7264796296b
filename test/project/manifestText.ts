import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { resolved } from '../../scripts/lib/l10n.mjs';

const texts = z.record(z.string(), z.string());

function jsonOf(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

export const manifestTexts = texts.parse(jsonOf('package.nls.json'));

/** package.json as people read it: with its texts in their places. */
export function manifestInWords(): unknown {
  return resolved(jsonOf('package.json'), manifestTexts);
}
