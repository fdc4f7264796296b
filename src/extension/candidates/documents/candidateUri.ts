/** Scheme of the read-only documents that show candidates. */
export const candidateScheme = 'discover-candidate';

const folder = '.discover-candidates';

/**
 * What a document of a candidate holds: its text; the user's file with the candidate's changes, which is what is reviewed;
 * or the base and the two sides of the merge editor, as they were when it was opened.
 */
export type CandidateView = (typeof views)[number];

const views = ['text', 'review', 'base', 'yours', 'theirs'] as const;

export interface CandidateAddress {
  readonly sessionId: string;
  readonly candidate: number;
  /** The evolving file, relative to the problem file; it names the tab and decides the language. */
  readonly path: string;
  readonly view: CandidateView;
}

/**
 * Path of the document's URI: `/.discover-candidates/SESSION/c17/initial.py`, or `…/SESSION/review/c17/initial.py`. All of
 * it is in the path, so tabs restore. A file outside the problem's folder goes by its name alone.
 */
export function candidatePath({ sessionId, candidate, path, view }: CandidateAddress): string {
  const place = view === 'text' ? '' : `${view}/`;
  return `/${folder}/${sessionId}/${place}c${candidate}/${insidePath(path)}`;
}

/** The inverse of `candidatePath`; `undefined` for any other path. */
export function parseCandidatePath(uriPath: string): CandidateAddress | undefined {
  const match =
    /^\/\.discover-candidates\/([0-9A-Za-z]+)\/(?:(review|base|yours|theirs)\/)?c(0|[1-9]\d{0,9})\/(.+)$/.exec(
      uriPath,
    );
  if (match === null) return undefined;
  const [, sessionId, view, candidate, path] = match;
  if (sessionId === undefined || candidate === undefined || path === undefined) return undefined;
  return {
    sessionId,
    candidate: Number(candidate),
    path,
    view: views.find((one) => one === view) ?? 'text',
  };
}

/** The address of a document with this URI, if it is one of a candidate. */
export function candidateAddressOf(uri: {
  readonly scheme: string;
  readonly path: string;
}): CandidateAddress | undefined {
  return uri.scheme === candidateScheme ? parseCandidatePath(uri.path) : undefined;
}

/** A path that cannot lead out of the candidate's own folder. */
function insidePath(path: string): string {
  const segments = path.split('/');
  const leadsOut = path.startsWith('/') || /^[A-Za-z]:/.test(path) || segments.includes('..');
  return leadsOut ? (segments.at(-1) ?? path) : segments.filter((segment) => segment !== '.').join('/');
}
