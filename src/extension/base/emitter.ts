/** Something to be let go of. */
export interface Closeable {
  dispose(): void;
}

/** Calls the listener at each event until the result is disposed. The editor's `Event` is one of these. */
export type Subscribe<T> = (listener: (value: T) => void) => Closeable;

/** Events without the editor, so that stores run in plain tests. A throwing listener stops no other. */
export class Emitter<T> implements Closeable {
  private readonly listeners = new Set<{ readonly call: (value: T) => void }>();

  constructor(private readonly onListenerError: (error: unknown) => void) {}

  readonly event: Subscribe<T> = (listener) => {
    const entry = { call: listener };
    this.listeners.add(entry);
    return { dispose: () => void this.listeners.delete(entry) };
  };

  fire(value: T): void {
    for (const listener of [...this.listeners]) {
      try {
        listener.call(value);
      } catch (error) {
        this.onListenerError(error);
      }
    }
  }

  dispose(): void {
    this.listeners.clear();
  }
}
