import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Plugin } from 'esbuild';
import { expect } from 'vitest';
import type { JournalEntry, SessionEvent } from '../../../src/domain/session/events';
import type { ModelSettings } from '../../../src/domain/session/modelSettings';
import type { SessionSecrets } from '../../../src/protocol/sessionSecrets';
import type { FakeTinkerServer } from '../../support/fakeTinker/fakeTinkerServer';
import { baseModel } from '../../support/fakeTinker/state';
import { tokenizerJson } from '../../policy/tinker/policy/bench';
import { expectSound, type BuiltRunner } from './builtRunner';

/** So many times faster than real time runs the runner's clock, so that what it waits out for minutes takes seconds. */
const speed = 40;
const sinceMs = Date.now();

/** The runner's wall clock, in this process too. */
export const hurriedWallMs = (): number => sinceMs + (Date.now() - sinceMs) * speed;

/** Takes the place of the runner's clock; the same in all of its processes. */
export const hurriedClock: Plugin = {
  name: 'hurried-clock',
  setup(build) {
    build.onLoad({ filter: /src\/runner\/clock\.ts$/ }, () => ({
      loader: 'js',
      contents: `
        export const systemClock = {
          wallMs: () => ${sinceMs} + (Date.now() - ${sinceMs}) * ${speed},
          monotonicMs: () => performance.now() * ${speed},
          after(delayMs, action) {
            const timer = setTimeout(action, Math.min(Math.max(delayMs, 0) / ${speed}, 2 ** 31 - 1));
            return () => clearTimeout(timer);
          },
        };`,
    }));
  },
};

export const steps = 3;
export const groups = 2;
export const groupSize = 4;

/** A session over a small problem, to which faults happen. */
export interface Trial {
  readonly sessionId: string;
  /** The journal up to the next pause or end behind entry `after`. */
  untilHalt(after?: number): Promise<Halted>;
  resume(secrets?: SessionSecrets): Promise<void>;
  /** Runs of the evaluator, whoever began them. */
  evaluatorRuns(): number;
}

export interface Halted {
  /** From the first. */
  readonly entries: readonly JournalEntry[];
  readonly event: SessionEvent;
}

export interface TrialOptions {
  readonly statement?: string;
  readonly policy: 'tinker' | 'openai';
  readonly server: string;
  readonly model?: Partial<ModelSettings>;
  readonly secrets?: SessionSecrets;
}

let made = 0;

/** A folder with a problem in it: a file of letters, the better the more `e` are in it. The evaluator notes each of its runs. */
export function makeLetters(
  runner: BuiltRunner,
  { policy, server, model, statement = '# Letters\nWrite many e.\n' }: TrialOptions,
): { readonly folder: string; readonly runsPath: string } {
  made += 1;
  const folder = join(dirname(runner.root), `letters-${made}`);
  const tokenizer = join(dirname(runner.root), 'tokenizer');
  const runsPath = join(dirname(runner.root), `runs-${made}`);
  mkdirSync(folder);
  mkdirSync(tokenizer, { recursive: true });
  writeFileSync(join(tokenizer, 'tokenizer.json'), tokenizerJson());
  writeFileSync(runsPath, '');
  const settings = {
    server,
    model: policy === 'tinker' ? baseModel : 'stub-model',
    answer: 'text',
    ...(policy === 'tinker' && {
      tokenizer,
      maxTokens: 6,
      contextTokens: 100_000,
      learningRate: 0.3,
      loraRank: 8,
    }),
    ...model,
  };
  const method = policy === 'tinker' ? 'ttt-discover' : 'puct';
  writeFileSync(
    join(folder, 'letters.discover'),
    `---
title: Letters
candidate: letters.txt
evaluate: sh evaluate.sh
metric: { name: share, goal: maximize }
limits: { time: 20s }
session: { method: ${method}, policy: ${policy}, steps: ${steps}, groups: ${groups}, groupSize: ${groupSize} }
policy: ${JSON.stringify(settings)}
---
${statement}`,
  );
  writeFileSync(join(folder, 'letters.txt'), 'abc\n');
  writeFileSync(
    join(folder, 'evaluate.sh'),
    `echo ran >> '${runsPath}' || exit 1
found=$(tr -cd e < "$DISCOVER_CANDIDATE" | wc -c)
printf '{"valid": true, "metrics": {"share": %d}}' "$found" > "$DISCOVER_RESULT"
`,
  );
  return { folder, runsPath };
}

export async function begin(runner: BuiltRunner, options: TrialOptions): Promise<Trial> {
  const { folder, runsPath } = makeLetters(runner, options);
  // The evaluator counts its runs outside of its own folder.
  const spec = runner.specOf(folder, { isolation: 'none' });
  const { secrets } = options;
  const started = await runner.start({ ...spec, ...(secrets !== undefined && { secrets }) });
  expect(started).toMatchObject({ kind: 'started' });
  return trialOf(runner, spec.sessionId, runsPath);
}

/** A session that was begun otherwise. */
export function trialOf(runner: BuiltRunner, sessionId: string, runsPath: string): Trial {
  const halts = new Set(['session.paused', 'session.finished', 'session.failed']);
  return {
    sessionId,
    async untilHalt(after = 0) {
      const entries = await runner.until(sessionId, ({ seq, event }) => seq > after && halts.has(event.type));
      const last = entries.at(-1);
      if (last === undefined) throw new Error('the journal is empty');
      return { entries, event: last.event };
    },
    async resume(secrets) {
      const args = secrets === undefined ? [] : ['--secrets', '-'];
      const input = secrets === undefined ? '' : JSON.stringify(secrets);
      const reply = await runner.reply(['resume', sessionId, ...args], input);
      expect(reply).toMatchObject({ kind: 'status' });
    },
    evaluatorRuns: () => readFileSync(runsPath, 'utf8').split('\n').length - 1,
  };
}

/** The pause that an error made, in words that are sentences. */
export function pauseOf({ event }: Halted): string {
  if (event.type !== 'session.paused' || event.reason === 'user') {
    throw new Error(`it was no pause of itself: ${JSON.stringify(event)}`);
  }
  const { message = '' } = event;
  expect(message).toMatch(/^[A-Z/h].*[.!?)]$/s);
  expect(message).not.toMatch(/undefined|\[object|\.\.| {2}| at .*:\d+:\d+/);
  return message;
}

function eventsOf<Type extends SessionEvent['type']>(
  entries: readonly JournalEntry[],
  type: Type,
): Extract<SessionEvent, { type: Type }>[] {
  return entries
    .map(({ event }) => event)
    .filter((event): event is Extract<SessionEvent, { type: Type }> => event.type === type);
}

/** The candidates' contents in the order of their numbers. */
export function candidatesOf({ entries }: Halted): readonly string[] {
  return [...eventsOf(entries, 'candidate.proposed')]
    .sort((a, b) => a.candidate - b.candidate)
    .map(({ sha256 }) => sha256);
}

/** The session ended after its last step; nothing is missing, nothing is there twice, and no evaluator ran twice. */
export function expectWhole(halted: Halted, trial: Trial): void {
  const { entries, event } = halted;
  expect(event).toMatchObject({ type: 'session.finished', reason: 'steps' });
  expectSound(entries);
  const count = steps * groups * groupSize;
  const proposed = eventsOf(entries, 'candidate.proposed').filter(({ step }) => step >= 0);
  expect(proposed).toHaveLength(count);
  const evaluated = eventsOf(entries, 'candidate.evaluated');
  const initials = eventsOf(entries, 'candidate.proposed').filter(({ step }) => step < 0).length;
  expect(evaluated).toHaveLength(count + initials);
  const run = evaluated.filter(({ outcome }) => outcome.kind === 'valid' || outcome.reason !== 'no-program');
  const again = eventsOf(entries, 'candidate.verified').length;
  expect(trial.evaluatorRuns()).toBe(run.length + again);
  expect(eventsOf(entries, 'step.finished').map(({ step }) => step)).toEqual([0, 1, 2]);
}

/** What the last step's update left: how many the session counts, and the weights that the server has. */
export function learnedOf({ entries }: Halted, server: FakeTinkerServer): Learned {
  const updates = eventsOf(entries, 'step.finished').at(-1)?.gauges['updates'];
  const { delta } = [...server.state.models.values()].at(-1)?.adapter ?? {};
  return { updates, weights: (delta ?? []).map((row) => [...row].map((weight) => weight.toFixed(6))) };
}

export interface Learned {
  readonly updates: number | undefined;
  /** Each to six digits. */
  readonly weights: readonly (readonly string[])[];
}

/** True from the first update on. Those with the learning rate 0 clear what an earlier model left. */
export function hasTrained(server: FakeTinkerServer): boolean {
  return server.seenAt('/optim_step').some(({ bytes }) => !/"learning_rate":0[,}]/.test(bytes.toString()));
}

/** True when answers of the second step are asked for: what is trained from then on is no self-test of the first. */
export function samplesAgain(server: FakeTinkerServer): boolean {
  const answers = server
    .seenAt('/asample')
    .filter(({ bytes }) => /"num_samples":[2-9]/.test(bytes.toString()));
  return hasTrained(server) && answers.length > groups;
}
