/** A text, and what translators must know to tell it from others that are the same in English. */
export interface Text {
  readonly message: string;
  readonly comment?: string;
}
export interface FoundTexts {
  readonly texts: Text[];
  /** Calls that cannot be translated, with their places. */
  readonly faults: string[];
}
export interface Reading {
  /** Texts may be said while a file is loaded. */
  readonly mayBeAtLoad?: boolean;
}
export function textsOfProduct(root: string): Promise<FoundTexts>;
export function textsOfCode(folder: string, options?: Reading): Promise<FoundTexts>;
export function textsOfSource(source: string, name: string, options?: Reading): FoundTexts;
export function bundleOf(texts: readonly Text[]): string;
export function withTextsApart(
  manifest: unknown,
  nls: Readonly<Record<string, string>>,
): { manifest: unknown; nls: Record<string, string>; moved: string[] };
export function resolved(manifest: unknown, nls: Readonly<Record<string, string>>): unknown;
export function jsonText(value: unknown): string;
