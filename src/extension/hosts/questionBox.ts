import { l10n, ThemeIcon, window, type Disposable } from 'vscode';

export interface Question {
  readonly title: string;
  readonly prompt: string;
  readonly isSecret: boolean;
  /** What was said around it and does not fit above the box; a button shows it again. */
  readonly showWhole?: () => Promise<unknown>;
  /** Why a text cannot be the answer. */
  readonly faultOf?: (text: string) => string | undefined;
}

/**
 * An input box that stays while another window is looked at, and goes when the connection is given up. `undefined`: it was left without an
 * answer. The editor keeps no history of what is typed here.
 */
export function askInBox(question: Question, signal?: AbortSignal): Promise<string | undefined> {
  if (signal?.aborted === true) return Promise.resolve(undefined);
  const { showWhole, faultOf } = question;
  const box = window.createInputBox();
  box.title = question.title;
  box.prompt = question.prompt;
  box.password = question.isSecret;
  box.ignoreFocusOut = true;
  if (showWhole !== undefined) {
    box.buttons = [{ iconPath: new ThemeIcon('info'), tooltip: l10n.t('Show the whole question again') }];
  }
  return new Promise((resolve) => {
    const parts: Disposable[] = [];
    const settle = (answer: string | undefined): void => {
      signal?.removeEventListener('abort', onAbort);
      for (const part of parts.splice(0)) part.dispose();
      box.dispose();
      resolve(answer);
    };
    const onAbort = (): void => settle(undefined);
    signal?.addEventListener('abort', onAbort, { once: true });
    parts.push(
      box.onDidAccept(() => {
        const fault = faultOf?.(box.value);
        if (fault === undefined) settle(box.value);
        else box.validationMessage = fault;
      }),
      box.onDidChangeValue(() => {
        box.validationMessage = undefined;
      }),
      box.onDidTriggerButton(() => {
        // The box stays open below the dialog and has the keyboard again after it.
        showWhole?.().then(
          () => box.show(),
          () => settle(undefined),
        );
      }),
      box.onDidHide(() => settle(undefined)),
    );
    box.show();
  });
}
