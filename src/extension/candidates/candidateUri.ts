/** Scheme of the read-only documents that show candidates. */
export const candidateScheme = 'discover-candidate';

const folder = '.discover-candidates';

export interface CandidateAddress {
  readonly sessionId: string;
  readonly candidate: number;
  /** The evolving file, relative to the problem file; it names the tab and decides the language. */
  readonly path: string;
}

/** Path of the document's URI: `/.discover-candidates/SESSION/c17/initial.py`. All of it is in the path, so tabs restore. */
export function candidatePath({ sessionId, candidate, path }: CandidateAddress): string {
  return `/${folder}/${sessionId}/c${candidate}/${path}`;
}

/** The inverse of `candidatePath`; `undefined` for any other path. */
export function parseCandidatePath(uriPath: string): CandidateAddress | undefined {
  const match = /^\/\.discover-candidates\/([0-9A-Za-z]+)\/c(0|[1-9]\d{0,9})\/(.+)$/.exec(uriPath);
  const [, sessionId, candidate, path] = match ?? [];
  if (sessionId === undefined || candidate === undefined || path === undefined) return undefined;
  return { sessionId, candidate: Number(candidate), path };
}
