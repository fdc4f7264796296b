import * as z from 'zod';
import { methods, policies } from '../../domain/problem/problem';
import { sessionId } from '../../protocol/sessionSpec';
import { usageError } from './commandError';

const unitMs = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 } as const;

/** `180s`, `3m`, `1.5h`, `500ms`, or seconds without a unit. */
export function durationMs(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const match = /^(\d+(?:\.\d+)?)(ms|s|min|m|h)?$/.exec(text);
  const unit = z.enum(['ms', 's', 'm', 'min', 'h']).safeParse(match?.[2] ?? 's').data;
  const value = Number(match?.[1]) * (unit === undefined ? Number.NaN : unitMs[unit]);
  if (!(value > 0)) throw usageError(`${option} takes a time such as 180s, 3m or 1h, not "${text}".`);
  return value;
}

export function wholeNumber(text: string | undefined, option: string, least: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(Number.isSafeInteger(value) && value >= least)) {
    throw usageError(`${option} takes a whole number from ${least} on, not "${text}".`);
  }
  return value;
}

export function seed(text: string | undefined): number | undefined {
  const value = wholeNumber(text, '--seed', 0);
  if (value !== undefined && value > 0xffff_ffff) throw usageError('--seed takes a number below 2^32.');
  return value;
}

export function method(text: string | undefined): (typeof methods)[number] | undefined {
  return oneOf(text, methods, '--method');
}

export function policy(text: string | undefined): (typeof policies)[number] | undefined {
  return oneOf(text, policies, '--policy');
}

export function isolationWish(text: string | undefined): 'auto' | 'none' | undefined {
  return oneOf(text, ['auto', 'none'], '--isolation');
}

function oneOf<T extends string>(
  text: string | undefined,
  choices: readonly T[],
  option: string,
): T | undefined {
  if (text === undefined) return undefined;
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw usageError(`${option} takes ${choices.join(', ')}, not "${text}".`);
  return found;
}

export function session(text: string | undefined, command: string): string {
  if (text === undefined) throw usageError('Which session? Its id is missing.', command);
  const id = sessionId.safeParse(text.toUpperCase());
  if (!id.success) throw usageError(`"${text}" is not the id of a session.`, command);
  return id.data;
}
