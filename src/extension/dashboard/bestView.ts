import type * as z from 'zod';
import { constructionView, type ConstructionView } from '../../domain/session/constructionView';
import type { SessionSnapshot } from '../../domain/session/snapshot';
import type { ToDashboard } from '../../protocol/dashboardMessages';
import type { SessionView } from '../sessions/sessions';
import { t } from '../base/translate';

/** The name under which evaluators offer a picture of what they scored; see docs/evaluators.md. */
export const viewArtifact = 'view';

type BestViewMessage = Extract<ToDashboard, { type: 'bestView' }>;
/** What is known of one picture. */
type Found =
  | { readonly kind: 'loading' }
  | { readonly kind: 'shown'; readonly view: ConstructionView }
  /** `retry`: it could not be fetched, and is asked for again with the next contact with the host. */
  | { readonly kind: 'unfit'; readonly note: string; readonly retry?: { contactWasLost: boolean } };

export interface BestViewNeeds {
  /** Text by content address, checked. */
  readonly readArtifact: (sha256: string) => Promise<string>;
  /** A picture that was asked for is here, or cannot be had. */
  readonly onChange: () => void;
  readonly warn: (message: string) => void;
}

/**
 * The picture of the best candidate of one session, for one page. It is fetched when it is first asked for; until it is here the page
 * keeps what it shows. What cannot be shown is a sentence, never an exception: pictures come from other people's evaluators.
 */
export class BestViews {
  /** By content address. Sessions improve some hundred times at most, and only the newest are asked for again. */
  private readonly found = new Map<string, Found>();
  private sent: string | undefined;
  private isDisposed = false;

  constructor(private readonly needs: BestViewNeeds) {}

  /** What to tell the page; undefined while nothing is new. `isWhole`: the page knows nothing yet. */
  message(view: SessionView, isWhole: boolean): BestViewMessage | undefined {
    if (isWhole) this.sent = undefined;
    const best = bestWithView(view.snapshot);
    if (best === undefined) return undefined;
    const message = this.messageOf(best, view.connection.state);
    if (message === undefined) return undefined;
    const key = JSON.stringify([best.candidate, best.sha256, message.note]);
    if (key === this.sent) return undefined;
    this.sent = key;
    return message;
  }

  private messageOf(
    { candidate, sha256 }: BestWithView,
    connectionState: string,
  ): BestViewMessage | undefined {
    if (sha256 === undefined) return { type: 'bestView', candidate, view: null };
    let found = this.found.get(sha256);
    if (found === undefined || mayBeHadNow(found, connectionState)) {
      found = { kind: 'loading' };
      this.keep(sha256, found);
      void this.load(candidate, sha256, connectionState !== 'connected');
    }
    switch (found.kind) {
      case 'loading':
        return undefined;
      case 'shown':
        return { type: 'bestView', candidate, view: found.view };
      case 'unfit':
        return { type: 'bestView', candidate, view: null, note: found.note };
    }
  }

  private async load(candidate: number, sha256: string, contactWasLost: boolean): Promise<void> {
    const found = await this.needs.readArtifact(sha256).then(
      (text): Found => readView(text),
      (error: unknown): Found => ({
        kind: 'unfit',
        note: t('It could not be fetched: {0}', error instanceof Error ? error.message : String(error)),
        retry: { contactWasLost },
      }),
    );
    if (found.kind === 'unfit') this.needs.warn(`The picture of c${candidate}: ${found.note}`);
    this.keep(sha256, found);
    if (!this.isDisposed) this.needs.onChange();
  }

  /** The page is gone: nobody is told of what is still on its way. */
  dispose(): void {
    this.isDisposed = true;
  }

  private keep(sha256: string, found: Found): void {
    this.found.delete(sha256);
    this.found.set(sha256, found);
    for (const oldest of this.found.keys()) {
      if (this.found.size <= mostKept) break;
      this.found.delete(oldest);
    }
  }
}

const mostKept = 8;

/** True once for each time that contact was lost and is there again. */
function mayBeHadNow(found: Found, connectionState: string): boolean {
  if (found.kind !== 'unfit' || found.retry === undefined) return false;
  if (connectionState === 'connected') return found.retry.contactWasLost;
  found.retry.contactWasLost = true;
  return false;
}

interface BestWithView {
  readonly candidate: number;
  /** Of its picture; absent where its evaluator offered none. */
  readonly sha256?: string;
}

/** The best candidate that was announced, else the best so far. */
function bestWithView({ announcedBest, best, candidates }: SessionSnapshot): BestWithView | undefined {
  const candidate = announcedBest ?? best;
  if (candidate === undefined) return undefined;
  const outcome = candidates.at(candidate)?.outcome;
  const sha256 = outcome?.kind === 'valid' ? outcome.artifacts?.[viewArtifact] : undefined;
  return { candidate, ...(sha256 !== undefined && { sha256 }) };
}

/** Reads a picture as an evaluator wrote it. Never throws. */
export function readView(text: string): Exclude<Found, { kind: 'loading' }> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'unfit', note: `${t('The evaluator’s picture is not JSON.')} ${whereToRead()}` };
  }
  const parsed = constructionView.safeParse(value);
  if (!parsed.success) return { kind: 'unfit', note: `${unfitWords(parsed.error)} ${whereToRead()}` };
  const uneven =
    parsed.data.kind === 'bars' ? unevenRow(parsed.data.series.length, parsed.data.rows) : undefined;
  if (uneven !== undefined) return { kind: 'unfit', note: `${uneven} ${whereToRead()}` };
  return { kind: 'shown', view: parsed.data };
}

function whereToRead(): string {
  return t('See “A picture of the construction” in the page on evaluators.');
}

function unfitWords(error: z.ZodError): string {
  const issue = error.issues[0];
  const why = issue?.message ?? error.message;
  return issue === undefined || issue.path.length === 0
    ? t('The evaluator’s picture is not of a form that is known: {0}.', why)
    : t('The evaluator’s picture is not of a form that is known at {0}: {1}.', issue.path.join('.'), why);
}

function unevenRow(
  series: number,
  rows: readonly { readonly label: string; readonly values: readonly unknown[] }[],
): string | undefined {
  const uneven = rows.find(({ values }) => values.length !== series);
  if (uneven === undefined) return undefined;
  return t(
    'The evaluator’s picture has {0} values for “{1}”, and {2} series.',
    uneven.values.length,
    uneven.label,
    series,
  );
}
