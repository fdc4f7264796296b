/** What kind of value a key takes. */
export type ValueKind =
  | { readonly kind: 'text' }
  /** A path inside the problem's folder. */
  | { readonly kind: 'path' }
  /** A folder anywhere on this machine. */
  | { readonly kind: 'folder' }
  | { readonly kind: 'name' }
  | { readonly kind: 'expression' }
  | { readonly kind: 'url' }
  | { readonly kind: 'pythonVersion' }
  | { readonly kind: 'packages' }
  | { readonly kind: 'modules' }
  | { readonly kind: 'boolean' }
  /** A word for a model server, or its address. */
  | { readonly kind: 'server' }
  /** Keys that are not ours, with any values. */
  | { readonly kind: 'mapping' }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'number'; readonly integer: boolean; readonly min?: number; readonly max?: number }
  | { readonly kind: 'time'; readonly minMs: number; readonly maxMs: number; readonly rangeText: string }
  | {
      readonly kind: 'bytes';
      readonly minBytes: number;
      readonly maxBytes: number;
      readonly rangeText: string;
    }
  | { readonly kind: 'keys'; readonly keys: readonly KeySpec[] }
  | { readonly kind: 'listOfKeys'; readonly keys: readonly KeySpec[] };

/** One key of the front matter. The parser, completion and hover all read this table. */
export interface KeySpec {
  readonly name: string;
  readonly value: ValueKind;
  readonly required?: true;
  /** One or two sentences in Markdown. */
  readonly doc: string;
  /** A value as it may be written. */
  readonly example: string;
  /** What holds when the key is absent, in words. */
  readonly whenAbsent?: string;
}

export const whole = (min: number, max: number): ValueKind => ({ kind: 'number', integer: true, min, max });

export const fromTo = (min: number, max: number): ValueKind => ({ kind: 'number', integer: false, min, max });
