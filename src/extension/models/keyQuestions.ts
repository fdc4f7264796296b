import { window } from 'vscode';
import { complaintAboutKey, travelsInTheClear } from './keyForm';
import { t } from '../base/translate';

/** Which server's key is meant, and the host that will hold it in memory; absent while no session is meant. */
export interface KeyPlace {
  readonly origin: string;
  readonly hostLabel?: string;
}

/** Why a session waits. `stored`: there is a key, and the user has not let it go to this host yet. */
export type WaitReason = 'no-key' | 'refused' | 'stored';

/** Asks the user. Every question can be left (`undefined`, `false`). */
export interface KeyQuestions {
  /** `why`: one sentence. The answer is trimmed and can be a key. */
  enter(place: KeyPlace, why: string): Promise<string | undefined>;
  maySend(place: Required<KeyPlace>): Promise<boolean>;
  /** Tells that a session waits for a key. True: the user wants to do something about it. */
  waits(title: string, place: Required<KeyPlace>, reason: WaitReason): Promise<boolean>;
}

/** The questions as dialogs. */
export const editorKeyQuestions: KeyQuestions = {
  async enter(place, why) {
    const text = await window.showInputBox({
      title: t('Key of {0}', place.origin),
      prompt: [why, ...destinyOf(place)].join(' '),
      password: true,
      ignoreFocusOut: true,
      validateInput: (value) => (value === '' ? undefined : complaintAboutKey(value, place.origin)),
    });
    const key = text?.trim();
    return key === '' ? undefined : key;
  },
  async maySend(place) {
    const send = t('Send Key');
    const chosen = await window.showWarningMessage(
      t('Send your key of {0} to {1}?', place.origin, place.hostLabel),
      {
        modal: true,
        detail: [
          t('The session runs on {0} and asks {1} from there.', place.hostLabel, place.origin),
          ...destinyOf(place),
          t('You are asked once for this host.'),
        ].join(' '),
      },
      send,
    );
    return chosen === send;
  },
  async waits(title, { origin, hostLabel }, reason) {
    const button = reason === 'stored' ? t('Send Key to {0}…', hostLabel) : t('Set Key…');
    const chosen = await window.showWarningMessage(waitingWords(reason, title, hostLabel, origin), button);
    return chosen === button;
  },
};

function waitingWords(reason: WaitReason, title: string, hostLabel: string, origin: string): string {
  const waits = t('Session "{0}" on {1} waits for the key of {2}.', title, hostLabel, origin);
  switch (reason) {
    case 'no-key':
      return waits;
    case 'refused':
      return `${waits} ${t('The server refuses the one that is stored.')}`;
    case 'stored':
      return `${waits} ${t('It has not gone to this host before.')}`;
  }
}

/** Where the key will be, and who could read it. */
function destinyOf({ origin, hostLabel }: KeyPlace): readonly string[] {
  const held =
    hostLabel === undefined
      ? t(
          "It is kept in this editor's secret storage, and goes to a host only with a session that asks this server.",
        )
      : t(
          "It is kept in this editor's secret storage; {0} holds it in the memory of the session's process, and sends it to this server alone.",
          hostLabel,
        );
  const clear = t('This address is not encrypted: whoever is on the way there can read the key.');
  return travelsInTheClear(origin) ? [held, clear] : [held];
}
