import type { SessionSnapshot } from '../session/snapshot';
import { escapeHtml } from './escapeHtml';
import {
  bestChart,
  distributionChart,
  lateBestChart,
  outcomeChart,
  outcomeWords,
  shownOutcomes,
} from './reportCharts';
import { reportFacts, valueOf, type Fact, type ReportContext, type ReportFacts } from './reportFacts';
import { reportStyle } from './reportStyle';
import { unifiedDiff, type DiffLine } from './unifiedDiff';
import { countWords, dateWords, durationWords, shortValue, valueWords } from './words';

export interface ReportInput extends ReportContext {
  readonly snapshot: SessionSnapshot;
  /** Text of the best program; absent where it could not be had. */
  readonly bestText?: string;
  readonly initialText?: string;
  /** When the report is made, Unix milliseconds. */
  readonly madeAtMs: number;
}

/**
 * A session as one HTML file that needs nothing else: no scripts, no other files, charts as SVG. Its policy lets nothing but its own style
 * sheet work, by `nonce` (fresh for every report, of base64 characters). All that candidates, evaluators and problems wrote is escaped.
 */
export function htmlReport(input: ReportInput, nonce: string): string {
  const { snapshot } = input;
  const facts = reportFacts(snapshot, input);
  const policy = `default-src 'none'; style-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'`;
  const title = escapeHtml(facts.title);
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="TTT-Discover">
<title>${title}</title>
<style nonce="${escapeHtml(nonce)}">${reportStyle}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p>${escapeHtml(facts.summary)}</p>
${warningList(facts)}
${section('Session', factTable(facts.session))}
${chartSection('Best so far', bestChart(snapshot), '')}
${chartSection('Best so far, at its end', lateBestChart(snapshot), '')}
${chartSection('Distribution by step', distributionChart(snapshot), distributionLegend)}
${chartSection('Outcomes by step', outcomeChart(facts), outcomeLegend(facts))}
${section('References', referenceTable(facts))}
${section('Best candidates', bestTable(facts, snapshot))}
${section('Failures', failureTable(facts))}
${section('Time', factTable(facts.time))}
${section('Evaluations', factTable(facts.evaluations))}
${section('Settings', factTable(facts.settings))}
${section('Steps', stepTable(snapshot))}
${program(input)}
</main>
<footer><p class="quiet">Made ${escapeHtml(dateWords(input.madeAtMs))} from the session’s journal up to entry ${countWords(snapshot.lastSeq)}.</p></footer>
</body>
</html>
`;
}

function section(title: string, content: string): string {
  return content === '' ? '' : `<section>\n<h2>${escapeHtml(title)}</h2>\n${content}\n</section>`;
}

function chartSection(title: string, chart: string, legend: string): string {
  return chart === '' ? '' : section(title, `<figure>${chart}${legend}</figure>`);
}

function warningList({ warnings }: ReportFacts): string {
  if (warnings.length === 0) return '';
  const items = warnings.map((warning) => `<li>${escapeHtml(warning)}</li>`).join('');
  return section('Warnings', `<ul>${items}</ul>`);
}

function factTable(facts: readonly Fact[]): string {
  if (facts.length === 0) return '';
  const rows = facts.map(
    ([label, words]) => `<tr><th scope="row">${escapeHtml(label)}</th><td>${escapeHtml(words)}</td></tr>`,
  );
  return `<table><tbody>${rows.join('\n')}</tbody></table>`;
}

type Column = readonly [title: string, kind: 'words' | 'number'];

function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  // A column in which no row has anything says nothing.
  const used = columns.flatMap((column, index) =>
    rows.some((row) => row[index] !== '') ? [{ column, index }] : [],
  );
  const classOf = ([, kind]: Column): string => (kind === 'number' ? ' class="number"' : '');
  const head = used.map(({ column }) => `<th scope="col"${classOf(column)}>${escapeHtml(column[0])}</th>`);
  const body = rows.map((row) => {
    const cells = used.map(
      ({ column, index }) => `<td${classOf(column)}>${escapeHtml(row[index] ?? '')}</td>`,
    );
    return `<tr>${cells.join('')}</tr>`;
  });
  return `<div class="scroll" tabindex="0"><table><thead><tr>${head.join('')}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>`;
}

function referenceTable({ references }: ReportFacts): string {
  return table(
    [
      ['Reference', 'words'],
      ['Value', 'number'],
      ['This session', 'words'],
    ],
    references.map(({ label, value, words }) => [label, valueWords(value), words]),
  );
}

function bestTable({ best }: ReportFacts, { problem }: SessionSnapshot): string {
  return table(
    [
      ['Candidate', 'words'],
      [problem?.metric.name ?? 'Value', 'number'],
      ['Step', 'number'],
      ['Parent', 'words'],
      ['Evaluation', 'number'],
      ['What changed', 'words'],
    ],
    best.map((candidate) => [
      `c${candidate.id}`,
      valueWords(valueOf(candidate), problem?.metric.unit),
      candidate.step < 0 ? 'initial' : String(candidate.step + 1),
      candidate.parent === undefined ? '—' : `c${candidate.parent}`,
      candidate.durationMs === undefined ? '—' : durationWords(candidate.durationMs),
      candidate.note ?? '',
    ]),
  );
}

function failureTable({ failures }: ReportFacts): string {
  return table(
    [
      ['Reason', 'words'],
      ['Candidates', 'number'],
      ['For example', 'words'],
    ],
    failures.map(({ reason, count, example }) => [reason, countWords(count), example]),
  );
}

function stepTable({ steps }: SessionSnapshot): string {
  return table(
    [
      ['Step', 'number'],
      ['Evaluated', 'number'],
      ['Valid', 'number'],
      ['Best', 'number'],
      ['Median', 'number'],
      ['Mean', 'number'],
      ['Best so far', 'number'],
      ['Time', 'number'],
    ],
    steps.map((step) => [
      String(step.step + 1),
      countWords(step.evaluated),
      countWords(step.valid),
      shortValue(step.best),
      shortValue(step.median),
      shortValue(step.mean),
      shortValue(step.bestSoFar),
      step.durationMs === undefined ? '—' : durationWords(step.durationMs),
    ]),
  );
}

const distributionLegend = legend([
  ['most', '5 to 95 percent'],
  ['half', '25 to 75 percent'],
  ['median', 'Median'],
  ['best', 'Best so far'],
]);

function outcomeLegend(facts: ReportFacts): string {
  return legend(shownOutcomes(facts).map((group) => [`outcome ${group}`, outcomeWords[group]]));
}

function legend(items: readonly (readonly [className: string, words: string])[]): string {
  const shape = (className: string): string =>
    className === 'median' || className === 'best'
      ? `<path class="${className}" d="M0 5H10"/>`
      : `<rect class="${className}" width="10" height="10"/>`;
  const entries = items.map(
    ([className, words]) =>
      `<li><svg aria-hidden="true" viewBox="0 0 10 10">${shape(className)}</svg>${escapeHtml(words)}</li>`,
  );
  return `<ul class="legend">${entries.join('')}</ul>`;
}

function program({ bestText, initialText, snapshot }: ReportInput): string {
  if (bestText === undefined) {
    return section(
      'Best program',
      '<p class="quiet">Its text could not be had when this report was made.</p>',
    );
  }
  const name = snapshot.problem?.candidate ?? 'the program';
  const diff = initialText === undefined ? undefined : unifiedDiff(initialText, bestText);
  const changes =
    diff === undefined
      ? ''
      : section(
          'Changes to the initial program',
          diff.length === 0
            ? '<p>None: the initial program is the best.</p>'
            : `<pre tabindex="0">${diff.map(diffLine).join('')}</pre>`,
        );
  const whole = `<details open><summary>${escapeHtml(name)}</summary><pre tabindex="0">${escapeHtml(bestText)}</pre></details>`;
  return `${changes}\n${section('Best program', whole)}`;
}

function diffLine({ kind, text }: DiffLine): string {
  const mark = { hunk: '', same: ' ', removed: '-', added: '+' }[kind];
  return `<span class="${kind}">${mark}${escapeHtml(text)}</span>`;
}
