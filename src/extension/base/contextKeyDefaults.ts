/** Keys that `when` clauses of package.json use, with the value they have before activation. */
export const contextKeyDefaults = {
  'tttDiscover.hasSessions': false,
  'tttDiscover.hasActiveSession': false,
  'tttDiscover.canTakeBack': false,
  'tttDiscover.hasBetterCandidate': false,
  /** Once known, the paths of the files that problems evolve: for `resourcePath in`. */
  'tttDiscover.candidateFiles': false,
  'tttDiscover.hasCandidates': false,
  'tttDiscover.isCandidateSearch': false,
  'tttDiscover.isCandidateTree': true,
  'tttDiscover.hasMoreLineage': false,
} as const;

export type ContextKey = keyof typeof contextKeyDefaults;
