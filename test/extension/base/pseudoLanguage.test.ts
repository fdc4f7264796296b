import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fill, useTranslations } from '../../../src/extension/base/translate';
import { newsOf } from '../../../src/extension/notifications/news';
import { sessionItem } from '../../../src/extension/sessions/sessionItems';
import { statusBarWords } from '../../../src/extension/sessions/statusBarWords';
import { proposerWords } from '../../../src/extension/start/runChoice';
import { bestFacts, statusFacts } from '../../../src/extension/chat/sessionFacts';
import { steerable, viewOf } from '../chat/chatSessions';

/** Whole texts in brackets: what stands outside of them was not translated. */
const bracketed = /^(\[[^]*\]|[\d.]+)$/;

describe('in another language', () => {
  beforeEach(() => useTranslations((message, ...args) => `[${fill(message, ...args)}]`));
  afterEach(() => useTranslations(fill));

  it('a session is described in it alone', () => {
    const view = viewOf([...steerable, { type: 'session.paused', reason: 'user' }]);
    const row = sessionItem(view, 0);
    for (const part of row.description.split(' · ')) expect(part).toMatch(bracketed);
    expect(row.accessibleLabel).toMatch(bracketed);
    const bar = statusBarWords([view]);
    for (const part of bar?.text.replace('$(debug-pause) ', '').split(' · ') ?? [])
      expect(part).toMatch(bracketed);
    expect(bar?.accessibleLabel).toMatch(bracketed);
  });

  it('news, choices and facts are told in it alone', () => {
    const failed = viewOf([...steerable, { type: 'session.failed', message: 'No.' }]);
    for (const { text, button } of newsOf(failed, 10_000)) {
      expect(text).toMatch(bracketed);
      expect(button.title).toMatch(bracketed);
    }
    expect(proposerWords({ policy: 'tunables', method: 'puct' })).toMatch(bracketed);
    const facts = [...statusFacts(viewOf(steerable)), ...(bestFacts(viewOf(steerable)) ?? [])];
    // What the problem calls its metric and its references is its own.
    const own = ['depth', 'A paper', 'The _record_'];
    for (const [label] of facts) if (!own.includes(label)) expect(label).toMatch(bracketed);
    expect(facts.length).toBeGreaterThan(8);
  });
});
