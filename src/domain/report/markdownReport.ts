import type { ReportInput } from './htmlReport';
import { reportFacts, valueOf, type Fact } from './reportFacts';
import { diffText, unifiedDiff } from './unifiedDiff';
import { countWords, dateWords, shortValue, valueWords } from './words';

/** A session as Markdown, for a pull request or notes. Words that others wrote cannot become markup. */
export function markdownReport(input: ReportInput): string {
  const { snapshot, bestText, initialText } = input;
  const facts = reportFacts(snapshot, input);
  const diff =
    bestText === undefined || initialText === undefined
      ? undefined
      : diffText(unifiedDiff(initialText, bestText));
  const language = snapshot.problem?.candidate.split('.').at(-1) ?? '';
  return [
    `# ${plain(facts.title)}`,
    plain(facts.summary),
    list('Warnings', facts.warnings),
    factTable('Session', facts.session),
    table(
      'References',
      ['Reference', 'Value', 'This session'],
      facts.references.map(({ label, value, words }) => [label, valueWords(value), words]),
    ),
    table(
      'Best candidates',
      ['Candidate', snapshot.problem?.metric.name ?? 'Value', 'Step', 'What changed'],
      facts.best.map((candidate) => [
        `c${candidate.id}`,
        valueWords(valueOf(candidate)),
        candidate.step < 0 ? 'initial' : String(candidate.step + 1),
        candidate.note ?? '',
      ]),
    ),
    table(
      'Failures',
      ['Reason', 'Candidates', 'For example'],
      facts.failures.map(({ reason, count, example }) => [reason, countWords(count), example]),
    ),
    factTable('Time', facts.time),
    factTable('Evaluations', facts.evaluations),
    factTable('Settings', facts.settings),
    table(
      'Steps',
      ['Step', 'Evaluated', 'Valid', 'Best', 'Median', 'Best so far'],
      snapshot.steps.map((step) => [
        String(step.step + 1),
        countWords(step.evaluated),
        countWords(step.valid),
        shortValue(step.best),
        shortValue(step.median),
        shortValue(step.bestSoFar),
      ]),
    ),
    diff === undefined || diff === '' ? '' : `## Changes to the initial program\n\n${fenced('diff', diff)}`,
    bestText === undefined ? '' : `## Best program\n\n${fenced(language, bestText)}`,
    `Made ${dateWords(input.madeAtMs)} from the session’s journal up to entry ${countWords(snapshot.lastSeq)}.`,
  ]
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n');
}

function factTable(title: string, facts: readonly Fact[]): string {
  return table(title, ['', ''], facts);
}

function table(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const line = (cells: readonly string[]): string => `| ${cells.map(plain).join(' | ')} |`;
  return [`## ${title}`, '', line(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

function list(title: string, items: readonly string[]): string {
  return items.length === 0 ? '' : `## ${title}\n\n${items.map((item) => `- ${plain(item)}`).join('\n')}`;
}

/** On one line, with everything escaped that Markdown could read as its own. */
function plain(words: string): string {
  return words
    .replaceAll(/\s+/g, ' ')
    .trim()
    .replaceAll(/[\\`*_{}[\]<>#|~&!]/g, (character) => `\\${character}`);
}

/** A block that its content cannot end. */
function fenced(language: string, text: string): string {
  const longest = Math.max(2, ...Array.from(text.matchAll(/`+/g), ([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${/^[\w+-]*$/.test(language) ? language : ''}\n${text.endsWith('\n') ? text : `${text}\n`}${fence}`;
}
