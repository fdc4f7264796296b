import type { Environment, ForeignFormat, GpuMode, Limits, Metric, Reference } from '../problem/problem';

/** A folder as far as it was looked at. */
export interface FolderFiles {
  /** Relative, with forward slashes; files alone. */
  readonly paths: readonly string[];
  /** The text of a file; undefined if it is not there, is no text, or is too large to look at. */
  readonly read: (path: string) => string | undefined;
}

/** What a folder of another tool says about itself, in the words of a problem file. */
export interface FolderDescription {
  readonly format: ForeignFormat;
  /** Absent where the folder does not say it. */
  readonly title?: string;
  /** The program that evolves, relative to the folder. */
  readonly candidate: string;
  readonly metric: Metric;
  readonly mode?: GpuMode;
  readonly cases?: number;
  /** AtCoder alone. */
  readonly caseTimeMs?: number;
  readonly reward?: string;
  readonly environment?: Environment;
  readonly limits?: Partial<Limits>;
  readonly references?: readonly Reference[];
  /** Markdown. */
  readonly statement: string;
  /** What had to be guessed, or is not supported, one sentence each: comments in the proposed file. */
  readonly notes: readonly string[];
}

/**
 * Looks whether a folder has the format, and what it says. Undefined if it is not of this format at all; a folder of the format with
 * mistakes gives `problems`, one sentence each with the file's name, and what to do.
 */
export type DescribeFolder = (
  files: FolderFiles,
) => { readonly description: FolderDescription } | { readonly problems: readonly string[] } | undefined;
