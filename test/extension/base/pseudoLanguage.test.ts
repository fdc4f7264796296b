import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fill, useTranslations } from '../../../src/extension/base/translate';
import { judgeVerification } from '../../../src/domain/verification/judgeVerification';
import { connectionText, statusOf } from '../../../src/extension/dashboard/sessionWords';
import { decisionText, stepText } from '../../../src/extension/lineage/candidateRows';
import { newsOf } from '../../../src/extension/notifications/news';
import { lensesFor } from '../../../src/extension/problem/lenses';
import { sessionItem } from '../../../src/extension/sessions/sessionItems';
import { statusBarWords } from '../../../src/extension/sessions/statusBarWords';
import { proposerWords } from '../../../src/extension/start/runChoice';
import { bestFacts, statusFacts } from '../../../src/extension/chat/sessionFacts';
import { judgementSentence } from '../../../src/extension/verification/resultTexts';
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

  it('problems, candidates, measurements and the state of a session are, too', () => {
    const lenses = [
      lensesFor(0, 'gpu-box', true),
      lensesFor(0, 'gpu-box', false),
      lensesFor(2, 'gpu-box', true),
    ];
    for (const { title, tooltip } of lenses.flat()) {
      expect(title).toMatch(bracketed);
      expect(tooltip).toMatch(bracketed);
    }
    for (const decision of [undefined, 'accepted', 'partial', 'rejected'] as const)
      expect(decisionText(decision)).toMatch(bracketed);
    expect([-1, 3].map((step) => stepText({ step })).join('')).toMatch(/^\[initial program\]\[step 4\]$/);
    const metric = { name: 'height', goal: 'minimize' } as const;
    const judgement = judgeVerification('refuted', [], 3, metric);
    expect(judgementSentence('c1', judgement, metric)).toMatch(bracketed);
    const offline = viewOf(steerable, { connection: { state: 'offline' } });
    // What the host says of itself is its own.
    const stopping = { ...offline, snapshot: { ...offline.snapshot, status: 'stopping' as const } };
    expect(statusOf(stopping).statusText).toMatch(bracketed);
    expect(connectionText(offline, 10_000)).toMatch(bracketed);
  });
});
