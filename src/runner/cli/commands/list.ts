import { exitCodes, type SessionListing, type Verdict } from '../../../protocol/hostCommands';
import { processGone, verdictWords } from '../../../protocol/verdictWords';
import { listSessionIds, sessionFolder } from '../../host/sessionFolder';
import { listingOf } from '../../host/sessionListing';
import type { Command } from '../command';

export const listCommand: Command = {
  name: 'list',
  arguments: '',
  summary: 'Show the sessions of this host',
  mostPositionals: 0,
  options: {},
  async run({ root, output }) {
    const sessions: SessionListing[] = [];
    for (const id of listSessionIds(root)) {
      const listing = await listingOf(sessionFolder(root, id));
      if (listing !== undefined) sessions.push(listing);
    }
    output.reply({ kind: 'sessions', sessions });
    if (sessions.length === 0) output.line(`No sessions under ${root}.`);
    for (const session of sessions) {
      output.line(listingText(session));
      for (const line of lossLines(session.verdict)) output.line(`  ${line}`);
    }
    return exitCodes.ok;
  },
};

export function listingText({ sessionId, title, lastSeq, verdict, createdAtMs }: SessionListing): string {
  const created =
    createdAtMs === undefined ? '' : new Date(createdAtMs).toISOString().slice(0, 16).replace('T', ' ');
  return [
    sessionId,
    verdictText(verdict).padEnd(20),
    created.padEnd(16),
    `${lastSeq} events`.padEnd(14),
    title,
  ].join('  ');
}

/** What became of a process that is gone or out of sight, and what to do; nothing for one that runs or has ended. */
export function lossLines(verdict: Verdict): readonly string[] {
  const words = processGone(verdict);
  if (words === undefined) return [];
  return words.advice === undefined ? [words.what] : [words.what, words.advice];
}

function verdictText(verdict: Verdict): string {
  return verdict.state === 'live' ? `running (pid ${verdict.pid})` : verdictWords(verdict).short;
}
