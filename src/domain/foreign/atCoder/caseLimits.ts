/** Of one case. */
export interface CaseLimits {
  readonly timeMs: number;
  readonly memoryBytes: number;
}

/** What most contests have; a problem file or ALE-Bench's `data.json` may say otherwise. */
export const usualCaseLimits: CaseLimits = { timeMs: 2000, memoryBytes: 1024 ** 3 };
export const usualCases = 150;
