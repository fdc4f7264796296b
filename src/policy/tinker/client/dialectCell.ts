import { untilAborted } from './ports';
import type { Requests } from './requests';
import type { ServerKind } from './training';
import { probeDialect, type Dialect, type Wire } from './wire/chooseWire';

/** What the server speaks: asked once, corrected when it refuses the form of a body. */
export class DialectCell {
  private probing: Promise<Dialect> | undefined;
  private flipped = false;

  constructor(
    private readonly requests: Requests,
    /** What is set for it and need not be asked. */
    private readonly wanted: { readonly wire: Wire | undefined; readonly server: ServerKind | undefined },
  ) {}

  async current(signal: AbortSignal): Promise<Dialect> {
    this.probing ??= this.probe();
    return untilAborted(this.probing, signal);
  }

  /** The server answered 415 to `refused`. Gives whether there is another form to try. */
  async flip(refused: Wire, signal: AbortSignal): Promise<boolean> {
    const dialect = await this.current(signal);
    if (dialect.wire !== refused) return true;
    if (this.wanted.wire !== undefined || this.flipped) return false;
    this.flipped = true;
    this.probing = Promise.resolve({ ...dialect, wire: refused === 'proto' ? 'json' : 'proto' });
    return true;
  }

  private async probe(): Promise<Dialect> {
    const { wire, server } = this.wanted;
    if (wire !== undefined && server !== undefined) return { wire, server };
    try {
      const dialect = await probeDialect(this.requests, this.requests.setup.life);
      return { wire: wire ?? dialect.wire, server: server ?? dialect.server };
    } catch (error) {
      this.probing = undefined;
      throw error;
    }
  }
}
