import { diffLines, type LineChange } from '../../domain/merge/lineDiff';
import { linesOf } from '../../domain/merge/textLines';

const contextLines = 3;

/** What changed between two texts, in the form of `diff -u` without its file names; empty where no line differs. */
export function unifiedDiff(before: string, after: string): string {
  const from = linesOf(before);
  const to = linesOf(after);
  return groupsOf(diffLines(from, to))
    .map((changes) => hunkOf(changes, from, to))
    .join('\n');
}

/** Changes whose contexts touch stand in one hunk. */
function groupsOf(changes: readonly LineChange[]): LineChange[][] {
  const groups: LineChange[][] = [];
  for (const change of changes) {
    const group = groups.at(-1);
    const end = group?.at(-1)?.from.end;
    if (group !== undefined && end !== undefined && change.from.start - end <= 2 * contextLines) {
      group.push(change);
    } else groups.push([change]);
  }
  return groups;
}

function hunkOf(changes: readonly LineChange[], from: readonly string[], to: readonly string[]): string {
  const [first, last] = [changes[0], changes.at(-1)];
  if (first === undefined || last === undefined) return '';
  const start = Math.max(0, first.from.start - contextLines);
  const end = Math.min(from.length, last.from.end + contextLines);
  const toStart = first.to.start - (first.from.start - start);
  const toEnd = last.to.end + (end - last.from.end);
  const lines: string[] = [`@@ -${start + 1},${end - start} +${toStart + 1},${toEnd - toStart} @@`];
  let at = start;
  for (const change of changes) {
    lines.push(...from.slice(at, change.from.start).map((line) => ` ${line}`));
    lines.push(...from.slice(change.from.start, change.from.end).map((line) => `-${line}`));
    lines.push(...to.slice(change.to.start, change.to.end).map((line) => `+${line}`));
    at = change.from.end;
  }
  lines.push(...from.slice(at, end).map((line) => ` ${line}`));
  return lines.join('\n');
}
