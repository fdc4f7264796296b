import { StringDecoder } from 'node:string_decoder';
import * as z from 'zod';
import { caseResult, type CaseResult } from '../domain/session/outcome';
import { parsePythonJson } from './jsonText';

const mostCases = 10_000;
const mostCharacters = 64 * 1024;
const numericOrder = new Intl.Collator('en', { numeric: true });

/** Beside a case: for how long the evaluation has waited until now, as `waited_s` of its result. */
const waitedUntilNow = z.object({ waited_s: z.number().nonnegative().optional() });

/**
 * What an evaluator says of its cases while it runs: one JSON object a line, as in `cases` of its result. A case is told once; a line that
 * is not as agreed is remembered, and the evaluation is then told to have a bad result.
 */
export class CaseLines {
  readonly #decoder = new StringDecoder('utf8');
  readonly #byName = new Map<string, CaseResult>();
  #text = '';
  #lines = 0;
  #mistake: string | undefined;
  #waitedMs: number | undefined;
  #isClosed = false;

  /** `onCase` is called once for each case, as soon as its line is complete. */
  constructor(private readonly onCase: (result: CaseResult) => void) {}

  /** What comes from here on is not looked at. */
  close(): void {
    this.#isClosed = true;
  }

  push(chunk: Uint8Array): void {
    const lines = (this.#text + this.#decoder.write(chunk)).split('\n');
    this.#text = lines.pop() ?? '';
    for (const line of lines) this.#read(line);
    if (this.#text.length > mostCharacters) {
      this.#mistake ??= `Line ${this.#lines + 1} of its cases has more than ${mostCharacters} characters.`;
      this.#text = '';
    }
  }

  /** By name, numbers by their size: the same for two programs, whatever the order in which their cases ended. */
  get cases(): readonly CaseResult[] {
    return inOrder([...this.#byName.values()]);
  }

  /** The last that it said of its waiting, which counts where the evaluation is ended before its result. */
  get waitedMs(): number | undefined {
    return this.#waitedMs;
  }

  /** One sentence. */
  get mistake(): string | undefined {
    return this.#mistake;
  }

  #read(line: string): void {
    this.#lines += 1;
    if (this.#isClosed || this.#mistake !== undefined || line.trim() === '') return;
    const place = `Line ${this.#lines} of its cases`;
    const { read, waitedMs } = parsedLine(line);
    this.#waitedMs = waitedMs ?? this.#waitedMs;
    if (typeof read === 'string') this.#mistake = `${place} is not as agreed: ${read}.`;
    else if (this.#byName.has(read.name)) this.#mistake = `${place} has "${read.name}" a second time.`;
    else if (this.#byName.size >= mostCases) this.#mistake = `It has more than ${mostCases} cases.`;
    else {
      this.#byName.set(read.name, read);
      this.onCase(read);
    }
  }
}

/** By name, numbers by their size. */
export function inOrder(cases: readonly CaseResult[]): readonly CaseResult[] {
  return [...cases].sort((a, b) => numericOrder.compare(a.name, b.name));
}

function parsedLine(line: string): { readonly read: CaseResult | string; readonly waitedMs?: number } {
  let value: unknown;
  try {
    value = parsePythonJson(line);
  } catch (error) {
    return { read: `it is not JSON (${error instanceof Error ? error.message : String(error)})` };
  }
  const parsed = caseResult.extend(waitedUntilNow.shape).safeParse(value);
  if (!parsed.success) return { read: z.prettifyError(parsed.error).replace(/\s+/g, ' ') };
  const { waited_s: waitedS, ...read } = parsed.data;
  return { read, ...(waitedS !== undefined && { waitedMs: 1000 * waitedS }) };
}
