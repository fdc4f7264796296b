import { copyFileSync, mkdirSync } from 'node:fs';
import { randomInt } from 'node:crypto';
import { basename, join } from 'node:path';
import type { JournalEntry, SessionEvent } from '../../domain/session/events';
import type { UnknownEntry } from '../../domain/session/reduce';
import type { SessionSnapshot } from '../../domain/session/snapshot';
import { reusingEvaluator } from '../../evaluation/known/reusingEvaluator';
import { createPolicy } from '../../policy/createPolicy';
import type { SessionSecrets } from '../../protocol/sessionSecrets';
import { parseJournalValue } from '../../protocol/journalEntry';
import { systemClock } from '../clock';
import { createBlobStore } from '../journal/blobStore';
import { isDiskFull } from '../journal/diskFullError';
import type { JournalLine } from '../journal/journalReader';
import { freeReserve, JournalWriter } from '../journal/journalWriter';
import type { PolicyWords, SessionEnd, SessionFrame } from '../loop/ports';
import { messageOf } from '../loop/pauseEvents';
import { SessionLoop } from '../loop/sessionLoop';
import { runnerVersion } from '../version';
import { hostShares } from './hostShares';
import { ControlServer } from './controlServer';
import { claimSession } from './ownership';
import { recordProcessEnd, watchMemoryKills, type ProcessEnd } from './processEnd';
import { problemOfFolder, type ReadyProblem } from './readProblem';
import { resolveOptions } from '../../domain/session/resolveOptions';
import { SecretHolder } from './secrets';
import { sessionEvaluator } from './sessionEvaluator';
import { SessionModel } from './sessionModel';
import { readSpec, type SessionFolder, type StoredSpec } from './sessionFolder';
import { recordedEnd, recordEnd } from './sessionListing';

/** The session's own files cannot be read. */
export class SessionDamagedError extends Error {
  override readonly name = 'SessionDamagedError';
  readonly advice = 'Its candidates and what can be read of its journal are still in its folder.';
}

export interface Supervision {
  readonly loop: SessionLoop;
  /** Resolves when the session is over or left, and everything is closed. */
  readonly done: Promise<SupervisionEnd>;
}

export interface SupervisionEnd {
  readonly end: SessionEnd;
  readonly snapshot: SessionSnapshot;
  readonly best: SavedBest | undefined;
}

/** Absolute paths of copies of the best program and of its construction. */
export interface SavedBest {
  readonly candidate: number;
  readonly value: number;
  readonly reward: number;
  readonly path: string;
  readonly statePath?: string;
}

export interface SuperviseOptions {
  readonly root: string;
  readonly folder: SessionFolder;
  readonly bundlePath: string;
  /** What opens the model server; in memory alone. More may come over the control socket. */
  readonly secrets?: SessionSecrets;
  readonly onEntry?: (entry: JournalEntry) => void;
  /** Gets texts and errors without secrets. */
  readonly log: (message: string, error?: unknown) => void;
}

/**
 * Runs a session in this process: owns its journal, answers on its control socket. Resolves when the session's work has
 * begun. Throws `AlreadyRunningError`, `DiskFullError`, `UnsafePathError`, `ProblemError`, `SessionDamagedError`.
 */
export async function superviseSession(options: SuperviseOptions): Promise<Supervision> {
  const { root, folder, bundlePath } = options;
  const secrets = new SecretHolder(options.secrets);
  const log: SuperviseOptions['log'] = (message, error) => {
    options.log(secrets.redact(message), secrets.redactError(error));
  };
  const spec = readSpec(folder);
  if (spec === undefined) throw new SessionDamagedError(`There is no ${folder.specPath}.`);
  const ready = problemOfFolder(folder.problemPath, spec.displayPath, spec.problemFile);
  const owner = claimSession(folder, { runnerVersion, bundlePath });
  const { run } = owner;
  const facts = { hostName: owner.hostName, runnerVersion };
  const stopWatching = watchMemoryKills(folder, run, log);
  /** Last words, for whoever finds the process gone and the session not ended. */
  const recordLeaving = (reason: ProcessEnd['reason'], error?: unknown): void => {
    stopWatching();
    const message = error === undefined ? {} : { message: secrets.redact(messageOf(error)) };
    try {
      if (reason === 'disk-full') freeReserve(folder.journalPath);
      recordProcessEnd(folder, run, { atMs: systemClock.wallMs(), reason, ...message });
    } catch (unwritten) {
      log('How this process ended could not be written down', unwritten);
    }
  };
  let writer: JournalWriter | undefined;
  try {
    const journal = await JournalWriter.open({ folder: folder.journalPath, run, clock: systemClock });
    for (const { segment, offset, reason } of journal.skipped) {
      log(`Journal segment ${segment}, byte ${offset}: ${reason}; left out.`);
    }
    const opened = journal.writer;
    writer = opened;
    opened.makeReserve();
    const history = journal.lines.map(entryOf);
    const frame = await frameOf(spec, ready, history);
    const blobs = createBlobStore(folder.blobsPath);
    const plainEvaluator = sessionEvaluator({
      problem: ready.problem,
      problemPath: join(folder.problemPath, spec.problemFile),
      folder: folder.path,
      sessionId: spec.sessionId,
      root,
      bundlePath,
      isolation: frame.options.isolation ?? 'auto',
      storeBlob: (bytes) => blobs.write(bytes),
      concurrency: frame.options.concurrency,
      log,
    });
    const evaluator = reusingEvaluator({
      evaluator: plainEvaluator,
      isOn: frame.options.reuse !== false,
      problem: ready.problem,
      problemPath: join(folder.problemPath, spec.problemFile),
      ...{ bundlePath, root, sessionId: spec.sessionId, blobs, log },
    });
    const model = new SessionModel({ root, folder, settings: frame.options.model, secrets, log });
    const ports = {
      clock: systemClock,
      journal: {
        append: (event: SessionEvent) => opened.append(secrets.redactEvent(event)),
        appendFromReserve: (event: SessionEvent) => opened.appendFromReserve(secrets.redactEvent(event)),
        makeReserve: () => opened.makeReserve(),
      },
      candidates: createBlobStore(folder.candidatesPath),
      states: createBlobStore(folder.statesPath),
      policyStates: blobs,
      evaluator,
      createPolicy: (words: PolicyWords) =>
        model.named(
          createPolicy({
            problem: ready.problem,
            initialText: frame.initialText,
            options: frame.options,
            ports: model.ports(words),
          }),
        ),
      recover: () => Promise.resolve(model.recovers()),
      recordEnd: (event: Parameters<typeof recordEnd>[1]) => {
        recordEnd(folder, secrets.redactEvent(event), systemClock.wallMs());
      },
      recordedEnd: () => recordedEnd(folder),
      onEntry: (entry: JournalEntry) => {
        control.tell(entry.seq);
        options.onEntry?.(entry);
      },
      log,
    };
    const loop = new SessionLoop(ports, frame, { ...facts, pid: process.pid }, history);
    const control = await ControlServer.open(folder.socketPath, (request) => {
      switch (request.request) {
        case 'pause':
          loop.pause({ afterStep: request.afterStep ?? false });
          return;
        case 'resume':
          loop.resume();
          return;
        case 'stop':
          loop.stop({ now: request.now ?? false });
          return;
        case 'note':
          loop.note(request.text);
          return;
        case 'remove-notes':
          loop.removeNotes();
          return;
        case 'provide-secrets':
          secrets.provide(request.secrets);
      }
    });
    const supervise = async (): Promise<SupervisionEnd> => {
      try {
        const end = await loop.run();
        if (end.kind === 'left') recordLeaving('left');
        return { end, snapshot: loop.snapshot, best: saveBest(folder, loop.snapshot, log) };
      } catch (error) {
        recordLeaving(isDiskFull(error) ? 'disk-full' : 'error', error);
        throw error;
      } finally {
        stopWatching();
        await evaluator.dispose();
        await model.dispose();
        await control.close();
        await opened.close();
      }
    };
    return { loop, done: supervise() };
  } catch (error) {
    recordLeaving(isDiskFull(error) ? 'disk-full' : 'error', error);
    await writer?.close();
    throw error;
  }
}

function entryOf(line: JournalLine): JournalEntry | UnknownEntry {
  const parsed = parseJournalValue(line.value);
  if (parsed.kind === 'entry') return parsed.entry;
  if (parsed.kind === 'unknown') return { seq: parsed.seq };
  throw new SessionDamagedError(`Journal entry ${line.seq} cannot be read: ${parsed.error}`);
}

/** The session's facts: those in its journal, or for a new one those that its specification gives on this host. */
async function frameOf(
  spec: StoredSpec,
  { problem, initialText }: ReadyProblem,
  history: readonly (JournalEntry | UnknownEntry)[],
): Promise<SessionFrame> {
  const { sessionId } = spec;
  const created = history[0]?.event;
  if (created?.type === 'session.created') {
    return { sessionId, problem: created.problem, options: created.options, initialText };
  }
  const { title, candidate, metric, reward, references } = problem;
  return {
    sessionId,
    problem: {
      title,
      path: spec.displayPath,
      candidate,
      metric: { ...metric },
      references: references.map((reference) => ({ ...reference })),
      ...(reward === undefined ? {} : { reward }),
    },
    options: resolveOptions(problem, spec.overrides, {
      randomSeed: randomInt(2 ** 32),
      ...(await hostShares(problem, process.env)),
    }),
    initialText,
  };
}

/** Copies the best program under its own name, and its construction, to where people find them. */
function saveBest(
  folder: SessionFolder,
  snapshot: SessionSnapshot,
  log: SuperviseOptions['log'],
): SavedBest | undefined {
  const record = snapshot.best === undefined ? undefined : snapshot.candidates.at(snapshot.best);
  if (record?.outcome?.kind !== 'valid' || snapshot.problem === undefined) return undefined;
  const { value, reward, stateSha256 } = record.outcome;
  const copy = (source: string, name: string): string => {
    const target = join(folder.bestPath, name);
    try {
      mkdirSync(folder.bestPath, { recursive: true, mode: 0o700 });
      copyFileSync(source, target);
      return target;
    } catch (error) {
      log(`${target} could not be written; the original is ${source}`, error);
      return source;
    }
  };
  const path = copy(join(folder.candidatesPath, record.sha256), basename(snapshot.problem.candidate));
  const best = { candidate: record.id, value, reward, path };
  if (stateSha256 === undefined) return best;
  return { ...best, statePath: copy(join(folder.statesPath, stateSha256), 'construction.json') };
}
