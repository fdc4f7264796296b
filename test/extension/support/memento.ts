import type { Memento } from 'vscode';

/** Memory of the editor, in a map; values go through JSON as they do there. */
export function memoryMemento(): Pick<Memento, 'keys' | 'get' | 'update'> {
  const values = new Map<string, string>();
  return {
    keys: () => [...values.keys()],
    get(key: string, defaultValue?: unknown): unknown {
      const text = values.get(key);
      return text === undefined ? defaultValue : JSON.parse(text);
    },
    update(key, value) {
      if (value === undefined) values.delete(key);
      else values.set(key, JSON.stringify(value));
      return Promise.resolve();
    },
  } as Pick<Memento, 'keys' | 'get' | 'update'>;
}
