import { exitCodes } from '../../../protocol/hostCommands';
import { verdictWords } from '../../../protocol/verdictWords';
import { sessionFolder } from '../../host/sessionFolder';
import { listingOf } from '../../host/sessionListing';
import type { Command } from '../command';
import { noSuchSession } from '../commandError';
import { session } from '../values';
import { listingText, lossLines } from './list';

export const statusCommand: Command = {
  name: 'status',
  arguments: 'SESSION',
  summary: 'Show one session, and whether its process runs',
  mostPositionals: 1,
  options: {},
  async run({ positionals, root, output }) {
    const id = session(positionals[0], 'status');
    const listing = await listingOf(sessionFolder(root, id));
    if (listing === undefined) throw noSuchSession(id, root);
    output.reply({ kind: 'status', session: listing });
    output.line(listingText(listing));
    const { verdict } = listing;
    for (const line of lossLines(verdict)) output.line(line);
    if (verdict.state === 'exited' && verdict.reason === 'failed') output.line(verdictWords(verdict).what);
    return exitCodes.ok;
  },
};
