import { keyAt } from '../../../domain/problem/keys';
import { keyContextAt } from '../../../domain/problem/keyContext';
import type { ParsedProblem } from '../../../domain/problem/parseProblem';
import { rewardFunctionNames } from '../../../domain/problem/rewardParser';
import { Lines } from '../../../domain/text/lines';
import type { Position, Range } from '../../../domain/text/position';
import type { Suggestion } from '../keyText';
import { t } from '../../base/translate';

/** What is known outside of the file. */
export interface ValueSources {
  /** What lies in a folder, given relative to the problem file's own (`''`, `lib/`, `../`); empty where there is none. */
  list(folder: string): Promise<readonly FolderEntry[]>;
  /** Names of models at a server: those that have prices, those of the editor, those of earlier sessions. */
  models(server: string): Promise<readonly string[]>;
  /** Addresses of model servers of earlier sessions. */
  servers(): readonly string[];
  /** Metrics of the last evaluation. */
  metrics(): readonly string[];
}

export interface FolderEntry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** Values for the key at a place that are found outside of the file: files, models, servers, metrics. */
export async function valueSuggestionsAt(
  text: string,
  parsed: ParsedProblem,
  position: Position,
  sources: ValueSources,
): Promise<readonly Suggestion[]> {
  const context = keyContextAt(text, position);
  if (context?.keyOfValue === undefined) return [];
  const path = [...context.path, context.keyOfValue];
  const kind = keyAt(path)?.value.kind;
  const lines = new Lines(text);
  const written = text.slice(lines.offsetAt(context.replace.start), lines.offsetAt(context.replace.end));
  const { replace } = context;
  switch (path.join('.')) {
    case 'evaluate':
      return commandFiles(written, replace, sources);
    case 'policy.model': {
      const server = parsed.places.keys.get('policy.server')?.text ?? '';
      return (await sources.models(server)).map((name) => value(name, t('model'), replace));
    }
    case 'policy.server':
      return sources
        .servers()
        .map((address) => value(`"${address}"`, t('server of an earlier session'), replace));
    case 'metric.name':
      return sources.metrics().map((name) => value(name, t('metric of the last evaluation'), replace));
    case 'reward':
      return rewardWords(written, replace, parsed, sources);
  }
  if (kind === 'path') return files(written, replace, 'file', sources);
  return kind === 'folder' ? files(written, replace, 'folder', sources) : [];
}

/** Names in an expression: the word that is being written is replaced, not what stands before it. */
function rewardWords(
  written: string,
  replace: Range,
  parsed: ParsedProblem,
  sources: ValueSources,
): readonly Suggestion[] {
  const word = /\w*$/.exec(written)?.[0] ?? '';
  const place = lastOf(replace, word.length);
  const own = parsed.places.keys.get('metric.name')?.text;
  const metrics = [...new Set([...(own === undefined ? [] : [own]), ...sources.metrics()])];
  return [
    ...metrics.map((name) =>
      value(name, name === own ? t('the metric') : t('metric of the last evaluation'), place),
    ),
    ...rewardFunctionNames.map((name): Suggestion => {
      return { ...value(name, t('function'), place), snippet: `${name}($1)` };
    }),
  ];
}

/** Of a command the word that is being written, if it may be a file: not its first, unless that is a path. */
async function commandFiles(
  written: string,
  replace: Range,
  sources: ValueSources,
): Promise<readonly Suggestion[]> {
  const word = /[^\s"']*$/.exec(written)?.[0] ?? '';
  if (word === written && !word.includes('/')) return [];
  return files(word, lastOf(replace, word.length), 'file', sources);
}

async function files(
  written: string,
  replace: Range,
  wanted: 'file' | 'folder',
  sources: ValueSources,
): Promise<readonly Suggestion[]> {
  const folder = written.slice(0, written.lastIndexOf('/') + 1);
  const place = lastOf(replace, written.length - folder.length);
  const entries = (await sources.list(folder)).filter(({ name, isFolder }) =>
    isFolder ? !isBuilt(name) : wanted === 'file' && !name.endsWith('.discover'),
  );
  const up = wanted === 'folder' && /^(\.\.\/)*$/.test(folder) ? [{ name: '..', isFolder: true }] : [];
  return [...entries.filter(({ name }) => !name.startsWith('.')), ...up]
    .sort((a, b) => Number(a.isFolder) - Number(b.isFolder) || (a.name < b.name ? -1 : 1))
    .map(({ name, isFolder }): Suggestion => {
      // Another step into the folder follows; a folder that is wanted itself ends without a slash.
      const label = isFolder && wanted === 'file' ? `${name}/` : name;
      const detail = isFolder ? t('folder') : t('file');
      return { ...value(label, detail, place), kind: isFolder ? 'folder' : 'file' };
    });
}

function isBuilt(name: string): boolean {
  return ['node_modules', '__pycache__', 'target', 'build'].includes(name);
}

function value(label: string, detail: string, replace: Range): Suggestion {
  const snippet = label.replaceAll(/[\\$}]/g, '\\$&');
  return { label, detail, documentation: '', snippet, kind: 'value', replace };
}

/** The last characters of a range on one line. */
function lastOf({ end }: Range, length: number): Range {
  return { start: { line: end.line, character: end.character - length }, end };
}
