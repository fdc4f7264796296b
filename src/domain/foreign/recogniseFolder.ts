import { describeAtCoder } from './atCoder/describeAtCoder';
import { describeGpuMode } from './gpuMode';
import type { DescribeFolder, FolderDescription, FolderFiles } from './foreignFolder';
import { describeOpenEvolve } from './openEvolve';
import { describeShinkaEvolve } from './shinkaEvolve';
import { describeKernelBench } from './kernelBench';

/** In the order in which they are tried: the surest sign first. */
const formats: readonly DescribeFolder[] = [
  describeGpuMode,
  describeAtCoder,
  describeOpenEvolve,
  describeShinkaEvolve,
  describeKernelBench,
];

export type Recognised =
  | { readonly kind: 'folder'; readonly description: FolderDescription }
  /** It is of a known format, but says too little or contradicts itself. */
  | { readonly kind: 'mistakes'; readonly problems: readonly string[] }
  | { readonly kind: 'unknown' };

/** What kind of folder it is, by its files alone. */
export function recogniseFolder(files: FolderFiles): Recognised {
  for (const describe of formats) {
    const found = describe(files);
    if (found === undefined) continue;
    return 'description' in found
      ? { kind: 'folder', description: found.description }
      : { kind: 'mistakes', problems: found.problems };
  }
  return { kind: 'unknown' };
}
