/**
 * Takes items from all sources in the order in which they become ready and runs `work` on them, at most `concurrency` at
 * once. The sources work side by side; each is asked for its next item when its last one was taken, so little is
 * prepared ahead. After `halt`, or the first error, no new item is taken.
 *
 * Resolves when the sources are at their end, or halted, and all begun work has ended; rejects with the first error of a
 * source or of `work`, after the same. `sources` is handed a signal that says that no more items are wanted; what they
 * do or throw after it is of no interest.
 */
export async function forEachAsReady<Item>(
  sources: (unwanted: AbortSignal) => readonly AsyncIterable<Item>[],
  concurrency: number,
  halt: AbortSignal,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const unwanted = AbortSignal.any([halt, failed.signal]);
  const failures: unknown[] = [];
  const merged = mergeAsReady(sources(unwanted), unwanted);
  const worker = async (): Promise<void> => {
    try {
      for (let item = await merged.next(); item !== undefined; item = await merged.next()) {
        await work(item.value);
      }
    } catch (error) {
      failures.push(error);
      failed.abort();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  if (failures.length > 0) throw failures[0];
}

interface Merged<Item> {
  /** `undefined`: no more. Several callers may wait at once. Rejects with a source's error. */
  next(): Promise<{ readonly value: Item } | undefined>;
}

function mergeAsReady<Item>(sources: readonly AsyncIterable<Item>[], unwanted: AbortSignal): Merged<Item> {
  type Arrival = { readonly value: Item; readonly from: AsyncIterator<Item> } | { readonly error: unknown };
  const iterators = sources.map((source) => source[Symbol.asyncIterator]());
  const arrivals: Arrival[] = [];
  const waiting: (() => void)[] = [];
  let open = iterators.length;

  const wakeAll = (): void => {
    for (const wake of waiting.splice(0)) wake();
  };
  const ask = (iterator: AsyncIterator<Item>): void => {
    iterator.next().then(
      (result) => {
        if (result.done === true) open -= 1;
        else arrivals.push({ value: result.value, from: iterator });
        wakeAll();
      },
      (error: unknown) => {
        open -= 1;
        arrivals.push({ error });
        wakeAll();
      },
    );
  };
  unwanted.addEventListener(
    'abort',
    () => {
      wakeAll();
      for (const iterator of iterators) iterator.return?.().catch(() => undefined);
    },
    { once: true },
  );
  for (const iterator of iterators) ask(iterator);

  return {
    async next() {
      for (;;) {
        if (unwanted.aborted) return undefined;
        const arrival = arrivals.shift();
        if (arrival === undefined) {
          if (open === 0) return undefined;
          await new Promise<void>((resolve) => waiting.push(resolve));
        } else if ('error' in arrival) {
          throw arrival.error;
        } else {
          ask(arrival.from);
          return { value: arrival.value };
        }
      }
    },
  };
}
