import { ulid } from 'ulid';
import type { SessionForecast } from '../../../domain/session/cost';
import { exitCodes, type EstimateReply } from '../../../protocol/hostCommands';
import { sessionSpec } from '../../../protocol/sessionSpec';
import { collectProblem } from '../../host/collectProblem';
import { hostShares } from '../../host/hostShares';
import { problemOfSpec } from '../../host/readProblem';
import { countText, dollarsText, timeText, totalTokens } from '../amounts';
import type { Command } from '../command';
import { usageError } from '../commandError';
import { forecastOf, type Forecast } from '../sessionForecast';
import { sessionOptionSpecs, sessionOverridesOf } from '../sessionSettings';
import { durationMs, wholeNumber } from '../values';
import { withoutAbsent } from '../../../domain/withoutAbsent';
import { checkSpec, type CheckedSpec } from './start';

export const estimateCommand: Command = {
  name: 'estimate',
  arguments: 'PROBLEM',
  summary: 'Say what tokens, money and time a session will take; nothing is started and nobody is asked',
  mostPositionals: 1,
  options: {
    ...sessionOptionSpecs,
    'prompt-tokens': { type: 'string', value: 'N', help: 'Tokens of a prompt, if you know better' },
    'answer-tokens': { type: 'string', value: 'N', help: 'Tokens of an answer with its reasoning, likewise' },
    'evaluation-time': { type: 'string', value: 'TIME', help: 'Time of one evaluation, such as 2s' },
  },
  async run(call) {
    const { positionals, values, output } = call;
    const [problemPath] = positionals;
    if (problemPath === undefined)
      throw usageError('Which problem? Name a .discover file or its folder.', 'estimate');
    const overrides = sessionOverridesOf(call, 'estimate');
    const spec = sessionSpec.parse({
      version: 1,
      sessionId: ulid(),
      overrides,
      ...collectProblem(problemPath),
    });
    const host = await hostShares(problemOfSpec(spec).problem, process.env);
    const checked = checkSpec(spec, host);
    for (const warning of checked.warnings) output.note(warning);
    const forecast = forecastOf(
      checked,
      withoutAbsent({
        promptTokens: wholeNumber(values['prompt-tokens'], '--prompt-tokens', 1),
        answerTokens: wholeNumber(values['answer-tokens'], '--answer-tokens', 1),
        evaluationMs: durationMs(values['evaluation-time'], '--evaluation-time'),
      }),
      host,
    );
    output.reply(replyOf(checked, forecast));
    for (const line of linesOf(checked, forecast)) output.line(line);
    return exitCodes.ok;
  },
};

function replyOf({ options }: CheckedSpec, { estimate, assumptions }: Forecast): EstimateReply {
  const { policy, method, model } = options;
  const plain = (forecast: SessionForecast): EstimateReply['likely'] => ({
    candidates: forecast.candidates,
    parentRuns: forecast.parentRuns,
    usage: forecast.usage,
    costUsd: forecast.costUsd ?? null,
    evaluationMs: forecast.evaluationMs ?? null,
    endedBy: forecast.endedBy ?? null,
  });
  return {
    kind: 'estimate',
    policy,
    method,
    model: model === undefined ? null : { server: model.server, model: model.model },
    prices: estimate.prices ?? null,
    lowest: plain(estimate.lowest),
    likely: plain(estimate.likely),
    highest: plain(estimate.highest),
    assumptions: [...assumptions],
  };
}

function linesOf({ problem, options }: CheckedSpec, { estimate, assumptions }: Forecast): readonly string[] {
  const { policy, method, model, steps, groups, groupSize } = options;
  const asked = model === undefined ? 'no model' : `${model.model} at ${model.server}`;
  const all = [estimate.lowest, estimate.likely, estimate.highest];
  const row = (title: string, cell: (forecast: SessionForecast) => string | undefined): string[] => {
    const cells = all.map(cell);
    if (cells.every((text) => text === undefined)) return [];
    return [`  ${title.padEnd(16)}${cells.map((text) => (text ?? '').padStart(16)).join('')}`];
  };
  const tokens = (count: number): string | undefined =>
    policy === 'tunables' ? undefined : countText(count);
  return [
    `${problem.title}: ${policy} by ${method}, ${asked}; ${steps} steps of ${groups} × ${groupSize} candidates`,
    '',
    `  ${''.padEnd(16)}${['lowest', 'likely', 'highest'].map((title) => title.padStart(16)).join('')}`,
    ...row('candidates', ({ candidates }) => countText(candidates)),
    ...row('runs of parents', ({ parentRuns }) => (parentRuns === 0 ? undefined : countText(parentRuns))),
    ...row('prompt tokens', ({ usage }) => tokens(usage.promptTokens)),
    ...row('answer tokens', ({ usage }) => tokens(usage.sampledTokens)),
    ...row('trained tokens', ({ usage }) => tokens(usage.trainedTokens)),
    ...row('all tokens', ({ usage }) => tokens(totalTokens(usage))),
    ...row('cost', ({ costUsd }) => (costUsd === undefined ? undefined : dollarsText(costUsd))),
    ...row('evaluations take', ({ evaluationMs }) =>
      evaluationMs === undefined ? undefined : timeText(evaluationMs),
    ),
    ...row('ended by', ({ endedBy }) => endedBy && `the ${endedBy}`),
    '',
    ...assumptions,
  ];
}
