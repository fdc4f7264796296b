import { basename } from 'node:path';
import { window, workspace, type QuickPickItem, type Uri } from 'vscode';
import { Cancelled } from '../base/failures';
import { t } from '../base/translate';
import { candidateLabel, pickCandidate } from '../candidates/documents/openDiff';
import { titleOf } from '../sessions/sessionNames';
import type { SessionView } from '../sessions/sessions';
import type { VerificationNeeds } from './needs';

/** One of the two programs of a comparison. */
export interface Side {
  readonly label: string;
  readonly text: string;
  /** Of the session, if it is one of its candidates. */
  readonly candidate?: number;
}

/** Where programs to compare come from. */
export interface SideSources {
  readonly title: string;
  readonly session: SessionView | undefined;
  /** The user's own file, if it is here. */
  readonly own: Uri | undefined;
}

type Item = QuickPickItem & { readonly read: () => Promise<Side> };

/** Asks for one of the two programs. `other`: the one that is known, which is not offered again. */
export async function chooseSide(
  { store }: Pick<VerificationNeeds, 'store'>,
  sources: SideSources,
  question: string,
  other: Side | undefined,
): Promise<Side> {
  const items = itemsOf(store, sources).filter(({ label }) => label !== other?.label);
  const chosen = await window.showQuickPick(items, { title: sources.title, placeHolder: question });
  if (chosen === undefined) throw new Cancelled();
  return chosen.read();
}

function itemsOf(store: VerificationNeeds['store'], { session, own }: SideSources): Item[] {
  const best = session?.snapshot.best;
  return [
    ...(own === undefined ? [] : ownItems(own)),
    ...(session === undefined || best === undefined
      ? []
      : [
          {
            label: candidateText(best),
            description: t('best candidate of {0}, {1}', titleOf(session), candidateLabel(session, best)),
            read: () => candidateSide(store, session, best),
          },
        ]),
    ...(session === undefined
      ? []
      : [
          {
            label: t('initial program'),
            description: t('what the session began with'),
            read: () => candidateSide(store, session, 0),
          },
          {
            label: t('Another Candidate…'),
            read: async () => candidateSide(store, session, await pickCandidate(session)),
          },
        ]),
    { label: t('Another File…'), read: readOtherFile },
  ];
}

/** The file as it is in the editor, and as it was saved where that is another text. */
function ownItems(file: Uri): Item[] {
  const name = basename(file.path);
  const path = workspace.asRelativePath(file);
  const mine = t('your {0}', name);
  const saved = t('saved {0}', name);
  const isUnsaved = workspace.textDocuments.some(
    ({ uri, isDirty }) => isDirty && uri.toString() === file.toString(),
  );
  return [
    {
      label: mine,
      description: isUnsaved ? t('{0}, with what is not saved yet', path) : path,
      read: async () => ({ label: mine, text: (await workspace.openTextDocument(file)).getText() }),
    },
    ...(isUnsaved
      ? [
          {
            label: saved,
            description: t('{0}, as it is on disk', path),
            read: async () => ({
              label: saved,
              text: Buffer.from(await workspace.fs.readFile(file)).toString('utf8'),
            }),
          },
        ]
      : []),
  ];
}

export async function candidateSide(
  store: Pick<VerificationNeeds['store'], 'readCandidate'>,
  session: SessionView,
  candidate: number,
): Promise<Side> {
  return {
    label: candidateText(candidate),
    text: await store.readCandidate(session.id, candidate),
    candidate,
  };
}

function candidateText(candidate: number): string {
  return candidate === 0 ? t('initial program') : `c${candidate}`;
}

async function readOtherFile(): Promise<Side> {
  const [uri] = (await window.showOpenDialog({ title: t('Which program?'), canSelectMany: false })) ?? [];
  if (uri === undefined) throw new Cancelled();
  return { label: basename(uri.path), text: (await workspace.openTextDocument(uri)).getText() };
}
