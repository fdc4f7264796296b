import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideAcceptance } from '../../../src/extension/candidates/acceptance';

function apply(text: string, edit: { start: number; end: number; newText: string }): string {
  return text.slice(0, edit.start) + edit.newText + text.slice(edit.end);
}

/** What the document holds after the candidate was accepted; fails where it is not. */
function accepted(document: string, candidate: string, bases = [document]): string {
  const decision = decideAcceptance(document, candidate, bases);
  if (decision.kind !== 'edit') throw new Error(`not accepted: ${decision.kind}`);
  return apply(document, decision);
}

const seed = 'import math\n\nN = 10\nSTEP = 0.1\n\nprint(N * STEP)\n';
const candidate = seed.replace('STEP = 0.1', 'STEP = 0.05\nWARMUP = 3');

describe('accepting a candidate', () => {
  it('turns the initial program into the candidate', () => {
    expect(accepted(seed, candidate)).toBe(candidate);
  });

  it('touches only the lines that differ', () => {
    const decision = decideAcceptance(seed, candidate, [seed]);
    expect(decision).toEqual({
      kind: 'edit',
      start: seed.indexOf('STEP = 0.1'),
      end: seed.indexOf('\nprint'),
      newText: 'STEP = 0.05\nWARMUP = 3\n',
    });
  });

  it('refuses when the file holds edits of its own', () => {
    const edited = seed.replace('N = 10', 'N = 11');
    expect(decideAcceptance(edited, candidate, [seed])).toEqual({ kind: 'changed-since' });
  });

  it('says so when the file holds the candidate already', () => {
    expect(decideAcceptance(candidate, candidate, [seed])).toEqual({ kind: 'already-accepted' });
    expect(decideAcceptance(candidate.replaceAll('\n', '\r\n'), candidate, [seed])).toEqual({
      kind: 'already-accepted',
    });
  });

  it('replaces the candidate that was accepted before', () => {
    const next = seed.replace('N = 10', 'N = 40');
    expect(accepted(candidate, next, [seed, candidate])).toBe(next);
  });

  it('keeps the line ends of the file', () => {
    const crlf = (text: string): string => text.replaceAll('\n', '\r\n');
    expect(accepted(crlf(seed), candidate, [seed])).toBe(crlf(candidate));
    expect(accepted(seed, crlf(candidate), [crlf(seed)])).toBe(candidate);
  });

  it('keeps the byte order mark of the file, and adds none', () => {
    expect(accepted('\uFEFF' + seed, candidate, [seed])).toBe('\uFEFF' + candidate);
    expect(accepted(seed, '\uFEFF' + candidate, ['\uFEFF' + seed])).toBe(candidate);
  });

  it('works on empty files and on files without a last line end', () => {
    expect(accepted('', 'a\n')).toBe('a\n');
    expect(accepted('a\nb', '')).toBe('');
    expect(accepted('a\nb', 'a\nbc')).toBe('a\nbc');
    expect(accepted('\nabc', 'xbc')).toBe('xbc');
  });

  it('always ends with exactly the candidate, whatever the texts', () => {
    const line = fc.constantFrom('', 'a', 'b', 'aa', '🔥', 'ä', 'a b');
    const text = fc.array(line, { maxLength: 8 }).map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(text, text, fc.boolean(), (from, to, isCrlf) => {
        fc.pre(from !== to);
        const document = isCrlf ? from.replaceAll('\n', '\r\n') : from;
        const result = accepted(document, to, [from]);
        expect(result.replaceAll('\r\n', '\n')).toBe(to);
        if (document.includes('\r\n')) expect(result.replaceAll('\r\n', '')).not.toContain('\n');
      }),
    );
  });
});
