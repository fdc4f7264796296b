export interface FoundTexts {
  readonly texts: Set<string>;
  /** Calls that cannot be translated, with their places. */
  readonly faults: string[];
}
export function textsOfCode(folder: string): Promise<FoundTexts>;
export function textsOfSource(source: string, name: string): { texts: string[]; faults: string[] };
export function bundleOf(texts: Set<string>): string;
export function withTextsApart(
  manifest: unknown,
  nls: Readonly<Record<string, string>>,
): { manifest: unknown; nls: Record<string, string>; moved: string[] };
export function resolved(manifest: unknown, nls: Readonly<Record<string, string>>): unknown;
export function jsonText(value: unknown): string;
