import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Problem } from '../../../src/domain/problem/problem';
import { defaultLimits } from '../../../src/domain/problem/problem';
import type { SessionOverrides } from '../../../src/domain/session/options';
import { Cancelled } from '../../../src/extension/base/failures';
import { confirmSpending } from '../../../src/extension/start/confirmSpending';
import { plannedOptions } from '../../../src/extension/start/plannedSession';
import { memoryMemento } from '../support/memento';

const shown = vi.hoisted((): { details: string[]; answer: string | undefined } => ({
  details: [],
  answer: 'Start',
}));
vi.mock('vscode', () => ({
  window: {
    showInformationMessage(_message: string, { detail }: { detail: string }): Promise<string | undefined> {
      shown.details.push(detail);
      return Promise.resolve(shown.answer);
    },
  },
}));

const problem: Problem = {
  title: 'Valley',
  candidate: 'valley.py',
  evaluator: { kind: 'command', command: 'python3 evaluate.py' },
  metric: { name: 'depth', goal: 'minimize' },
  environment: { packages: [] },
  limits: defaultLimits,
  references: [],
  session: { method: 'ttt-discover', policy: 'tinker', steps: 50, groups: 8, groupSize: 64 },
  model: { server: 'tinker', model: 'openai/gpt-oss-120b' },
  statement: 'Find the lowest point.',
};
let memory: ReturnType<typeof memoryMemento>;
const ask = (overrides: SessionOverrides = {}): Promise<'start' | 'change'> =>
  confirmSpending({
    problem,
    problemUri: 'file:///valley.discover',
    options: plannedOptions(problem, overrides),
    initialText: 'X = 1\n',
    memory,
  });

describe('before money is spent', () => {
  beforeEach(() => {
    memory = memoryMemento();
    shown.details = [];
    shown.answer = 'Start';
  });

  it('the likely cost is shown with its bounds, and that nothing limits it', async () => {
    expect(await ask()).toBe('start');
    expect(shown.details).toEqual([
      expect.stringMatching(
        /costs about \$\d[\d.,]* \(\$[\d.,]+ to \$[\d.,]+\).*openai\/gpt-oss-120b.*25,600 candidates.*No cost limit/s,
      ),
    ]);
  });

  it('is asked once for the same settings, and again for others', async () => {
    await ask();
    await ask();
    expect(shown.details).toHaveLength(1);
    await ask({ maxCostUsd: 5 });
    expect(shown.details[1]).toContain('has cost $5.00');
    // All forecasts end at the limit, the one with few tokens a candidate not below the others.
    const [, least, most] = /tokens \(([\d.]+)\D* to ([\d.]+)/.exec(shown.details[1] ?? '') ?? [];
    expect(Number(least)).toBeLessThan(Number(most));
  });

  it('the budget can be changed, and nothing is remembered by that', async () => {
    shown.answer = 'Change Budget…';
    expect(await ask()).toBe('change');
    await ask();
    expect(shown.details).toHaveLength(2);
  });

  it('closing the question starts nothing', async () => {
    shown.answer = undefined;
    await expect(ask()).rejects.toBeInstanceOf(Cancelled);
  });

  it("a model of the editor is asked about by the number of requests, as it counts against the user's plan", async () => {
    await ask({
      policy: 'openai',
      method: 'puct',
      steps: 2,
      model: { server: 'vscode', model: 'acme/small' },
    });
    expect(shown.details[0]).toMatch(/asks acme\/small of this editor up to 1,024 times/);
  });

  it('nothing is asked where nobody pays', async () => {
    await ask({ policy: 'tunables' });
    await ask({ model: { server: 'skyrl' } });
    await ask({ model: { prices: { prompt: 0, sample: 0, train: 0 } } });
    expect(shown.details).toEqual([]);
  });
});
