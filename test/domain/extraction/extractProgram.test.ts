import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NoProgramError } from '../../../src/domain/extraction/answerError';
import { extractProgram } from '../../../src/domain/extraction/extractProgram';
import { finalAnswer } from '../../../src/domain/extraction/finalAnswer';
import { fenceLabel, isLabelledAs } from '../../../src/domain/extraction/languageLabels';
import { languageOf } from '../../../src/domain/problem/language';
import { fenced } from '../../../src/domain/prompt/fence';

const python = languageOf('a.py');
const cpp = languageOf('a.cpp');
const cuda = languageOf('a.cu');

function failure(answer: string): NoProgramError {
  try {
    extractProgram(answer, python);
  } catch (error) {
    if (error instanceof NoProgramError) return error;
    throw error;
  }
  throw new Error('there was a program');
}

describe('the program of an answer', () => {
  it.each([
    ['one block', 'Here:\n```python\nx = 1\n```\nDone.', 'x = 1\n'],
    ['the last of several', '```python\nx = 1\n```\n```python\nx = 2\n```', 'x = 2\n'],
    ['the last of its language', '```py\nx = 1\n```\n```bash\nls\n```\n```\nout\n```', 'x = 1\n'],
    ['an unclosed block at the end', 'So:\n```python\nx = 1\ny = 2', 'x = 1\ny = 2\n'],
    ['an unclosed block cut in a fence', '```python\nx = 1\n``', 'x = 1\n``\n'],
    ['a longer fence with shorter ones inside', '````python\ns = """\n```\n"""\n````', 's = """\n```\n"""\n'],
    ['a fence of tildes', '~~~python\ns = "```"\n```\n~~~', 's = "```"\n```\n'],
    ['a block with CRLF', 'A\r\n```python\r\nx = 1\r\n```\r\n', 'x = 1\n'],
    ['a block in a list', '1. So:\n   ```python\n   if x:\n     y()\n   ```', 'if x:\n  y()\n'],
    ['an attribute behind the language', '```python title="a.py"\nx = 1\n```', 'x = 1\n'],
    ['the last block that is not blank', '```python\nx = 1\n```\n```python\n\n```', 'x = 1\n'],
    ['a block without a label where none has one', '```\nx = 1\n```', 'x = 1\n'],
    ['a block behind one that was not closed', '```text\nidea\n```python\nx = 1\n```', 'x = 1\n'],
    ['a rewrite behind an unclosed block', '```python\nx =\n\nBetter:\n```python\nx = 2\n```', 'x = 2\n'],
    ['a block within a Markdown block', '```markdown\n```python\nx = 1\n```\n```', 'x = 1\n'],
    [
      'indented fences inside',
      '```python\ndef f():\n    """\n    ```\n    """\n```',
      'def f():\n    """\n    ```\n    """\n',
    ],
    ['blank lines kept', '```python\n\nx = 1\n\n\n```', '\nx = 1\n\n\n'],
  ])('is %s', (_, answer, program) => {
    expect(extractProgram(answer, python)).toBe(program);
  });

  it.each([
    ['', 'empty-answer'],
    ['  \n', 'empty-answer'],
    ['I cannot do better.', 'no-block'],
    ['Use `x = 1` and ```y = 2``` inline.', 'no-block'],
    ['```python\n```', 'empty-block'],
    ['```python', 'empty-block'],
    ['```\n\n```', 'empty-block'],
    ['```rust\nfn main() {}\n```', 'other-language'],
  ])('is missing in %j: %s', (answer, reason) => {
    expect(failure(answer).reason).toBe(reason);
  });

  it('is missed with words that say what was there', () => {
    expect(failure('```rust\nx\n```\n```c++\ny\n```').message).toBe(
      'The answer has no Python block; its blocks are labelled rust, c++.',
    );
  });

  it('is what was put in a fence, whatever surrounds it', () => {
    const words = fc.string({ unit: fc.constantFrom('a', ' ', '.', '\n', '"', '#') });
    const program = fc
      .array(fc.oneof(fc.string(), fc.constantFrom('```', '```python', '````', '~~~', '    ```')))
      .map((lines) => `${lines.join('\n').replaceAll('\r', '')}\n`)
      .filter((text) => text.trim() !== '');
    fc.assert(
      fc.property(words, program, words, (before, text, after) => {
        const answer = `${before}\n${fenced(text, 'python').block}\n${after}`;
        expect(extractProgram(answer, python)).toBe(text);
        expect(extractProgram(answer.replaceAll('\n', '\r\n'), python)).toBe(text);
      }),
    );
  });

  it('is found or missed by name for any text', () => {
    const parts = fc.oneof(
      fc.string(),
      fc.constantFrom('```', '```python', '````', '~~~', '\n', '\r\n', '   '),
    );
    fc.assert(
      fc.property(fc.array(parts), (texts) => {
        try {
          expect(extractProgram(texts.join('\n'), python).trim()).not.toBe('');
        } catch (error) {
          expect(error).toBeInstanceOf(NoProgramError);
        }
      }),
    );
  });
});

describe('a label', () => {
  it.each([
    'python',
    'py',
    'Python',
    'PYTHON3',
    '{.python .numberLines}',
    'python:main.py',
    'python3.12',
    'py,linenos',
  ])('%j means Python', (info) => expect(isLabelledAs(info, python)).toBe(true));
  it.each(['cpp', 'c++', 'cc', 'C++', 'cxx', 'c++20', 'cpp17', 'hpp'])('%j means C++', (info) =>
    expect(isLabelledAs(info, cpp)).toBe(true),
  );
  it.each(['cuda', 'cu', 'CUDA', 'cuda-cpp', 'c++', 'cuh'])('%j may label CUDA', (info) =>
    expect(isLabelledAs(info, cuda)).toBe(true),
  );
  it.each(['', 'pytb', 'pseudo', 'c', 'text', 'toString', '__proto__'])('%j does not mean Python', (info) =>
    expect(isLabelledAs(info, python)).toBe(false),
  );
  it('is understood again for every language', () => {
    for (const path of 'a.py a.cpp a.cu a.c a.hip a.cs a.sh a.lean a.rs a.f90 a.js a.cl README'.split(' ')) {
      const language = languageOf(path);
      expect(isLabelledAs(fenceLabel(language), language)).toBe(true);
    }
  });
});

describe('the final answer', () => {
  it.each([
    ['no reasoning', 'no reasoning'],
    ['<think>try ```python\nx\n```</think>\nanswer', '\nanswer'],
    ['\n<think>\nnever ends ```python\nx\n```', ''],
    ['reasoning without its opening tag\n</think>\n\nanswer', '\n\nanswer'],
    ['print("</think>")', 'print("</think>")'],
  ])('of %j is %j', (text, answer) => {
    expect(finalAnswer(text)).toBe(answer);
  });
});
