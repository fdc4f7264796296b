import { inspect } from 'node:util';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { editorPrompts } from '../../../src/extension/hosts/hostPrompts';
import type { Secret } from '../../../src/remote/login/secret';

interface Box {
  readonly title: string;
  readonly prompt: string;
  readonly password: boolean;
  readonly ignoreFocusOut: boolean;
  readonly buttons: readonly { readonly tooltip: string }[];
  readonly validationMessage: string | undefined;
  readonly isGone: boolean;
  /** As the person does. */
  type(text: string | undefined): void;
  press(): void;
}

const editor = vi.hoisted(() => ({
  shown: [] as string[],
  boxes: [] as Box[],
  typed: [] as (string | undefined)[],
  goesOn: true,
}));

vi.mock('vscode', () => ({
  l10n: {
    t: (text: string, ...values: string[]) =>
      text.replace(/\{(\d)\}/g, (_whole, index: string) => values[Number(index)] ?? ''),
  },
  ThemeIcon: class {
    constructor(readonly id: string) {}
  },
  window: {
    showInformationMessage(_title: string, { detail }: { detail: string }, button: string) {
      editor.shown.push(detail);
      return Promise.resolve(editor.goesOn ? button : undefined);
    },
    createInputBox() {
      const listeners: Record<'accept' | 'hide' | 'press' | 'change', (() => void)[]> = {
        accept: [],
        hide: [],
        press: [],
        change: [],
      };
      const on = (event: keyof typeof listeners) => (listener: () => void) => {
        listeners[event].push(listener);
        return { dispose: () => listeners[event].splice(listeners[event].indexOf(listener), 1) };
      };
      const fire = (event: keyof typeof listeners) => {
        for (const listener of [...listeners[event]]) listener();
      };
      const box = {
        title: '',
        prompt: '',
        value: '',
        password: false,
        ignoreFocusOut: false,
        buttons: [],
        validationMessage: undefined,
        isGone: false,
        onDidAccept: on('accept'),
        onDidHide: on('hide'),
        onDidTriggerButton: on('press'),
        onDidChangeValue: on('change'),
        show() {
          if (editor.boxes.at(-1) === box) return;
          editor.boxes.push(box);
          if (editor.typed.length > 0) box.type(editor.typed.shift());
        },
        dispose() {
          box.isGone = true;
          fire('hide');
        },
        type(text: string | undefined) {
          if (text === undefined) {
            fire('hide');
            return;
          }
          box.value = text;
          fire('change');
          fire('accept');
        },
        press: () => fire('press'),
      };
      return box;
    },
  },
}));

beforeEach(() => {
  Object.assign(editor, { shown: [], boxes: [], typed: [], goesOn: true });
});

const menu = 'Duo two-factor login\n\n 1. Duo Push\n 2. Phone call\n\nPasscode or option (1-2): ';
const round = (...prompts: { text: string; isSecret: boolean }[]) => ({
  account: 'ada@gpu',
  name: '',
  instructions: '',
  prompts,
  attempt: 1,
});

const revealed = (answers: readonly Secret[] | undefined) => answers?.map((answer) => answer.reveal());

describe('the questions of a server', () => {
  it('are shown whole before they are answered, when they are of several lines', async () => {
    editor.typed = ['1'];
    expect(revealed(await editorPrompts.answers(round({ text: menu, isSecret: false })))).toEqual(['1']);
    expect(editor.shown).toEqual([menu.trim()]);
    expect(editor.boxes).toMatchObject([
      { title: 'ada@gpu asks', prompt: 'Passcode or option (1-2):', password: false, ignoreFocusOut: true },
    ]);
  });

  it('stand above the box with all that is said around them, when they are short', async () => {
    editor.typed = ['1234', '567'];
    const questions = {
      ...round({ text: 'PIN: ', isSecret: true }, { text: 'Token: ', isSecret: false }),
      name: 'Farm',
      instructions: 'Have your token at hand',
      attempt: 2,
    };
    expect(revealed(await editorPrompts.answers(questions))).toEqual(['1234', '567']);
    expect(editor.shown).toEqual([]);
    expect(editor.boxes).toMatchObject([
      { prompt: 'The answers before were refused. · Farm · Have your token at hand · PIN:', password: true },
      { prompt: 'Token:', password: false },
    ]);
  });

  it('can be cancelled at the text and at the box', async () => {
    editor.goesOn = false;
    expect(await editorPrompts.answers(round({ text: menu, isSecret: false }))).toBeUndefined();
    expect(editor.boxes).toEqual([]);
    editor.typed = ['1', undefined];
    const two = round({ text: 'A: ', isSecret: true }, { text: 'B: ', isSecret: true });
    expect(await editorPrompts.answers(two)).toBeUndefined();
  });

  it('go when the connection is given up', async () => {
    const controller = new AbortController();
    const asked = editorPrompts.password({ account: 'ada@gpu', attempt: 1 }, controller.signal);
    controller.abort();
    expect(await asked).toBeUndefined();
    expect(editor.boxes[0]?.isGone).toBe(true);
    const late = editorPrompts.password({ account: 'ada@gpu', attempt: 1 }, controller.signal);
    expect(await late).toBeUndefined();
    expect(editor.boxes).toHaveLength(1);
  });

  it('can be read again while they are answered', async () => {
    const asked = editorPrompts.answers(round({ text: menu, isSecret: false }));
    await vi.waitFor(() => expect(editor.boxes).toHaveLength(1));
    editor.boxes[0]?.press();
    expect(editor.shown).toEqual([menu.trim(), menu.trim()]);
    editor.boxes[0]?.type('2');
    expect(revealed(await asked)).toEqual(['2']);
    expect(editor.boxes).toHaveLength(1);
  });

  it('have no such button when all of it stands there', async () => {
    editor.typed = ['1234'];
    await editorPrompts.answers(round({ text: 'PIN: ', isSecret: true }));
    expect(editor.boxes[0]?.buttons).toEqual([]);
  });

  it('are answered with what is no text by accident', async () => {
    editor.typed = ['open sesame'];
    const secret = await editorPrompts.password({ account: 'ada@gpu', attempt: 1 });
    expect(`${String(secret)} ${JSON.stringify({ secret })} ${inspect({ secret })}`).not.toContain('sesame');
  });
});

describe('a new password', () => {
  it('is typed twice, and again where the two differ', async () => {
    editor.typed = ['one', 'two', 'three', 'three'];
    const text = 'Your password has expired.';
    expect((await editorPrompts.newPassword({ account: 'ada@gpu', text }))?.reveal()).toBe('three');
    expect(editor.shown).toEqual([text]);
    expect(editor.boxes.every(({ password }) => password)).toBe(true);
  });

  it('is not empty', async () => {
    editor.typed = [''];
    const asked = editorPrompts.newPassword({ account: 'ada@gpu', text: '' });
    expect(editor.boxes[0]?.validationMessage).toBe('Enter a password, or press Escape.');
    editor.typed = ['four'];
    editor.boxes[0]?.type('four');
    expect((await asked)?.reveal()).toBe('four');
  });

  it('is not set when the second box is left', async () => {
    editor.typed = ['one', undefined];
    expect(await editorPrompts.newPassword({ account: 'ada@gpu', text: '' })).toBeUndefined();
  });
});
