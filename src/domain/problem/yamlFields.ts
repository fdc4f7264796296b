import { isAlias, isMap, isPair, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import { closest } from '../text/closest';
import type { Lines } from '../text/lines';
import type { Range } from '../text/position';
import type { DiagnosticCode, FilePlace, Place, ProblemDiagnostic } from './diagnostic';
import type { Span } from './frontMatter';
import { keyAdvice } from './keyAdvice';
import type { KeySpec } from './keySpec';

/** A key with its value, as found in the file. */
export interface Field {
  readonly spec: KeySpec;
  /** `metric.goal`, for messages and places. */
  readonly path: string;
  readonly key: Span;
  readonly value: Span;
  readonly node: Node | null;
}

/** A group of keys; `Name` are the names that may stand in it. */
export interface Section<Name extends string = string> {
  /** `metric` or `references.0`; empty at the top. */
  readonly path: string;
  /** Where to complain that something is missing. */
  readonly at: Span;
  readonly fields: ReadonlyMap<Name, Field>;
}

/** Walks the YAML of one file and collects what is wrong with it and where its keys stand. */
export class YamlFields {
  readonly diagnostics: ProblemDiagnostic[] = [];
  readonly places = new Map<string, Place>();
  candidate: FilePlace | undefined;
  folder: FilePlace | undefined;
  scripts: readonly FilePlace[] = [];

  /** `base` is where the YAML begins in the text of `lines`. */
  constructor(
    private readonly lines: Lines,
    private readonly base: number,
  ) {}

  rangeOf(span: Span): Range {
    return this.lines.range(span.from, span.to);
  }

  report(at: Span, severity: 'error' | 'warning', code: DiagnosticCode, message: string): void {
    this.diagnostics.push({ range: this.rangeOf(at), severity, code, message });
  }

  /** Reports at the first of these keys that is in the file: at its value, or at its name if it is superfluous or holds keys. */
  reportAtKey(
    paths: readonly string[],
    severity: 'error' | 'warning',
    code: DiagnosticCode,
    message: string,
  ): void {
    const place = paths.map((path) => this.places.get(path)).find((found) => found !== undefined);
    if (place === undefined) throw new Error(`none of ${paths.join(', ')} is in the file`);
    const range = place.text === undefined || code === 'unused-key' ? place.key : place.value;
    this.diagnostics.push({ range, severity, code, message });
  }

  error(at: Span, code: DiagnosticCode, message: string): void {
    this.report(at, 'error', code, message);
  }

  /** Reads the keys of a group: unknown, doubled and missing ones are reported, the first of doubled ones counts. */
  section<const Keys extends readonly KeySpec[]>(
    path: string,
    node: YAMLMap,
    keys: Keys,
    at: Span,
  ): Section<Keys[number]['name']> {
    const fields = new Map<string, Field>();
    const names = keys.map((key) => key.name);
    for (const pair of node.items as readonly unknown[]) {
      if (!isPair(pair)) continue;
      const key = this.spanOf(pair.key, at);
      if (!isScalar(pair.key) || pair.key.value === null) {
        this.error(key, 'unknown-key', `A key must be a word. Known here: ${names.join(', ')}.`);
        continue;
      }
      const name = scalarText(pair.key.value, pair.key.source);
      const spec = keys.find((candidate) => candidate.name === name);
      const fullName = path === '' ? name : `${path}.${name}`;
      if (spec === undefined) {
        const { code, message } = unknownKey(name, path, names);
        this.error(key, code, message);
      } else if (fields.has(name)) {
        this.error(key, 'duplicate-key', `${inWords(fullName)} is given twice: remove one of the two.`);
      } else {
        const field = this.field(spec, fullName, key, pair.value);
        fields.set(name, field);
      }
    }
    for (const key of keys) {
      if (key.required === true && !fields.has(key.name)) this.missing(path, key, at);
    }
    return { path, at, fields };
  }

  /** The group of keys that a field holds; reports anything else. */
  sectionOf<const Keys extends readonly KeySpec[]>(
    field: Field | undefined,
    keys: Keys,
  ): Section<Keys[number]['name']> | undefined {
    if (field === undefined) return undefined;
    if (isMap(field.node)) return this.section(field.path, field.node, keys, field.key);
    this.wrongType(field, 'needs keys of its own');
    return undefined;
  }

  /** The items of a list; reports anything else. */
  itemsOf(field: Field | undefined): readonly { readonly node: unknown; readonly at: Span }[] {
    if (field === undefined) return [];
    if (isSeq(field.node)) {
      return field.node.items.map((node) => ({ node, at: this.spanOf(node, field.value) }));
    }
    this.wrongType(field, 'must be a list');
    return [];
  }

  /** Says that a value is not there, or is not of the right kind, with an example. */
  wrongType(field: Field, must: string): void {
    const example = `write ${field.spec.name}: ${field.spec.example}`;
    if (isAlias(field.node)) {
      this.error(field.value, 'wrong-type', `Aliases cannot be used here: write the value itself.`);
      return;
    }
    if (field.node === null || (isScalar(field.node) && field.node.value === null)) {
      this.error(field.key, 'missing-value', `${inWords(field.path)} has no value: ${example}.`);
      return;
    }
    this.error(field.value, 'wrong-type', `${inWords(field.path)} ${must}: ${example}.`);
  }

  /** Where characters `from` to `to` of a field's text stand; the whole value where quoting makes that unclear. */
  within(field: Field, text: string, from: number, to: number): Span {
    const source = this.lines.text.slice(field.value.from, field.value.to);
    const start = source.indexOf(text);
    const inside = start >= 0 && start <= 1;
    return inside
      ? { from: field.value.from + start + from, to: field.value.from + start + to }
      : field.value;
  }

  spanOf(node: unknown, otherwise: Span): Span {
    const range = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range : undefined;
    if (!range) return otherwise;
    const from = this.base + range[0];
    const text = this.lines.text.slice(from, this.base + range[1]).trimEnd();
    return text === '' ? otherwise : { from, to: from + text.length };
  }

  private field(spec: KeySpec, path: string, key: Span, value: unknown): Field {
    const node = isScalar(value) || isMap(value) || isSeq(value) || isAlias(value) ? value : null;
    const at = this.spanOf(node, key);
    const text = isScalar(node) && node.value !== null ? scalarText(node.value, node.source) : '';
    this.places.set(path, {
      key: this.rangeOf(key),
      value: this.rangeOf(at),
      ...(text !== '' && { text }),
    });
    return { spec, path, key, value: at, node };
  }

  private missing(path: string, key: KeySpec, at: Span): void {
    if (path === 'metric' && key.name === 'goal') {
      this.error(at, 'missing-key', 'metric needs a direction: add goal: minimize or goal: maximize.');
      return undefined;
    }
    const place = path === '' ? 'The front matter' : inWords(path);
    this.error(
      at,
      'missing-key',
      `${place} needs "${key.name}": add ${key.name}: ${key.example}${key.name === 'candidate' ? ', the program that evolves' : ''}.`,
    );
  }
}

/** A key by its path, in words: `"limits.time"`, `"value" of reference 1`. */
export function inWords(path: string): string {
  const [, index, key] = /^references\.(\d+)(?:\.(.+))?$/.exec(path) ?? [];
  if (index === undefined) return `"${path}"`;
  const reference = `reference ${Number(index) + 1}`;
  return key === undefined ? reference : `"${key}" of ${reference}`;
}

/** The text of a plain value as it was written: `3.10` stays `3.10`. */
export function scalarText(value: unknown, source: string | undefined): string {
  return typeof value === 'string' ? value : (source ?? '');
}

function unknownKey(
  name: string,
  path: string,
  names: readonly string[],
): { readonly code: DiagnosticCode; readonly message: string } {
  if (path === 'policy' && /^(api|access|auth)?[_-]?(key|token|secret|password)$/i.test(name)) {
    const message = `A key of the model server does not belong here: remove the line and ${keyAdvice}.`;
    return { code: 'secret-in-file', message };
  }
  const meant = closest(name, names);
  const where = path === '' ? '' : ` in ${inWords(path)}`;
  const advice = meant === undefined ? `Known here: ${names.join(', ')}.` : `Did you mean "${meant}"?`;
  return { code: 'unknown-key', message: `Unknown key "${name}"${where}. ${advice}` };
}
