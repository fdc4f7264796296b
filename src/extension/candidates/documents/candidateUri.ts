/** Scheme of the read-only documents that show candidates. */
export const candidateScheme = 'discover-candidate';

const folder = '.discover-candidates';

/**
 * What a document of a candidate holds: its text; its text as a step of a lineage; the user's file with the candidate's changes, which is
 * what is reviewed; or the base and the two sides of the merge editor, as they were when it was opened.
 */
export type CandidateView = (typeof views)[number];

const views = ['text', 'lineage', 'review', 'base', 'yours', 'theirs'] as const;

export interface CandidateAddress {
  readonly sessionId: string;
  readonly candidate: number;
  /** The evolving file, relative to the problem file; it names the tab and decides the language. */
  readonly path: string;
  readonly view: CandidateView;
}

/**
 * Path of the document's URI: `/.discover-candidates/SESSION/c17/initial.py`, or `…/SESSION/review/c17/initial.py`. All of
 * it is in the path, so tabs restore. A file outside the problem's folder goes by its name alone. In a lineage many candidates stand below
 * one another under their file names, so there the name begins with the candidate's: `…/lineage/c17/c17 initial.py`.
 */
export function candidatePath({ sessionId, candidate, path, view }: CandidateAddress): string {
  const place = view === 'text' ? '' : `${view}/`;
  const inside = insidePath(path);
  const file = view === 'lineage' ? inside.replace(/[^/]+$/, (name) => `c${candidate} ${name}`) : inside;
  return `/${folder}/${sessionId}/${place}c${candidate}/${file}`;
}

/** The inverse of `candidatePath`; `undefined` for any other path. */
export function parseCandidatePath(uriPath: string): CandidateAddress | undefined {
  const match =
    /^\/\.discover-candidates\/([0-9A-Za-z]+)\/(?:(lineage|review|base|yours|theirs)\/)?c(0|[1-9]\d{0,9})\/(.+)$/.exec(
      uriPath,
    );
  if (match === null) return undefined;
  const [, sessionId, view, candidate, file] = match;
  if (sessionId === undefined || candidate === undefined || file === undefined) return undefined;
  const named = new RegExp(`^((?:.*/)?)c${candidate} ([^/]+)$`).exec(file);
  if (view === 'lineage' && named === null) return undefined;
  const path = view === 'lineage' ? `${named?.[1] ?? ''}${named?.[2] ?? ''}` : file;
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
