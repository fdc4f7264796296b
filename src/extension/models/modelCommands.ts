import { window, type QuickPickItem } from 'vscode';
import { parseProblem } from '../../domain/problem/parseProblem';
import { hostedTinkerUrl, keyOriginOf, originOf } from '../../protocol/modelServers';
import { Cancelled, Refusal } from '../base/failures';
import type { CommandHandlers } from '../commandIds';
import { sessionFromArguments } from '../sessions/chooseSession';
import type { Sessions } from '../sessions/sessions';
import type { ModelServerKeys } from './modelServerKeys';
import { originOfOptions, type SessionKeys } from './sessionKeys';
import { t } from '../base/translate';

/** Commands on keys of model servers. First argument: a session (id or row) whose server is meant, or a server's address. */
export function modelCommands(
  keys: ModelServerKeys,
  sessionKeys: Pick<SessionKeys, 'set'>,
  sessions: Pick<Sessions, 'all' | 'get'>,
): Pick<CommandHandlers, 'setModelServerKey' | 'forgetModelServerKey'> {
  return {
    async setModelServerKey(...args) {
      const id = sessionFromArguments(args);
      const view = id === undefined ? undefined : sessions.get(id);
      if (view !== undefined) {
        const origin = originOfOptions(view.snapshot.options);
        if (origin === undefined) throw new Refusal(t('This session asks no model server that takes a key.'));
        await sessionKeys.set(origin, view);
        return;
      }
      const given = typeof args[0] === 'string' ? originOf(args[0]) : undefined;
      const origin = given ?? (await chooseOrigin(knownOrigins(keys, sessions)));
      await sessionKeys.set(origin);
      void window.showInformationMessage(t('The key of {0} is stored.', origin));
    },
    async forgetModelServerKey() {
      const origins = keys.origins();
      if (origins.length === 0) throw new Refusal(t('No key of a model server is stored in this editor.'));
      const origin = await window.showQuickPick(origins, {
        title: t('Forget the key of which model server?'),
      });
      if (origin === undefined) throw new Cancelled();
      await keys.forget(origin);
      void window.showInformationMessage(
        t(
          'The key of {0} is forgotten here. Sessions that were given it hold it in memory until their processes end: stop them, or revoke the key at its service.',
          origin,
        ),
      );
    },
  };
}

/** Of the problem in the editor, of sessions, of stored keys, and the hosted service. */
function knownOrigins(keys: ModelServerKeys, sessions: Pick<Sessions, 'all'>): readonly OriginItem[] {
  const document = window.activeTextEditor?.document;
  const server =
    document?.languageId === 'discover' ? parseProblem(document.getText()).problem?.model?.server : undefined;
  const stored = keys.origins();
  const items: readonly (readonly [string | undefined, string])[] = [
    [server === undefined ? undefined : keyOriginOf(server), t('of the problem in the editor')],
    ...sessions.all.map((view) => [originOfOptions(view.snapshot.options), t('of a session')] as const),
    ...stored.map((origin) => [origin, ''] as const),
    [originOf(hostedTinkerUrl), t("Thinking Machines' Tinker")],
  ];
  const byOrigin = new Map<string, OriginItem>();
  for (const [origin, what] of items) {
    if (origin === undefined || byOrigin.has(origin)) continue;
    const facts = [what, stored.includes(origin) ? t('has a key') : ''].filter((fact) => fact !== '');
    byOrigin.set(origin, { label: origin, description: facts.join(' · '), origin });
  }
  return [...byOrigin.values()];
}

interface OriginItem extends QuickPickItem {
  readonly origin?: string;
}

async function chooseOrigin(known: readonly OriginItem[]): Promise<string> {
  const other: OriginItem = { label: t('Another address…') };
  const chosen = await window.showQuickPick([...known, other], {
    title: t('Set the key of which model server?'),
  });
  if (chosen === undefined) throw new Cancelled();
  if (chosen.origin !== undefined) return chosen.origin;
  const address = await window.showInputBox({
    title: t('Address of the model server'),
    prompt: t(
      'As in the problem file, for example https://api.openai.com/v1. The key belongs to its host alone.',
    ),
    ignoreFocusOut: true,
    validateInput: (text) =>
      text === '' || originOf(text) !== undefined
        ? undefined
        : t('Write an address such as https://api.openai.com/v1, without user and password.'),
  });
  const origin = address === undefined ? undefined : originOf(address);
  if (origin === undefined) throw new Cancelled();
  return origin;
}
