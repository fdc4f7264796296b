import { beforeEach, describe, expect, it, vi } from 'vitest';

const { answers } = vi.hoisted(() => ({
  answers: {
    note: undefined as string | undefined,
    button: undefined as string | undefined,
    detail: '',
    problems: [] as (string | undefined)[],
  },
}));
vi.mock('vscode', () => ({
  window: {
    showInputBox: ({ validateInput }: { validateInput: (typed: string) => string | undefined }) => {
      answers.problems = ['', ' ', 'fine', 'x'.repeat(2001)].map(validateInput);
      return Promise.resolve(answers.note);
    },
    showWarningMessage: (_text: string, { detail }: { detail: string }) => {
      answers.detail = detail;
      return Promise.resolve(answers.button);
    },
    setStatusBarMessage: () => undefined,
  },
}));

import type { SessionEvent } from '../../../src/domain/session/events';
import { emptySnapshot } from '../../../src/domain/session/reduce';
import { applyEntries } from '../../../src/extension/sessions/applyEntries';
import type { SessionView } from '../../../src/extension/sessions/sessions';
import { maySteer, oneOf, steerCommands } from '../../../src/extension/sessions/steerCommands';
import { sessionItem } from '../../../src/extension/sessions/sessionItems';
import { steerable, tuned, viewOf } from '../chat/chatSessions';
import { sessionId } from './journal';

const note: SessionEvent = { type: 'note.added', text: 'Try 41.' };

describe('steering a session', () => {
  let asked: string[];
  beforeEach(() => {
    asked = [];
    answers.note = undefined;
    answers.button = undefined;
  });
  const commandsFor = (view: SessionView) =>
    steerCommands(
      {
        all: [view],
        note: (id, text) => Promise.resolve(void asked.push(`${id} ${text}`)),
        removeNotes: (id) => Promise.resolve(void asked.push(`${id} remove`)),
      },
      { choose: () => Promise.resolve(view) },
    );

  it('hands over what was typed, and says while typing what is too long', async () => {
    answers.note = ' Try 41. ';
    await commandsFor(viewOf(steerable)).steerSession();
    expect(asked).toEqual([`${sessionId} Try 41.`]);
    expect(answers.problems).toEqual([
      undefined,
      'A note needs words.',
      undefined,
      'A note may have 2000 characters.',
    ]);
  });

  it('does nothing when the question is closed or left empty', async () => {
    await expect(commandsFor(viewOf(steerable)).steerSession()).rejects.toThrow('Cancelled');
    answers.note = ' ';
    await expect(commandsFor(viewOf(steerable)).steerSession()).rejects.toThrow('Cancelled');
    expect(asked).toEqual([]);
  });

  it('refuses before anything is typed where nobody would read it', async () => {
    await expect(commandsFor(viewOf(tuned)).steerSession()).rejects.toThrow(/asks no language model/);
    const over = viewOf([...steerable, { type: 'session.finished', reason: 'steps' }]);
    await expect(commandsFor(over).steerSession()).rejects.toThrow(/has ended/);
  });

  it('takes notes back after showing them', async () => {
    const noted = viewOf([...steerable, note]);
    await expect(commandsFor(noted).removeNotes()).rejects.toThrow('Cancelled');
    expect(answers.detail).toContain('• Try 41.');
    answers.button = 'Remove Notes';
    await commandsFor(noted).removeNotes();
    expect(asked).toEqual([`${sessionId} remove`]);
    await expect(commandsFor(viewOf(steerable)).removeNotes()).rejects.toThrow(/has no notes/);
  });

  it('shows in the session’s row what was noted', () => {
    const row = sessionItem(viewOf([...steerable, note]), 0);
    expect(row.tooltip).toContain('Note: Try 41.');
    expect(row.contextValue.split(' ')).toEqual(expect.arrayContaining(['canSteer', 'hasNotes']));
    expect(
      sessionItem({ ...viewOf(steerable), snapshot: applyEntries(emptySnapshot, []).snapshot }, 0)
        .contextValue,
    ).not.toContain('hasNotes');
    expect(sessionItem(viewOf(tuned), 0).contextValue).not.toContain('canSteer');
  });

  it('is offered for sessions that a note can change, and where there is none, says why for the others', () => {
    const [reads, doesNot] = [viewOf(steerable), viewOf(tuned)];
    const over = viewOf([...steerable, { type: 'session.finished', reason: 'steps' }]);
    expect([doesNot, reads, over].filter(oneOf([doesNot, reads, over], maySteer))).toEqual([reads]);
    expect([doesNot, over].filter(oneOf([doesNot, over], maySteer))).toEqual([doesNot]);
  });
});
