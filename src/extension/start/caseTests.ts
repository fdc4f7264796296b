import {
  TestMessage,
  TestRunProfileKind,
  TestRunRequest,
  tests,
  workspace,
  type CancellationToken,
  type Disposable,
  type TestController,
  type TestItem,
  type TestRun,
  type Uri,
} from 'vscode';
import type { Metric } from '../../domain/problem/problem';
import type { CaseResult } from '../../domain/session/outcome';
import type { HostEvaluation } from '../../remote/hostClient';
import { signalOf } from '../base/cancellation';
import { valueText } from '../base/words';
import { t } from '../base/translate';

/** The results of one evaluation, on their way into the Test Explorer. */
export interface ShownEvaluation {
  onCase(result: CaseResult): void;
  end(evaluation: HostEvaluation, metric: Metric): void;
  /** Ends with a verdict of its own: a few words for the item, more of them for its output. */
  conclude(verdict: 'passed' | 'failed' | 'skipped', words: string, output: string, durationMs: number): void;
  /** It came to no result. */
  abandon(message: string | undefined): void;
}

/** Problems of the workspace as tests: each case of an evaluation (a shape, a seed) is an item below its problem. */
export class CaseTests implements Disposable {
  private readonly controller: TestController;

  /** `evaluate` scores the initial program of a problem, and shows what went wrong by itself. */
  constructor(evaluate: (problem: Uri, signal: AbortSignal) => Promise<void>) {
    this.controller = tests.createTestController('tttDiscover.cases', 'TTT-Discover');
    this.controller.createRunProfile(
      t('Evaluate Initial Program'),
      TestRunProfileKind.Run,
      (request, token) => this.runAll(request, token, evaluate),
      true,
    );
    this.controller.resolveHandler = async (item) => {
      if (item === undefined) await this.findProblems();
    };
    this.controller.refreshHandler = () => this.findProblems();
  }

  /** Cases of an earlier evaluation are taken away as the new ones come. `runName` tells what was run, where that is not the initial program. */
  begin(problem: Uri, title: string, runName = title): ShownEvaluation {
    const item = this.itemOf(problem, title);
    item.children.replace([]);
    item.error = undefined;
    const run = this.controller.createTestRun(new TestRunRequest([item]), runName);
    run.started(item);
    return new ShownRun(this.controller, run, item);
  }

  dispose(): void {
    this.controller.dispose();
  }

  private itemOf(problem: Uri, title: string): TestItem {
    const id = problem.toString();
    const known = this.controller.items.get(id);
    const item = known ?? this.controller.createTestItem(id, title, problem);
    item.label = title;
    this.controller.items.add(item);
    return item;
  }

  private async findProblems(): Promise<void> {
    const found = await workspace.findFiles('**/*.discover', '**/{node_modules,.venv}/**', 200);
    const ids = new Set(found.map((uri) => uri.toString()));
    for (const [id] of this.controller.items) if (!ids.has(id)) this.controller.items.delete(id);
    for (const uri of found) {
      if (this.controller.items.get(uri.toString()) === undefined)
        this.itemOf(uri, workspace.asRelativePath(uri));
    }
  }

  private async runAll(
    { include, exclude = [] }: TestRunRequest,
    token: CancellationToken,
    evaluate: (problem: Uri, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const wanted = include ?? [...this.controller.items].map(([, item]) => item);
    const problems = new Map<string, Uri>();
    for (const item of wanted) {
      const problem = item.parent ?? item;
      if (problem.uri !== undefined && !exclude.includes(problem)) problems.set(problem.id, problem.uri);
    }
    // One after the other: timings of one would disturb those of another.
    for (const uri of problems.values()) {
      if (token.isCancellationRequested) return;
      await evaluate(uri, signalOf(token));
    }
  }
}

class ShownRun implements ShownEvaluation {
  private readonly shown = new Set<string>();

  constructor(
    private readonly controller: TestController,
    private readonly run: TestRun,
    private readonly item: TestItem,
  ) {}

  onCase(result: CaseResult): void {
    const { name, verdict, value, unit, message } = result;
    if (this.shown.has(name)) return;
    this.shown.add(name);
    const item = this.controller.createTestItem(`${this.item.id}#${name}`, name, this.item.uri);
    item.sortText = String(this.shown.size).padStart(6, '0');
    const text = value === undefined ? undefined : valueText(value, unit);
    if (text !== undefined) item.description = text;
    this.item.children.add(item);
    this.run.started(item);
    const line = [name, verdict, text, message].filter((part) => part !== undefined).join('  ');
    this.run.appendOutput(`${inTerminal(line)}\r\n`, undefined, item);
    if (verdict === 'passed') this.run.passed(item);
    else if (verdict === 'skipped') this.run.skipped(item);
    else this.run.failed(item, new TestMessage(message ?? t('This case failed.')));
  }

  end({ outcome, durationMs, cases }: HostEvaluation, metric: Metric): void {
    for (const result of cases) this.onCase(result);
    if (outcome.kind === 'valid') {
      const text = `${metric.name} = ${valueText(outcome.value, metric.unit)}`;
      this.item.description = text;
      this.run.appendOutput(
        `${inTerminal([text, outcome.feedback].filter((part) => part !== undefined).join('\n'))}\r\n`,
      );
      this.run.passed(this.item, durationMs);
    } else {
      this.item.description = outcome.reason;
      if (outcome.outputTail !== undefined) this.run.appendOutput(`${inTerminal(outcome.outputTail)}\r\n`);
      this.run.failed(this.item, new TestMessage(`${outcome.message} (${outcome.reason})`), durationMs);
    }
    this.run.end();
  }

  conclude(
    verdict: 'passed' | 'failed' | 'skipped',
    words: string,
    output: string,
    durationMs: number,
  ): void {
    this.item.description = words;
    this.run.appendOutput(`${inTerminal(output)}\r\n`);
    if (verdict === 'passed') this.run.passed(this.item, durationMs);
    else if (verdict === 'skipped') this.run.skipped(this.item);
    else this.run.failed(this.item, new TestMessage(words), durationMs);
    this.run.end();
  }

  abandon(message: string | undefined): void {
    if (message === undefined) this.run.skipped(this.item);
    else this.run.errored(this.item, new TestMessage(message));
    this.run.end();
  }
}

/** A terminal wants a carriage return before each line feed, and none of what a program prints to steer it. */
function inTerminal(text: string): string {
  // eslint-disable-next-line no-control-regex -- what is taken out is just that
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '').replaceAll('\n', '\r\n');
}
