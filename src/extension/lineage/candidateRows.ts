import type { CandidateDecision } from '../../domain/lineage/candidateQuery';
import type { LineageFacts } from '../../domain/lineage/lineageIndex';
import type { CandidateRecord, SessionSnapshot } from '../../domain/session/snapshot';
import { countText, valueText } from '../base/words';
import { t } from '../base/translate';

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
  const parent = lineage.parent === undefined ? undefined : t('parent c{0}', lineage.parent);
  const children = lineage.children === 0 ? undefined : childrenText(lineage.children);
  const spoken = [
    t('Candidate c{0}', record.id),
    isBest ? t('best so far') : undefined,
    stepText(record),
    metricText(facts),
    parent,
    children,
    leadsToBest ? t('leads to the best, c{0}', best) : undefined,
    decisionText(decision),
  ];
  const shown = [
    shortOutcome(facts),
    stepText(record),
    facts.isInTree && leadsToBest ? t('leads to c{0}', best) : undefined,
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
  return step < 0 ? t('initial program') : t('step {0}', step + 1);
}

/** `accepted`, and what else the row's badge stands for. */
export function decisionText(decision: CandidateDecision | undefined): string {
  switch (decision) {
    case undefined:
      return t('not reviewed');
    case 'accepted':
      return t('accepted');
    case 'partial':
      return t('accepted in part');
    case 'rejected':
      return t('rejected');
  }
}

function shortOutcome({ record, snapshot }: CandidateRowFacts): string {
  const { outcome } = record;
  if (outcome === undefined) return t({ message: 'running', comment: 'one candidate' });
  return outcome.kind === 'valid'
    ? valueText(outcome.value, snapshot.problem?.metric.unit)
    : outcome.reason.replaceAll('-', ' ');
}

function metricText(facts: CandidateRowFacts): string {
  const { outcome } = facts.record;
  if (outcome === undefined) return t('evaluation runs');
  const name = facts.snapshot.problem?.metric.name ?? t('value');
  return outcome.kind === 'valid'
    ? `${name} ${shortOutcome(facts)}`
    : t('no value: {0}', shortOutcome(facts));
}

function tooltipOf(facts: CandidateRowFacts): string {
  const { record, lineage, decision } = facts;
  const { outcome, verification } = record;
  const place = [
    capital(stepText(record)),
    record.step < 0 ? undefined : t('group {0}, member {1}', record.group + 1, record.member + 1),
    lineage.parent === undefined ? undefined : t('from c{0}', lineage.parent),
  ];
  const lines = [
    `c${record.id}: ${metricText(facts)}`,
    outcome?.kind === 'valid' ? t('Reward {0}', valueText(outcome.reward)) : outcome?.message,
    joined(place, ', '),
    lineage.timesChosen === 0
      ? t('Not yet a parent')
      : t(
          'Chosen as a parent {0}: {1}, {2}',
          times(lineage.timesChosen),
          childrenText(lineage.children),
          descendantsText(lineage.descendants),
        ),
    verification === undefined ? undefined : verificationText(facts),
    decision === undefined ? undefined : capital(decisionText(decision)),
    record.note,
  ];
  return joined(lines, '\n');
}

function verificationText({ record, snapshot }: CandidateRowFacts): string | undefined {
  const { verification } = record;
  if (verification?.verdict === 'confirmed') {
    return verification.value === undefined
      ? t('Confirmed with another seed')
      : t('Confirmed with another seed: {0}', valueText(verification.value, snapshot.problem?.metric.unit));
  }
  return verification?.verdict === 'unclear'
    ? t('Run again with another seed, without an answer')
    : undefined;
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

function childrenText(count: number): string {
  return count === 1 ? t('1 child') : t('{0} children', countText(count));
}

function descendantsText(count: number): string {
  return count === 1 ? t('1 descendant') : t('{0} descendants', countText(count));
}

function times(count: number): string {
  return count === 1 ? t('once') : t('{0} times', countText(count));
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function joined(parts: readonly (string | undefined)[], separator: string): string {
  return parts.filter((part) => part !== undefined && part !== '').join(separator);
}
