/** Memory of the editor, in a map; values go through JSON as they do there. */
export function memoryMemento(): {
  keys(): readonly string[];
  get<T>(key: string): T | undefined;
  get<T>(key: string, defaultValue: T): T;
  update(key: string, value: unknown): Promise<void>;
} {
  const values = new Map<string, string>();
  return {
    keys: () => [...values.keys()],
    get<T>(key: string, defaultValue?: T): T {
      const text = values.get(key);
      return (text === undefined ? defaultValue : JSON.parse(text)) as T;
    },
    update(key, value) {
      if (value === undefined) values.delete(key);
      else values.set(key, JSON.stringify(value));
      return Promise.resolve();
    },
  };
}
