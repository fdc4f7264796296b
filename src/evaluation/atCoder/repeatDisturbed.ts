import { isDisturbed, takenMs } from './disturbance';
import type { RanCase } from './runCase';

const mostRuns = 3;
/** For so long a case that is run again looks for a core on which nobody else computes. */
const quietWithinMs = 2000;
/** Others stay: then running again only takes time. */
const mostInVain = 4;

/**
 * Runs cases again of which others had part of the core, at most twice. The run counts that was disturbed least: what a program brings about
 * itself is no disturbance, and its score decides nothing, so it gains nothing by it.
 */
export class Repeats {
  #inVain = 0;

  /** `mayRepeat`: asked before each repetition whether there is time for it. */
  constructor(private readonly mayRepeat: () => boolean) {}

  /** `run`: on any core, or if it can on one that has become quiet within so many milliseconds. */
  async leastDisturbed(run: (quietWithinMs: number) => Promise<RanCase>): Promise<RanCase> {
    let best = await run(0);
    let runs = 1;
    while (runs < mostRuns && this.#isWorth(best)) {
      const again = await run(quietWithinMs);
      runs += 1;
      if (isRefused(again)) return { ...again, runs };
      if (takenOf(again) < takenOf(best)) best = again;
      if (isDisturbedCase(again)) this.#inVain += 1;
    }
    return runs === 1 ? best : { ...best, runs };
  }

  #isWorth(ran: RanCase): boolean {
    return !isRefused(ran) && isDisturbedCase(ran) && this.#inVain < mostInVain && this.mayRepeat();
  }
}

/** For what others are not to blame; then once is enough. */
function isRefused({ verdict, mayBeInTime }: RanCase): boolean {
  return verdict !== 'AC' && mayBeInTime !== true;
}

/** What a program may have done itself is none. */
export function isDisturbedCase({ measurement, isByOthers }: RanCase): boolean {
  return measurement !== undefined && isByOthers === true && isDisturbed(measurement);
}

function takenOf({ measurement }: RanCase): number {
  return measurement === undefined ? Infinity : takenMs(measurement);
}
