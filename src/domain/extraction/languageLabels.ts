import { languageOf, type Language } from '../problem/language';

/** Labels of code blocks that models use beside the language's id, its name and its file endings. */
const otherLabels: Readonly<Record<string, string>> = {
  python: 'python3 py3 pypy pypy3 triton',
  cpp: 'cplusplus gnu++',
  // Models label CUDA and HIP sources as plain C++ as often as not.
  'cuda-cpp': 'cuda cuda-c cuda-c++ cudac++ cpp c++ cc c',
  'hip-cpp': 'hip-c++ cuda cpp c++ cc c',
  metal: 'msl cpp c++',
  opencl: 'opencl-c opencl-cl c',
  csharp: 'c#',
  fsharp: 'f#',
  javascript: 'node nodejs ecmascript',
  typescript: 'deno',
  shellscript: 'shell shell-script',
  go: 'golang',
  lean4: 'lean',
  fortran: 'fortran90 f77',
  perl: 'perl5',
  lisp: 'common-lisp commonlisp',
  plaintext: 'text txt plain',
};

/** The label for a code block in this language, as models know it best. */
export function fenceLabel({ id }: Language): string {
  const known: Readonly<Record<string, string>> = {
    'cuda-cpp': 'cuda',
    'hip-cpp': 'hip',
    shellscript: 'bash',
    lean4: 'lean',
    plaintext: 'text',
  };
  return known[id] ?? id;
}

/**
 * True if a code block with this info string (what follows the opening fence) is labelled as the language:
 * `py`, `Python`, `{.python}`, `python title="a.py"`, `c++20`.
 */
export function isLabelledAs(info: string, language: Language): boolean {
  const word = /^\s*\{?\.?([^\s,:;{}]+)/.exec(info)?.[1]?.toLowerCase();
  if (word === undefined) return false;
  return [word, word.replace(/[\d.]+[a-z]?$/, '')].some((label) => label !== '' && means(label, language));
}

function means(label: string, { id, label: name }: Language): boolean {
  if (label === id || label === name.toLowerCase()) return true;
  if ((otherLabels[id] ?? '').split(' ').includes(label)) return true;
  const byEnding = languageOf(`program.${label}`);
  return byEnding.id === id && byEnding.id !== 'plaintext';
}
