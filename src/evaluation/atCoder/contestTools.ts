import type { FileIdentity } from './trustedFiles';

/** What makes the cases of a contest and scores answers: the official crate, or its visualizer. */
export interface ContestTools {
  /** Files that they consist of; a change of one of them means that scores are no longer theirs. */
  readonly files: readonly FileIdentity[];
  /** A command that writes `in/0000.txt`, `in/0001.txt`, … into its working folder for the seeds in its `seeds.txt`, one a line. */
  readonly generate: readonly string[];
  /** A command that prints the official verdict of an answer. For interactive contests: undefined. */
  readonly score: ((input: string, output: string) => readonly string[]) | undefined;
  /** A command that talks with the program, whose command follows. Of interactive contests alone. */
  readonly tester: readonly string[] | undefined;
}
