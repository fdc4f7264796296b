import { appendFileSync, existsSync } from 'node:fs';
import type { EvaluationOutcome } from '../../../src/domain/session/outcome';
import type { Way } from './hostileSession';

const path = process.env['HOSTILE_TABLE'] ?? '';

/**
 * `HOSTILE_TABLE=FILE`: what became of each attack goes there, a row each, as markdown. Whether it succeeded is what its value says, which is 1
 * then; a failed evaluation is named by its reason, as in the journal.
 */
export function writeRow(attack: string, way: Way, outcome: EvaluationOutcome, nextIsFine?: boolean): void {
  if (path === '') return;
  if (!existsSync(path)) {
    const head = ['attack', 'isolation', 'what became of it', 'in the journal', 'the next evaluation'];
    appendFileSync(path, `${row(head)}${row(head.map(() => '---'))}`);
  }
  const next = nextIsFine === undefined ? '' : nextIsFine ? 'unaffected' : 'affected';
  appendFileSync(path, row([attack, way, resultOf(outcome), journalOf(outcome), next]));
}

function resultOf(outcome: EvaluationOutcome): string {
  if (outcome.kind === 'failed') return 'stopped';
  return outcome.value === 0 ? 'refused' : 'succeeded';
}

function journalOf(outcome: EvaluationOutcome): string {
  if (outcome.kind === 'failed') return `${outcome.reason}: ${outcome.message}`;
  return `valid, ${outcome.value}${outcome.feedback === undefined ? '' : `: ${outcome.feedback.slice(0, 120)}`}`;
}

function row(cells: readonly string[]): string {
  const plain = cells.map((cell) => cell.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').trim());
  return `| ${plain.join(' | ')} |\n`;
}
