import { Range } from 'vscode';
import type { Range as PlainRange } from '../../domain/text/position';

export function toEditorRange({ start, end }: PlainRange): Range {
  return new Range(start.line, start.character, end.line, end.character);
}
