// One process of the engine's bench: a session with real journal and files, the `openai` policy and an evaluator that runs nothing.
// Prints one JSON object a line.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { languageOf } from '../../../src/domain/problem/language';
import { defaultLimits } from '../../../src/domain/problem/problem';
import type { EvaluationReport, EvaluationRequest, Evaluator } from '../../../src/evaluation/evaluator';
import { createOpenAiPolicy } from '../../../src/policy/openai/openAiPolicy';
import { defaultOpenAiSettings } from '../../../src/policy/openai/settings';
import { parseJournalValue } from '../../../src/protocol/journalEntry';
import { systemClock } from '../../../src/runner/clock';
import { createBlobStore, sha256Of } from '../../../src/runner/journal/blobStore';
import { JournalWriter } from '../../../src/runner/journal/journalWriter';
import type { SessionFrame, SessionPorts } from '../../../src/runner/loop/ports';
import { SessionLoop } from '../../../src/runner/loop/sessionLoop';

const argument = z
  .object({
    folder: z.string(),
    url: z.string(),
    run: z.int(),
    steps: z.int(),
    stream: z.boolean(),
    maxStepsOffPolicy: z.int(),
  })
  .parse(JSON.parse(process.argv[2] ?? ''));
const startedMs = performance.now();
const initialText = `seed = 0\n${Array.from({ length: 30 }, (_, line) => `value_${line} = compute(${line})`).join('\n')}\n`;

const frame: SessionFrame = {
  sessionId: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  problem: {
    title: 'Engine bench',
    path: 'bench.discover',
    candidate: 'initial.py',
    metric: { name: 'score', goal: 'maximize' },
    references: [],
  },
  options: {
    method: 'puct',
    policy: 'openai',
    seed: 1,
    steps: argument.steps,
    groups: 8,
    groupSize: 64,
    concurrency: 16,
    visits: 'rollouts',
    maxStepsOffPolicy: argument.maxStepsOffPolicy,
  },
  initialText,
};

/** Runs nothing: the value is drawn from the program's text. One in eight fails. */
const nullEvaluator: Evaluator = {
  prepare: () => Promise.resolve({ isolation: 'none' }),
  evaluate({ candidateText, seed }: EvaluationRequest): Promise<EvaluationReport> {
    const drawn = Number.parseInt(sha256Of(`${seed} ${candidateText}`).slice(0, 8), 16) / 2 ** 32;
    if (drawn < 1 / 8 && candidateText !== initialText) {
      const message = 'The evaluation took longer than 60 s.';
      return Promise.resolve({ outcome: { kind: 'failed', reason: 'timeout', message }, durationMs: 1 });
    }
    const outcome = { kind: 'valid' as const, metrics: { score: drawn }, value: drawn, reward: drawn };
    return Promise.resolve({ outcome, durationMs: 1 });
  },
  dispose: () => Promise.resolve(),
};

function say(message: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

async function main(): Promise<void> {
  const { folder, url } = argument;
  for (const name of ['journal', 'candidates', 'states', 'blobs'])
    mkdirSync(join(folder, name), { recursive: true });
  const { writer, lines } = await JournalWriter.open({
    folder: join(folder, 'journal'),
    run: argument.run,
    clock: systemClock,
  });
  writer.makeReserve();
  const history = lines.map((line) => {
    const parsed = parseJournalValue(line.value);
    if (parsed.kind === 'malformed') throw new Error(parsed.error);
    return parsed.kind === 'entry' ? parsed.entry : { seq: parsed.seq };
  });
  const policyStates = createBlobStore(join(folder, 'blobs'));
  let evaluated = 0;
  let resumed = false;
  let stepStartedMs = performance.now();
  let stepStartedCpuUs = cpuUs();
  const ports: SessionPorts = {
    clock: systemClock,
    journal: writer,
    candidates: createBlobStore(join(folder, 'candidates')),
    states: createBlobStore(join(folder, 'states')),
    policyStates,
    evaluator: nullEvaluator,
    createPolicy: () =>
      createOpenAiPolicy({
        settings: {
          ...defaultOpenAiSettings,
          baseUrl: url,
          model: 'stub',
          stream: argument.stream,
        },
        facts: {
          statement: 'Make the number large.',
          language: languageOf('initial.py'),
          metric: { name: 'score', goal: 'maximize' },
          limits: defaultLimits,
          answer: 'program',
          maxCharacters: 100_000,
          maxFeedbackCharacters: 2000,
        },
        initialText,
        method: 'puct',
        clock: systemClock,
      }),
    recordEnd: () => undefined,
    recordedEnd: () => undefined,
    onEntry({ event }) {
      if (event.type === 'candidate.evaluated') evaluated += 1;
      // The first thing of its own that a resumed session does.
      if (event.type === 'candidate.proposed' && argument.run > 1 && !resumed) {
        resumed = true;
        say({ kind: 'resumed', rssMb: rssMb() });
      }
      if (event.type === 'step.started')
        say({ kind: 'started', step: event.step, atMs: performance.now() - startedMs });
      if (event.type !== 'step.finished') return;
      const nowMs = performance.now();
      const nowCpuUs = cpuUs();
      say({
        kind: 'step',
        step: event.step,
        evaluated,
        tookMs: nowMs - stepStartedMs,
        cpuMs: (nowCpuUs - stepStartedCpuUs) / 1000,
        rssMb: rssMb(),
        gauges: event.gauges,
      });
      stepStartedMs = nowMs;
      stepStartedCpuUs = nowCpuUs;
    },
    log: (message, error) => {
      process.stderr.write(`${message} ${error instanceof Error ? error.message : ''}\n`);
    },
  };
  const facts = { pid: process.pid, hostName: 'bench', runnerVersion: 'bench' };
  const loop = new SessionLoop(ports, frame, facts, history);
  say({ kind: 'replayed', entries: lines.length, atMs: performance.now() - startedMs });
  await loop.run();
  await writer.close();
  say({ kind: 'end', status: loop.snapshot.status, evaluated: loop.snapshot.evaluated });
}

/** The most that was resident so far. */
function rssMb(): number {
  return process.resourceUsage().maxRSS / 1024;
}

function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

void main();
