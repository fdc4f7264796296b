import { l10n, window } from 'vscode';
import type { HostPrompts, ServerQuestions } from '../../remote/hostClient';
import { Secret } from '../../remote/login/secret';
import { askToTrustHostKey } from './hostKeyDialog';
import { askInBox, type Question } from './questionBox';

/** Longer questions, and those of several lines, do not fit above an input box. */
const maxInlineLength = 120;

/** The questions of a connection, as dialogs. */
export const editorPrompts: HostPrompts = {
  trustHostKey: askToTrustHostKey,
  passphrase: ({ keyPath, attempt }, signal) =>
    ask(
      {
        title: l10n.t('Passphrase of an SSH key'),
        prompt:
          attempt > 1
            ? l10n.t('That passphrase did not open {0}. Try again.', keyPath)
            : l10n.t('Passphrase of {0}', keyPath),
        isSecret: true,
      },
      signal,
    ),
  password: ({ account, attempt }, signal) =>
    ask(
      {
        title: l10n.t('Password'),
        prompt:
          attempt > 1
            ? l10n.t('The password was refused. Password of {0}', account)
            : l10n.t('Password of {0}', account),
        isSecret: true,
      },
      signal,
    ),
  async newPassword({ account, text }, signal) {
    const title = l10n.t('New password for {0}', account);
    if (text.trim() !== '' && !(await showWhole(title, text))) return undefined;
    for (let attempt = 1; ; attempt++) {
      const first = await askInBox(
        {
          title,
          prompt: attempt > 1 ? l10n.t('The two did not match. New password') : l10n.t('New password'),
          isSecret: true,
          faultOf: (value) => (value === '' ? l10n.t('Enter a password, or press Escape.') : undefined),
        },
        signal,
      );
      if (first === undefined) return undefined;
      const again = { title, prompt: l10n.t('The new password again'), isSecret: true };
      const second = await askInBox(again, signal);
      if (second === undefined) return undefined;
      if (second === first) return new Secret(first);
    }
  },
  answers: askRound,
};

/** The questions of a server, one after the other, with all that it says around them. */
async function askRound(
  round: ServerQuestions,
  signal?: AbortSignal,
): Promise<readonly Secret[] | undefined> {
  const answers: Secret[] = [];
  const refused = round.attempt > 1 ? l10n.t('The answers before were refused.') : '';
  for (const [index, { text, isSecret }] of round.prompts.entries()) {
    const around = index === 0 ? [refused, round.name, round.instructions] : [];
    const whole = [...around, text].map((part) => part.trim()).filter((part) => part !== '');
    const title = l10n.t('{0} asks', round.account);
    const isLong = whole.join(' ').length > maxInlineLength || whole.some((part) => part.includes('\n'));
    const show = () => showWhole(title, whole.join('\n\n'));
    if (isLong && !(await show())) return undefined;
    const prompt = isLong ? (whole.at(-1)?.split('\n').at(-1) ?? '') : whole.join(' · ');
    const answer = await ask({ title, prompt, isSecret, ...(isLong ? { showWhole: show } : {}) }, signal);
    if (answer === undefined) return undefined;
    answers.push(answer);
  }
  return answers;
}

/** Shows a text of any length, to be read before it is answered. `false`: the person does not go on. */
async function showWhole(title: string, detail: string): Promise<boolean> {
  const answer = l10n.t('Answer');
  return (await window.showInformationMessage(title, { modal: true, detail }, answer)) === answer;
}

async function ask(question: Question, signal?: AbortSignal): Promise<Secret | undefined> {
  const answer = await askInBox(question, signal);
  return answer === undefined ? undefined : new Secret(answer);
}
