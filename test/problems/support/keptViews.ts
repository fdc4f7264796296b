import { createHash } from 'node:crypto';
import { constructionView, type ConstructionView } from '../../../src/domain/session/constructionView';
import type { EvaluationOutcome } from '../../../src/domain/session/outcome';

/** Keeps what evaluators offer, as a session's folder does. */
export interface KeptViews {
  readonly storeBlob: (bytes: Uint8Array) => Promise<string>;
  /** The picture that a valid outcome names. Throws where it has none, and where it is not of the form that the dashboard draws. */
  readonly viewOf: (outcome: EvaluationOutcome) => ConstructionView;
  /** Bytes of that picture. */
  readonly sizeOf: (outcome: EvaluationOutcome) => number;
}

export function keepViews(): KeptViews {
  const blobs = new Map<string, Buffer>();
  const blobOf = (outcome: EvaluationOutcome): Buffer => {
    const sha256 = outcome.kind === 'valid' ? outcome.artifacts?.['view'] : undefined;
    const blob = blobs.get(sha256 ?? '');
    if (blob === undefined) throw new Error('The outcome has no picture.');
    return blob;
  };
  return {
    storeBlob: (bytes) => {
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      blobs.set(sha256, Buffer.from(bytes));
      return Promise.resolve(sha256);
    },
    viewOf: (outcome) => constructionView.parse(JSON.parse(blobOf(outcome).toString('utf8'))),
    sizeOf: (outcome) => blobOf(outcome).length,
  };
}

/** The picture if it is of this kind; throws else. */
export function viewOfKind<Kind extends ConstructionView['kind']>(
  view: ConstructionView,
  kind: Kind,
): Extract<ConstructionView, { kind: Kind }> {
  if (!isOfKind(view, kind)) throw new Error(`The picture is of the kind ${view.kind}, not ${kind}.`);
  return view;
}

function isOfKind<Kind extends ConstructionView['kind']>(
  view: ConstructionView,
  kind: Kind,
): view is Extract<ConstructionView, { kind: Kind }> {
  return view.kind === kind;
}
