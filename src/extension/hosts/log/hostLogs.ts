import { hostKeyOf, type HostTarget } from '../../../remote/hostClient';
import { labelOf } from '../hostTargets';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** The part of the editor's log channel that is written to. */
export type LogSink = Readonly<Record<LogLevel, (message: string) => void>>;

/** As many as diagnostics show; older ones are in the channel's file. */
export const keptLines = 200;
const maxTextLength = 8_192;

/**
 * What happens on the connections of this window: written to a channel of the editor, line by line with the host's name before it, and the last
 * lines of each host kept for diagnostics. It takes text alone; what a person types at a login is a `Secret`, which is none.
 */
export class HostLogs {
  private readonly kept = new Map<string, string[]>();

  constructor(
    private readonly sink: LogSink,
    private readonly now: () => Date,
  ) {}

  write(target: HostTarget, level: LogLevel, text: string): void {
    const lines = this.kept.get(hostKeyOf(target)) ?? [];
    this.kept.set(hostKeyOf(target), lines);
    const time = this.now().toISOString();
    for (const [index, line] of linesOf(text).entries()) {
      const shown = `${index === 0 ? '' : '  '}${line}`;
      this.sink[level](`[${labelOf(target)}] ${shown}`);
      lines.push(`${time} [${level}] ${shown}`);
    }
    lines.splice(0, lines.length - keptLines);
  }

  /** The last lines of a host, the oldest first. */
  linesOf(target: HostTarget): readonly string[] {
    return this.kept.get(hostKeyOf(target)) ?? [];
  }
}

// eslint-disable-next-line no-control-regex -- these are what is taken out
const invisible = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A host's words cannot look like a line of another's, nor move the cursor of who reads them. */
function linesOf(text: string): string[] {
  const lines = text.slice(0, maxTextLength).split(/\r\n|\r|\n/);
  return lines.map((line) => line.replace(invisible, '')).filter((line) => line.trim() !== '');
}
