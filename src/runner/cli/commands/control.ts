import { exitCodes } from '../../../protocol/hostCommands';
import { requestSession, type SessionRequest } from '../../host/requestSession';
import { sessionFolder } from '../../host/sessionFolder';
import { listingOf } from '../../host/sessionListing';
import type { Command, CommandCall } from '../command';
import { noSuchSession } from '../commandError';
import { readSecretsInput } from '../specInput';
import { session } from '../values';
import { listingText } from './list';

/** Asks a session for something, and shows how it then is. */
export async function control(call: CommandCall, name: string, request: SessionRequest): Promise<number> {
  const { root, bundlePath, output } = call;
  const id = session(call.positionals[0], name);
  const folder = sessionFolder(root, id);
  if ((await listingOf(folder)) === undefined) throw noSuchSession(id, root);
  await requestSession(folder, { root, bundlePath }, request);
  const listing = await listingOf(folder);
  if (listing === undefined) throw noSuchSession(id, root);
  output.reply({ kind: 'status', session: listing });
  output.line(listingText(listing));
  return exitCodes.ok;
}

export const pauseCommand: Command = {
  name: 'pause',
  arguments: 'SESSION',
  summary: 'Let running evaluations end and begin no new ones',
  mostPositionals: 1,
  options: { 'after-step': { type: 'boolean', help: 'When the step in work is done' } },
  run: (call) => control(call, 'pause', { request: 'pause', afterStep: call.flags['after-step'] ?? false }),
};

export const resumeCommand: Command = {
  name: 'resume',
  arguments: 'SESSION',
  summary: 'Go on after a pause, a crash or a reboot',
  mostPositionals: 1,
  options: {
    secrets: { type: 'string', value: '-', help: 'JSON on standard input: {"key": the model server\'s key}' },
  },
  async run(call) {
    const from = call.values['secrets'];
    const secrets = from === undefined ? undefined : await readSecretsInput(from);
    return control(call, 'resume', { request: 'resume', secrets });
  },
};

export const stopCommand: Command = {
  name: 'stop',
  arguments: 'SESSION',
  summary: 'End a session for good when the step in work is done',
  mostPositionals: 1,
  options: { now: { type: 'boolean', help: 'At once: kill running evaluations' } },
  run: (call) => control(call, 'stop', { request: 'stop', now: call.flags['now'] ?? false }),
};
