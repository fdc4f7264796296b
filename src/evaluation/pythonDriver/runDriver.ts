import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Limits } from '../../domain/problem/problem';
import type { EvaluationRun, NotScored } from '../evaluationMethod';
import { executionFailure, failed } from '../executionFailure';
import type { ExecutionReport } from '../executor';
import { parsePythonJson } from '../jsonText';
import { readUntrustedFile } from '../readUntrustedFile';
import { driverPrologue } from './driverPrologue';
import { freshFolder } from './freshFolder';

const mostVerdictBytes = 64 * 1024 ** 2;

/** A Python program of ours that imports what belongs to another tool. */
export interface Driver<Verdict> {
  /** Python behind the prologue: it calls `take_order()` and ends with `seal(order, verdict)`. */
  readonly program: string;
  /** What the driver is told, beside its seal. */
  readonly order: Readonly<Record<string, unknown>>;
  readonly verdict: z.ZodType<Verdict>;
  /** Absolute; the foreign folder by default. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** In place of the problem's own. */
  readonly limits: Limits;
}

export type DriverEnd<Verdict> =
  | { readonly kind: 'verdict'; readonly verdict: Verdict; readonly report: ExecutionReport }
  | { readonly kind: 'failed'; readonly failure: NotScored };

const envelope = z.object({ seal: z.string(), verdict: z.unknown() });

/**
 * Runs the driver and reads its verdict when every process is gone. The verdict's place and seal are random and stand in no environment
 * and no argument; a process that ends without the seal has given none.
 */
export async function runDriver<Verdict>(
  run: EvaluationRun,
  driver: Driver<Verdict>,
): Promise<DriverEnd<Verdict>> {
  const folder = await freshFolder(run.work, 'driver');
  const program = join(folder, 'driver.py');
  const orderPath = join(folder, 'order.json');
  const verdictPath = join(folder, `${randomBytes(8).toString('hex')}.json`);
  const seal = randomBytes(16).toString('hex');
  await writeFile(program, driverPrologue + driver.program, { flag: 'wx' });
  await writeFile(orderPath, JSON.stringify({ ...driver.order, verdict: verdictPath, seal }), { flag: 'wx' });
  const report = await run.execute({
    argv: ['python3', program, orderPath],
    cwd: driver.cwd ?? run.folder,
    // Ours alone: nothing that the folder's programs know is a verdict's place.
    env: { DISCOVER_RESULT: '', ...driver.env },
    limits: driver.limits,
  });
  const fail = (failure: NotScored): DriverEnd<Verdict> => ({ kind: 'failed', failure });
  const failure = executionFailure(report, driver.limits);
  if (failure !== undefined) return fail(failure);
  const file = await readUntrustedFile(verdictPath, run.work.path, mostVerdictBytes);
  if (file.kind === 'refused') return fail(failed('bad-result', `The verdict ${file.why}.`, report));
  const sealed = file.kind === 'absent' ? undefined : envelope.safeParse(readJson(file.bytes));
  if (sealed?.data?.seal !== seal) {
    const message = 'The evaluation was ended from within before the evaluator had given a verdict.';
    return fail(failed('no-result', message, report));
  }
  const verdict = driver.verdict.safeParse(sealed.data.verdict);
  if (!verdict.success) {
    const issue = verdict.error.issues[0];
    const place = issue?.path.map(String).join('.') ?? '';
    const message = `The verdict cannot be read${place === '' ? '' : ` at "${place}"`}: ${issue?.message ?? 'it is malformed'}.`;
    return fail(failed('bad-result', message, report));
  }
  return { kind: 'verdict', verdict: verdict.data, report };
}

function readJson(bytes: Buffer): unknown {
  try {
    return parsePythonJson(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** What a driver says of an exception. */
export const raised = z.object({ text: z.string(), missing: z.string().nullable() });
export type Raised = z.infer<typeof raised>;
