import { valueRange, type ValueRange } from '../../domain/report/valueRange';
import type { SessionSnapshot, StepSummary } from '../../domain/session/snapshot';
import type { StepHistograms } from '../../protocol/dashboardData';

export const histogramBinCount = 80;

export interface HistogramNews {
  readonly isWhole: boolean;
  readonly histograms: StepHistograms;
}

/**
 * Counts the values of each step in bins of one range. The range changes seldom: when something better lies outside of it, or when much
 * of it has become empty.
 */
export class StepHistogramTable {
  private range: ValueRange | undefined;
  /** The values that a step's counts were made from, by step. */
  private readonly counted = new Map<number, StepSummary['values']>();
  private readonly counts = new Map<number, Uint32Array>();

  /** The histograms of steps whose values changed; of all steps where the range did. `undefined` where nothing did. */
  update(snapshot: SessionSnapshot): HistogramNews | undefined {
    const changed = snapshot.steps.filter((step) => this.counted.get(step.step) !== step.values);
    if (changed.length === 0) return undefined;
    const range = rangeFor(snapshot, this.range);
    if (range === undefined) return undefined;
    const isWhole = range !== this.range;
    this.range = range;
    const counting = isWhole ? snapshot.steps : changed;
    for (const step of counting) {
      this.counted.set(step.step, step.values);
      this.counts.set(step.step, countsOf(step.values ?? [], range));
    }
    return { isWhole, histograms: this.pack(range, counting) };
  }

  /** All that is counted so far. */
  whole(): HistogramNews | undefined {
    if (this.range === undefined) return undefined;
    const steps = [...this.counts.keys()].sort((a, b) => a - b).map((step) => ({ step }));
    return { isWhole: true, histograms: this.pack(this.range, steps) };
  }

  private pack({ low, high }: ValueRange, steps: readonly { readonly step: number }[]): StepHistograms {
    const counts = new Uint32Array(steps.length * histogramBinCount);
    steps.forEach(({ step }, row) => {
      const own = this.counts.get(step);
      if (own !== undefined) counts.set(own, row * histogramBinCount);
    });
    const numbers = Int32Array.from(steps, ({ step }) => step);
    return { low, high, binCount: histogramBinCount, steps: numbers, counts };
  }
}

function countsOf(values: readonly number[], { low, high }: ValueRange): Uint32Array {
  const counts = new Uint32Array(histogramBinCount);
  const scale = histogramBinCount / (high - low);
  for (const value of values) {
    const bin = Math.floor((value - low) * scale);
    const within = Math.min(histogramBinCount - 1, Math.max(0, bin));
    counts[within] = (counts[within] ?? 0) + 1;
  }
  return counts;
}

/** Place on both sides, as a share of what is wanted, so that what is a little better does not move all. */
const spare = 0.1;

/** The range in use while it fits; `undefined` without any value. */
function rangeFor(snapshot: SessionSnapshot, inUse: ValueRange | undefined): ValueRange | undefined {
  const wanted = valueRange(snapshot);
  if (wanted === undefined) return inUse;
  const { low, high } = wanted;
  const fits = inUse !== undefined && inUse.low <= low && inUse.high >= high;
  if (fits && high - low >= (inUse.high - inUse.low) / 2) return inUse;
  // All values equal: any width does.
  const width = high > low ? high - low : Math.max(Math.abs(low), 1) * 1e-3;
  return { low: low - spare * width, high: high + spare * width };
}
