import { describe, expect, it, onTestFinished } from 'vitest';
import { parseProblem } from '../../../../src/domain/problem/parseProblem';
import { promptParentOf } from '../../../../src/domain/prompt/promptParent';
import type { EvaluationOutcome } from '../../../../src/domain/session/outcome';
import { previewPrompt } from '../../../../src/extension/problem/prompt/promptPreview';
import { plannedOptions } from '../../../../src/extension/start/plannedSession';
import { createPolicy } from '../../../../src/policy/createPolicy';
import { ChatStub, say } from '../../../policy/openai/chatStub';
import { HastyClock } from '../../../policy/openai/hastyClock';
import { proposalsOf, requestOf } from '../../../policy/openai/policyBench';

const text = (answer: string): string => `---
candidate: a.py
evaluate: python3 evaluate.py
metric: { name: score, goal: maximize, unit: points }
references: [{ label: Best known, value: 9 }]
limits: { time: 90s, memory: 3GiB }
session: { policy: openai, method: puct }
policy: { server: "http://127.0.0.1:1/v1", model: stub-model, answer: ${answer}, maxFeedbackCharacters: 12 }
---
# Numbers
Print a number.
`;
const outcome: EvaluationOutcome = {
  kind: 'valid',
  metrics: { score: 3 },
  value: 3,
  reward: 3,
  feedback: 'It printed the number three.',
  stateSha256: 'a'.repeat(64),
};

describe('what a model is sent', () => {
  it.each(['program', 'edits', 'text'])(
    'is the preview, to the letter, for answers as %s',
    async (answer) => {
      const { problem } = parseProblem(text(answer));
      if (problem === undefined) throw new Error('the problem is wrong');
      const stub = await ChatStub.start(() => say('```python\nprint(1)\n```'));
      onTestFinished(() => stub.stop());
      const initialText = 'print(3)\n';
      const policy = createPolicy({
        problem,
        initialText,
        options: plannedOptions(problem, {}),
        ports: {
          clock: new HastyClock(60_000),
          endpoint: () => Promise.resolve({ url: stub.baseUrl, key: () => Promise.resolve('key') }),
          blobs: {
            write: () => Promise.reject(new Error('nothing is kept')),
            read: () => Promise.reject(new Error('nothing is kept')),
            remove: () => Promise.resolve(),
          },
          cachePath: '/nowhere',
          progress: () => undefined,
          ready: () => undefined,
          warn: () => undefined,
          log: () => undefined,
        },
      });
      const parent = { candidate: 0, ...promptParentOf(initialText, outcome) };
      const notes = ['Think of primes.'];
      await proposalsOf(policy, { ...requestOf(1), parent, notes });
      const preview = previewPrompt(problem, {
        name: 'the initial program',
        text: initialText,
        outcome,
        notes,
      });
      expect(stub.calls[0]?.body.messages).toEqual([{ role: 'user', content: preview.text }]);
      expect(preview.text).toContain('number three.'.slice(-12));
      await policy.dispose();
    },
  );
});
