/** Keys that `when` clauses of package.json use, with the value they have before activation. */
export const contextKeyDefaults = {
  'tttDiscover.hasSessions': false,
  'tttDiscover.hasActiveSession': false,
  'tttDiscover.canTakeBack': false,
  'tttDiscover.hasBetterCandidate': false,
} as const;

export type ContextKey = keyof typeof contextKeyDefaults;
