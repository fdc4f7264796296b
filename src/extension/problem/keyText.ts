import { keyAt, keysBelow, type KeySpec } from '../../domain/problem/keys';
import { keyContextAt } from '../../domain/problem/keyContext';
import type { ParsedProblem } from '../../domain/problem/parseProblem';
import { serverWords } from '../../domain/session/modelSettings';
import { contains } from '../../domain/text/lines';
import type { Position, Range } from '../../domain/text/position';
import { t } from '../base/translate';

/** What completion offers: a key, or a value for one. */
export interface Suggestion {
  readonly label: string;
  readonly detail: string;
  /** Markdown. */
  readonly documentation: string;
  /** Snippet syntax: `${1:…}` marks what is to be changed. */
  readonly snippet: string;
  readonly kind: 'key' | 'value' | 'file' | 'folder';
  readonly replace: Range;
  /** A value that only shows how one is written. */
  readonly isExample?: boolean;
}

/** Keys and values that fit at a place; keys that the group already has are left out. */
export function suggestionsAt(
  text: string,
  parsed: ParsedProblem,
  position: Position,
): readonly Suggestion[] {
  const context = keyContextAt(text, position);
  if (context === undefined) return [];
  const keys = keysBelow(context.path);
  const { replace, keyOfValue } = context;
  if (keyOfValue !== undefined) {
    const spec = keys.find((key) => key.name === keyOfValue);
    return spec === undefined ? [] : valuesOf(spec).map((value) => valueSuggestion(spec, value, replace));
  }
  return keys
    .filter((key) => !isTaken(parsed, [...context.path, key.name].join('.'), position))
    .map((spec) => ({
      label: spec.name,
      detail:
        spec.required === true
          ? t('required')
          : t('optional; without it: {0}', spec.whenAbsent ?? t('nothing')),
      documentation: documentationOf(spec),
      snippet: `${spec.name}: ${placeholder(spec)}`,
      kind: 'key',
      replace,
    }));
}

/** The key of this path stands somewhere else than at the cursor. */
function isTaken(parsed: ParsedProblem, path: string, cursor: Position): boolean {
  const place = parsed.places.keys.get(path);
  return place !== undefined && !contains(place.key, cursor);
}

function placeholder(spec: KeySpec): string {
  const choices = choicesOf(spec);
  if (choices !== undefined) return `\${1|${choices.join(',')}|}`;
  return `\${1:${spec.example.replace(/[\\$}]/g, '\\$&')}}`;
}

function valuesOf(spec: KeySpec): readonly string[] {
  return choicesOf(spec) ?? [spec.example];
}

/** The values to choose from; undefined if there are too many to list. */
function choicesOf({ value }: KeySpec): readonly string[] | undefined {
  if (value.kind === 'choice') return value.choices;
  if (value.kind === 'boolean') return ['true', 'false'];
  return value.kind === 'server' ? [...Object.values(serverWords), '"http://127.0.0.1:8000/v1"'] : undefined;
}

function valueSuggestion(spec: KeySpec, value: string, replace: Range): Suggestion {
  return {
    label: value,
    ...(choicesOf(spec) === undefined
      ? { detail: t('example of {0}', spec.name), isExample: true }
      : { detail: spec.name }),
    documentation: documentationOf(spec),
    snippet: value.replace(/[\\$}]/g, '\\$&'),
    kind: 'value',
    replace,
  };
}

/** The documentation of the key whose name or plain value stands at a place, with the range it belongs to. */
export function hoverAt(
  parsed: ParsedProblem,
  position: Position,
): { readonly markdown: string; readonly range: Range } | undefined {
  for (const [path, place] of parsed.places.keys) {
    const range = contains(place.key, position)
      ? place.key
      : place.text !== undefined && contains(place.value, position)
        ? place.value
        : undefined;
    if (range === undefined) continue;
    const names = path.split('.').filter((name) => !/^\d+$/.test(name));
    const spec = keyAt(names);
    if (spec !== undefined) return { markdown: `**${names.join('.')}**\n\n${documentationOf(spec)}`, range };
  }
  return undefined;
}

function documentationOf(spec: KeySpec): string {
  const absent = spec.whenAbsent === undefined ? t('Required.') : t('Without it: {0}.', spec.whenAbsent);
  return `${spec.doc}\n\n${absent}\n\n\`\`\`yaml\n${spec.name}: ${spec.example}\n\`\`\``;
}
