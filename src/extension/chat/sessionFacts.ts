import { isBetter } from '../../domain/problem/problem';
import { valueText } from '../base/words';
import { t } from '../base/translate';
import { stateText, stepText, valueOf } from '../sessions/sessionItems';
import { titleOf } from '../sessions/sessionNames';
import type { SessionView } from '../sessions/sessions';
import { costText, tokensText, usageFacts } from '../sessions/usageFacts';
import { distinctWarnings } from '../sessions/warningWords';

/** A label and what it says; both for people and for models. */
export type Fact = readonly [label: string, text: string];

const warningsShown = 3;

/** How a session stands. */
export function statusFacts(view: SessionView): readonly Fact[] {
  const { snapshot } = view;
  const usage = usageFacts(snapshot);
  const best = valueOf(snapshot, snapshot.best);
  const state = [stateText(view), snapshot.statusMessage].filter((text) => text !== undefined);
  return present([
    [t('Session'), `${titleOf(view)} (${view.id})`],
    [t('Host'), view.hostLabel],
    [t('State'), [...new Set(state)].join(': ')],
    [t('Progress'), stepText(snapshot)],
    [
      t('Candidates'),
      snapshot.evaluated === 0
        ? undefined
        : t('{0} evaluated, {1} valid', snapshot.evaluated, snapshot.valid),
    ],
    [
      t({ message: 'Best', comment: 'the best candidate' }),
      best === undefined ? undefined : valueText(best, snapshot.problem?.metric.unit),
    ],
    [t('Usage'), usage === undefined || usage.tokens === 0 ? undefined : tokensText(usage)],
    [t('Cost'), usage?.cost === undefined ? undefined : costText(usage.cost)],
    ...snapshot.notes.map(({ text }): Fact => [
      t({ message: 'Note', comment: 'what a person wrote to steer a session' }),
      text,
    ]),
    ...distinctWarnings(snapshot)
      .slice(0, warningsShown)
      .map((warning): Fact => [t('Warning'), warning]),
  ]);
}

/** The best candidate, against where it began and against what is published; `undefined` before there is one. */
export function bestFacts(view: SessionView): readonly Fact[] | undefined {
  const { snapshot } = view;
  const { best, problem } = snapshot;
  const value = valueOf(snapshot, best);
  const record = best === undefined ? undefined : snapshot.candidates.at(best);
  if (record === undefined || value === undefined || problem === undefined) return undefined;
  const { metric, references } = problem;
  const text = (number: number): string => valueText(number, metric.unit);
  const verdict = record.verification?.verdict;
  return present([
    [t('Session'), titleOf(view)],
    [t('Candidate'), `c${record.id}`],
    [
      metric.name,
      metric.goal === 'minimize'
        ? t('{0} (lower is better)', text(value))
        : t('{0} (higher is better)', text(value)),
    ],
    [
      t('Found'),
      record.step < 0
        ? t('the initial program')
        : t('in step {0}, from c{1}', record.step + 1, record.parent ?? 0),
    ],
    [t('Initial program'), snapshot.initial?.best === undefined ? undefined : text(snapshot.initial.best)],
    [
      t('Second run'),
      verdict === undefined
        ? t('not yet run again')
        : { confirmed: t('confirmed'), refuted: t('refuted'), unclear: t('unclear') }[verdict],
    ],
    ...references.map((reference): Fact => {
      const isBeaten = isBetter(metric.goal, value, reference.value);
      const words = isBeaten
        ? t('{0}: beaten', text(reference.value))
        : t('{0}: not beaten', text(reference.value));
      return [reference.label, words];
    }),
  ]);
}

function present(facts: readonly (readonly [string, string | undefined])[]): readonly Fact[] {
  return facts.flatMap(([label, text]) =>
    text === undefined || text === '' ? [] : [[label, text] as const],
  );
}

/** For models: a fact a line. */
export function plainFacts(facts: readonly Fact[]): string {
  return facts.map(([label, text]) => `${label}: ${text.replace(/\s*\n\s*/g, ' ')}`).join('\n');
}

/** For people: a list. Titles and messages come from hosts, and are shown as they are, not as Markdown. */
export function markdownFacts(facts: readonly Fact[]): string {
  return facts.map(([label, text]) => `- **${escaped(label)}**: ${escaped(text)}`).join('\n');
}

/** The text as Markdown that shows it as it is. */
export function escaped(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+!|~<>&$]/g, '\\$&').replace(/\s*\n\s*/g, ' ');
}
