/** Words of the lines around what may change in a program, behind any comment sign; OpenEvolve and ShinkaEvolve share them. */
export const evolveMarkers = { start: 'EVOLVE-BLOCK-START', end: 'EVOLVE-BLOCK-END' } as const;

/** What must stay: the lines before and between the blocks and behind them, each with the markers at its ends. */
type FixedParts = readonly (readonly string[])[];

/** Undefined if the text has no blocks, or its markers do not pair up. */
function fixedParts(text: string): FixedParts | undefined {
  const parts: string[][] = [[]];
  let inBlock = false;
  for (const line of text.trimEnd().split('\n')) {
    const starts = line.includes(evolveMarkers.start);
    const ends = line.includes(evolveMarkers.end);
    if ((starts && ends) || (inBlock ? starts : ends)) return undefined;
    if (ends) parts.push([]);
    if (!inBlock || ends) parts.at(-1)?.push(line.trimEnd());
    if (starts || ends) inBlock = starts;
  }
  return inBlock || parts.length === 1 ? undefined : parts;
}

/** True if the program says by markers which of its lines may change. */
export function hasEvolveBlocks(program: string): boolean {
  return fixedParts(program) !== undefined;
}

/**
 * Why `changed` is no program of the same frame as `original`: a sentence about the first line outside the blocks that differs. Undefined if
 * all such lines are alike but for spaces at their ends, or `original` has no blocks.
 */
export function changeOutsideBlocks(original: string, changed: string): string | undefined {
  const before = fixedParts(original);
  if (before === undefined) return undefined;
  const after = fixedParts(changed);
  const marks = `${evolveMarkers.start} and ${evolveMarkers.end}`;
  if (after?.length !== before.length) {
    const blocks = `${before.length - 1} ${before.length === 2 ? 'block' : 'blocks'}`;
    return `The program must keep its ${blocks} between lines with ${marks}.`;
  }
  for (const [place, part] of before.entries()) {
    const changedPart = after[place] ?? [];
    const index = Array.from({ length: Math.max(part.length, changedPart.length) }).findIndex(
      (_, line) => part[line] !== changedPart[line],
    );
    if (index < 0) continue;
    return `Only what stands between lines with ${marks} may change; outside of them ${quoted(part[index])} became ${quoted(changedPart[index])}.`;
  }
  return undefined;
}

function quoted(line: string | undefined): string {
  if (line === undefined) return 'nothing';
  const text = line.trim();
  return `"${text.length <= 80 ? text : `${text.slice(0, 80)}…`}"`;
}
