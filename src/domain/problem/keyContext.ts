import { Lines } from '../text/lines';
import type { Position, Range } from '../text/position';
import { splitFrontMatter } from './frontMatter';

/** What is being written at a place in the front matter. */
export interface KeyContext {
  /** The group it stands in: `[]` at the top, `['metric']`, `['references']`. */
  readonly path: readonly string[];
  /** The key whose value is being written; absent where a key is being written. */
  readonly keyOfValue?: string;
  /** What is written of it so far. */
  readonly replace: Range;
}

interface Flow {
  readonly opening: string;
  /** The key whose value the bracket opens. */
  readonly key?: string;
}

/**
 * Reads the text up to a cursor for completion. It does not parse YAML, because a line that is being written rarely is
 * YAML yet; it follows indentation and brackets.
 */
export function keyContextAt(text: string, position: Position): KeyContext | undefined {
  const lines = new Lines(text);
  const cursor = lines.offsetAt(position);
  const parts = splitFrontMatter(text);
  if (!parts.ok && parts.code === 'front-matter-missing') return undefined;
  const from = parts.ok ? parts.yaml.from : parts.at.to;
  if (cursor < from || (parts.ok && cursor > parts.yaml.to)) return undefined;
  const before = text.slice(from, cursor);
  const flow = openFlows(before);
  if (flow === undefined) return undefined;
  const segment = flow.flows.length > 0 ? flow.segment : (before.split(/\r\n|\r|\n/).at(-1) ?? '');
  const written = /^([ ]*(?:- +)*)(?:(\w+)[ ]*:[ ]+)?([^ ].*)?$/.exec(
    flow.flows.length > 0 ? segment.trimStart() : segment,
  );
  if (written === null) return undefined;
  const [, indent = '', key, prefix = ''] = written;
  if (key === undefined && !/^\w*$/.test(prefix)) return undefined;
  const inFlow = flow.flows.flatMap(({ key: opened }) => opened ?? []);
  return {
    path: [
      ...blockPath(flow.lineStart, before, flow.flows.length > 0 ? undefined : indent.length),
      ...inFlow,
    ],
    ...(key !== undefined && { keyOfValue: key }),
    replace: lines.range(cursor - prefix.length, cursor),
  };
}

interface OpenFlows {
  readonly flows: readonly Flow[];
  /** What is written since the last bracket or comma. */
  readonly segment: string;
  /** Where the line of the outermost open bracket begins, or the last line if none is open. */
  readonly lineStart: number;
}

/** The brackets that are open at the end of the text; undefined inside a comment. */
function openFlows(text: string): OpenFlows | undefined {
  const flows: Flow[] = [];
  let quote: string | undefined;
  let segmentStart = 0;
  let lineStart = 0;
  let thisLine = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '\n' || character === '\r') {
      quote = undefined;
      thisLine = at + 1;
      if (flows.length === 0) segmentStart = lineStart = at + 1;
    } else if (quote !== undefined) {
      if (character === quote) quote = undefined;
    } else if (character === '#' && /^$|\s/.test(text.slice(Math.max(thisLine, at - 1), at))) {
      const rest = text.slice(at).search(/[\r\n]/);
      if (rest < 0) return undefined;
      at += rest - 1;
    } else if (
      (character === '"' || character === "'") &&
      /(^|[:,[{-])\s*$/.test(text.slice(segmentStart, at))
    ) {
      quote = character;
    } else if (character === '{' || character === '[') {
      const key = /(\w+)\s*:\s*$/.exec(text.slice(segmentStart, at))?.[1];
      flows.push({ opening: character, ...(key !== undefined && { key }) });
      segmentStart = at + 1;
    } else if (flows.length > 0 && (character === '}' || character === ']')) {
      flows.pop();
      segmentStart = at + 1;
    } else if (flows.length > 0 && character === ',') segmentStart = at + 1;
  }
  return { flows, segment: text.slice(segmentStart), lineStart };
}

/** The keys that the line at `lineStart` is indented under; `indent` counts a list's dash as indentation. */
function blockPath(lineStart: number, text: string, indent: number | undefined): string[] {
  const ownLine = /^[ ]*(?:- +)*/.exec(text.slice(lineStart))?.[0].length ?? 0;
  const path: string[] = [];
  let limit = indent ?? ownLine;
  for (const line of text
    .slice(0, lineStart)
    .split(/\r\n|\r|\n/)
    .reverse()) {
    const parent = /^([ ]*(?:- +)*)(\w+):[ ]*(?:#.*)?$/.exec(line);
    const [, lead = '', key] = parent ?? [];
    if (key === undefined || lead.length >= limit) continue;
    path.unshift(key);
    limit = lead.search(/[^ ]|$/);
  }
  return path;
}
