import { setTimeout as delay } from 'node:timers/promises';
import type { Cancellations } from './cancellations';
import { jobFate } from './jobFate';
import type { JobEnd } from './jobFate';
import { jobKey, runTimeMs } from './jobRows';
import type { JobRow } from './jobRows';
import { SlurmProgramError } from './slurmPrograms';
import type { SlurmPrograms } from './slurmPrograms';
import type { SlurmPace, SlurmTask, SubmittedPlace, TaskOutcome } from './slurmTask';
import { changedAtMs, namesIn, readTextIfThere, readWhole, resultName, taskResult } from './taskFiles';
import type { TaskFolder } from './taskFiles';

const mostLogWords = 500;
const overMemory = /slurmstepd.*(exceeded (job |step )?memory limit)/i;

interface Watched {
  readonly task: SlurmTask;
  readonly at: SubmittedPlace;
  lastRow: JobRow | undefined;
  /** Polls in a row that did not show it. */
  missing: number;
  over: { readonly how: JobEnd | 'vanished'; readonly sinceMs: number } | undefined;
}

export interface TaskWatchOptions {
  readonly programs: SlurmPrograms;
  readonly folder: TaskFolder;
  readonly pace: SlurmPace;
  readonly cancellations: Cancellations;
  readonly log: (message: string) => void;
}

/**
 * Waits for submitted tasks. Results come from the shared folder, with one look for all of them; squeue says what became of those that have
 * none, with one call for all of them, the less often the less changes. A result counts whatever squeue says.
 */
export class TaskWatch {
  readonly #options: TaskWatchOptions;
  readonly #open = new Map<string, Watched>();
  #work: Promise<void> | undefined;
  #nextPollAtMs = 0;
  #pollMs: number;
  #lastPicture = '';

  constructor(options: TaskWatchOptions) {
    this.#options = options;
    this.#pollMs = options.pace.pollMs;
  }

  get size(): number {
    return this.#open.size;
  }

  add(task: SlurmTask, at: SubmittedPlace): void {
    const watched = { task, at, lastRow: undefined, missing: 0, over: undefined };
    this.#open.set(resultName(at.batch, at.index), watched);
    this.#pollSoon();
    this.#work ??= this.#watch();
  }

  remove({ batch, index }: SubmittedPlace): void {
    this.#open.delete(resultName(batch, index));
  }

  /** Waits for none of them any more. */
  stop(): void {
    this.#open.clear();
  }

  #pollSoon(): void {
    this.#pollMs = this.#options.pace.pollMs;
    this.#nextPollAtMs = Math.min(this.#nextPollAtMs, performance.now() + this.#pollMs);
    if (this.#work === undefined) this.#nextPollAtMs = performance.now() + this.#pollMs;
  }

  async #watch(): Promise<void> {
    const { pace, log } = this.#options;
    while (this.#open.size > 0) {
      await delay(pace.lookMs);
      try {
        await this.#takeResults();
        if (performance.now() >= this.#nextPollAtMs) await this.#poll();
        await this.#judgeEnded();
      } catch (error) {
        // The shared folder does not answer: neither do results, and the next look may.
        log(`The jobs could not be looked at: ${error instanceof Error ? error.message : String(error)}`);
        await delay(pace.pollMs);
      }
    }
    this.#work = undefined;
  }

  async #takeResults(): Promise<void> {
    for (const name of await namesIn(this.#options.folder.resultsPath)) {
      const watched = this.#open.get(name);
      if (watched !== undefined) await this.#takeResult(watched);
    }
  }

  async #takeResult(watched: Watched): Promise<boolean> {
    const { place } = watched.at;
    const result = await readWhole(place.resultPath, taskResult).catch((error: unknown) => {
      const words = `The result ${place.resultPath} cannot be read: ${String(error)}`;
      this.#end(watched, { kind: 'silent', hasBegun: true, words });
    });
    if (result !== undefined) this.#end(watched, { kind: 'result', result });
    return result !== undefined;
  }

  async #poll(): Promise<void> {
    const { programs, pace, log } = this.#options;
    let rows: readonly JobRow[];
    try {
      rows = await programs.jobs();
    } catch (error) {
      if (!(error instanceof SlurmProgramError)) throw error;
      // Results come without it.
      log(`squeue does not answer: ${error.words}`);
      this.#pollMs = Math.min(pace.longestPollMs, 2 * this.#pollMs);
      this.#nextPollAtMs = performance.now() + this.#pollMs;
      return;
    }
    const byKey = new Map(rows.map((row) => [jobKey(row), row]));
    for (const watched of [...this.#open.values()]) await this.#see(watched, byKey.get(jobKey(watched.at)));
    const picture = [...this.#open.values()].map(({ lastRow }) => lastRow?.state ?? '').join();
    this.#pollMs =
      picture === this.#lastPicture ? Math.min(pace.longestPollMs, 1.5 * this.#pollMs) : pace.pollMs;
    this.#lastPicture = picture;
    this.#nextPollAtMs = performance.now() + this.#pollMs;
  }

  async #see(watched: Watched, row: JobRow | undefined): Promise<void> {
    const nowMs = performance.now();
    if (row === undefined) {
      watched.missing += 1;
      if (watched.missing >= 2) watched.over ??= { how: 'vanished', sinceMs: nowMs };
      return;
    }
    watched.missing = 0;
    watched.lastRow = row;
    const fate = jobFate(row);
    switch (fate.kind) {
      case 'waits':
      case 'runs':
        // It was put back into the queue.
        watched.over = undefined;
        return;
      case 'over':
        if (watched.over?.how !== fate.how) watched.over = { how: fate.how, sinceMs: nowMs };
        return;
      case 'stuck':
      case 'impossible':
        await this.#options.cancellations.add([jobKey(watched.at)]);
        this.#end(watched, { kind: fate.kind === 'stuck' ? 'lost' : 'impossible', words: row.reason });
    }
  }

  /** Those that ended and whose results would be seen by now. */
  async #judgeEnded(): Promise<void> {
    const { visibleMs, lateMs } = this.#options.pace;
    for (const watched of [...this.#open.values()]) {
      const { over } = watched;
      if (over === undefined) continue;
      const patienceMs = over.how === 'ended' || over.how === 'vanished' ? visibleMs : lateMs;
      if (performance.now() - over.sinceMs < patienceMs) continue;
      // Asked for by its name, it may be there though the folder does not show it yet.
      if (await this.#takeResult(watched)) continue;
      this.#end(watched, await this.#outcomeWithoutResult(watched, over.how));
    }
  }

  async #outcomeWithoutResult(watched: Watched, how: JobEnd | 'vanished'): Promise<TaskOutcome> {
    switch (how) {
      case 'time':
      case 'memory':
        return { kind: how, ranMs: runTimeMs((await this.#recordOf(watched)).get('RunTime')) };
      case 'lost':
      case 'cancelled':
        return { kind: how, words: await this.#wordsOf(watched) };
      case 'vanished':
        return { kind: 'lost', words: 'Slurm does not know the job any more, and there is no result' };
      case 'ended': {
        const { place } = watched.at;
        const hasBegun = (await changedAtMs(place.runPath(0))) !== undefined;
        const log = (await readTextIfThere(place.logPath))?.trim().slice(-mostLogWords) ?? '';
        // Without cgroups Slurm may watch over memory itself (OverMemoryKill): then the job has failed, and only its words tell why.
        if (overMemory.test(log))
          return { kind: 'memory', ranMs: runTimeMs((await this.#recordOf(watched)).get('RunTime')) };
        const words = [await this.#wordsOf(watched), log].filter((part) => part !== '').join(': ');
        return { kind: 'silent', hasBegun, words };
      }
    }
  }

  /** Empty where the controller does not know the job or does not answer. */
  async #recordOf({ at }: Watched): Promise<ReadonlyMap<string, string>> {
    try {
      return await this.#options.programs.record(jobKey(at));
    } catch (error) {
      if (error instanceof SlurmProgramError) return new Map();
      throw error;
    }
  }

  /** `NODE_FAIL on north, exit code 0:0`. */
  async #wordsOf(watched: Watched): Promise<string> {
    const { lastRow } = watched;
    const record = await this.#recordOf(watched);
    const node = record.get('BatchHost') ?? lastRow?.nodes ?? '';
    const code = record.get('ExitCode');
    return [
      `${record.get('JobState') ?? lastRow?.state ?? 'unknown'}${node === '' ? '' : ` on ${node}`}`,
      ...(code === undefined || code === '0:0' ? [] : [`exit code ${code}`]),
    ].join(', ');
  }

  #end(watched: Watched, outcome: TaskOutcome): void {
    this.remove(watched.at);
    watched.task.end(outcome);
    this.#pollMs = this.#options.pace.pollMs;
  }
}
