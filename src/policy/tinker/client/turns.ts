import { untilAborted } from './ports';

/** Lets one at a time through, in the order of arrival. */
export class Turns {
  private last: Promise<void> = Promise.resolve();

  /** Resolves when all earlier turns are over, with what ends this one. Throws the signal's reason; the turn is then given up. */
  async take(signal: AbortSignal): Promise<() => void> {
    const earlier = this.last;
    let end: () => void = () => undefined;
    const mine = new Promise<void>((resolve) => (end = resolve));
    this.last = earlier.then(() => mine);
    try {
      await untilAborted(earlier, signal);
    } catch (error) {
      end();
      throw error;
    }
    return end;
  }
}
