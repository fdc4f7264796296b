import { TinkerUsageError } from './errors';

const thisMachine = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * The address without its last slash. A key travels only encrypted, or within this machine (an SSH tunnel ends there).
 *
 * Throws `TinkerUsageError`.
 */
export function checkedBaseUrl(text: string, sendsKey: boolean): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new TinkerUsageError(
      'The Tinker address is no URL.',
      'Write it as https://host/path or http://127.0.0.1:port.',
    );
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new TinkerUsageError(
      'The Tinker address is not of the web.',
      'It begins with https:// or http://.',
    );
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new TinkerUsageError(
      'The Tinker address holds more than host, port and path.',
      'Take out names, passwords, ? and #; set the key on its own.',
    );
  }
  if (sendsKey && url.protocol === 'http:' && !thisMachine.has(url.hostname)) {
    throw new TinkerUsageError(
      `The Tinker key would travel unencrypted to ${url.hostname}.`,
      'Use https://, or an SSH tunnel and http://127.0.0.1, or take the key out: SkyRL needs none.',
    );
  }
  return url.href.replace(/\/+$/, '');
}
