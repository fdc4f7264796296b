import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EnvironmentError } from '../evaluator';
import { removeFolder } from '../workFolder';
import { identityOf, type FileIdentity } from './trustedFiles';

/** What a program reads, or, in an interactive contest, what it must not see before it has found it out. */
export type CaseInput =
  | { readonly kind: 'file'; readonly file: FileIdentity }
  | { readonly kind: 'hidden'; readonly bytes: Buffer };

/**
 * The inputs that the generator wrote into `in/`, in the order of their seeds. Where they are to be hidden, they lie nowhere afterwards.
 * Throws `EnvironmentError` if one is missing.
 */
export async function takeInputs(root: string, count: number, hidden: boolean): Promise<CaseInput[]> {
  const inputs: CaseInput[] = [];
  for (let index = 0; index < count; index += 1) {
    const path = join(root, 'in', `${String(index).padStart(4, '0')}.txt`);
    try {
      inputs.push(
        hidden
          ? { kind: 'hidden', bytes: await readFile(path) }
          : { kind: 'file', file: await identityOf(path) },
      );
    } catch (error) {
      throw new EnvironmentError(
        `The contest's generator made no in/${path.slice(-8)}.`,
        'Run `cargo run --release --bin gen seeds.txt` in the folder of the tools by hand.',
        { cause: error },
      );
    }
  }
  await removeFolder(join(root, 'seeds.txt'));
  if (hidden) await removeFolder(join(root, 'in'));
  return inputs;
}
