import { describe, expect, it } from 'vitest';
import { parseProblem } from '../../../../src/domain/problem/parseProblem';
import { Lines } from '../../../../src/domain/text/lines';
import {
  valueSuggestionsAt,
  type FolderEntry,
} from '../../../../src/extension/problem/completion/valueSuggestions';
import type { Suggestion } from '../../../../src/extension/problem/keyText';

const file = (name: string): FolderEntry => ({ name, isFolder: false });
const folder = (name: string): FolderEntry => ({ name, isFolder: true });
const folders: Readonly<Record<string, readonly FolderEntry[]>> = {
  '': [
    folder('lib'),
    file('x.discover'),
    file('initial.py'),
    file('evaluate.py'),
    folder('__pycache__'),
    file('.git'),
  ],
  'lib/': [file('deep.py')],
  '../': [folder('kernels'), file('README.md')],
};

/** What is offered where the text has a `|`. */
function offered(marked: string): Promise<readonly Suggestion[]> {
  const offset = marked.indexOf('|');
  const text = marked.slice(0, offset) + marked.slice(offset + 1);
  return valueSuggestionsAt(text, parseProblem(text), new Lines(text).positionAt(offset), {
    list: (name) => Promise.resolve(folders[name] ?? []),
    models: (server) => Promise.resolve([`model of ${server}`]),
    servers: () => ['http://10.0.0.1:8000/v1'],
    metrics: () => ['c5', 'time_s'],
  });
}

async function labels(marked: string): Promise<readonly string[]> {
  return (await offered(marked)).map(({ label }) => label);
}

/** The line after the first suggestion was taken. */
async function taken(marked: string, label: string): Promise<string> {
  const suggestion = (await offered(marked)).find((one) => one.label === label);
  if (suggestion === undefined) throw new Error(`${label} is not offered`);
  const text = marked.replace('|', '');
  const lines = new Lines(text);
  const { start, end } = suggestion.replace;
  return text.slice(0, lines.offsetAt(start)) + suggestion.snippet + text.slice(lines.offsetAt(end));
}

describe('completion of values', () => {
  it.each([
    ['---\ncandidate: |\n---\n', ['evaluate.py', 'initial.py', 'lib/']],
    ['---\ncandidate: lib/|\n---\n', ['deep.py']],
    ['---\ncandidate: nowhere/|\n---\n', []],
    ['---\nevaluate: python3 |\n---\n', ['evaluate.py', 'initial.py', 'lib/']],
    ['---\nevaluate: pyth|\n---\n', []],
    ['---\nevaluator: { format: gpu-mode, folder: | }\n---\n', ['..', 'lib']],
    ['---\nevaluator:\n  folder: ../|\n---\n', ['..', 'kernels']],
    ['---\npolicy:\n  server: tinker\n  model: |\n---\n', ['model of tinker']],
    ['---\npolicy: { server: | }\n---\n', ['"http://10.0.0.1:8000/v1"']],
    ['---\nmetric: { name: | }\n---\n', ['c5', 'time_s']],
    ['---\nlimits: { time: | }\n---\n', []],
    ['---\ncand|\n---\n', []],
    ['# T\n|', []],
  ])('at %j offers %j', async (marked, expected) => {
    expect(await labels(marked)).toEqual(expected);
  });

  it('in a reward offers metrics, its own first, and functions', async () => {
    const marked = '---\nmetric: { name: bound, goal: minimize }\nreward: 1 / |\n---\n';
    const names = await labels(marked);
    expect(names.slice(0, 4)).toEqual(['bound', 'c5', 'time_s', 'min']);
    expect(names).toContain('log2');
  });

  it('replaces the word that is being written, and nothing before it', async () => {
    expect(await taken('---\nreward: 1 / c|\n---\n', 'c5')).toBe('---\nreward: 1 / c5\n---\n');
    expect(await taken('---\nreward: 1 / lo|\n---\n', 'log2')).toBe('---\nreward: 1 / log2($1)\n---\n');
    expect(await taken('---\nevaluate: python3 ev|\n---\n', 'evaluate.py')).toBe(
      '---\nevaluate: python3 evaluate.py\n---\n',
    );
    expect(await taken('---\ncandidate: lib/d|\n---\n', 'deep.py')).toBe(
      '---\ncandidate: lib/deep.py\n---\n',
    );
  });
});
