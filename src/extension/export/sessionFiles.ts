import { randomBytes } from 'node:crypto';
import { candidateCsv } from '../../domain/report/csv';
import { htmlReport, type ReportInput } from '../../domain/report/htmlReport';
import { sessionJson } from '../../domain/report/json';
import { markdownReport } from '../../domain/report/markdownReport';
import { titleOf } from '../sessions/sessionNames';
import type { Sessions, SessionView } from '../sessions/sessions';

export const sessionFormats = ['html', 'csv', 'json', 'md'] as const;
export type SessionFormat = (typeof sessionFormats)[number];

export function isSessionFormat(value: unknown): value is SessionFormat {
  return sessionFormats.some((format) => format === value);
}

export interface SessionFileNeeds {
  readonly sessions: Pick<Sessions, 'readCandidate'>;
  readonly nowMs: () => number;
  readonly warn: (message: string, error: unknown) => void;
}

/** The content of a session's file, in pieces. A program that cannot be read is left out of a report, which says so. */
export async function sessionFile(
  session: SessionView,
  format: SessionFormat,
  needs: SessionFileNeeds,
): Promise<Iterable<string>> {
  switch (format) {
    case 'csv':
      // By the mark, table programs read it as UTF-8.
      return prefixed('\uFEFF', candidateCsv(session.snapshot));
    case 'json':
      return sessionJson(session.snapshot);
    case 'html':
      return [htmlReport(await reportInput(session, needs), randomBytes(16).toString('base64'))];
    case 'md':
      return [markdownReport(await reportInput(session, needs))];
  }
}

/** `erdos-minimum-overlap-Q69G5FAV.csv`: of what, and of which session. */
export function sessionFileName(session: SessionView, ending: string, about = ''): string {
  const words = [titleOf(session), about].map(fileWords).filter((part) => part !== '');
  return `${[...words, session.id.slice(-8)].join('-')}.${ending}`;
}

/** Words as a part of a file name that every system takes. */
export function fileWords(words: string): string {
  return words
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 60);
}

async function reportInput(session: SessionView, needs: SessionFileNeeds): Promise<ReportInput> {
  const { snapshot, hostLabel } = session;
  const read = async (candidate: number | undefined): Promise<string | undefined> => {
    if (candidate === undefined || snapshot.candidates.at(candidate) === undefined) return undefined;
    try {
      return await needs.sessions.readCandidate(session.id, candidate);
    } catch (error) {
      needs.warn(`The report of ${session.id} has no text of c${candidate}`, error);
      return undefined;
    }
  };
  const [bestText, initialText] = [await read(snapshot.best), await read(0)];
  return {
    snapshot,
    hostLabel,
    madeAtMs: needs.nowMs(),
    ...(bestText !== undefined && { bestText }),
    ...(initialText !== undefined && { initialText }),
  };
}

function* prefixed(first: string, pieces: Iterable<string>): Iterable<string> {
  yield first;
  yield* pieces;
}
