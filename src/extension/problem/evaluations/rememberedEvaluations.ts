import { createHash } from 'node:crypto';
import type { Memento } from 'vscode';
import * as z from 'zod';
import { evaluationOutcome, type EvaluationOutcome } from '../../../domain/session/outcome';
import { Emitter, type Closeable } from '../../base/emitter';

const remembered = z.object({
  problemUri: z.string(),
  /** Of the program that ran. */
  sha256: z.string(),
  outcome: evaluationOutcome,
  /** When it ended, Unix milliseconds. */
  atMs: z.number(),
});
export type RememberedEvaluation = z.infer<typeof remembered>;

const memoryKey = 'lastEvaluations';
const mostProblems = 20;

/** The last evaluation of each problem's initial program in this workspace, also after a reload. */
export class RememberedEvaluations implements Closeable {
  private readonly changes = new Emitter<string>(() => undefined);
  /** Fires with the URI of the problem file. */
  readonly onDidChange = this.changes.event;

  constructor(
    private readonly memory: Pick<Memento, 'get' | 'update'>,
    private readonly nowMs: () => number,
  ) {}

  of(problemUri: string): RememberedEvaluation | undefined {
    return this.all().find((one) => one.problemUri === problemUri);
  }

  async remember(problemUri: string, programText: string, outcome: EvaluationOutcome): Promise<void> {
    const others = this.all().filter((one) => one.problemUri !== problemUri);
    const sha256 = programSha256(programText);
    const newest = { problemUri, sha256, outcome, atMs: this.nowMs() };
    await this.memory.update(memoryKey, [newest, ...others].slice(0, mostProblems));
    this.changes.fire(problemUri);
  }

  dispose(): void {
    this.changes.dispose();
  }

  /** What an older version wrote in another form is as good as nothing. */
  private all(): readonly RememberedEvaluation[] {
    const parsed = z.array(remembered).safeParse(this.memory.get(memoryKey));
    return parsed.success ? parsed.data : [];
  }
}

/** As journals name a program's text. */
export function programSha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
