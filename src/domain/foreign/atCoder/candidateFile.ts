import type { FolderFiles } from '../foreignFolder';
import type { AtCoderFolder } from './atCoderFolder';

const usualNames = ['main', 'Main', 'src/main', 'solution', 'a', 'A', 'src/bin/a', 'src/bin/main'];
const endings = ['cpp', 'cc', 'cxx', 'rs', 'py'];

export type CandidateFile =
  | { readonly kind: 'found'; readonly path: string }
  | { readonly kind: 'none' }
  /** Several, and nothing says which. */
  | { readonly kind: 'unclear'; readonly paths: readonly string[] };

/** The program of the user: what pahcer compiles or runs, what has a usual name, or the only source file beside the tools. */
export function findCandidate({ paths }: FolderFiles, folder: AtCoderFolder): CandidateFile {
  const tools = folder.crate?.path ?? '';
  const outside = paths.filter((path) => tools === '' || !path.startsWith(`${tools}/`));
  const words = [...(folder.pahcer?.compileSteps ?? []), ...(folder.step === undefined ? [] : [folder.step])]
    .flatMap(({ args }) => args)
    .map((arg) => arg.replace(/^(?:\.\/)+/, ''));
  const named = words.find((word) => isSource(word) && outside.includes(word));
  if (named !== undefined) return { kind: 'found', path: named };
  for (const name of usualNames) {
    for (const ending of endings) {
      const path = `${name}.${ending}`;
      // The tools themselves may have a src/main.rs where the folder is the crate.
      if (
        outside.includes(path) &&
        !(tools === '' && folder.crate !== undefined && path.startsWith('src/'))
      ) {
        return { kind: 'found', path };
      }
    }
  }
  const sources = outside.filter((path) => isSource(path) && !path.includes('/'));
  const [only, ...others] = sources;
  if (only === undefined) return { kind: 'none' };
  return others.length === 0 ? { kind: 'found', path: only } : { kind: 'unclear', paths: sources };
}

function isSource(path: string): boolean {
  return endings.some((ending) => path.endsWith(`.${ending}`));
}
