import { isBetter } from '../problem/problem';
import { costUsd, pricesInUse } from '../session/cost';
import { isolationWords } from '../session/isolationWords';
import { outcomeGroupOf, outcomeGroups, type OutcomeGroup } from '../session/outcomeGroup';
import type { CandidateRecord, SessionSnapshot } from '../session/snapshot';
import { evaluationFacts } from './evaluationFacts';
import { evaluationUse } from './evaluationUse';
import { timeUse, type TimeUse } from './timeUse';
import { countWords, dateWords, durationWords, shareWords, usdWords, valueWords } from './words';

/** A label and its words. */
export type Fact = readonly [label: string, words: string];

/** What a report says, before it has a form. All words may hold what candidates and problems wrote. */
export interface ReportFacts {
  readonly title: string;
  /** One sentence: what was found. */
  readonly summary: string;
  readonly session: readonly Fact[];
  readonly settings: readonly Fact[];
  readonly time: readonly Fact[];
  readonly timeUse: TimeUse | undefined;
  /** What the evaluations took and were spared. */
  readonly evaluations: readonly Fact[];
  readonly references: readonly { readonly label: string; readonly value: number; readonly words: string }[];
  /** The best first. */
  readonly best: readonly CandidateRecord[];
  /** By step, from 0: how many candidates had which outcome. */
  readonly outcomes: readonly Readonly<Record<OutcomeGroup, number>>[];
  /** Failures by reason, the most frequent first. */
  readonly failures: readonly { readonly reason: string; readonly count: number; readonly example: string }[];
  readonly warnings: readonly string[];
}

export interface ReportContext {
  /** As people know the host; else what the journal says. */
  readonly hostLabel?: string;
}

const bestShown = 10;

export function reportFacts(snapshot: SessionSnapshot, context: ReportContext = {}): ReportFacts {
  const use = timeUse(snapshot);
  const { outcomes, failures, best } = countCandidates(snapshot);
  return {
    title: snapshot.problem?.title ?? `Session ${snapshot.sessionId ?? ''}`,
    summary: summaryOf(snapshot),
    session: sessionFacts(snapshot, context),
    settings: settingFacts(snapshot),
    time: timeFacts(snapshot, use),
    timeUse: use,
    evaluations: evaluationFacts(evaluationUse(snapshot)),
    references: (snapshot.problem?.references ?? []).map(({ label, value }) => ({
      label,
      value,
      words: referenceWords(snapshot, value),
    })),
    best,
    outcomes,
    failures,
    warnings: [...new Set(snapshot.warnings.map(({ message }) => message))],
  };
}

export function bestValueOf(snapshot: SessionSnapshot): number | undefined {
  return snapshot.best === undefined ? undefined : valueOf(snapshot.candidates.at(snapshot.best));
}

export function valueOf(candidate: CandidateRecord | undefined): number | undefined {
  return candidate?.outcome?.kind === 'valid' ? candidate.outcome.value : undefined;
}

/** `c17`, and where it came from. */
export function candidateWords({ id, step }: Pick<CandidateRecord, 'id' | 'step'>): string {
  return step < 0 ? `c${id} (initial program)` : `c${id} (step ${step + 1})`;
}

function summaryOf(snapshot: SessionSnapshot): string {
  const { problem, best, initial } = snapshot;
  const value = bestValueOf(snapshot);
  if (problem === undefined || best === undefined || value === undefined) {
    return 'No candidate has been valid.';
  }
  const record = snapshot.candidates.at(best);
  const { name, unit } = problem.metric;
  const found = `The best ${name} is ${valueWords(value, unit)}, found by ${record === undefined ? `c${best}` : candidateWords(record)}`;
  if (initial?.best === undefined || initial.best === value) return `${found}.`;
  const change = Math.abs(value - initial.best) / Math.abs(initial.best);
  const share = Number.isFinite(change) ? ` (${(100 * change).toPrecision(3)} % better)` : '';
  return `${found}; the initial program had ${valueWords(initial.best, unit)}${share}.`;
}

function sessionFacts(snapshot: SessionSnapshot, { hostLabel }: ReportContext): Fact[] {
  const { problem, usage, options, steps } = snapshot;
  const value = bestValueOf(snapshot);
  const best = snapshot.best === undefined ? undefined : snapshot.candidates.at(snapshot.best);
  const prices = pricesInUse(options?.model);
  const finished = steps.filter((step) => step.finished).length;
  const tokens = usage.promptTokens + usage.sampledTokens + usage.trainedTokens;
  return facts([
    ['Session', snapshot.sessionId],
    ['Problem', problem?.path],
    [
      'Metric',
      problem &&
        `${problem.metric.name}${problem.metric.unit === undefined ? '' : `, ${problem.metric.unit}`}, ${
          problem.metric.goal === 'minimize' ? 'lower is better' : 'higher is better'
        }`,
    ],
    ['Best', value === undefined ? undefined : valueWords(value, problem?.metric.unit)],
    ['Best candidate', best && candidateWords(best)],
    ['Second run', best?.verification && secondRunWords(best.verification)],
    ['Status', [snapshot.status, snapshot.statusMessage].filter(Boolean).join(': ')],
    ['Candidates', `${countWords(snapshot.evaluated)} evaluated, ${countWords(snapshot.valid)} valid`],
    ['Steps', options && `${finished} of ${options.steps} finished`],
    ['Host', hostLabel ?? snapshot.hostName],
    ['Started', dateWords(snapshot.createdAtMs)],
    ['Last event', dateWords(snapshot.lastEventAtMs)],
    [
      'Tokens',
      tokens === 0
        ? undefined
        : `${countWords(usage.promptTokens)} prompt, ${countWords(usage.sampledTokens)} answers, ${countWords(usage.trainedTokens)} training`,
    ],
    ['Cost', prices && tokens > 0 ? usdWords(costUsd(usage, prices)) : undefined],
  ]);
}

function secondRunWords({ verdict, value }: NonNullable<CandidateRecord['verification']>): string {
  if (verdict === 'confirmed') return `confirmed with another seed: ${valueWords(value)}`;
  return verdict === 'refuted' ? 'failed with another seed' : 'ended by a limit or by the machine';
}

function settingFacts(snapshot: SessionSnapshot): Fact[] {
  const { options } = snapshot;
  if (options === undefined) return [];
  const { model } = options;
  return facts([
    ['Method', options.method],
    ['Policy', options.policy],
    ['Model', model && `${model.model} at ${model.server}`],
    ['Steps × groups × group size', `${options.steps} × ${options.groups} × ${options.groupSize}`],
    ['Evaluators', String(options.concurrency)],
    ['Seed', String(options.seed)],
    ['Parents counted by', options.visits],
    ['Advantages', options.advantage],
    ['Most time', options.maxTimeMs === undefined ? undefined : durationWords(options.maxTimeMs)],
    ['Most evaluations', numberWords(options.maxEvaluations)],
    ['Most tokens', numberWords(options.maxTokens)],
    ['Most money', options.maxCostUsd === undefined ? undefined : usdWords(options.maxCostUsd)],
    ['Patience', options.patienceSteps === undefined ? undefined : `${options.patienceSteps} steps`],
    ['Learning rate', numberWords(model?.learningRate)],
    ['LoRA rank', numberWords(model?.loraRank)],
    ['KL coefficient', numberWords(model?.klCoefficient)],
    ['Temperature', numberWords(model?.temperature)],
    ['Isolation', isolationWords(snapshot.isolation ?? options.isolation, snapshot.nodes)],
  ]);
}

function timeFacts(snapshot: SessionSnapshot, use: TimeUse | undefined): Fact[] {
  if (use === undefined) return [];
  const { createdAtMs, lastEventAtMs } = snapshot;
  const wallMs =
    createdAtMs === undefined || lastEventAtMs === undefined ? undefined : lastEventAtMs - createdAtMs;
  const stage = (ms: number): string => `${durationWords(ms)} (${shareWords(ms / use.workedMs)})`;
  return facts([
    ['Wall time', wallMs === undefined ? undefined : durationWords(wallMs)],
    ['Worked (without pauses)', durationWords(use.workedMs)],
    ['Sampling', stage(use.samplingMs)],
    ['Evaluation after sampling', stage(use.evaluationMs)],
    ['Archive and training', stage(use.trainingMs)],
    ['Making ready, initial program', stage(use.otherMs)],
    ['An evaluation was running', `${shareWords(use.evaluatingShare)} of the time`],
    ['Evaluators at work', `${shareWords(use.evaluatorsBusy)} on average`],
  ]);
}

function referenceWords(snapshot: SessionSnapshot, reference: number): string {
  const best = bestValueOf(snapshot);
  const goal = snapshot.problem?.metric.goal;
  if (best === undefined || goal === undefined) return 'not reached';
  if (best === reference) return 'reached';
  const distance = Number(Math.abs(best - reference).toPrecision(4));
  return isBetter(goal, best, reference) ? `beaten by ${distance}` : `missed by ${distance}`;
}

function countCandidates(snapshot: SessionSnapshot): Pick<ReportFacts, 'outcomes' | 'failures' | 'best'> {
  const goal = snapshot.problem?.metric.goal ?? 'minimize';
  const outcomes = snapshot.steps.map(() => noOutcomes());
  const failures = new Map<string, { reason: string; count: number; example: string }>();
  const best: CandidateRecord[] = [];
  for (const candidate of snapshot.candidates) {
    const { outcome, step } = candidate;
    const ofStep = outcomes[step];
    if (ofStep !== undefined) ofStep[outcomeGroupOf(outcome)] += 1;
    if (outcome?.kind === 'failed') {
      const known = failures.get(outcome.reason);
      if (known === undefined) {
        failures.set(outcome.reason, { reason: outcome.reason, count: 1, example: gistOf(outcome.message) });
      } else known.count += 1;
    }
    if (outcome?.kind !== 'valid') continue;
    const { value } = outcome;
    const place = best.findIndex((other) => isBetter(goal, value, valueOf(other) ?? Number.NaN));
    if (place !== -1) best.splice(place, 0, candidate);
    else if (best.length < bestShown) best.push(candidate);
    if (best.length > bestShown) best.pop();
  }
  return { outcomes, failures: [...failures.values()].sort((a, b) => b.count - a.count), best };
}

/** Of a message with a Python traceback its beginning and its last line, which says what was wrong; else all of it. */
export function gistOf(message: string): string {
  const [before = '', ...after] = message.split('Traceback (most recent call last):');
  const lines = (after.at(-1) ?? '').split('\n').filter((line) => line.trim() !== '');
  const last = lines.at(-1);
  return last === undefined ? message : [before.trim(), last.trim()].filter((part) => part !== '').join(' ');
}

function noOutcomes(): Record<OutcomeGroup, number> {
  return Object.fromEntries(outcomeGroups.map((group) => [group, 0])) as Record<OutcomeGroup, number>;
}

function numberWords(value: number | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}

function facts(all: readonly (readonly [string, string | undefined])[]): Fact[] {
  return all.flatMap(([label, words]) =>
    words === undefined || words === '' ? [] : [[label, words] as const],
  );
}
