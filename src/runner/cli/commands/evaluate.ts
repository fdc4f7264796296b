import { exitCodes } from '../../../protocol/hostCommands';
import type { Command } from '../command';
import { caseText, outcomeLines, withEvaluator } from '../evaluateOnce';
import { readEvaluationInput } from '../evaluationInput';
import { seed } from '../values';

export const evaluateCommand: Command = {
  name: 'evaluate',
  arguments: 'PROBLEM [CANDIDATE]',
  summary: 'Score one program: CANDIDATE, or the initial one of the problem',
  mostPositionals: 2,
  options: {
    seed: { type: 'string', value: 'N', help: 'Seed for the evaluator (default: 0)' },
    spec: { type: 'string', value: '-', help: 'The files come on standard input, from an editor' },
  },
  async run(call) {
    const { output } = call;
    const input = await readEvaluationInput(call, 'evaluate');
    const seedOfRun = seed(call.values['seed']) ?? 0;
    return withEvaluator(call, input, async (problem, evaluateOnce) => {
      const { outcome, durationMs, cases } = await evaluateOnce({
        seed: seedOfRun,
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
      return outcome.kind === 'valid' ? exitCodes.ok : exitCodes.noResult;
    });
  },
};
