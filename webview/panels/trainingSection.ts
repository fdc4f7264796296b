import { make, setText } from '../page/dom';
import { formatGauge, kindOf, shownGauges, type GaugeKind } from '../words/gauges';
import type { Scene } from '../data/scene';
import { makeSparkline, type Sparkline } from '../charts/sparkline';
import { formatStep } from '../words/format';
import { t } from '../words/texts';

export interface TrainingSection {
  readonly element: HTMLElement;
  show(scene: Pick<Scene, 'steps'>): void;
}

/** Steps that a sparkline shows. */
const shownSteps = 60;

/** The gauges of the last finished step, each with its course over the steps; hidden while there are none. */
export function makeTrainingSection(): TrainingSection {
  const subtitle = make('span', { class: 'muted' });
  const list = make('dl', { class: 'gauges' });
  const cells = new Map<string, GaugeCell>();
  const element = make('section', { id: 'training', 'aria-labelledby': 'training-title', hidden: true }, [
    make('div', { class: 'panel-head' }, [
      make('h2', { id: 'training-title', text: t('Training') }),
      subtitle,
    ]),
    list,
  ]);
  return {
    element,
    show({ steps }) {
      const finished = steps.filter((row) => row.finished);
      const last = finished.at(-1);
      const names = last === undefined ? [] : shownGauges(last.gauges);
      element.hidden = names.length === 0;
      if (last === undefined || names.length === 0) return;
      setText(subtitle, t('step {0}', formatStep(last.step)));
      for (const [name, cell] of cells) {
        if (names.includes(name)) continue;
        cell.element.remove();
        cells.delete(name);
      }
      const recent = finished.slice(-shownSteps);
      names.forEach((name, index) => {
        const cell = cells.get(name) ?? makeGaugeCell(kindOf(name));
        cells.set(name, cell);
        cell.show(recent.map((row) => row.gauges[name] ?? null));
        const there = list.children[index] ?? null;
        if (there !== cell.element) list.insertBefore(cell.element, there);
      });
    },
  };
}

interface GaugeCell {
  readonly element: HTMLElement;
  /** Of the steps in order; the last is the newest. */
  show(values: readonly (number | null)[]): void;
}

function makeGaugeCell(kind: GaugeKind): GaugeCell {
  const value = make('span', { class: 'gauge-value' });
  const line: Sparkline = makeSparkline();
  const element = make('div', { class: 'gauge', title: kind.explanation, 'data-gauge': kind.name }, [
    make('dt', { class: 'muted' }, [
      kind.label,
      make('span', {
        class: 'visually-hidden',
        text: kind.explanation === '' ? '' : ` (${kind.explanation})`,
      }),
    ]),
    make('dd', {}, [value, line.element]),
  ]);
  return {
    element,
    show(values) {
      setText(value, formatGauge(kind, values.at(-1) ?? null));
      line.show(values);
    },
  };
}
