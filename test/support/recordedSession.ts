import { createHash } from 'node:crypto';
import { keyedRandom } from '../../src/domain/keyedRandom';
import type { Random } from '../../src/domain/random';
import type { JournalEntry, SessionEvent } from '../../src/domain/session/events';
import { failure, failureReason, valid, type RecordedOutcome } from './recordedOutcomes';
import { recordedHead, type RecordedSessionOptions } from './recordedHead';
import { recordedProgram } from './recordedProgram';

export type { RecordedSessionOptions } from './recordedHead';

export interface RecordedSession {
  readonly entries: readonly JournalEntry[];
  /** Text of a candidate's program; its SHA-256 is what the journal says. */
  readonly programOf: (candidate: number) => string;
}

/** At the scale of the paper: 50 steps of 8 groups of 64, and the initial program's 8 evaluations. */
export const paperScale: RecordedSessionOptions = {
  seed: 1,
  steps: 50,
  groups: 8,
  groupSize: 64,
  sessionId: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  concurrency: 96,
  createdAtMs: Date.UTC(2026, 9, 1, 8, 0, 0),
};

const initialValue = 0.4213;
const bestPossible = 0.380868;

/**
 * The journal of a session that never was, the same for the same options: it minimises, learns with a language model that is paid for, has all
 * kinds of failures, values that are worse by orders of magnitude, candidates equal to their parents, one best candidate that was
 * refuted, a pause, and a second runner. Times go as in a real one: answers arrive group by group while evaluators work, then comes
 * the update.
 */
export function recordedSession(changed: Partial<RecordedSessionOptions> = {}): RecordedSession {
  const options = { ...paperScale, ...changed };
  const recording = new Recording(options);
  recording.begin();
  for (let step = 0; step < options.steps; step++) recording.step(step);
  recording.end();
  return {
    entries: recording.entries,
    programOf: (id) => recordedProgram(options.seed, id < options.groups ? -1 : id),
  };
}

class Recording {
  readonly entries: JournalEntry[] = [];
  private nowMs = 0;
  private runBeganMs = 0;
  private run = 1;
  private nextId = 0;
  /** The best, ascending by value; what the search draws parents from. */
  private archive: { id: number; value: number }[] = [];
  private best: { id: number; value: number } | undefined;
  private hasRefuted = false;
  private readonly initialSha256: string;

  constructor(private readonly options: RecordedSessionOptions) {
    this.initialSha256 = sha256Of(recordedProgram(options.seed, -1));
  }

  begin(): void {
    const { options } = this;
    this.say({ type: 'session.created', version: 1, sessionId: options.sessionId, ...recordedHead(options) });
    this.startRunner();
    this.nowMs += 800;
    this.say({ type: 'environment.progress', message: 'Making the environment ready' });
    this.nowMs += 21_000;
    this.say({ type: 'environment.ready', durationMs: 21_000, isolation: 'bubblewrap' });
    for (let group = 0; group < options.groups; group++) {
      const id = this.nextId++;
      const sha256 = this.initialSha256;
      this.say({ type: 'candidate.proposed', candidate: id, step: -1, group, member: 0, sha256 });
    }
    this.nowMs += 10_400;
    for (let id = 0; id < options.groups; id++) {
      this.nowMs += 10;
      this.say({
        type: 'candidate.evaluated',
        candidate: id,
        ...valid(initialValue, keyedRandom(options.seed, 'initial', id)),
      });
      this.keep(id, initialValue);
    }
    this.say({ type: 'policy.progress', message: 'Connecting to the model server' });
    this.nowMs += 9000;
    this.say({ type: 'policy.ready', facts: { server: 'tinker' }, durationMs: 9000 });
  }

  step(step: number): void {
    const { seed, groups } = this.options;
    const random = keyedRandom(seed, 'step', step);
    const beganMs = this.nowMs;
    const parents = Array.from({ length: groups }, () => this.parent(random));
    this.say({ type: 'step.started', step, parents: parents.map(({ id }) => id) });
    const { evaluatedMs, values } = this.candidates(step, parents, random);
    this.nowMs = evaluatedMs;
    this.verify(step, values, random);
    for (const [id, value] of values) this.keep(id, value);
    this.finishStep(step, beganMs, values.size, random);
    if (step === Math.floor(this.options.steps / 4)) this.pause();
    if (step === Math.floor((this.options.steps * 3) / 5)) {
      this.nowMs += 95_000;
      this.startRunner();
    }
  }

  end(): void {
    this.nowMs += 100;
    const best = this.best?.id;
    this.say({ type: 'session.finished', reason: 'steps', ...(best === undefined ? {} : { best }) });
  }

  /** Proposals as their groups' answers arrive, and evaluations on as many evaluators as there are. */
  private candidates(
    step: number,
    parents: readonly { id: number; value: number }[],
    random: Random,
  ): { readonly evaluatedMs: number; readonly values: Map<number, number> } {
    const { groupSize, concurrency } = this.options;
    const timed: { atMs: number; event: SessionEvent }[] = [];
    const values = new Map<number, number>();
    const proposals = parents.flatMap((parent, group) => {
      const arrivesMs = this.nowMs + 40_000 + 25_000 * group + 15_000 * random.uniform();
      return Array.from({ length: groupSize }, (_, member) => ({
        parent,
        group,
        member,
        atMs: arrivesMs + member,
      }));
    });
    proposals.sort((a, b) => a.atMs - b.atMs);
    const freeAtMs = new Array<number>(concurrency).fill(this.nowMs);
    for (const { parent, group, member, atMs } of proposals) {
      const id = this.nextId++;
      const own = keyedRandom(this.options.seed, 'candidate', id);
      const { outcome, durationMs } = this.outcome(step, parent.value, own);
      const isProgram = outcome.kind === 'valid' || outcome.reason !== 'no-program';
      timed.push({
        atMs,
        event: {
          type: 'candidate.proposed',
          candidate: id,
          step,
          group,
          member,
          parent: parent.id,
          sha256: sha256Of(recordedProgram(this.options.seed, id)),
          ...(isProgram ? {} : { failure: 'The answer has no fenced block with a program.' }),
          usage: {
            promptTokens: member % 8 === 0 ? 3200 + own.integer(2500) : 0,
            sampledTokens: Math.round(7000 * Math.exp(0.5 * own.normal())),
          },
        },
      });
      const slot = isProgram ? freeAtMs.indexOf(Math.min(...freeAtMs)) : 0;
      const endsMs = isProgram ? Math.max(atMs, freeAtMs[slot] ?? atMs) + durationMs + 30 : atMs;
      if (isProgram) freeAtMs[slot] = endsMs;
      timed.push({
        atMs: endsMs,
        event: { type: 'candidate.evaluated', candidate: id, outcome, durationMs },
      });
      if (outcome.kind === 'valid') values.set(id, outcome.value);
    }
    timed.sort((a, b) => a.atMs - b.atMs);
    for (const { atMs, event } of timed) {
      this.nowMs = atMs;
      this.say(event);
    }
    return { evaluatedMs: this.nowMs, values };
  }

  /** Better with the steps, less often a failure, and with a long tail on the worse side. */
  private outcome(step: number, parent: number, random: Random): RecordedOutcome {
    const progress = step / this.options.steps;
    if (random.uniform() < 0.42 - 0.26 * progress) return failure(failureReason(random), random);
    const kind = random.uniform();
    const above = parent - bestPossible;
    if (kind < 0.08) return valid(parent, random);
    if (kind < 0.16) return valid(parent * 10 ** (0.3 + 2.2 * random.uniform()), random);
    if (kind < 0.2) return valid(bestPossible + above * (1 - 0.3 * random.uniform() ** 2), random);
    const scale = 0.012 * Math.exp(-3 * progress) + 0.0004;
    return valid(parent + scale * Math.exp(0.9 * random.normal()), random);
  }

  private verify(step: number, values: Map<number, number>, random: Random): void {
    for (;;) {
      const first = [...values].reduce<[number, number] | undefined>(
        (best, each) => (best === undefined || each[1] < best[1] ? each : best),
        undefined,
      );
      if (first === undefined || (this.best !== undefined && first[1] >= this.best.value)) return;
      const [id, value] = first;
      this.nowMs += 10_300;
      const isRefuted = step >= Math.floor(this.options.steps / 3) && values.size > 1 && !this.hasRefuted;
      const run = isRefuted ? failure('invalid', random) : valid(value, random);
      this.say({
        type: 'candidate.verified',
        candidate: id,
        verdict: isRefuted ? 'refuted' : 'confirmed',
        ...run,
      });
      if (!isRefuted) {
        this.best = { id, value };
        return;
      }
      this.hasRefuted = true;
      values.delete(id);
    }
  }

  private finishStep(step: number, beganMs: number, valid: number, random: Random): void {
    const { groups, groupSize, steps } = this.options;
    const progress = step / steps;
    const updateSeconds = 75 + 30 * random.uniform();
    const trainedTokens = groups * groupSize * (9000 + random.integer(3000));
    this.nowMs += 1000 * updateSeconds;
    this.say({
      type: 'step.finished',
      step,
      policySha256: sha256Of(`policy ${step}`),
      gauges: {
        tokensPerSecond: 15_000 + random.integer(4000),
        queueMean: 60 * random.uniform(),
        queueMax: 100 + random.integer(200),
        policyIdleShare: 0.1 + 0.2 * random.uniform(),
        evaluatorIdleShare: 0.3 + 0.3 * random.uniform(),
        validShare: valid / (groups * groupSize),
        beta: 4 + 20 * progress + random.uniform(),
        advantageMax: 8 + 20 * random.uniform(),
        constantGroups: random.integer(3),
        trainedTokens,
        samplerTrainerGap: 0.008 + 0.004 * random.uniform(),
        klV1: 0.001 * random.uniform(),
        klBase: 0.02 * progress + 0.002 * random.uniform(),
        entropy: 0.9 - 0.4 * progress + 0.03 * random.normal(),
        gradientNorm: 0.3 + 0.1 * Math.abs(random.normal()),
        updateSeconds,
      },
      usage: { trainedTokens },
      durationMs: this.nowMs - beganMs,
    });
  }

  private pause(): void {
    this.say({ type: 'request.received', request: 'pause', afterStep: true });
    this.say({ type: 'session.paused', reason: 'user' });
    this.nowMs += 600_000;
    this.say({ type: 'request.received', request: 'resume' });
    this.say({ type: 'session.resumed' });
  }

  private startRunner(): void {
    if (this.entries.length > 1) this.run += 1;
    this.runBeganMs = this.nowMs;
    const pid = 4000 + this.run;
    this.say({ type: 'runner.started', pid, hostName: 'gpu1', runnerVersion: '0.1.0' });
  }

  /** Among the best forty, the better the likelier. */
  private parent(random: Random): { id: number; value: number } {
    const place = Math.floor(this.archive.length * random.uniform() ** 2);
    return this.archive[place] ?? { id: 0, value: initialValue };
  }

  private keep(id: number, value: number): void {
    const last = this.archive.at(-1);
    if (this.archive.length >= 40 && last !== undefined && value >= last.value) return;
    const place = this.archive.findIndex((other) => value < other.value);
    this.archive.splice(place === -1 ? this.archive.length : place, 0, { id, value });
    this.archive = this.archive.slice(0, 40);
    if (this.best === undefined) this.best = { id, value };
  }

  private say(event: SessionEvent): void {
    this.entries.push({
      seq: this.entries.length + 1,
      t: this.options.createdAtMs + Math.round(this.nowMs),
      m: Math.round(this.nowMs - this.runBeganMs),
      run: this.run,
      event,
    });
  }
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
