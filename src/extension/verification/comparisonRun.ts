import { window } from 'vscode';
import { compareRounds, type Comparison } from '../../domain/verification/comparison';
import type { ComparisonRound } from '../../domain/verification/comparisonRound';
import { comparisonSentence, type Labels } from '../../domain/verification/comparisonWords';
import { withoutAbsent } from '../../domain/withoutAbsent';
import { RemoteError } from '../../remote/hostClient';
import { Cancelled, isCancelled } from '../base/failures';
import { t } from '../base/translate';
import { askingForIsolation } from '../start/withoutIsolation';
import type { VerificationNeeds } from './needs';
import { onTarget } from './onTarget';
import type { ResultDocument } from './resultDocuments';
import { comparisonText } from './resultTexts';
import type { Side } from './sideChoice';
import { withIsolation, type Subject } from './subject';

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
    const title = t('{0}, {1} and {2}', subject.title, a.label, b.label);
    this.result = needs.results.create(title, this.atMs, subject.problem);
    this.show(t('Connecting…'));
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
          this.show(t('Stopped by you after {0}.', this.done()));
          throw new Cancelled();
        }
        if (!(error instanceof RemoteError && error.isTransient)) {
          this.show(
            t('Ended after {0}: {1}', this.done(), error instanceof Error ? error.message : String(error)),
          );
          throw error;
        }
        await this.askToGoOn(error);
      }
    }
  }

  private async askToGoOn(error: RemoteError): Promise<void> {
    const { hostLabel } = this.subject;
    const words = t(
      'Contact with {0} was lost after {1}. What was measured is kept, and what still ran there ends by itself.',
      hostLabel,
      this.done(),
    );
    this.show(words);
    const goOn = t('Go On');
    const answer = await window.showErrorMessage(`${words} ${error.message}`, goOn);
    if (answer !== goOn) throw new Cancelled();
    this.show(t('Connecting again…'));
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
    const title = t('Comparing {0} and {1}', a.label, b.label);
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
            this.show(t('Running: {0}.', this.done()));
          },
        }),
    );
    const rounds = roundsText(this.rounds.length);
    const standing = {
      clear: t('Done after {0}: it is settled.', rounds),
      rounds: t('Done after {0}: that is the most that was asked for.', rounds),
      time: t('Done after {0}: the time was over.', rounds),
    };
    this.show(standing[reply.end]);
  }

  private done(): string {
    return t('{0} of at most {1}', this.rounds.length, roundsText(this.mostRounds));
  }

  private show(standing: string): void {
    const { subject, seed } = this;
    const head = {
      title: t('{0}: {1} and {2}', subject.title, this.labels.a, this.labels.b),
      hostLabel: subject.hostLabel,
      atMs: this.atMs,
      notes: [...(seed === undefined ? [] : [t('The seeds come from --seed {0}.', seed)]), ...subject.notes],
    };
    this.result.update(comparisonText(head, this.labels, this.comparison, subject.metric, standing));
  }
}

function roundsText(count: number): string {
  return count === 1 ? t('1 round') : t('{0} rounds', count);
}
