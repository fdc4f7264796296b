import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { CaseResult } from '../../../../src/domain/session/outcome';
import type { EvaluationReport, EvaluationRequest, Evaluator } from '../../../../src/evaluation/evaluator';
import { reusingEvaluator } from '../../../../src/evaluation/known/reusingEvaluator';
import { parseProblem } from '../../../../src/domain/problem/parseProblem';
import { SlurmSession } from '../support/slurmSession';
import { clusterPace, realCluster } from '../support/realCluster';

const never = new AbortController().signal;
const slurm = realCluster();
let session: SlurmSession | undefined;
const evaluators: Evaluator[] = [];

afterEach(async () => {
  for (const evaluator of evaluators.splice(0)) await evaluator.dispose();
  session?.remove();
  session = undefined;
});

function sessionOf(options: ConstructorParameters<typeof SlurmSession>[0]): SlurmSession {
  session = new SlurmSession(options);
  return session;
}

async function prepared(of: SlurmSession): Promise<Evaluator> {
  const evaluator = of.evaluator({
    command: [process.execPath, slurm.runner.bundlePath, 'slurm-task'],
    pace: clusterPace,
  });
  evaluators.push(evaluator);
  await evaluator.prepare(() => undefined, never);
  return evaluator;
}

async function evaluate(
  on: Evaluator,
  candidateText: string,
  request: Partial<EvaluationRequest> & { readonly id: string },
): Promise<EvaluationReport> {
  const report = await on.evaluate({ candidateText, seed: 1, ...request }, never);
  await report.forget?.();
  return report;
}

describe('a job whose evaluator compares with the parent by itself', () => {
  /** It runs the parent's program, and tells of all that it was handed. */
  const comparing = `exec python3 - <<'END'
import json, os, subprocess
x = lambda name: int(subprocess.check_output(["sh", os.environ[name]]))
metrics = {"x": x("DISCOVER_CANDIDATE"), "strict": int(os.environ.get("DISCOVER_STRICT", "0"))}
if "DISCOVER_INCUMBENT" in os.environ:
    recorded = json.load(open(os.environ["DISCOVER_INCUMBENT_RESULT"]))
    metrics.update(parent=x("DISCOVER_INCUMBENT"), recorded=recorded["value"], noise=recorded["metrics"]["noise"])
    if metrics["x"] < metrics["parent"]:
        metrics["stopped"] = 1
json.dump({"valid": True, "metrics": metrics}, open(os.environ["DISCOVER_RESULT"], "w"))
END
`;
  const program = { text: 'echo 9\n', value: 9.5, metrics: { x: 9.5, noise: 0.125 } };

  it('gets its program and what was recorded of it, on the node, and not where it decides about a best', async () => {
    const on = await prepared(sessionOf({ keys: 'raceParent: true', evaluator: comparing }));
    expect(on.takesParent).toBe(true);
    const requests = [
      { id: 'c1', incumbent: { program } },
      { id: 'c2' },
      { id: 'v1', incumbent: { program }, strict: true },
    ];
    const reports = await Promise.all(requests.map((request) => evaluate(on, 'echo 7\n', request)));
    expect(reports.map(({ outcome }) => outcome.kind === 'valid' && outcome.metrics)).toEqual([
      { x: 7, strict: 0, parent: 9, recorded: 9.5, noise: 0.125, stopped: 1 },
      { x: 7, strict: 0 },
      { x: 7, strict: 1 },
    ]);
    expect(reports.every(({ node }) => node !== undefined && node.isolation !== 'none')).toBe(true);
  });

  it('may give no estimate that is as good as what its parent has', async () => {
    const on = await prepared(sessionOf({ keys: 'raceParent: true', evaluator: comparing }));
    const incumbent = { program: { ...program, value: 7, metrics: { x: 7, noise: 0 } } };
    expect((await evaluate(on, 'echo 7\n', { id: 'c1', incumbent })).outcome).toMatchObject({
      kind: 'failed',
      reason: 'bad-result',
    });
  });
});

describe('a job whose cases are compared with those of the parent', () => {
  /** The candidate is what each of 20 cases loses; what loses anything never ends by itself. */
  const casesOf = `exec python3 - <<'END'
import json, os, subprocess, time
off = int(subprocess.check_output(["sh", os.environ["DISCOVER_CANDIDATE"]]))
total = 0
for case in range(20):
    if off and case == 19: time.sleep(3600)
    value = 100 + case % 7 - off - case % 2 * (off > 0)
    total += value
    os.write(int(os.environ["DISCOVER_CASES"]), json.dumps({"name": f"case {case}", "verdict": "passed", "value": value}).encode() + b"\\n")
json.dump({"valid": True, "metrics": {"x": total / 20}}, open(os.environ["DISCOVER_RESULT"], "w"))
END
`;

  it('is ended on its node when it is clearly worse, and its cases come with its result', async () => {
    const keys = 'stopEarly: true\nlimits: { time: 10min }';
    const on = await prepared(sessionOf({ keys, evaluator: casesOf }));
    expect(on.races).toBe(true);
    const parent = await evaluate(on, 'echo 0\n', { id: 'p0-1' });
    expect(parent.cases).toHaveLength(20);
    const live: CaseResult[] = [];
    const report = await evaluate(on, 'echo 10\n', {
      id: 'c1',
      incumbent: { cases: parent.cases ?? [] },
      onCase: (one) => live.push(one),
    });
    const run = report.cases?.length ?? 0;
    expect(run).toBeGreaterThan(3);
    expect(run).toBeLessThan(20);
    expect(report.outcome).toMatchObject({
      metrics: { cases: 20, cases_run: run },
      feedback: expect.stringMatching(/^Stopped after \d+ of 20 cases/) as unknown,
    });
    expect(live).toEqual(report.cases);
  });
});

describe('a program that was evaluated as a job', () => {
  it('is not submitted again for the same evaluation, of which its picture is known, too', async () => {
    const of = sessionOf({});
    const text = of.problemText();
    const { problem } = parseProblem(text);
    if (problem === undefined) throw new Error(text);
    const plain = await prepared(of);
    let asked = 0;
    const on = reusingEvaluator({
      evaluator: {
        ...plain,
        evaluate: (request, signal) => {
          asked += 1;
          return plain.evaluate(request, signal);
        },
      },
      isOn: true,
      problem,
      ...{
        problemPath: of.problemPath,
        bundlePath: slurm.runner.bundlePath,
        root: of.folder,
        sessionId: 'S',
      },
      blobs: {
        write: (bytes) => of.storeBlob(bytes),
        read: (sha256) => Promise.resolve(of.blobs.get(sha256) ?? new Uint8Array()),
      },
      log: (message) => of.words.push(message),
    });
    expect((await on.prepare(() => undefined, never)).machine).toBeUndefined();
    const first = await evaluate(on, 'echo 7\n', { id: 'c1', reuse: { candidate: 1 } });
    expect(first.reusedFrom).toBeUndefined();
    of.blobs.clear();
    const again = await evaluate(on, 'echo 7\n', { id: 'c2', reuse: { candidate: 2 } });
    expect(again).toMatchObject({
      durationMs: 0,
      reusedFrom: { session: 'S', candidate: 1, durationMs: first.durationMs },
      outcome: { kind: 'valid', value: 7 },
    });
    // Nothing ran, so there is no node that could tell anything.
    expect(again.node).toBeUndefined();
    expect([...of.blobs.values()].map((bytes) => Buffer.from(bytes).toString())).toEqual(['picture of 7\n']);
    const otherSeed = await evaluate(on, 'echo 7\n', { id: 'c3', seed: 2, reuse: { candidate: 3 } });
    expect(otherSeed.reusedFrom).toBeUndefined();
    expect(asked).toBe(2);
    expect(readdirSync(join(of.slurmFolder, 'results'))).toEqual([]);
  });
});
