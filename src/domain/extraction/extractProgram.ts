import type { Language } from '../problem/language';
import { NoProgramError } from './answerError';
import { isLabelledAs } from './languageLabels';

interface OpenBlock {
  readonly character: string;
  readonly length: number;
  readonly indent: number;
  readonly info: string;
  readonly lines: string[];
}

type Block = Pick<OpenBlock, 'info' | 'lines'>;

/**
 * The program in a model's final answer (without its reasoning): the last fenced block labelled as the language that is not
 * blank. Without such a block, the last one without a label. The block at the end may be unclosed, as of an answer
 * that was cut. Lines end with LF, also the last one.
 *
 * Fences are Markdown's: three or more backticks or tildes, closed by at least as many of the same. A new fence labelled as
 * the language ends an open block of that or of any other language, because models forget to close blocks; a longer outer
 * fence protects such lines. Throws `NoProgramError`.
 */
export function extractProgram(answer: string, language: Language): string {
  const blocks = fencedBlocks(answer, language);
  const labelled = blocks.filter(({ info }) => isLabelledAs(info, language));
  const unlabelled = blocks.filter(({ info }) => info === '');
  const candidates = labelled.length > 0 ? labelled : unlabelled;
  const program = candidates.findLast(({ lines }) => lines.some((line) => line.trim() !== ''));
  if (program !== undefined) return program.lines.map((line) => `${line}\n`).join('');
  throw noProgram(answer, language, blocks, candidates.length > 0);
}

function fencedBlocks(answer: string, language: Language): readonly Block[] {
  const blocks: Block[] = [];
  let open: OpenBlock | undefined;
  const lines = answer.split(/\r\n|\n/);
  // What follows the last line end is a line only if there is something in it.
  if (lines.at(-1) === '') lines.pop();
  for (const line of lines) {
    const fence = /^([ \t]*)(`{3,}|~{3,})(.*)$/.exec(line);
    const begun = fence === null ? undefined : opening(fence);
    if (open === undefined) {
      if (begun !== undefined) open = begun;
      continue;
    }
    if (fence !== null && closes(fence, open)) {
      blocks.push(open);
      open = undefined;
    } else if (begun !== undefined && restarts(begun, open, language)) {
      blocks.push(open);
      open = begun;
    } else open.lines.push(withoutIndent(line, open.indent));
  }
  if (open !== undefined) blocks.push(open);
  return blocks;
}

function opening([, indent = '', marker = '', info = '']: RegExpExecArray): OpenBlock | undefined {
  // A run of backticks with another behind it is code within a line.
  if (marker.startsWith('`') && info.includes('`')) return undefined;
  return {
    character: marker.charAt(0),
    length: marker.length,
    indent: indent.length,
    info: info.trim(),
    lines: [],
  };
}

function closes([, indent = '', marker = '', info = '']: RegExpExecArray, open: OpenBlock): boolean {
  return (
    marker.startsWith(open.character) &&
    marker.length >= open.length &&
    info.trim() === '' &&
    indent.length <= open.indent + 3
  );
}

function restarts(begun: OpenBlock, open: OpenBlock, language: Language): boolean {
  if (!isLabelledAs(begun.info, language)) return false;
  if (!isLabelledAs(open.info, language)) return true;
  return begun.character === open.character && begun.length >= open.length && begun.indent <= open.indent + 3;
}

/** A block in a list is indented as a whole. */
function withoutIndent(line: string, indent: number): string {
  const own = /^[ \t]*/.exec(line)?.[0].length ?? 0;
  return line.slice(Math.min(own, indent));
}

function noProgram(
  answer: string,
  { label }: Language,
  blocks: readonly Block[],
  onlyBlank: boolean,
): NoProgramError {
  if (answer.trim() === '') return new NoProgramError('empty-answer', 'The answer is empty.');
  if (onlyBlank) return new NoProgramError('empty-block', `The answer's ${label} block is empty.`);
  if (blocks.length === 0) {
    return new NoProgramError(
      'no-block',
      `The answer has no fenced code block; a ${label} program was asked for.`,
    );
  }
  const found = [...new Set(blocks.map(({ info }) => info.slice(0, 40)))].slice(0, 5).join(', ');
  return new NoProgramError(
    'other-language',
    `The answer has no ${label} block; its blocks are labelled ${found}.`,
  );
}
