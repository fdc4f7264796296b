export interface Sparkline {
  readonly element: SVGElement;
  show(values: readonly (number | null)[]): void;
}

const width = 72;
const height = 16;
const margin = 1.5;
const svg = 'http://www.w3.org/2000/svg';

/** A small line without axes; what it says stands beside it in numbers, so it is hidden from screen readers. */
export function makeSparkline(): Sparkline {
  const element = document.createElementNS(svg, 'svg');
  const attributes = {
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    class: 'sparkline',
    'aria-hidden': 'true',
  };
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  const path = document.createElementNS(svg, 'path');
  element.append(path);
  return {
    element,
    show(values) {
      const line = sparklinePath(values);
      if (path.getAttribute('d') !== line) path.setAttribute('d', line);
    },
  };
}

/** An SVG path over the whole width, broken where a value is missing; empty for fewer than two values. */
export function sparklinePath(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return '';
  const least = Math.min(...known);
  const range = Math.max(...known) - least;
  let pen = 'M';
  return values
    .map((value, index) => {
      if (value === null) {
        pen = 'M';
        return '';
      }
      const x = margin + (index / (values.length - 1)) * (width - 2 * margin);
      const share = range === 0 ? 0.5 : (value - least) / range;
      const y = height - margin - share * (height - 2 * margin);
      const step = `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
      pen = 'L';
      return step;
    })
    .join('');
}
