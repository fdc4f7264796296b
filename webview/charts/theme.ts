import { color } from 'chart.js/helpers';
import { outcomeGroups, type OutcomeGroup } from '../../src/protocol/dashboardData';
import { t } from '../words/texts';

/** Colours and fonts of the editor, as a canvas needs them: resolved. */
export interface ChartTheme {
  readonly best: string;
  readonly stepBest: string;
  readonly median: string;
  readonly reference: string;
  readonly accepted: string;
  readonly outcomes: Readonly<Record<OutcomeGroup, string>>;
  /** Of sessions laid over this one, in their order. */
  readonly overlays: readonly string[];
  readonly text: string;
  readonly mutedText: string;
  readonly grid: string;
  readonly background: string;
  readonly fontFamily: string;
  readonly fontSizePx: number;
  /** No translucent fills; lines told apart by dashes and shapes. */
  readonly highContrast: boolean;
}

let known: ChartTheme | undefined;

/** The same object until the editor changes its colours. */
export function readChartTheme(): ChartTheme {
  return (known ??= readAll());
}

function readAll(): ChartTheme {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string, fallback: string): string =>
    style.getPropertyValue(`--vscode-${name}`).trim() || fallback;
  const highContrast = document.body.classList.contains('vscode-high-contrast');
  const text = read('foreground', '#808080');
  const mutedText = read('descriptionForeground', text);
  const lines = read('charts-lines', text);
  const blue = read('charts-blue', '#3794ff');
  // Orange is half transparent in some dark themes, and hard to see on them.
  const orange = opaque(read('charts-orange', '#d18616'));
  const yellow = read('charts-yellow', '#cca700');
  const purple = read('charts-purple', '#b180d7');
  const green = read('charts-green', '#388a34');
  const red = read('charts-red', '#f14c4c');
  return {
    best: blue,
    stepBest: yellow,
    median: purple,
    reference: green,
    accepted: green,
    outcomes: {
      running: mutedText,
      valid: blue,
      invalid: red,
      crashed: orange,
      timeout: yellow,
      limit: purple,
      'no-program': mutedText,
      'evaluator-error': text,
    },
    overlays: [orange, purple, green, red, yellow, mutedText, text, blue],
    text,
    mutedText,
    grid: highContrast ? lines : translucent(lines, 0.18),
    background: read('editor-background', '#ffffff'),
    fontFamily: read('font-family', 'sans-serif'),
    fontSizePx: Number.parseFloat(read('font-size', '13px')) - 2,
    highContrast,
  };
}

/** In the order in which they are stacked and listed: from the good to the bad. */
export const outcomeOrder: readonly OutcomeGroup[] = [
  'valid',
  'invalid',
  'crashed',
  'timeout',
  'limit',
  'no-program',
  'evaluator-error',
];

export const outcomeWords: Readonly<Record<OutcomeGroup, string>> = {
  running: t('running'),
  valid: t('valid'),
  invalid: t('wrong'),
  crashed: t('crashed'),
  timeout: t('out of time'),
  limit: t('over a limit'),
  'no-program': t('no program'),
  'evaluator-error': t('evaluator failed'),
};

export function outcomeAt(index: number | undefined): OutcomeGroup {
  return outcomeGroups[index ?? 0] ?? 'running';
}

export function translucent(cssColor: string, opacity: number): string {
  return color(cssColor).alpha(opacity).rgbString();
}

/** Red, green and blue, each up to 255. */
export function channels(cssColor: string): readonly [number, number, number] {
  const { r, g, b } = color(cssColor).rgb;
  return [r, g, b];
}

function opaque(cssColor: string): string {
  return color(cssColor).alpha(1).rgbString();
}

/** Calls back after the editor changed its colours: it sets variables on the root and classes on the body. */
export function onThemeChange(callback: () => void): void {
  const observer = new MutationObserver(() => {
    known = undefined;
    callback();
  });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style'] });
  observer.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
}
