import { ulid } from 'ulid';
import { SlurmError } from '../../../evaluation/slurm/slurmError';
import { findSlurmPrograms, SlurmProgramError } from '../../../evaluation/slurm/slurmPrograms';
import { submitRefusal } from '../../../evaluation/slurm/submitErrors';
import { exitCodes } from '../../../protocol/hostCommands';
import { sessionSpec } from '../../../protocol/sessionSpec';
import { collectProblem } from '../../host/collectProblem';
import { runnerJob } from '../../host/runnerJob';
import { createSessionFolder } from '../../host/sessionFolder';
import type { Command } from '../command';
import { usageError } from '../commandError';
import { sessionOptionSpecs, sessionOverridesOf } from '../sessionSettings';
import { checkSpec } from './start';

export const submitCommand: Command = {
  name: 'submit',
  arguments: 'PROBLEM',
  summary: 'Run a session as a job of a Slurm cluster, where login nodes end long processes',
  mostPositionals: 1,
  options: {
    ...sessionOptionSpecs,
    sbatch: {
      type: 'string',
      value: 'ARGUMENT',
      multiple: true,
      help: 'Of the job that runs the session, as sbatch takes it: --sbatch=--time=2-0 --sbatch=--partition=long',
    },
  },
  async run(call) {
    const { positionals, lists, root, bundlePath, output } = call;
    const [problemPath] = positionals;
    if (problemPath === undefined)
      throw usageError('Which problem? Name a .discover file or its folder.', 'submit');
    const spec = sessionSpec.parse({
      version: 1,
      sessionId: ulid(),
      overrides: sessionOverridesOf(call, 'submit'),
      ...collectProblem(problemPath),
    });
    for (const warning of checkSpec(spec).warnings) output.note(warning);
    const programs = await findSlurmPrograms(process.env);
    const { folder } = createSessionFolder(root, spec);
    const ownArguments = lists['sbatch'] ?? [];
    const { args, script, variables } = runnerJob(folder, {
      root,
      bundlePath,
      env: process.env,
      ownArguments,
    });
    const job = await programs.submit(args, script, variables).catch((error: unknown) => {
      if (!(error instanceof SlurmProgramError)) throw error;
      const refusal = submitRefusal(error.words);
      const advice = refusal.kind === 'busy' ? 'Try it again when `scontrol ping` answers.' : refusal.advice;
      throw new SlurmError(`sbatch does not take the session: ${error.words}`, advice, { cause: error });
    });
    output.line(`Session ${spec.sessionId} is job ${job}.`);
    output.line(`See it with \`ttt-discover status ${spec.sessionId}\`, end it with \`scancel ${job}\`.`);
    return exitCodes.ok;
  },
};
