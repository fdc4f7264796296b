/** What an evaluator of GPU MODE said of one case; the keys behind `test.3.` or `benchmark.3.`. */
export type CaseFields = ReadonlyMap<string, string>;

export type VerdictKind = 'test' | 'benchmark';

/** Everything that was said until now. */
export interface Verdict {
  /** `check`, `error`, `test-count` and what else stands for no case. */
  readonly values: ReadonlyMap<string, string>;
  readonly cases: Readonly<Record<VerdictKind, ReadonlyMap<number, CaseFields>>>;
}

export interface VerdictStream {
  push(chunk: Buffer): void;
  /** After the last chunk. */
  end(): Verdict;
}

const caseKey = /^(test|benchmark)\.(\d{1,9})\.([\w.-]+)$/;
const outcomeKeys = ['status', 'error', 'mean'] as const;

/**
 * Reads `key: value` lines as they come: split at the first colon, the later of two wins, lines without a colon are
 * dropped. `onCase` hears of a case when the next one begins or the verdict ends, because evaluators write in different orders
 * what belongs to a case; of each case once.
 */
export function createVerdictStream(
  onCase: (kind: VerdictKind, index: number, fields: CaseFields, values: Verdict['values']) => void,
): VerdictStream {
  const decoder = new TextDecoder();
  const values = new Map<string, string>();
  const cases = {
    test: new Map<number, Map<string, string>>(),
    benchmark: new Map<number, Map<string, string>>(),
  };
  const told = new Set<string>();
  let current: { readonly kind: VerdictKind; readonly index: number } | undefined;
  let rest = '';

  const tell = (): void => {
    if (current === undefined) return;
    const { kind, index } = current;
    const fields = cases[kind].get(index);
    if (fields === undefined || told.has(`${kind} ${index}`) || !outcomeKeys.some((key) => fields.has(key)))
      return;
    told.add(`${kind} ${index}`);
    onCase(kind, index, fields, values);
  };

  const readLine = (line: string): void => {
    const colon = line.indexOf(':');
    if (colon < 0) return;
    const key = line.slice(0, colon).trim();
    const value = line.slice(colon + 1).trim();
    const [, kind, indexText, name] = caseKey.exec(key) ?? [];
    if ((kind !== 'test' && kind !== 'benchmark') || indexText === undefined || name === undefined) {
      values.set(key, value);
      if (key === 'check') tell();
      return;
    }
    const index = Number(indexText);
    if (current?.kind !== kind || current.index !== index) {
      tell();
      current = { kind, index };
    }
    const fields = cases[kind].get(index) ?? new Map<string, string>();
    cases[kind].set(index, fields.set(name, value));
  };

  const take = (text: string): void => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) readLine(line);
  };

  return {
    push(chunk) {
      take(decoder.decode(chunk, { stream: true }));
    },
    end() {
      take(`${decoder.decode()}\n`);
      tell();
      return { values, cases };
    },
  };
}
