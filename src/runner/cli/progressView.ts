import { costUsd, pricesInUse } from '../../domain/session/cost';
import { emptySnapshot, reduce } from '../../domain/session/reduce';
import type { JournalEntry, SessionEvent } from '../../domain/session/events';
import type { SessionSnapshot } from '../../domain/session/snapshot';
import { dollarsText, shortCountText, totalTokens } from './amounts';

/** What people see of a session in a terminal: one line that changes, or where there is none a line for each thing of note. */
export class ProgressView {
  #snapshot: SessionSnapshot = emptySnapshot;
  #drawnAtMs = 0;

  constructor(
    private readonly stream: NodeJS.WriteStream,
    private readonly startedAtMs: number,
  ) {}

  get snapshot(): SessionSnapshot {
    return this.#snapshot;
  }

  show(entry: JournalEntry): void {
    this.#snapshot = reduce(this.#snapshot, [entry]);
    const { event } = entry;
    if (event.type === 'warning') this.say(`warning: ${event.message}`);
    if (this.stream.isTTY) {
      const calm = event.type === 'candidate.evaluated' || event.type === 'candidate.proposed';
      if (!calm || entry.t - this.#drawnAtMs >= 100) this.#draw(entry.t);
      return;
    }
    if (event.type === 'environment.progress' || event.type === 'policy.progress') this.say(event.message);
    if (event.type === 'step.started' && event.step === 0) this.say(`start: ${this.#bestText()}`);
    if (event.type === 'candidate.verified') this.#sayVerified(event);
    if (event.type === 'step.finished') this.say(this.#line(entry.t));
  }

  /** A line of its own, above the one that changes. */
  say(text: string): void {
    this.stream.write(`${this.stream.isTTY ? '\r\u001b[K' : ''}${text}\n`);
  }

  end(atMs: number): void {
    if (!this.stream.isTTY) return;
    this.#draw(atMs);
    this.stream.write('\n');
  }

  #sayVerified({ candidate, verdict, outcome }: Extract<SessionEvent, { type: 'candidate.verified' }>): void {
    const { problem } = this.#snapshot;
    if (verdict === 'refuted') {
      const why = outcome.kind === 'failed' ? `: ${outcome.message}` : '';
      this.say(`c${candidate} was better, and failed when it was run again with another seed${why}`);
      return;
    }
    const again =
      outcome.kind === 'valid'
        ? `run again with another seed: ${valueText(outcome.value, problem?.metric.unit)}`
        : `run again with another seed, it ended by a limit: ${outcome.message}`;
    this.say(`better: ${this.#bestText()}; ${again}`);
  }

  #draw(atMs: number): void {
    this.#drawnAtMs = atMs;
    const width = this.stream.columns > 0 ? this.stream.columns : 80;
    this.stream.write(`\r\u001b[K${this.#line(atMs).slice(0, width - 1)}`);
  }

  #line(atMs: number): string {
    const { status, statusMessage, step, options, evaluated, valid } = this.#snapshot;
    const elapsed = clockText(atMs - this.startedAtMs);
    if (status === 'preparing') return `${elapsed}  ${statusMessage ?? 'Preparing'}`;
    const steps = `step ${step + 1}/${options?.steps ?? '?'}`;
    const usage = this.#usageText();
    return `${elapsed}  ${steps}  ${evaluated} evaluated, ${evaluated - valid} failed  ${this.#bestText()}${usage}`;
  }

  /** Tokens and what they cost; nothing where no model is asked. */
  #usageText(): string {
    const { usage, options } = this.#snapshot;
    const tokens = totalTokens(usage);
    if (tokens === 0) return '';
    const prices = pricesInUse(options?.model);
    const cost = prices === undefined ? '' : ` ${dollarsText(costUsd(usage, prices))}`;
    return `  ${shortCountText(tokens)} tokens${cost}`;
  }

  #bestText(): string {
    const { best, problem } = this.#snapshot;
    const outcome = best === undefined ? undefined : this.#snapshot.candidates.at(best)?.outcome;
    if (best === undefined || outcome?.kind !== 'valid') return 'nothing valid yet';
    return `best ${problem?.metric.name ?? 'value'} ${valueText(outcome.value, problem?.metric.unit)} (c${best})`;
  }
}

export function valueText(value: number, unit: string | undefined): string {
  return `${Number(value.toPrecision(10))}${unit === undefined ? '' : ` ${unit}`}`;
}

function clockText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number): string => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}
