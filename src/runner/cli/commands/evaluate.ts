import { writePahcerFiles } from '../../../evaluation/atCoder/writePahcerFiles';
import { exitCodes } from '../../../protocol/hostCommands';
import type { Command } from '../command';
import { caseText, outcomeLines, withEvaluator } from '../evaluateOnce';
import { isolationOptionSpec } from '../sessionSettings';
import { readEvaluationInput } from '../evaluationInput';
import { seed } from '../values';

export const evaluateCommand: Command = {
  name: 'evaluate',
  arguments: 'PROBLEM [CANDIDATE]',
  summary: 'Score one program: CANDIDATE, or the initial one of the problem',
  mostPositionals: 2,
  options: {
    seed: { type: 'string', value: 'N', help: 'Seed for the evaluator (default: 0)' },
    pahcer: {
      type: 'string',
      value: 'FOLDER',
      help: "AtCoder contests: run the folder's own seeds, and add the result to FOLDER as pahcer does",
    },
    isolation: isolationOptionSpec,
    spec: { type: 'string', value: '-', help: 'The files come on standard input, from an editor' },
  },
  async run(call) {
    const { output } = call;
    const input = await readEvaluationInput(call, 'evaluate');
    const seedOfRun = seed(call.values['seed']) ?? 0;
    const pahcerFolder = call.values['pahcer'];
    const startedAt = new Date();
    return withEvaluator(call, input, async (problem, evaluateOnce) => {
      const { outcome, durationMs, cases } = await evaluateOnce({
        seed: seedOfRun,
        ...(pahcerFolder === undefined ? {} : { officialCases: true }),
        onCase: (result) => {
          output.reply({ kind: 'case', case: result });
          output.note(caseText(result));
        },
      });
      output.reply({
        kind: 'evaluation',
        outcome,
        durationMs,
        ...(cases === undefined ? {} : { cases: [...cases] }),
      });
      for (const line of outcomeLines(outcome, problem.metric, durationMs)) output.line(line);
      if (pahcerFolder !== undefined && cases !== undefined) {
        const run = { startedAt, cases, goal: problem.metric.goal, comment: 'ttt-discover evaluate' };
        output.note(`Written for pahcer: ${await writePahcerFiles(pahcerFolder, run)}`);
      }
      return outcome.kind === 'valid' ? exitCodes.ok : exitCodes.noResult;
    });
  },
};
