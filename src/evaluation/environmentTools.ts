import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { EnvironmentError } from './evaluator';
import type { ExecutionReport } from './executor';
import { createLocalExecutor } from './localExecutor';

/** Programs that make environments are trusted: they run without a namespace and with the user's own configuration. */
const executor = createLocalExecutor({ containment: 'sweep' });

const passedThrough =
  /^(PATH|HOME|USER|LOGNAME|TMPDIR|NETRC|CC|CXX|CUDA_HOME|CUDA_PATH|LD_LIBRARY_PATH|SSL_CERT_FILE|SSL_CERT_DIR|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|XDG_\w+|PIP_\w+|UV_\w+|(HTTP|HTTPS|ALL|NO)_PROXY|(http|https|all|no)_proxy)$/;
/** These would send packages elsewhere than into the environment. */
const misleading =
  /^(PIP_TARGET|PIP_PREFIX|PIP_ROOT|PIP_USER|UV_PYTHON|UV_PROJECT_ENVIRONMENT|UV_SYSTEM_PYTHON)$/;

/** Runs a tool to its end, in a folder of its own choice. Rejects with the signal's reason when cancelled. */
export function runTool(
  argv: readonly [string, ...string[]],
  hostEnv: NodeJS.ProcessEnv,
  signal: AbortSignal,
  timeMs: number,
): Promise<ExecutionReport> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(hostEnv)) {
    if (value !== undefined && passedThrough.test(name) && !misleading.test(name)) env[name] = value;
  }
  Object.assign(env, {
    LANG: 'C.UTF-8',
    PIP_USER: '0',
    PYTHONNOUSERSITE: '1',
    PIP_NO_INPUT: '1',
    NO_COLOR: '1',
  });
  const unlimited = { memoryBytes: 2 ** 50, cpus: 1, gpus: 0, outputBytes: 64 * 1024 ** 2, processes: 4096 };
  return executor.execute(
    { id: 'environment', argv, cwd: tmpdir(), env, limits: { ...unlimited, timeMs } },
    signal,
  );
}

export function endedWell(report: ExecutionReport): boolean {
  return report.end.kind === 'exited' && report.end.code === 0;
}

interface Cause {
  readonly words: RegExp;
  readonly message: string;
  readonly advice: string;
}

const noSpace: Cause = {
  words: /no space left on device|disk quota exceeded|\[errno 28\]|os error 28/i,
  message: 'there is no space left on the host',
  advice: 'Free space in the home folder and the temporary folder of the host, then try again.',
};
/** Less than pip itself needs. */
const leastFreeBytes = 16 * 1024 ** 2;

const causes: readonly Cause[] = [
  noSpace,
  {
    words:
      /name resolution|name or service not known|nodename nor servname|failed to establish a new connection|connection refused|could not connect|network is unreachable|connecttimeout|read timed out|dns error|error sending request|cannot connect to proxy|no route to host/i,
    message: 'the package index cannot be reached',
    advice:
      'Check the network of the host. Behind a proxy or with an index of your own, set HTTPS_PROXY or PIP_INDEX_URL (UV_INDEX_URL for uv) there.',
  },
  {
    words:
      /no matching distribution|could not find a version|no solution found|was not found in the package/i,
    message: 'a package does not exist in the wanted version',
    advice: 'Check names and versions under `environment: packages:` in the problem file.',
  },
];

/**
 * Says from a tool's output why it failed; the output's tail goes along as the cause. `folder` is where it wrote:
 * Python's venv does not say that the disk is full.
 */
export async function toolFailure(
  action: string,
  report: ExecutionReport,
  folder: string,
): Promise<EnvironmentError> {
  const output = withoutCredentials(report.output).trim();
  const tail = output.slice(-2000);
  const cause = new Error(tail === '' ? `It printed nothing (${report.end.kind}).` : tail);
  const { bavail, bsize } = await statfs(folder);
  const known = bavail * bsize < leastFreeBytes ? noSpace : causes.find(({ words }) => words.test(output));
  if (known !== undefined)
    return new EnvironmentError(`${action} failed: ${known.message}.`, known.advice, { cause });
  const lastLine = tail.split('\n').at(-1) ?? '';
  return new EnvironmentError(
    `${action} failed${lastLine === '' ? '.' : `: ${lastLine}`}`,
    tail === '' ? 'Run the same command by hand on the host.' : `The end of its output:\n${tail}`,
    { cause },
  );
}

/** An index's address may hold a password. */
function withoutCredentials(output: string): string {
  return output.replaceAll(/:\/\/[^\s/@]+@/g, '://****@');
}
