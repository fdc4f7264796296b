import { untilAborted } from './ports';
import type { Requests } from './requests';
import { probeDialect, type Dialect, type Wire } from './wire/chooseWire';

/** What the server speaks: asked once, corrected when it refuses the form of a body. */
export class DialectCell {
  private probing: Promise<Dialect> | undefined;
  private flipped = false;

  constructor(
    private readonly requests: Requests,
    private readonly wanted: Wire | 'auto',
  ) {}

  async current(signal: AbortSignal): Promise<Dialect> {
    this.probing ??= this.probe();
    return untilAborted(this.probing, signal);
  }

  /** The server answered 415 to `refused`. Gives whether there is another form to try. */
  async flip(refused: Wire, signal: AbortSignal): Promise<boolean> {
    const dialect = await this.current(signal);
    if (dialect.wire !== refused) return true;
    if (this.wanted !== 'auto' || this.flipped) return false;
    this.flipped = true;
    this.probing = Promise.resolve({ ...dialect, wire: refused === 'proto' ? 'json' : 'proto' });
    return true;
  }

  private async probe(): Promise<Dialect> {
    try {
      const dialect = await probeDialect(this.requests, this.requests.setup.life);
      return this.wanted === 'auto' ? dialect : { ...dialect, wire: this.wanted };
    } catch (error) {
      this.probing = undefined;
      throw error;
    }
  }
}
