import { exitCodes, type SessionListing, type Verdict } from '../../../protocol/hostCommands';
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
    for (const session of sessions) output.line(listingText(session));
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

export function verdictText(verdict: Verdict): string {
  if (verdict.state === 'live') return `running (pid ${verdict.pid})`;
  return {
    finished: 'finished',
    failed: 'failed',
    'host-rebooted': 'lost in a reboot',
    'runner-lost': 'process lost',
    'never-started': 'never started',
  }[verdict.reason];
}
