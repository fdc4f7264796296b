import { costUsd, pricesInUse } from '../../domain/session/cost';
import type { SessionSnapshot } from '../../domain/session/snapshot';
import type { RunSummary } from '../../protocol/hostCommands';
import type { SessionFolder } from '../host/sessionFolder';
import type { SupervisionEnd } from '../host/superviseSession';
import { countText, dollarsText, totalTokens } from './amounts';
import { keyAdviceFor } from './modelKey';
import { valueText } from './progressView';

/** What a session came to, for machines. */
export function summaryOf(
  folder: SessionFolder,
  { end, snapshot, best }: SupervisionEnd,
  tookMs: number,
): RunSummary {
  const initial = snapshot.candidates.at(0)?.outcome;
  return {
    kind: 'summary',
    sessionId: folder.sessionId,
    end: end.kind === 'left' ? 'paused' : end.event.type === 'session.failed' ? 'failed' : end.event.reason,
    best: best ?? null,
    metric: metricOf(snapshot),
    initialValue: initial?.kind === 'valid' ? initial.value : null,
    evaluated: snapshot.evaluated,
    valid: snapshot.valid,
    steps: snapshot.steps.filter((step) => step.finished).length,
    durationMs: tookMs,
    usage: snapshot.usage,
    costUsd: costOf(snapshot) ?? null,
    folder: folder.path,
  };
}

/** US dollars so far; undefined if no prices are known. */
export function costOf({ usage, options }: SessionSnapshot): number | undefined {
  const prices = pricesInUse(options?.model);
  return prices && costUsd(usage, prices);
}

function metricOf({ problem }: SessionSnapshot): RunSummary['metric'] {
  return { name: problem?.metric.name ?? '', goal: problem?.metric.goal ?? 'maximize' };
}

/** The same for people. */
export function summaryLines(summary: RunSummary, { snapshot }: SupervisionEnd): readonly string[] {
  const { best, initialValue, sessionId, metric, end } = summary;
  // The failure itself is told as the command's error.
  if (end === 'failed') return [`Session ${sessionId} failed; its folder is ${summary.folder}.`];
  const unit = snapshot.problem?.metric.unit;
  const { parentRuns = 0 } = snapshot;
  const parents = parentRuns === 0 ? '' : `, ${parentRuns} runs of parents to compare with`;
  const done = `${summary.evaluated} evaluated${parents}, ${summary.steps} steps done.`;
  const why = snapshot.statusMessage ?? end;
  const lines =
    end === 'paused'
      ? [`Session ${sessionId} is paused. ${done}`, why]
      : [`Session ${sessionId}: ${why.replace(/\.$/, '')}. ${done}`];
  if (best === null) lines.push('No candidate was valid.');
  else {
    const from = initialValue === null ? '' : ` (the initial program: ${valueText(initialValue, unit)})`;
    lines.push(`Best ${metric.name}: ${valueText(best.value, unit)} by c${best.candidate}${from}`);
    lines.push(`Program: ${best.path}`);
    if (best.statePath !== undefined) lines.push(`Construction: ${best.statePath}`);
  }
  if (totalTokens(summary.usage) > 0) lines.push(usageLine(summary));
  if (end === 'paused') {
    const server = snapshot.options?.model?.server;
    const advice =
      snapshot.pauseCode === 'needs-key' && server !== undefined ? keyAdviceFor(server) : undefined;
    if (advice !== undefined) lines.push(advice);
    lines.push(`Go on with: ttt-discover resume ${sessionId}`);
  }
  return lines;
}

function usageLine({ usage, costUsd: usd }: RunSummary): string {
  const { promptTokens, sampledTokens, trainedTokens } = usage;
  const kinds = [
    `${countText(promptTokens)} of prompts`,
    `${countText(sampledTokens)} of answers`,
    ...(trainedTokens > 0 ? [`${countText(trainedTokens)} of training`] : []),
  ];
  const cost = usd === null ? '' : `; they cost ${dollarsText(usd)}`;
  return `Tokens: ${kinds.join(', ')}${cost}.`;
}
