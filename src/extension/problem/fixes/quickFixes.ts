import type { Place, ProblemDiagnostic } from '../../../domain/problem/diagnostic';
import { keyAt, keysBelow, type KeySpec } from '../../../domain/problem/keys';
import { keyContextAt } from '../../../domain/problem/keyContext';
import type { ParsedProblem } from '../../../domain/problem/parseProblem';
import { meantAmounts, parseBytes, parseTimeMs } from '../../../domain/problem/quantities';
import { closest } from '../../../domain/text/closest';
import { Lines } from '../../../domain/text/lines';
import type { Range } from '../../../domain/text/position';
import { insertionOf, missingKeysAt } from './missingKeys';
import { insertAt, lineEnd, removalOf, sameRange, textIn, type TextEdit } from './textEdits';
import { t } from '../../base/translate';

export interface Fix {
  readonly title: string;
  readonly edits: readonly TextEdit[];
  /** What most people want; at most one of a mistake. */
  readonly isPreferred: boolean;
}

/** What may mend a mistake of a problem file by changing its text; the likeliest first. Never throws. */
export function fixesFor(diagnostic: ProblemDiagnostic, text: string, parsed: ParsedProblem): readonly Fix[] {
  const lines = new Lines(text);
  const { range } = diagnostic;
  switch (diagnostic.code) {
    case 'unknown-key':
      return [...knownKey(diagnostic, text, lines), ...removal(lines, diagnostic)];
    case 'duplicate-key':
    case 'unused-key':
    case 'secret-in-file':
      return preferFirst(removal(lines, diagnostic));
    case 'missing-value':
      return missingValue(diagnostic, lines, parsed);
    case 'missing-key':
      return missingKeys(diagnostic, lines, parsed);
    case 'front-matter-missing':
      return [
        fix(t('Add the keys of a problem'), [insertAt(lines, text.startsWith('\uFEFF') ? 1 : 0, frame)]),
      ];
    case 'front-matter-unclosed':
      return closingFence(lines);
    default:
      return preferFirst(
        valueFixes(diagnostic, parsed).map((value) =>
          fix(t('Change to {0}', value), [{ range, newText: value }]),
        ),
      );
  }
}

const frame = `---
candidate: initial.py
evaluate: python3 evaluate.py
metric: { name: score, goal: maximize }
---

`;

function fix(title: string, edits: readonly TextEdit[], isPreferred = true): Fix {
  return { title, edits, isPreferred };
}

function preferFirst(fixes: readonly Fix[]): readonly Fix[] {
  return fixes.map((one, index) => ({ ...one, isPreferred: index === 0 }));
}

function knownKey({ range }: ProblemDiagnostic, text: string, lines: Lines): readonly Fix[] {
  const context = keyContextAt(text, range.start);
  if (context === undefined || context.keyOfValue !== undefined) return [];
  const names = keysBelow(context.path).map(({ name }) => name);
  const meant = closest(textIn(lines, range), names);
  return meant === undefined ? [] : [fix(t('Change to {0}', meant), [{ range, newText: meant }])];
}

function removal(lines: Lines, { range }: ProblemDiagnostic): readonly Fix[] {
  const edit = removalOf(lines, range);
  return edit === undefined ? [] : [fix(t('Remove {0}', textIn(lines, range)), [edit], false)];
}

function missingKeys({ range }: ProblemDiagnostic, lines: Lines, parsed: ParsedProblem): readonly Fix[] {
  const missing = missingKeysAt(parsed, lines, range);
  if (missing === undefined) return [];
  return missing.keys.flatMap((key) => {
    const edit = insertionOf(parsed, lines, missing.group, key, range);
    const isChoice = missing.keys.some((other) => other !== key && other.name === key.name);
    return edit === undefined ? [] : [fix(t('Add {0}: {1}', key.name, key.value), [edit], !isChoice)];
  });
}

/** Before the first line that looks like the statement. */
function closingFence(lines: Lines): readonly Fix[] {
  for (let line = 1; line < lines.count; line++) {
    const start = lines.offsetAt({ line, character: 0 });
    const content = lines.text.slice(start, lineEnd(lines, line));
    if (/^\s*$|^#+ /.test(content))
      return [fix(t('End the keys with ---'), [insertAt(lines, start, '---\n')])];
  }
  return [fix(t('End the keys with ---'), [insertAt(lines, lines.text.length, '\n---\n')])];
}

/** A key without a value gets its example; so does an empty text. */
function missingValue({ range }: ProblemDiagnostic, lines: Lines, parsed: ParsedProblem): readonly Fix[] {
  const { place, spec } = keyShownAt(range, parsed) ?? {};
  if (place === undefined || spec === undefined) return [];
  const title = t('Write {0}: {1}', spec.name, spec.example);
  if (!sameRange(place.key, range)) return [fix(title, [{ range, newText: spec.example }])];
  const end = lines.offsetAt(place.key.end);
  const colon = /^[ ]*:/.exec(lines.text.slice(end))?.[0];
  return colon === undefined ? [] : [fix(title, [insertAt(lines, end + colon.length, ` ${spec.example}`)])];
}

/** The key that a mistake is shown at, by its name or by its value. */
function keyShownAt(
  range: Range,
  parsed: ParsedProblem,
): { readonly place: Place; readonly spec: KeySpec } | undefined {
  for (const [path, place] of parsed.places.keys) {
    if (!sameRange(place.value, range) && !sameRange(place.key, range)) continue;
    const spec = keyAt(path.split('.').filter((name) => !/^\d+$/.test(name)));
    if (spec !== undefined) return { place, spec };
  }
  return undefined;
}

/** Texts that may take the place of what the mistake is shown at. */
function valueFixes({ code, range }: ProblemDiagnostic, parsed: ParsedProblem): readonly string[] {
  const { place, spec } = keyShownAt(range, parsed) ?? {};
  if (place === undefined || spec === undefined) return [];
  const written = place.text ?? '';
  switch (code) {
    case 'bad-unit':
      return amounts(written, spec);
    case 'bad-choice':
      return choices(written, spec);
    case 'out-of-range':
      return inRange(written, spec);
    case 'wrong-type':
      return unquotedNumber(written, spec);
    case 'bad-name':
      return [plainName(written)];
    case 'bad-path':
      return written.includes('\\') ? [written.replaceAll('\\', '/')] : [];
    case 'bad-url':
      return /^(www\.|[\w-]+\.\w{2,})\S*$/.test(written) ? [`"https://${written}"`] : [];
    case 'reward-contradicts-goal':
      return [`-(${written})`];
    case 'reward-ignores-metric':
      return defaultReward(parsed);
    default:
      return [];
  }
}

function amounts(written: string, { value }: KeySpec): readonly string[] {
  if (value.kind === 'time') {
    return meantAmounts(written, 'time').filter((amount) => {
      const parsed = parseTimeMs(amount);
      return parsed.ok && parsed.amount >= value.minMs && parsed.amount <= value.maxMs;
    });
  }
  if (value.kind !== 'bytes') return [];
  return meantAmounts(written, 'bytes').filter((amount) => {
    const parsed = parseBytes(amount);
    return parsed.ok && parsed.amount >= value.minBytes && parsed.amount <= value.maxBytes;
  });
}

function choices(written: string, { value }: KeySpec): readonly string[] {
  if (value.kind !== 'choice') return [];
  const meant = closest(written, value.choices);
  const others = value.choices.filter((choice) => choice !== meant);
  return [...(meant === undefined ? [] : [meant]), ...others].slice(0, 6);
}

function inRange(written: string, { value, example }: KeySpec): readonly string[] {
  if (value.kind !== 'number') return [example];
  const number = Number(written);
  if (!Number.isFinite(number)) return [example];
  const { min = -Infinity, max = Infinity } = value;
  const nearest = Math.min(max, Math.max(min, value.integer ? Math.round(number) : number));
  return [String(nearest)];
}

function unquotedNumber(written: string, { value }: KeySpec): readonly string[] {
  return value.kind === 'number' && /^[-+]?[\d.]+([eE][-+]?\d+)?$/.test(written) ? [written] : [];
}

function plainName(written: string): string {
  const plain = written.replaceAll(/\W+/g, '_').replaceAll(/^_+|_+$/g, '');
  return plain === '' ? 'score' : plain.replace(/^(?=\d)/, 'm');
}

function defaultReward(parsed: ParsedProblem): readonly string[] {
  const name = parsed.places.keys.get('metric.name')?.text;
  if (name === undefined) return [];
  return [parsed.places.keys.get('metric.goal')?.text === 'minimize' ? `-${name}` : name];
}
