import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { PreparationContext } from '../evaluationMethod';
import { endedWell } from '../environmentTools';

/** Building is the user's own work: cargo finds his toolchain, settings and downloads. */
const passedThrough =
  /^(CARGO_\w+|RUSTUP_\w+|RUSTFLAGS|SSL_CERT_FILE|SSL_CERT_DIR|(?:HTTPS?|ALL|NO)_PROXY|(?:https?|all|no)_proxy)$/;

/** On top of the environment of an evaluation. */
export function cargoEnvironment(hostEnv: NodeJS.ProcessEnv): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(hostEnv)) {
    if (value !== undefined && passedThrough.test(name)) env[name] = value;
  }
  const home = hostEnv['HOME'] ?? homedir();
  env['CARGO_HOME'] ??= join(home, '.cargo');
  env['RUSTUP_HOME'] ??= join(home, '.rustup');
  // A host that is reached over ssh has the installer's folder in PATH only for people.
  env['PATH'] = [hostEnv['PATH'] ?? '/usr/local/bin:/usr/bin:/bin', join(env['CARGO_HOME'], 'bin')].join(
    delimiter,
  );
  env['CARGO_TERM_COLOR'] = 'never';
  env['HOME'] = home;
  return env;
}

/** What `cargo --version` says; undefined if there is none that runs. */
export async function cargoVersion(context: PreparationContext): Promise<string | undefined> {
  const report = await context.execute({
    argv: ['cargo', '--version'],
    cwd: '/',
    env: cargoEnvironment(process.env),
  });
  return endedWell(report) ? report.output.trim() : undefined;
}

/** Crates are compiled in parallel, and link with much memory. */
export const buildLimits = {
  timeMs: 30 * 60_000,
  memoryBytes: 16 * 1024 ** 3,
  outputBytes: 64 * 1024 ** 2,
  processes: 4096,
};
