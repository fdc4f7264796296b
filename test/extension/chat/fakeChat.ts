import { vi } from 'vitest';
import type { ChatRequest, ChatResponseStream, Command, LanguageModelChat } from 'vscode';
import type { OfferedApi } from '../../../src/extension/chat/createChat';

/** As much of the editor's API as chats and tools use. */
export const fakeVscode = {
  window: {},
  commands: {},
  Uri: { joinPath: (): unknown => ({}) },
  Disposable: class {
    static from(...parts: readonly { dispose(): void }[]): { dispose(): void } {
      return { dispose: () => parts.forEach((part) => part.dispose()) };
    }
    constructor(readonly dispose: () => void) {}
  },
  LanguageModelChatMessage: { User: (content: string) => ({ role: 1, content }) },
  LanguageModelTextPart: class {
    constructor(readonly value: string) {}
  },
  LanguageModelToolResult: class {
    constructor(readonly content: readonly unknown[]) {}
  },
};

/** What the user sees of an answer. */
export class FakeStream {
  text = '';
  readonly buttons: Command[] = [];
  readonly progressed: string[] = [];
  markdown(value: string): void {
    this.text += value;
  }
  button(command: Command): void {
    this.buttons.push(command);
  }
  progress(value: string): void {
    this.progressed.push(value);
  }
}

/** A model that says these pieces, and remembers what it was asked. */
export function fakeModel(...pieces: readonly string[]) {
  const sendRequest = vi.fn(
    (_messages: readonly { readonly content: string }[], _options: object): Promise<unknown> =>
      Promise.resolve({
        text: (async function* () {
          await Promise.resolve();
          yield* pieces;
        })(),
      }),
  );
  return { sendRequest, model: { sendRequest } as unknown as LanguageModelChat };
}

export function requestOf(
  command: string | undefined,
  prompt: string,
  model: LanguageModelChat = fakeModel().model,
): ChatRequest {
  return { command, prompt, model } as unknown as ChatRequest;
}

/** An editor with chats and tools. */
export function offering(participant: unknown, registerTool: (name: string) => unknown): OfferedApi {
  return {
    chat: { createChatParticipant: () => participant },
    lm: { registerTool },
  } as unknown as OfferedApi;
}

export const asStream = (stream: FakeStream): ChatResponseStream => stream as unknown as ChatResponseStream;
