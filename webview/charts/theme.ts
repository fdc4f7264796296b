import { color } from 'chart.js/helpers';

/** Colours and fonts of the editor, as a canvas needs them: resolved. */
export interface ChartTheme {
  readonly best: string;
  readonly stepBest: string;
  readonly median: string;
  readonly reference: string;
  readonly text: string;
  readonly mutedText: string;
  readonly grid: string;
  readonly background: string;
  readonly tooltipBackground: string;
  readonly tooltipText: string;
  readonly tooltipBorder: string;
  readonly fontFamily: string;
  readonly fontSizePx: number;
  /** No translucent fills; lines told apart by dashes and shapes. */
  readonly highContrast: boolean;
}

export function readChartTheme(): ChartTheme {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string, fallback: string): string =>
    style.getPropertyValue(`--vscode-${name}`).trim() || fallback;
  const highContrast = document.body.classList.contains('vscode-high-contrast');
  const text = read('foreground', '#808080');
  const lines = read('charts-lines', text);
  return {
    best: read('charts-blue', '#3794ff'),
    // Orange is half transparent in the default dark theme, and hard to see on it.
    stepBest: read('charts-yellow', '#cca700'),
    median: read('charts-purple', '#b180d7'),
    reference: read('charts-green', '#388a34'),
    text,
    mutedText: read('descriptionForeground', text),
    grid: highContrast ? lines : translucent(lines, 0.18),
    background: read('editor-background', '#ffffff'),
    tooltipBackground: read('editorHoverWidget-background', '#202020'),
    tooltipText: read('editorHoverWidget-foreground', text),
    tooltipBorder: read('editorHoverWidget-border', lines),
    fontFamily: read('font-family', 'sans-serif'),
    fontSizePx: Number.parseFloat(read('font-size', '13px')) - 2,
    highContrast,
  };
}

export function translucent(cssColor: string, opacity: number): string {
  return color(cssColor).alpha(opacity).rgbString();
}

/** Calls back after the editor changed its colours: it sets variables on the root and classes on the body. */
export function onThemeChange(callback: () => void): void {
  const observer = new MutationObserver(callback);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style'] });
  observer.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
}
