import { exitCodes } from '../../../protocol/hostCommands';
import { removeEverything } from '../../host/removeEverything';
import type { Command } from '../command';
import { usageError } from '../commandError';

export const removeEverythingCommand: Command = {
  name: 'remove-everything',
  arguments: '--yes',
  summary: 'End all sessions and remove all that TTT-Discover has put on this host',
  mostPositionals: 0,
  options: { yes: { type: 'boolean', help: 'Needed: nothing of it can be brought back' } },
  async run({ root, bundlePath, flags, output }) {
    if (flags['yes'] !== true) {
      throw usageError('Every session and its results would be lost; --yes is missing.', 'remove-everything');
    }
    const { left, cancelledJobs } = await removeEverything(root, bundlePath);
    output.reply({ kind: 'removed', root, left: [...left], cancelledJobs });
    if (cancelledJobs > 0)
      output.line(`Cancelled ${cancelledJobs === 1 ? 'one job' : `${cancelledJobs} jobs`} of the cluster.`);
    output.line(
      left.length === 0 ? `Removed ${root}.` : `Removed all of ours; ${root} still holds ${left.join(', ')}.`,
    );
    return exitCodes.ok;
  },
};
