import type { CandidateDecision } from '../../domain/lineage/candidateQuery';
import type { LineageFacts } from '../../domain/lineage/lineageIndex';
import type { CandidateRecord, SessionSnapshot } from '../../domain/session/snapshot';
import { countText, valueText } from '../base/words';

/** A row of the Candidates view, before it becomes a tree item. */
export interface CandidateRow {
  readonly label: string;
  readonly description: string;
  readonly tooltip: string;
  readonly icon: string;
  /** Id of a theme colour, where the state asks for one. */
  readonly color?: string;
  readonly accessibleLabel: string;
  /** Flags for `when` clauses, separated by spaces. */
  readonly contextValue: string;
}

export interface CandidateRowFacts {
  readonly snapshot: Pick<SessionSnapshot, 'problem' | 'best' | 'candidates'>;
  readonly record: CandidateRecord;
  readonly lineage: LineageFacts;
  readonly decision: CandidateDecision | undefined;
  /** The children stand below it, so they need no mention at its end. */
  readonly isInTree: boolean;
}

export function candidateRow(facts: CandidateRowFacts): CandidateRow {
  const { record, lineage, snapshot, decision } = facts;
  const { best } = snapshot;
  const isBest = record.id === best;
  const leadsToBest = !isBest && best !== undefined && lineage.bestBelow === best;
  const parent = lineage.parent === undefined ? undefined : `parent c${lineage.parent}`;
  const children = lineage.children === 0 ? undefined : countOf(lineage.children, 'child', 'children');
  const spoken = [
    `Candidate c${record.id}`,
    isBest ? 'best so far' : undefined,
    stepText(record),
    metricText(facts),
    parent,
    children,
    leadsToBest ? `leads to the best, c${best}` : undefined,
    decisionText(decision),
  ];
  const shown = [
    shortOutcome(facts),
    stepText(record),
    facts.isInTree && leadsToBest ? `leads to c${best}` : undefined,
    facts.isInTree ? undefined : parent,
    facts.isInTree ? children : undefined,
    record.note,
  ];
  return {
    label: `c${record.id}`,
    description: joined(shown, ' · '),
    tooltip: tooltipOf(facts),
    ...iconOf(record, isBest),
    accessibleLabel: joined(spoken, ', '),
    contextValue: joined(['candidate', lineage.parent === undefined ? undefined : 'hasParent'], ' '),
  };
}

/** `step 24`, counted from 1. */
export function stepText({ step }: Pick<CandidateRecord, 'step'>): string {
  return step < 0 ? 'initial program' : `step ${step + 1}`;
}

/** `accepted`, and what else the row's badge stands for. */
export function decisionText(decision: CandidateDecision | undefined): string {
  return {
    none: 'not reviewed',
    accepted: 'accepted',
    partial: 'accepted in part',
    rejected: 'rejected',
  }[decision ?? 'none'];
}

function shortOutcome({ record, snapshot }: CandidateRowFacts): string {
  const { outcome } = record;
  if (outcome === undefined) return 'running';
  return outcome.kind === 'valid'
    ? valueText(outcome.value, snapshot.problem?.metric.unit)
    : outcome.reason.replaceAll('-', ' ');
}

function metricText(facts: CandidateRowFacts): string {
  const { outcome } = facts.record;
  if (outcome === undefined) return 'evaluation runs';
  const name = facts.snapshot.problem?.metric.name ?? 'value';
  return outcome.kind === 'valid' ? `${name} ${shortOutcome(facts)}` : `no value: ${shortOutcome(facts)}`;
}

function tooltipOf(facts: CandidateRowFacts): string {
  const { record, lineage, decision } = facts;
  const { outcome, verification } = record;
  const place = record.step < 0 ? '' : `, group ${record.group + 1}, member ${record.member + 1}`;
  const lines = [
    `c${record.id}: ${metricText(facts)}`,
    outcome?.kind === 'valid' ? `Reward ${valueText(outcome.reward)}` : outcome?.message,
    `${capital(stepText(record))}${place}${lineage.parent === undefined ? '' : `, from c${lineage.parent}`}`,
    lineage.timesChosen === 0
      ? 'Not yet a parent'
      : `Chosen as a parent ${times(lineage.timesChosen)}: ${countOf(lineage.children, 'child', 'children')}, ${countOf(lineage.descendants, 'descendant', 'descendants')}`,
    verification === undefined ? undefined : verificationText(facts),
    decision === undefined ? undefined : capital(decisionText(decision)),
    record.note,
  ];
  return joined(lines, '\n');
}

function verificationText({ record, snapshot }: CandidateRowFacts): string | undefined {
  const { verification } = record;
  if (verification?.verdict === 'confirmed') {
    const value =
      verification.value === undefined
        ? ''
        : `: ${valueText(verification.value, snapshot.problem?.metric.unit)}`;
    return `Confirmed with another seed${value}`;
  }
  return verification?.verdict === 'unclear' ? 'Run again with another seed, without an answer' : undefined;
}

function iconOf(
  { outcome, step }: CandidateRecord,
  isBest: boolean,
): { readonly icon: string; readonly color?: string } {
  if (isBest) return { icon: 'star-full', color: 'charts.yellow' };
  if (outcome === undefined) return { icon: 'sync' };
  if (outcome.kind === 'failed') return { icon: 'circle-slash', color: 'disabledForeground' };
  return { icon: step < 0 ? 'home' : 'circle-outline' };
}

function countOf(count: number, one: string, many: string): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}

function times(count: number): string {
  return count === 1 ? 'once' : `${countText(count)} times`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function joined(parts: readonly (string | undefined)[], separator: string): string {
  return parts.filter((part) => part !== undefined && part !== '').join(separator);
}
