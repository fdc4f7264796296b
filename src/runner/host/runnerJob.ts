import { join } from 'node:path';
import { shellWord } from '../../evaluation/slurm/jobScript';
import { exitCodes } from '../../protocol/hostCommands';
import type { SessionFolder } from './sessionFolder';
import { readyDescriptor } from './startDetached';

/** Before the end of its time a job is told, so that its runner leaves in peace and the next one goes on. */
const noticeSeconds = 120;

/** What a runner needs of the environment of whoever submits it: where programs, caches and proxies are. */
const passedOn =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|LD_LIBRARY_PATH|CUDA_\w+|CARGO_HOME|RUSTUP_HOME|XDG_\w+|UV_\w+|PIP_\w+|HF_HOME|HF_HUB_CACHE|SLURM_CONF|SBATCH_\w+|SSL_CERT_\w+|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|\w+_(PROXY|proxy))$/;
/** The controller keeps the environment of a job in its files. */
const secret = /KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL|INDEX/i;

export interface RunnerJob {
  readonly args: readonly string[];
  readonly script: string;
  /** What it gets of the environment. */
  readonly variables: readonly string[];
}

/**
 * A job that runs a session. It needs little itself: evaluations are jobs of their own. When it is told to end, by its time limit or for a
 * more important job, its runner leaves, and it goes back into the queue to resume the session; evaluations go on meanwhile. `ownArguments`
 * are the user's, and win.
 */
export function runnerJob(
  folder: SessionFolder,
  options: {
    readonly root: string;
    readonly bundlePath: string;
    readonly env: NodeJS.ProcessEnv;
    readonly ownArguments: readonly string[];
  },
): RunnerJob {
  const variables = Object.keys(options.env).filter((name) => passedOn.test(name) && !secret.test(name));
  const command = [
    process.execPath,
    options.bundlePath,
    'supervise',
    folder.sessionId,
    '--root',
    options.root,
  ];
  return {
    variables,
    args: [
      '--parsable',
      `--job-name=ttt-runner-${folder.sessionId}`,
      '--comment=ttt-discover session',
      ...['--nodes=1', '--ntasks=1', '--cpus-per-task=1', '--mem=2G'],
      ...['--requeue', `--signal=B:TERM@${noticeSeconds}`, '--open-mode=append'],
      '--export=ALL',
      `--chdir=${folder.path}`,
      `--output=${folder.startLogPath}`,
      ...options.ownArguments,
    ],
    script: scriptOf(command, join(folder.path, 'owners')),
  };
}

/** Nobody listens to the runner's first words, but they have to go somewhere. */
function scriptOf(command: readonly string[], ownersPath: string): string {
  return `#!/bin/sh
trap 'kill -TERM "$runner" 2>/dev/null' TERM
${command.map(shellWord).join(' ')} ${readyDescriptor}>/dev/null &
runner=$!
wait "$runner"
code=$?
# A signal ends the wait before the runner has left.
while kill -0 "$runner" 2>/dev/null; do wait "$runner"; code=$?; done
# It has ended, as we saw: so the next one may begin on any node.
for owner in ${shellWord(ownersPath)}/[0-9][0-9][0-9][0-9][0-9][0-9].json; do : > "\${owner%.json}.gone"; done
# It left, and nobody cancelled this job.
if [ "$code" -eq ${exitCodes.interrupted} ]; then
  case "$(scontrol --oneliner show job "$SLURM_JOB_ID")" in
    *' JobState=RUNNING '*) exec scontrol requeue "$SLURM_JOB_ID" ;;
  esac
fi
exit "$code"
`;
}
