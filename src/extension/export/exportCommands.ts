import { Uri, window, type QuickPickItem } from 'vscode';
import { Cancelled, Refusal } from '../base/failures';
import { t } from '../base/translate';
import type { CommandHandlers } from '../commandIds';
import type { ChartImage } from '../dashboard/panelLink';
import type { SessionChooser } from '../sessions/chooseSession';
import type { Sessions, SessionView } from '../sessions/sessions';
import { exportProgram } from './exportProgram';
import { saveFile } from './saveFile';
import {
  fileWords,
  isSessionFormat,
  sessionFile,
  sessionFileName,
  type SessionFileNeeds,
  type SessionFormat,
} from './sessionFiles';

export interface ExportNeeds extends SessionFileNeeds {
  readonly sessions: Sessions;
  readonly chooser: SessionChooser;
}

export interface Exports {
  readonly commands: Pick<CommandHandlers, 'exportSession' | 'exportBestProgram'>;
  /** A chart as the page of a session draws it. Throws a `Refusal` on what is no picture. */
  exportChart(sessionId: string, image: ChartImage): Promise<void>;
}

/** Writing what a session found to files. First argument of the commands: a session id or a row of the Sessions view. */
export function createExports(needs: ExportNeeds): Exports {
  const { chooser, sessions } = needs;
  return {
    commands: {
      async exportSession(...args) {
        const session = await chooser.choose(args, t('Export which session?'), hasStarted);
        requireStarted(session);
        const format = isSessionFormat(args[1]) ? args[1] : await chooseFormat();
        await saveFile({
          title: t('Export Session'),
          name: sessionFileName(session, format),
          folder: folderOf(session),
          kind: kindOf(format),
          opens: format === 'html' ? 'outside' : 'here',
          // The session goes on while the user looks for a place.
          content: () => sessionFile(sessions.get(session.id) ?? session, format, needs),
        });
      },
      async exportBestProgram(...args) {
        const session = await chooser.choose(args, t('Export the best program of which session?'), hasBest);
        await exportProgram(session, needs);
      },
    },
    async exportChart(sessionId, { format, chart, content }) {
      const session = sessions.get(sessionId);
      const bytes = pictureOf(format, content);
      const name =
        session === undefined ? `${fileWords(chart)}.${format}` : sessionFileName(session, format, chart);
      await saveFile({
        title: t('Export Chart'),
        name,
        folder: session && folderOf(session),
        kind: format === 'png' ? [t('PNG picture'), ['png']] : [t('SVG picture'), ['svg']],
        opens: format === 'png' ? 'here' : 'outside',
        content: () => Promise.resolve(bytes),
      });
    },
  };
}

const hasStarted = (session: SessionView): boolean => session.snapshot.problem !== undefined;
const hasBest = (session: SessionView): boolean => session.snapshot.best !== undefined;

function requireStarted(session: SessionView): void {
  if (hasStarted(session)) return;
  throw new Refusal(
    t(
      'Nothing of this session is known on this machine yet. Connect to {0}, then export it.',
      session.hostLabel,
    ),
    { title: t('Reconnect'), command: 'reconnectSession', args: [session.id] },
  );
}

async function chooseFormat(): Promise<SessionFormat> {
  const items: (QuickPickItem & { readonly format: SessionFormat })[] = [
    {
      format: 'html',
      label: t('Report'),
      description: 'HTML',
      detail: t('One file to read and to hand on: charts, tables, the best program and its changes'),
    },
    {
      format: 'md',
      label: t('Report as text'),
      description: 'Markdown',
      detail: t('For a pull request or notes'),
    },
    {
      format: 'csv',
      label: t('Candidates'),
      description: 'CSV',
      detail: t('A row for each candidate, for tables and scripts'),
    },
    {
      format: 'json',
      label: t('Everything but the programs'),
      description: 'JSON',
      detail: t('Problem, options, steps and candidates, for scripts'),
    },
  ];
  const chosen = await window.showQuickPick(items, { title: t('Export as what?'), matchOnDescription: true });
  if (chosen === undefined) throw new Cancelled();
  return chosen.format;
}

function kindOf(format: SessionFormat): readonly [string, readonly string[]] {
  switch (format) {
    case 'html':
      return [t('HTML report'), ['html']];
    case 'md':
      return ['Markdown', ['md']];
    case 'csv':
      return [t('Comma-separated values'), ['csv']];
    case 'json':
      return ['JSON', ['json']];
  }
}

const pngBegin = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

function pictureOf(format: ChartImage['format'], content: string): Buffer {
  const bytes = Buffer.from(content, format === 'png' ? 'base64' : 'utf8');
  const isPicture =
    format === 'png'
      ? bytes.subarray(0, 8).equals(pngBegin)
      : /^\s*(<\?xml[^>]*>\s*)?<svg[\s>]/.test(content);
  if (isPicture) return bytes;
  throw new Refusal(t('The dashboard could not draw this chart. Open it again, then export it.'));
}

/** Beside the problem file, where the session was started from this workspace. */
function folderOf({ problemUri }: SessionView): Uri | undefined {
  return problemUri === undefined ? undefined : Uri.joinPath(Uri.parse(problemUri), '..');
}
