import { exitCodes } from '../../../protocol/hostCommands';
import { sessionFolder } from '../../host/sessionFolder';
import { listingOf } from '../../host/sessionListing';
import type { Command } from '../command';
import { noSuchSession } from '../commandError';
import { session } from '../values';
import { listingText } from './list';

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
    if (listing.verdict.state === 'exited' && listing.verdict.message !== undefined) {
      output.line(listing.verdict.message);
    }
    return exitCodes.ok;
  },
};
