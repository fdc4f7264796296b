import { window } from 'vscode';
import { compareRounds, type Comparison } from '../../domain/verification/comparison';
import type { ComparisonRound } from '../../domain/verification/comparisonRound';
import { comparisonSentence, type Labels } from '../../domain/verification/comparisonWords';
import { countOf } from '../../domain/verification/numberWords';
import { withoutAbsent } from '../../domain/withoutAbsent';
import { RemoteError } from '../../remote/hostClient';
import { Cancelled, isCancelled } from '../base/failures';
import { askingForIsolation } from '../start/withoutIsolation';
import type { VerificationNeeds } from './needs';
import { onTarget } from './onTarget';
import type { ResultDocument } from './resultDocuments';
import { comparisonText } from './resultTexts';
import type { Side } from './sideChoice';
import { withIsolation, type Subject } from './subject';

const goOn = 'Go On';

/** One comparison: its rounds so far, and the document that follows them. */
export class ComparisonRun {
  private readonly rounds: ComparisonRound[] = [];
  private readonly labels: Labels;
  private readonly atMs: number;
  private seed: number | undefined;
  readonly result: ResultDocument;

  constructor(
    private readonly needs: Pick<VerificationNeeds, 'connections' | 'results' | 'nowMs'>,
    private readonly subject: Subject,
    private readonly sides: { readonly a: Side; readonly b: Side },
    private readonly mostRounds: number,
  ) {
    const { a, b } = sides;
    this.labels = { a: a.label, b: b.label };
    this.atMs = needs.nowMs();
    const title = `${subject.title}, ${a.label} and ${b.label}`;
    this.result = needs.results.create(title, this.atMs, subject.problem);
    this.show('Connecting…');
  }

  /** What the rounds so far say. */
  get comparison(): Comparison {
    return compareRounds(this.rounds, this.subject.metric);
  }

  /** Of all evaluations together. */
  get durationMs(): number {
    return this.rounds.reduce((sum, { a, b }) => sum + a.durationMs + b.durationMs, 0);
  }

  get sentence(): string {
    return comparisonSentence(this.comparison, this.subject.metric, this.labels);
  }

  /** Runs to the end. A lost connection takes no round away: it is gone on with on the user's word. Throws `Cancelled` after a stop. */
  async run(): Promise<void> {
    for (;;) {
      try {
        await askingForIsolation(this.subject.target, (isolation) => this.runOnce(isolation));
        return;
      } catch (error) {
        if (isCancelled(error)) {
          this.show(`Stopped by you after ${this.done()}.`);
          throw new Cancelled();
        }
        if (!(error instanceof RemoteError && error.isTransient)) {
          this.show(`Ended after ${this.done()}: ${error instanceof Error ? error.message : String(error)}`);
          throw error;
        }
        await this.askToGoOn(error);
      }
    }
  }

  private async askToGoOn(error: RemoteError): Promise<void> {
    const { hostLabel } = this.subject;
    const words = `Contact with ${hostLabel} was lost after ${this.done()}. What was measured is kept, and what still ran there ends by itself.`;
    this.show(words);
    const answer = await window.showErrorMessage(`${words} ${error.message}`, goOn);
    if (answer !== goOn) throw new Cancelled();
    this.show('Connecting again…');
  }

  private async runOnce(isolation: { readonly isolation?: 'none' }): Promise<void> {
    const { a, b } = this.sides;
    const spec = {
      problem: withIsolation(this.subject, isolation),
      a: { label: a.label, text: a.text },
      b: { label: b.label, text: b.text },
      rounds: this.mostRounds,
      earlier: [...this.rounds],
      seed: this.seed,
    };
    const title = `Comparing ${a.label} and ${b.label}`;
    const reply = await onTarget(
      this.needs.connections,
      this.subject.target,
      title,
      (client, report, signal) =>
        client.compare(withoutAbsent(spec), report, signal, {
          onSeed: (seed) => {
            this.seed = seed;
          },
          onRound: (index, round) => {
            if (index !== this.rounds.length) return;
            this.rounds.push(round);
            this.show(`Running: ${this.done()}.`);
          },
        }),
    );
    const why = {
      clear: 'it is settled',
      rounds: 'that is the most that was asked for',
      time: 'the time was over',
    };
    this.show(`Done after ${countOf(this.rounds.length, 'round')}: ${why[reply.end]}.`);
  }

  private done(): string {
    return `${this.rounds.length} of at most ${countOf(this.mostRounds, 'round')}`;
  }

  private show(standing: string): void {
    const { subject, seed } = this;
    const head = {
      title: `${subject.title}: ${this.labels.a} and ${this.labels.b}`,
      hostLabel: subject.hostLabel,
      atMs: this.atMs,
      notes: [...(seed === undefined ? [] : [`The seeds come from --seed ${seed}.`]), ...subject.notes],
    };
    this.result.update(comparisonText(head, this.labels, this.comparison, subject.metric, standing));
  }
}
