import { hostedTinkerUrl, originOf } from '../../protocol/modelServers';
import { t } from '../base/translate';

const longestKeyCharacters = 16_384;

/** Why a text cannot be a key of this server, for people; `undefined` if it can. Never quotes the text. */
export function complaintAboutKey(text: string, origin: string): string | undefined {
  const key = text.trim();
  if (key === '') return t('Paste the key, or press Escape.');
  if (key.length > longestKeyCharacters) return t('That is too long for a key.');
  if (/^bearer\s/i.test(key)) return t('Enter the key alone, without the word "Bearer".');
  if (/\s/.test(key)) return t('A key has no spaces and no line breaks: copy it again.');
  if (!/^[\x21-\x7e]+$/.test(key)) return t('That has characters that no key has: copy it again.');
  if (origin === originOf(hostedTinkerUrl) && !/^(tml-|eyJ)/.test(key)) {
    return t('A Tinker key begins with tml-: copy it again from the console of the service.');
  }
  return undefined;
}

/** True if what is sent to the server can be read on the way there. */
export function travelsInTheClear(origin: string): boolean {
  return /^http:/.test(origin) && !/^http:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|$)/.test(origin);
}
