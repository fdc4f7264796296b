import { join } from 'node:path';
import type { ReusedFrom } from '../../domain/session/events';
import type { ValidOutcome } from '../../domain/session/outcome';
import type { Problem } from '../../domain/problem/problem';
import type { EvaluationReport, EvaluationRequest, Evaluator, Preparation } from '../evaluator';
import { evaluationIdentity } from './evaluationIdentity';
import { wasStopped } from '../../domain/session/evaluationAccounts';
import { isKnowable, keysOf, type EvaluationKeys, type KnownEntry } from './knownEntry';
import { KnownStore } from './knownStore';
import { machineFacts, type MachineFacts } from './machineFacts';

export interface ReusingOptions {
  readonly evaluator: Evaluator;
  /** False: every request is run. */
  readonly isOn: boolean;
  readonly problem: Problem;
  /** Absolute; in the session's copy of the problem. */
  readonly problemPath: string;
  readonly bundlePath: string;
  readonly root: string;
  readonly sessionId: string;
  /** Stores and reads artifacts of the session by their content. */
  readonly blobs: {
    write(bytes: Uint8Array): Promise<string>;
    read(sha256: string): Promise<Uint8Array>;
  };
  readonly log: (message: string) => void;
  readonly hostEnv?: NodeJS.ProcessEnv;
}

/**
 * Takes the outcome of an evaluation from an earlier one that was the same, of this session or of another one of the host, where the request
 * allows it. The same is: every file, setting and program that decides it (`evaluationIdentity`), the text, and the seed, from which the
 * cases follow. Without isolation nothing is taken or kept, as candidates could write what sessions would take.
 */
export function reusingEvaluator(options: ReusingOptions): Evaluator {
  const { evaluator, sessionId, blobs, log } = options;
  const underWay = new Map<string, Promise<EvaluationReport>>();
  let identity: string | undefined;
  let store: KnownStore | undefined;

  async function evaluate(request: EvaluationRequest, signal: AbortSignal): Promise<EvaluationReport> {
    const { reuse } = request;
    if (store === undefined || reuse === undefined || request.parentState !== undefined)
      return evaluator.evaluate(request, signal);
    const keys = keysOf(request);
    const inStore = store;
    const findOrRun = async (): Promise<EvaluationReport> => {
      const entry =
        (await inStore.find(keys.whole)) ??
        (keys.compared === keys.whole ? undefined : await inStore.find(keys.compared));
      if (entry !== undefined) return reportOf(entry);
      const report = await evaluator.evaluate(request, signal);
      await keep(inStore, keys, reuse.candidate, report).catch((error: unknown) => {
        log(`An evaluation could not be kept for other sessions: ${String(error)}`);
      });
      return report;
    };
    const other = underWay.get(keys.compared);
    if (other !== undefined) {
      // Its failure is its own: then this one is run, too.
      await other.catch(() => undefined);
      signal.throwIfAborted();
      return findOrRun();
    }
    const work = findOrRun();
    underWay.set(keys.compared, work);
    const done = (): void => void underWay.delete(keys.compared);
    work.then(done, done);
    return work;
  }

  async function keep(
    into: KnownStore,
    keys: EvaluationKeys,
    candidate: number,
    report: EvaluationReport,
  ): Promise<void> {
    const { outcome, state, durationMs } = report;
    if (identity === undefined || !isKnowable(report) || outcome.kind !== 'valid') return;
    // A run that went on to its end has its value whatever it was compared with.
    const key = wasStopped(outcome.metrics, options.problem.metric.name) ? keys.compared : keys.whole;
    const addresses = [...new Set(Object.values(outcome.artifacts ?? {}))];
    const contents = await Promise.all(
      addresses.map(
        async (address) => [address, Buffer.from(await blobs.read(address)).toString('base64')] as const,
      ),
    );
    await into.keep({
      format: 'ttt-discover known evaluation',
      version: 1,
      ...{ key, identity, session: sessionId, candidate, durationMs, outcome },
      ...(state === undefined ? {} : { state }),
      blobs: Object.fromEntries(contents),
    });
  }

  async function reportOf(entry: KnownEntry): Promise<EvaluationReport> {
    const { session, candidate, durationMs, outcome, state } = entry;
    for (const content of Object.values(entry.blobs)) await blobs.write(Buffer.from(content, 'base64'));
    const reusedFrom = { session, candidate, durationMs };
    return {
      outcome: withWords(outcome, reusedFrom, sessionId),
      ...(state === undefined ? {} : { state }),
      durationMs: 0,
      reusedFrom,
    };
  }

  return {
    ...(evaluator.races === undefined ? {} : { races: evaluator.races }),
    ...(evaluator.takesParent === undefined ? {} : { takesParent: evaluator.takesParent }),
    ...(evaluator.takesParent === undefined ? {} : { takesParent: evaluator.takesParent }),

    async prepare(onProgress, signal) {
      const { hostEnv = process.env, problem, root } = options;
      const preparation = await evaluator.prepare(onProgress, signal);
      const machine =
        problem.executor === 'slurm' ? undefined : await machineFacts(problem.limits.gpus, hostEnv);
      identity = options.isOn ? await identityOf(options, preparation, machine) : undefined;
      store =
        identity === undefined ? undefined : new KnownStore({ folder: join(root, 'known'), identity, log });
      return { ...preparation, ...(machine === undefined ? {} : { machine: machine.record }) };
    },
    evaluate,
    dispose: () => evaluator.dispose(),
  };
}

/** `undefined`: nothing may be taken for the same. */
async function identityOf(
  { problem, problemPath, bundlePath, log, hostEnv = process.env }: ReusingOptions,
  preparation: Preparation,
  machine: MachineFacts | undefined,
): Promise<string | undefined> {
  if (preparation.isolation === 'none') return undefined;
  if (machine?.gpuKinds === 'unknown') {
    log('The GPUs of this host are not known by name, so each duplicate of a program is evaluated.');
    return undefined;
  }
  const facts = { problem, problemPath, bundlePath, preparation, hostEnv };
  return evaluationIdentity({ ...facts, ...(machine === undefined ? {} : { machine }) });
}

/** People and the model read that it was not run. */
function withWords(outcome: ValidOutcome, from: ReusedFrom, sessionId: string): ValidOutcome {
  const where = from.session === sessionId ? '' : ` of session ${from.session}`;
  const words = `Not run again: c${from.candidate}${where} is the same program and was evaluated with the same seed.`;
  return { ...outcome, feedback: outcome.feedback === undefined ? words : `${outcome.feedback}\n${words}` };
}
