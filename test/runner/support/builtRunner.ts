import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';
import { ulid } from 'ulid';
import type { JournalEntry } from '../../../src/domain/session/events';
import { journalEntry } from '../../../src/protocol/journalEntry';
import { commandReply, type CommandReply } from '../../../src/protocol/hostCommands';
import type { SessionSpec } from '../../../src/protocol/sessionSpec';
import { JournalFollower } from '../../../src/runner/journal/journalFollower';
import { readJournal } from '../../../src/runner/journal/journalReader';
import { collectProblem } from '../../../src/runner/host/collectProblem';
import { sessionFolder } from '../../../src/runner/host/sessionFolder';

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program whose only tunable is a number, and an evaluator that wants it to be 42; instantaneous. */
const problemText = (session: string, evaluationTime: string): string => `---
title: A parabola
candidate: program.sh
evaluate: sh evaluate.sh
metric: { name: error, goal: minimize }
limits: { time: ${evaluationTime} }
session: { method: ttt-discover, policy: tunables, ${session} }
---
# A parabola
Find its bottom.
`;
const programText = 'x=10  # @tune int [0, 1000]\necho $x\n';
const evaluatorText = `x=$(sh "$DISCOVER_CANDIDATE") || exit 1
while [ -e "$(dirname "$0")/hold" ]; do sleep 0.05; done
printf '{"valid": true, "metrics": {"error": %d}, "state": {"x": %d}}' "$(( (x - 42) * (x - 42) ))" "$x" > "$DISCOVER_RESULT"
`;

/** The bundle as it is shipped, a root of its own, and a small problem. */
export class BuiltRunner {
  readonly root: string;
  readonly problemFolder: string;
  readonly #folder: string;
  readonly #started = new Set<ChildProcess>();

  /** `plugins`: what this bundle has in place of the shipped one's parts. */
  static async build({ plugins = [] }: { readonly plugins?: esbuild.Plugin[] } = {}): Promise<BuiltRunner> {
    const runner = new BuiltRunner();
    await esbuild.build({
      entryPoints: ['src/runner/main.ts'],
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      outfile: runner.bundlePath,
      logLevel: 'warning',
      plugins,
    });
    return runner;
  }

  private constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'ttt-discover-runner-'));
    this.root = join(this.#folder, 'root');
    this.problemFolder = this.makeProblem('parabola');
  }

  get bundlePath(): string {
    return join(this.#folder, 'runner.cjs');
  }

  /** `hold`: evaluations wait until they are killed. */
  makeProblem(
    name: string,
    options: {
      readonly session?: string;
      readonly hold?: boolean;
      readonly evaluationTime?: string;
      readonly program?: string;
      readonly evaluator?: string;
    } = {},
  ): string {
    const folder = join(this.#folder, name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, 'parabola.discover'),
      // What is held must not run out of time while a busy machine takes its own.
      problemText(
        options.session ?? 'steps: 3, groups: 2, groupSize: 3',
        options.evaluationTime ?? (options.hold === true ? '10min' : '20s'),
      ),
    );
    writeFileSync(join(folder, 'program.sh'), options.program ?? programText);
    writeFileSync(join(folder, 'evaluate.sh'), options.evaluator ?? evaluatorText);
    if (options.hold === true) writeFileSync(join(folder, 'hold'), '');
    return folder;
  }

  specOf(problemFolder = this.problemFolder, overrides: SessionSpec['overrides'] = {}): SessionSpec {
    return {
      version: 1,
      sessionId: ulid(),
      overrides: { seed: 5, concurrency: 2, ...overrides },
      ...collectProblem(problemFolder),
    };
  }

  spawn(args: readonly string[]): ChildProcess {
    const child = spawn(process.execPath, [this.bundlePath, ...args], {
      env: { ...process.env, TTT_DISCOVER_ROOT: this.root },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#started.add(child);
    child.once('exit', () => this.#started.delete(child));
    return child;
  }

  /** Runs a command to its end. */
  async command(args: readonly string[], input: string | Uint8Array = ''): Promise<CommandResult> {
    const child = this.spawn(args);
    child.stdin?.on('error', () => undefined); // It may end without reading.
    child.stdin?.end(input);
    let stdout = '';
    let stderr = '';
    child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
    child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, stdout, stderr };
  }

  /** The last line of a command that was called with `--json`. */
  async reply(args: readonly string[], input?: string | Uint8Array): Promise<CommandReply> {
    const { stdout, stderr } = await this.command([...args, '--json'], input);
    const last = stdout.trimEnd().split('\n').at(-1) ?? '';
    try {
      return commandReply.parse(JSON.parse(last));
    } catch (error) {
      throw new Error(`${args.join(' ')} printed ${stdout}${stderr}`, { cause: error });
    }
  }

  start(spec: SessionSpec): Promise<CommandReply> {
    return this.reply(['start', '--spec', '-'], gzipSync(JSON.stringify(spec)));
  }

  /** Process id of a live session. */
  async pidOf(sessionId: string): Promise<number | undefined> {
    const reply = await this.reply(['status', sessionId]);
    if (reply.kind !== 'status') throw new Error(`status answered ${JSON.stringify(reply)}`);
    return reply.session.verdict.state === 'live' ? reply.session.verdict.pid : undefined;
  }

  /** As `pidOf`, of a session that must be live: to signal the process "0" would be to signal ourselves. */
  async livePid(sessionId: string): Promise<number> {
    const pid = await this.pidOf(sessionId);
    if (pid === undefined) throw new Error(`session ${sessionId} does not run`);
    return pid;
  }

  journalPath(sessionId: string): string {
    return join(this.root, 'sessions', sessionId, 'journal');
  }

  async entries(sessionId: string): Promise<readonly JournalEntry[]> {
    const { lines } = await readJournal(this.journalPath(sessionId));
    return lines.map((line) => journalEntry.parse(line.value));
  }

  /** Resolves with the journal up to the first entry that fits, when it is there. */
  async until(
    sessionId: string,
    fits: (entry: JournalEntry) => boolean,
    from = 1,
  ): Promise<readonly JournalEntry[]> {
    const found = new AbortController();
    const seen: JournalEntry[] = [];
    const follower = new JournalFollower({
      folder: this.journalPath(sessionId),
      from,
      signal: found.signal,
      pollMs: 200,
    });
    for await (const lines of follower.batches(1)) {
      for (const line of lines) {
        const entry = journalEntry.parse(line.value);
        seen.push(entry);
        if (fits(entry)) return seen;
      }
    }
    throw new Error('the journal was left');
  }

  /** Kills every process of this runner that still lives, and removes all files. */
  async dispose(): Promise<void> {
    for (const child of this.#started) child.kill('SIGKILL');
    const reply = await this.reply(['list']);
    if (reply.kind === 'sessions') {
      for (const { verdict } of reply.sessions)
        if (verdict.state === 'live') process.kill(verdict.pid, 'SIGKILL');
    }
    // What they ran ends a moment after them, and may still be writing its last.
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 10 });
    rmSync(dirname(sessionFolder(this.root, 'any').socketPath), { recursive: true, force: true });
  }
}

/** The process that wrote the last of these entries. A session at work is over before `status` could tell it. */
export function writerOf(entries: readonly JournalEntry[]): number {
  const last = entries.findLast(({ event }) => event.type === 'runner.started')?.event;
  if (last?.type !== 'runner.started') throw new Error('no runner has started');
  return last.pid;
}

/** Resolves when the process runs no more; a zombie does not. */
export async function untilGone(pid: number): Promise<void> {
  while (existsSync(`/proc/${pid}`)) {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => ') X');
    if (/\) [ZX]/.test(stat)) return;
  }
}

export function expectSound(entries: readonly JournalEntry[]): void {
  for (const [index, entry] of entries.entries()) {
    if (entry.seq !== index + 1) throw new Error(`entry ${index + 1} has number ${entry.seq}`);
  }
  for (const type of ['candidate.proposed', 'candidate.evaluated'] as const) {
    const ids = entries.flatMap(({ event }) => (event.type === type ? [event.candidate] : []));
    if (new Set(ids).size !== ids.length) throw new Error(`a candidate has two ${type}`);
  }
}
