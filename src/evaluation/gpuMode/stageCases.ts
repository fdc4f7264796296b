import type { CaseResult } from '../../domain/session/outcome';
import type { Stage, StageCase } from './stages';
import type { CaseFields, Verdict } from './verdictStream';

const mostMessageCharacters = 2000;

/** `Maximum error: 0.01\nat [0, 1]`: evaluators write a line break as two characters. */
export function unescaped(text: string): string {
  const plain = text.replaceAll('\\n', '\n').trim();
  return plain.length <= mostMessageCharacters ? plain : `${plain.slice(0, mostMessageCharacters)} […]`;
}

export function caseName(stage: Stage, { index }: StageCase): string {
  return `${stage.name} ${index}`;
}

/** What is known of a case; undefined if nothing was said that decides it. */
export function caseResultOf(
  stage: Stage,
  one: StageCase,
  fields: CaseFields | undefined,
): CaseResult | undefined {
  if (fields === undefined) return undefined;
  const status = fields.get('status');
  const error = fields.get('error');
  const name = caseName(stage, one);
  if (error !== undefined || (status !== undefined && status !== 'pass')) {
    const why = unescaped(error ?? '') || 'failed';
    return { name, verdict: 'failed', message: `${one.line}\n${why}` };
  }
  const message = [one.line, unescaped(fields.get('message') ?? '')].filter((part) => part !== '').join('\n');
  if (stage.kind === 'test') return status === undefined ? undefined : { name, verdict: 'passed', message };
  const times = timesOf(fields);
  return times === undefined
    ? undefined
    : { name, verdict: 'passed', value: times.meanNs / 1000, unit: 'µs', message };
}

/** All cases of a stage, also those that nothing was said of. */
export function stageCaseResults(stage: Stage, verdict: Verdict): CaseResult[] {
  return stage.cases.map((one, position) => {
    return caseResultOf(stage, one, fieldsAt(stage, verdict, position)) ?? skipped(stage, one);
  });
}

export function skipped(stage: Stage, one: StageCase): CaseResult {
  return { name: caseName(stage, one), verdict: 'skipped', message: one.line };
}

/**
 * The oldest evaluators run the last case alone in their leaderboard mode, whatever stands in the file, and call it case 0.
 */
export function measuredLastAlone(stage: Stage, values: Verdict['values']): boolean {
  return stage.name === 'leaderboard' && stage.cases.length > 1 && values.get('benchmark-count') === '1';
}

/** The number that the verdict gives to the case at a position of the stage; undefined if it leaves it out. */
export function verdictIndex(stage: Stage, values: Verdict['values'], position: number): number | undefined {
  if (!measuredLastAlone(stage, values)) return position;
  return position === stage.cases.length - 1 ? 0 : undefined;
}

/** The fields of the case at a position of the stage. */
export function fieldsAt(stage: Stage, verdict: Verdict, position: number): CaseFields | undefined {
  const index = verdictIndex(stage, verdict.values, position);
  return index === undefined ? undefined : verdict.cases[stage.kind].get(index);
}

/** Statistics of the timed calls of one case, in nanoseconds. */
export interface CaseTimes {
  readonly meanNs: number;
  readonly runs?: number;
  readonly errorNs?: number;
  readonly bestNs?: number;
  readonly worstNs?: number;
}

/** Undefined without a finite mean above zero. */
export function timesOf(fields: CaseFields): CaseTimes | undefined {
  const number = (name: string): number | undefined => {
    const text = fields.get(name);
    const value = text === undefined || text === '' ? NaN : Number(text);
    return Number.isFinite(value) ? value : undefined;
  };
  const meanNs = number('mean');
  if (meanNs === undefined || meanNs <= 0) return undefined;
  const runs = number('runs');
  const errorNs = number('err');
  const bestNs = number('best');
  const worstNs = number('worst');
  return {
    meanNs,
    ...(runs !== undefined && { runs }),
    ...(errorNs !== undefined && { errorNs }),
    ...(bestNs !== undefined && { bestNs }),
    ...(worstNs !== undefined && { worstNs }),
  };
}
