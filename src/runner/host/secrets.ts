import type { SessionEvent } from '../../domain/session/events';
import type { JsonValue } from '../../domain/json';
import { createSecrets } from '../../policy/tinker/client/secrets';
import type { SessionSecrets } from '../../protocol/sessionSecrets';

/**
 * The secrets of the session that this process runs, in memory alone: private fields, so that no inspection or serialisation
 * shows them. Takes their values out of texts for logs and for the journal, those of values that were replaced since too.
 */
export class SecretHolder {
  readonly #known = createSecrets();
  #current: { readonly key?: string | undefined; readonly endpointUrl?: string | undefined } = {};

  constructor(given: SessionSecrets = {}) {
    this.provide(given);
  }

  get key(): string | undefined {
    return this.#current.key;
  }

  /** Where the editor serves its own language model. */
  get endpointUrl(): string | undefined {
    return this.#current.endpointUrl;
  }

  /** What is absent stays as it was. */
  provide(given: SessionSecrets): void {
    const { key = this.key, endpointUrl = this.endpointUrl } = given;
    this.#current = { key: key?.trim(), endpointUrl };
    for (const value of [this.key, this.endpointUrl]) if (value !== undefined) this.#known.add(value);
  }

  /** The text without any value that was ever given. */
  redact(text: string): string {
    return this.#known.redact(text);
  }

  /** An error that says the same without secrets, with its causes. */
  redactError(error: unknown): unknown {
    if (!(error instanceof Error)) return typeof error === 'string' ? this.redact(error) : error;
    const cause = error.cause === undefined ? {} : { cause: this.redactError(error.cause) };
    const clean = new Error(this.redact(error.message), cause);
    clean.name = error.name;
    if (error.stack !== undefined) clean.stack = this.redact(error.stack);
    // What is known to go wrong is told without its stack.
    if ('advice' in error && typeof error.advice === 'string') {
      return Object.assign(clean, { advice: this.redact(error.advice) });
    }
    return clean;
  }

  /** The same event without secrets in what it says to people; servers quote what they were sent. */
  redactEvent<Event extends SessionEvent>(event: Event): Event;
  redactEvent(event: SessionEvent): SessionEvent {
    switch (event.type) {
      case 'session.paused':
        return event.message === undefined ? event : { ...event, message: this.redact(event.message) };
      case 'session.failed': {
        const advice = event.advice === undefined ? {} : { advice: this.redact(event.advice) };
        return { ...event, message: this.redact(event.message), ...advice };
      }
      case 'policy.progress':
      case 'environment.progress':
      case 'warning':
        return { ...event, message: this.redact(event.message) };
      case 'note.added':
        return { ...event, text: this.redact(event.text) };
      case 'policy.ready': {
        const facts = Object.entries(event.facts).map(
          ([name, value]) => [name, this.#redactValue(value)] as const,
        );
        return { ...event, facts: Object.fromEntries(facts) };
      }
      default:
        return event;
    }
  }

  #redactValue(value: JsonValue): JsonValue {
    if (typeof value === 'string') return this.redact(value);
    if (isList(value)) return value.map((item) => this.#redactValue(item));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, this.#redactValue(item)] as const),
    );
  }
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
