import { HttpRefusal, refuse, type FakeModel, type FakeState } from './state';

/** A result in the forms it can travel in. */
export interface Result {
  readonly json: unknown;
  readonly protobuf?: Uint8Array;
}

interface Future {
  readonly done: Promise<void>;
  result: Result | undefined;
  failure: string | undefined;
}

/** Runs operations one after the other, in the order of arrival; on hosted servers training also waits for its number. */
export class Engine {
  private readonly futures = new Map<string, Future>();
  private readonly queue: (() => void)[] = [];
  private held = false;
  private scheduled = false;
  /** Ids whose results are gone. */
  readonly expired = new Set<string>();
  /** Names of the operations that have run, in order. */
  readonly ran: string[] = [];

  constructor(private readonly state: FakeState) {}

  /** Operations wait until `release`. */
  hold(): void {
    this.held = true;
  }

  release(): void {
    this.held = false;
    this.schedule();
  }

  /** Accepts an operation; gives its request id. Errors of `work` become a failed future. */
  submit(name: string, work: () => Result): string {
    const { id, finish } = this.open();
    this.queue.push(() => this.run(name, work, finish, id));
    this.schedule();
    return id;
  }

  /** As `submit`, of a numbered request of a model. */
  submitNumbered(name: string, model: FakeModel, seqId: number, work: () => Result): string {
    if (!this.state.hosted) return this.submit(name, work);
    const { id, finish } = this.open();
    model.waitingForTurn.set(seqId, () => this.run(name, work, finish, id));
    this.queue.push(() => {
      for (let next = model.waitingForTurn.get(model.nextSeqId); next;) {
        model.waitingForTurn.delete(model.nextSeqId);
        model.nextSeqId += 1;
        next();
        next = model.waitingForTurn.get(model.nextSeqId);
      }
    });
    this.schedule();
    return id;
  }

  /** A future that is never done. */
  submitEndless(): string {
    return this.open().id;
  }

  /** Waits up to `pollMs` for the result. Undefined: not yet. Throws `HttpRefusal` for failures and unknown ids. */
  async retrieve(id: string, pollMs: number): Promise<Result | undefined> {
    if (!/^\d+$/.test(id)) throw new HttpRefusal(500);
    const future = this.futures.get(id) ?? refuse(404, 'Future not found');
    if (this.expired.delete(id)) refuse(410, 'promise expired');
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([future.done, new Promise<void>((resolve) => (timer = setTimeout(resolve, pollMs)))]);
    clearTimeout(timer);
    if (future.failure !== undefined) {
      if (this.state.hosted) return { json: { error: future.failure, category: 'user' } };
      refuse(400, future.failure);
    }
    return future.result;
  }

  private open(): { id: string; finish: (outcome: { result?: Result; failure?: string }) => void } {
    const id = this.state.newId('');
    let resolve: () => void = () => undefined;
    const future: Future = {
      done: new Promise((done) => (resolve = done)),
      result: undefined,
      failure: undefined,
    };
    this.futures.set(id, future);
    return {
      id,
      finish: ({ result, failure }) => {
        future.result = result;
        future.failure = failure;
        resolve();
      },
    };
  }

  private run(
    name: string,
    work: () => Result,
    finish: (outcome: { result?: Result; failure?: string }) => void,
    id: string,
  ): void {
    this.ran.push(name);
    try {
      finish({ result: work() });
    } catch (error) {
      finish({ failure: error instanceof Error ? error.message : `operation ${id} failed` });
    }
  }

  private schedule(): void {
    if (this.scheduled || this.held) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      if (this.held) return;
      this.queue.shift()?.();
      if (this.queue.length > 0) this.schedule();
    });
  }
}
