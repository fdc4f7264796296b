import { cp, mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { endedWell } from '../environmentTools';
import type { EvaluationRun, NotScored } from '../evaluationMethod';
import { EnvironmentError } from '../evaluator';
import type { ExecutionReport } from '../executor';
import { failed } from '../executionFailure';
import { cargoEnvironment } from './cargo';
import { asCommand, type HostTools } from './hostTools';
import { cppCommand, rustcCommand, type Language } from './language';
import { commandOnOwnCore } from './runOnCore';

/** Compiling is part of one evaluation, on a core of its own so that it disturbs nobody who is timed. */
const compileLimits = {
  timeMs: 120_000,
  memoryBytes: 4 * 1024 ** 3,
  processes: 256,
  outputBytes: 16 * 1024 ** 2,
};
const firstLines = 20;
const firstCharacters = 2000;

export type Compiled = { readonly kind: 'runs'; readonly command: readonly string[] } | NotScored;

export interface CompileContext {
  readonly run: EvaluationRun;
  readonly tools: HostTools;
  /** Kept from the first build: the crates that a cargo package uses. */
  readonly warmTarget: string | undefined;
  readonly preferredCore: number;
  readonly timeMs: number;
}

/** The command that runs the candidate, absolute. Throws `EnvironmentError` where the host has no compiler. */
export async function compileCandidate(language: Language, context: CompileContext): Promise<Compiled> {
  const { run } = context;
  const bin = join(run.work.path, 'bin');
  const program = join(bin, 'program');
  await mkdir(bin);
  switch (language.kind) {
    case 'cpp':
      return (
        (await step(context, cppCommand(run.work.candidate, program))) ?? runs([program, ...language.args])
      );
    case 'rustc':
      return (
        (await step(
          context,
          rustcCommand(run.work.candidate, program),
          undefined,
          cargoEnvironment(process.env),
        )) ?? runs([program, ...language.args])
      );
    case 'cargo': {
      const target = join(run.work.path, 'target');
      if (context.warmTarget !== undefined) {
        await cp(context.warmTarget, target, {
          recursive: true,
          preserveTimestamps: true,
          verbatimSymlinks: true,
        });
      }
      const build = ['cargo', 'build', '--release', '--quiet', '--offline', '--bin', language.bin];
      const env = { ...cargoEnvironment(process.env), CARGO_TARGET_DIR: target };
      const refused = await step(context, build, join(run.folder, language.package), env);
      return refused ?? runs([join(target, 'release', language.bin), ...language.args]);
    }
    case 'python': {
      // Only what cannot be parsed fails here; a name that is missing shows when it runs.
      const check = 'import ast, sys\nast.parse(open(sys.argv[1], "rb").read(), "program")';
      const refused = await step(context, ['python3', '-I', '-c', check, run.work.candidate]);
      return refused ?? runs(['python3', run.work.candidate, ...language.args]);
    }
    case 'steps': {
      for (const { program: name, args, currentDir } of language.steps) {
        const cwd = join(run.folder, currentDir ?? '.');
        const refused = await step(context, [name, ...args], cwd, cargoEnvironment(process.env));
        if (refused !== undefined) return refused;
      }
      const base = join(run.folder, language.currentDir);
      const name = language.program.includes('/') ? resolve(base, language.program) : language.program;
      const args = language.args.map((arg) => (/^\.{1,2}\//.test(arg) ? resolve(base, arg) : arg));
      return runs([name, ...args]);
    }
  }
}

function runs(command: readonly string[]): Compiled {
  return { kind: 'runs', command };
}

async function step(
  { run, tools, preferredCore, timeMs }: CompileContext,
  argv: readonly string[],
  cwd?: string,
  env?: Readonly<Record<string, string>>,
): Promise<NotScored | undefined> {
  const report = await run.execute(
    commandOnOwnCore(tools, preferredCore, {
      argv: asCommand(argv),
      cwd: cwd ?? dirname(run.work.candidate),
      ...(env !== undefined && { env }),
      limits: { ...compileLimits, timeMs: Math.min(compileLimits.timeMs, timeMs) },
    }),
  );
  if (endedWell(report)) return undefined;
  const name = argv[0] ?? '';
  if (isMissing(report, name)) {
    throw new EnvironmentError(`This host has no ${name}.`, adviceFor(name));
  }
  return doesNotCompile(report);
}

function isMissing(report: ExecutionReport, name: string): boolean {
  if (report.end.kind === 'could-not-start') return true;
  return (
    report.end.kind === 'exited' && report.end.code === 127 && report.output.includes(`${name}: not found`)
  );
}

function adviceFor(name: string): string {
  switch (name) {
    case 'g++':
      return 'Install it: on Debian and Ubuntu `sudo apt install g++`.';
    case 'cargo':
    case 'rustc':
      return 'Install Rust on the host (https://rustup.rs).';
    default:
      return 'Install it on the host and have it in PATH.';
  }
}

function doesNotCompile(report: ExecutionReport): NotScored {
  const { end, output } = report;
  if (end.kind === 'limit' && end.limit === 'time') {
    return failed('timeout', 'Compiling took too long and was stopped.', report);
  }
  const lines = output.trim().split('\n').slice(0, firstLines).join('\n').slice(0, firstCharacters);
  return { kind: 'failed', reason: 'invalid', message: `The program does not compile:\n${lines}` };
}
