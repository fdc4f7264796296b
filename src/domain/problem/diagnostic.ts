import type { Range } from '../text/position';

export const diagnosticCodes = [
  'front-matter-missing',
  'front-matter-unclosed',
  'yaml-syntax',
  'duplicate-key',
  'unknown-key',
  'missing-key',
  'missing-value',
  'wrong-type',
  'bad-unit',
  'out-of-range',
  'bad-choice',
  'bad-path',
  'bad-url',
  'bad-name',
  'bad-module',
  'bad-package',
  'bad-python-version',
  'bad-reward',
  'reward-ignores-metric',
  'reward-contradicts-goal',
  'duplicate-reference',
  'empty-statement',
  'missing-file',
  'bad-server',
  'secret-in-file',
  'policy-unclear',
  'missing-model',
  'contradiction',
  'unused-key',
  'no-price',
] as const;
export type DiagnosticCode = (typeof diagnosticCodes)[number];

/** One thing wrong in a problem file. The message says what is wrong and how to mend it. */
export interface ProblemDiagnostic {
  readonly range: Range;
  readonly severity: 'error' | 'warning';
  readonly code: DiagnosticCode;
  readonly message: string;
}

/** Where a key and its value stand. */
export interface Place {
  readonly key: Range;
  readonly value: Range;
  /** The value as text, if it is a single non-empty value and not a list or a group of keys. */
  readonly text?: string;
}

/** A file that the problem names, relative to the problem file (or absolute, with a foreign folder), and where it is named. */
export interface FilePlace {
  readonly path: string;
  readonly range: Range;
}

/** Where things stand in a problem file; as much as could be found, also in a file with errors. */
export interface ProblemPlaces {
  /** The lines between the two `---`. */
  readonly frontMatter?: Range;
  /** The statement. */
  readonly body?: Range;
  /** By path of the key: `candidate`, `metric.name`, `references.0.label`. */
  readonly keys: ReadonlyMap<string, Place>;
  /** The candidate's path, if it is a fit one. */
  readonly candidate?: FilePlace;
  /** The folder that was made for another tool. */
  readonly folder?: FilePlace;
  /** Scripts that the evaluator's command names, without a leading `./`. */
  readonly scripts: readonly FilePlace[];
}
