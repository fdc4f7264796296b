import { RemoteError, type HostClient, type HostEnvironment, type HostTarget } from '../../remote/hostClient';

/** Connects to a host. */
export function openHost(
  target: HostTarget,
  _environment: HostEnvironment,
  _signal: AbortSignal,
): Promise<HostClient> {
  return Promise.reject(
    new RemoteError('unsupported-host', `No connection to ${target.kind} hosts yet`, 'Update the extension.'),
  );
}
