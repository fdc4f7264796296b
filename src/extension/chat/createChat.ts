import { Disposable, Uri, type chat, type lm } from 'vscode';
import { chatHandler, followups, type ChatNeeds } from './participant';
import { createTools } from './tools';

export const participantId = 'ttt-discover.discover';

/** As much of the editor's API as there may be: editors of other makers leave out what they do not have. */
export interface OfferedApi {
  readonly chat?: Partial<Pick<typeof chat, 'createChatParticipant'>>;
  readonly lm?: Partial<Pick<typeof lm, 'registerTool'>>;
}

/** `@discover` and the tools, where the editor has chats; nothing, and no complaint, where it has none. */
export function createChat(
  needs: ChatNeeds & {
    readonly offered: OfferedApi;
    readonly extensionUri: Uri;
    readonly log: (message: string, error: unknown) => void;
  },
): Disposable {
  const { offered, log } = needs;
  const registered: Disposable[] = [];
  const attempt = (what: string, register: () => Disposable): void => {
    try {
      registered.push(register());
    } catch (error) {
      // An editor may have the function and refuse to serve it. Everything else works without.
      log(`${what} is not offered by this editor`, error);
    }
  };
  const { createChatParticipant } = offered.chat ?? {};
  if (createChatParticipant !== undefined) {
    attempt('@discover', () => {
      const participant = createChatParticipant(participantId, chatHandler(needs));
      participant.iconPath = Uri.joinPath(needs.extensionUri, 'media', 'activity-bar.svg');
      participant.followupProvider = followups();
      return new Disposable(() => participant.dispose());
    });
  }
  const { registerTool } = offered.lm ?? {};
  if (registerTool !== undefined) {
    for (const [name, tool] of Object.entries(createTools(needs.sessions))) {
      attempt(name, () => registerTool(name, tool));
    }
  }
  return Disposable.from(...registered);
}
