import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { parseProblem } from '../../../../src/domain/problem/parseProblem';
import type { Evaluator } from '../../../../src/evaluation/evaluator';
import { createSlurmEvaluator } from '../../../../src/evaluation/slurm/slurmEvaluator';
import type { SlurmPrograms } from '../../../../src/evaluation/slurm/slurmPrograms';
import type { SlurmPace } from '../../../../src/evaluation/slurm/slurmTask';

/** Everything soon. */
export const quickPace: SlurmPace = {
  gatherMs: 5,
  betweenSubmissionsMs: 5,
  lookMs: 5,
  pollMs: 10,
  longestPollMs: 20,
  visibleMs: 50,
  lateMs: 20,
  controllerMs: 60_000,
};

const usualEvaluator = `x=$(sh "$DISCOVER_CANDIDATE") || exit 1
echo "picture of $x" > picture.txt
printf '{"valid": true, "metrics": {"x": %d}, "state": {"x": %d}, "artifacts": {"picture": "picture.txt"}}' "$x" "$x" > "$DISCOVER_RESULT"
`;

/** A problem whose value is what the candidate prints, and a session's folder. */
export class SlurmSession {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'ttt-slurm-')));
  readonly blobs = new Map<string, Uint8Array>();
  readonly words: string[] = [];
  readonly problemPath = join(this.folder, 'problem', 'x.discover');

  constructor({
    keys = '',
    evaluator = usualEvaluator,
  }: { readonly keys?: string; readonly evaluator?: string } = {}) {
    mkdirSync(join(this.folder, 'problem'));
    const front = `candidate: candidate.sh\nevaluate: sh evaluate.sh\nmetric: { name: x, goal: maximize }\nexecutor: slurm`;
    writeFileSync(this.problemPath, `---\n${front}\n${keys}\n---\n# X\nThe larger the better.\n`);
    writeFileSync(join(this.folder, 'problem', 'evaluate.sh'), evaluator);
    writeFileSync(join(this.folder, 'problem', 'candidate.sh'), 'echo 1\n');
  }

  get slurmFolder(): string {
    return join(this.folder, 'slurm');
  }

  /** One for each runner of the session. */
  evaluator(
    options: {
      readonly programs?: SlurmPrograms;
      readonly pace?: SlurmPace;
      readonly command?: readonly string[];
      readonly hostEnv?: NodeJS.ProcessEnv;
    } = {},
  ): Evaluator {
    const { problem, diagnostics } = parseProblem(this.problemText());
    if (problem === undefined) throw new Error(JSON.stringify(diagnostics));
    return createSlurmEvaluator({
      problem,
      problemPath: this.problemPath,
      workRoot: join(this.folder, 'work'),
      root: this.folder,
      slurmFolder: this.slurmFolder,
      label: 'ttt-test',
      command: options.command ?? ['node', 'runner.cjs', 'slurm-task'],
      isolation: 'auto',
      storeBlob: (bytes) => this.storeBlob(bytes),
      log: (message) => this.words.push(message),
      pace: options.pace ?? quickPace,
      ...(options.programs === undefined ? {} : { programs: options.programs }),
      ...(options.hostEnv === undefined ? {} : { hostEnv: options.hostEnv }),
    });
  }

  storeBlob(bytes: Uint8Array): Promise<string> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    this.blobs.set(sha256, bytes);
    return Promise.resolve(sha256);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  problemText(): string {
    return readFileSync(this.problemPath, 'utf8');
  }
}
