import { costUsd, pricesInUse } from '../session/cost';
import type { CandidateRecord, SessionSnapshot, StepSummary } from '../session/snapshot';
import { stagesOf } from '../session/stepTimes';
import { withoutAbsent } from '../withoutAbsent';
import { evaluationUse } from './evaluationUse';

/** Of the form below. A number that is added does not change it. */
export const sessionJsonVersion = 1;

/**
 * A session as one JSON object with `format`, `version`, the facts of session and problem, `steps` and `candidates`. Steps are counted
 * from 1; 0 is the initial program. Comes in pieces.
 */
export function* sessionJson(snapshot: SessionSnapshot): Generator<string> {
  const head = JSON.stringify(headOf(snapshot), undefined, 1);
  yield `${head.slice(0, -2)},\n "steps": [`;
  yield* items(snapshot.steps, stepOf);
  yield '\n ],\n "candidates": [';
  yield* items(snapshot.candidates, candidateOf);
  yield '\n ]\n}\n';
}

function* items<Item>(all: Iterable<Item>, objectOf: (item: Item) => object): Generator<string> {
  let piece = '';
  let count = 0;
  for (const item of all) {
    piece += `${count === 0 ? '' : ','}\n  ${JSON.stringify(objectOf(item))}`;
    count += 1;
    if (count % 500 !== 0) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

function headOf(snapshot: SessionSnapshot): object {
  const { problem, options, usage } = snapshot;
  const prices = pricesInUse(options?.model);
  const best = snapshot.best === undefined ? undefined : snapshot.candidates.at(snapshot.best);
  return withoutAbsent({
    format: 'ttt-discover session',
    version: sessionJsonVersion,
    session: snapshot.sessionId,
    problem: problem && {
      title: problem.title,
      path: problem.path,
      candidate: problem.candidate,
      reward: problem.reward,
    },
    metric: problem?.metric.name,
    unit: problem?.metric.unit,
    goal: problem?.metric.goal,
    references: problem?.references,
    options,
    host: snapshot.hostName,
    status: snapshot.status,
    statusMessage: snapshot.statusMessage,
    createdAt: dateText(snapshot.createdAtMs),
    lastEventAt: dateText(snapshot.lastEventAtMs),
    lastEntry: snapshot.lastSeq,
    workedMs: snapshot.clock?.activeMs,
    evaluated: snapshot.evaluated,
    valid: snapshot.valid,
    best:
      best?.outcome?.kind === 'valid'
        ? { candidate: best.id, value: best.outcome.value, sha256: best.sha256 }
        : undefined,
    usage,
    costUsd: prices && costUsd(usage, prices),
    machine: snapshot.machine,
    evaluations: evaluationUse(snapshot),
  });
}

function stepOf(step: StepSummary): object {
  const { times, gauges, ...numbers } = step;
  return withoutAbsent({
    ...numbers,
    values: undefined,
    step: step.step + 1,
    ...stagesOf(step),
    busyMs: times?.evaluationMs,
    endedAt: dateText(times?.lastAtMs),
    gauges,
  });
}

function candidateOf(candidate: CandidateRecord): object {
  const { id, step, proposedAtMs, endedAtMs, outcome, ...others } = candidate;
  return withoutAbsent({
    candidate: id,
    ...others,
    step: step + 1,
    proposedAt: dateText(proposedAtMs),
    endedAt: dateText(endedAtMs),
    outcome,
  });
}

function dateText(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}
