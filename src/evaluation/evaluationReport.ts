import { createHash } from 'node:crypto';
import { isAbsolute, resolve } from 'node:path';
import type { Problem } from '../domain/problem/problem';
import { rewardOf } from '../domain/problem/rewardOf';
import { caseBars } from '../domain/session/caseBars';
import type { CaseResult, FailureReason, ValidOutcome } from '../domain/session/outcome';
import type { NotScored, Scored } from './evaluationMethod';
import type { EvaluationReport } from './evaluator';
import { readUntrustedFile } from './readUntrustedFile';
import type { WorkFolder } from './workFolder';

const mostArtifactBytes = 64 * 1024 ** 2;
const mostArtifacts = 64;

/** Stores bytes and resolves with their SHA-256 in hexadecimal. */
type StoreBytes = (bytes: Uint8Array) => Promise<string>;

/** What became of a run: its verdict with the reward, or why it has none. Artifacts are stored. */
export async function reportOf(
  score: Scored | NotScored,
  work: WorkFolder,
  durationMs: number,
  { problem, store }: { readonly problem: Problem; readonly store: StoreBytes },
): Promise<EvaluationReport> {
  const own = withoutPaths(work);
  const cases = score.cases?.map((result) => withoutPathsInCase(result, own));
  const rest = { durationMs, ...(cases === undefined ? {} : { cases }) };
  const fail = (reason: FailureReason, message: string, outputTail?: string): EvaluationReport => ({
    outcome: {
      kind: 'failed',
      reason,
      message: own(message),
      ...(outputTail === undefined ? {} : { outputTail: own(outputTail) }),
    },
    ...rest,
  });
  if (score.kind === 'failed') return fail(score.reason, score.message, score.outputTail);
  const { metrics, state } = score;
  const reward = rewardOf(problem.metric, problem.reward, metrics);
  if (!reward.ok) {
    return fail(reward.reason === 'not-finite' ? 'not-finite' : 'bad-result', reward.message);
  }
  const artifacts = await storeArtifacts(score.artifacts ?? {}, work, store);
  if (!artifacts.ok) return fail('bad-result', artifacts.message);
  await drawCases(cases ?? [], problem.metric.goal, artifacts.sha256ByName, store);
  const outcome: ValidOutcome = {
    kind: 'valid',
    metrics: { ...metrics },
    value: reward.value,
    reward: reward.reward,
    ...(score.feedback === undefined ? {} : { feedback: own(score.feedback) }),
    ...(state === undefined ? {} : { stateSha256: createHash('sha256').update(state).digest('hex') }),
    ...(Object.keys(artifacts.sha256ByName).length === 0 ? {} : { artifacts: artifacts.sha256ByName }),
  };
  return { outcome, ...(state === undefined ? {} : { state }), ...rest };
}

async function storeArtifacts(
  artifacts: Readonly<Record<string, string>>,
  work: WorkFolder,
  store: StoreBytes,
): Promise<{ ok: true; sha256ByName: Record<string, string> } | { ok: false; message: string }> {
  const offered = Object.entries(artifacts);
  if (offered.length > mostArtifacts) {
    return {
      ok: false,
      message: `The result has ${offered.length} artifacts; ${mostArtifacts} are the most.`,
    };
  }
  const sha256ByName: Record<string, string> = {};
  for (const [name, path] of offered) {
    const absolute = isAbsolute(path) ? path : resolve(work.copy, path);
    const file = await readUntrustedFile(absolute, work.path, mostArtifactBytes);
    if (file.kind === 'absent') return { ok: false, message: `The artifact "${name}" does not exist.` };
    if (file.kind === 'refused') return { ok: false, message: `The artifact "${name}" ${file.why}.` };
    sha256ByName[name] = await store(file.bytes);
  }
  return { ok: true, sha256ByName };
}

/** An evaluator that has cases and offers no picture of what it found gets one of them. */
async function drawCases(
  cases: readonly CaseResult[],
  goal: Problem['metric']['goal'],
  sha256ByName: Record<string, string>,
  store: StoreBytes,
): Promise<void> {
  const bars = sha256ByName['view'] === undefined ? caseBars(cases, goal) : undefined;
  if (bars === undefined) return;
  sha256ByName['view'] = await store(Buffer.from(JSON.stringify(bars)));
}

/** Work folders have random names: without them, the same run gives the same words, and no host's paths. */
export function withoutPaths(work: WorkFolder): (text: string) => string {
  return (text) => text.replaceAll(`${work.copy}/`, '').replaceAll(work.path, '<work folder>');
}

export function withoutPathsInCase(result: CaseResult, own: (text: string) => string): CaseResult {
  return result.message === undefined ? result : { ...result, message: own(result.message) };
}
