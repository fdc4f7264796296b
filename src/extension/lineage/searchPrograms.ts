import { hasWords } from '../../domain/lineage/candidateQuery';

/** Most programs that one search reads: each may be a trip to the host. */
export const mostPrograms = 500;
const atOnce = 4;

export interface ProgramSearch {
  /** Best first; equal texts have equal content addresses. */
  readonly candidates: readonly { readonly id: number; readonly sha256: string }[];
  /** In lower case; all of them must be in a program. */
  readonly words: readonly string[];
  readonly read: (candidate: number) => Promise<string>;
  readonly onProgress: (done: number, of: number) => void;
  readonly signal: AbortSignal;
}

export interface ProgramsFound {
  readonly found: ReadonlySet<number>;
  /** Candidates whose programs were looked into. */
  readonly looked: number;
  /** Candidates whose programs could not be read, and why the first of them could not. */
  readonly unread: number;
  readonly failure: unknown;
}

/**
 * Looks for words in programs: each text once, a few at once, at most `mostPrograms` texts. Ends early, with what it has, when the
 * signal says so. A program that cannot be read is counted and left out.
 */
export async function searchPrograms(search: ProgramSearch): Promise<ProgramsFound> {
  const sharing = new Map<string, number[]>();
  for (const { id, sha256 } of search.candidates) {
    const known = sharing.get(sha256);
    if (known !== undefined) known.push(id);
    else if (sharing.size < mostPrograms) sharing.set(sha256, [id]);
  }
  const groups = [...sharing.values()];
  const found = new Set<number>();
  let next = 0;
  let done = 0;
  let looked = 0;
  let unread = 0;
  let failure: unknown;
  async function work(): Promise<void> {
    for (let group = groups[next]; group !== undefined && !search.signal.aborted; group = groups[next]) {
      next += 1;
      const [first] = group;
      try {
        const text = first === undefined ? '' : await search.read(first);
        looked += group.length;
        if (hasWords(text, search.words)) for (const id of group) found.add(id);
      } catch (error) {
        unread += group.length;
        failure ??= error;
      }
      done += 1;
      search.onProgress(done, groups.length);
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work));
  return { found, looked, unread, failure };
}
