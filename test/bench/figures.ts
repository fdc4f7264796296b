import { appendFile } from 'node:fs/promises';
import { loadavg } from 'node:os';

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: '' | 'ms' | 'kB' | 's' | 'entries' | '1/s' | 'MB/s' | 'MB';
}

/** Reports one number to `npm run bench`, which prints it with the load of the machine beside it; without it, to nobody. */
export async function report(figure: Figure): Promise<void> {
  const file = process.env['TTT_DISCOVER_FIGURES'];
  if (file === undefined) return;
  await appendFile(file, `${JSON.stringify({ ...figure, load: loadavg()[0] })}\n`);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error('There is no median of nothing.');
  return middle;
}

/** The value that so many in a hundred do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil((share / 100) * sorted.length) - 1)];
  if (value === undefined) throw new Error('There is no percentile of nothing.');
  return value;
}
