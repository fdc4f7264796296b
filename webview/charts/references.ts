import type { DashboardHeader } from '../../src/protocol/dashboardMessages';
import type { ValueRange } from '../data/valueRange';
import type { ValueView } from '../data/valueView';
import { translucent } from './theme';
import { line } from './marks';
import type { Layer } from './picture';

/** More lines than this cannot be told apart; all of them are listed as text. */
const referenceLineLimit = 6;

interface ReferenceLine {
  readonly y: number;
  readonly label: string;
}

/**
 * Dashed lines at the references in view. Labels stand at the right end on the better side of their line, where a search
 * arrives last; labels that would overlap are joined.
 */
export function referenceLayers(
  header: DashboardHeader,
  range: ValueRange,
  view: ValueView,
): { readonly behind: Layer; readonly front: Layer } {
  const lines = header.references
    .map(({ label, value }) => ({ label, y: view.of(value) }))
    .filter(({ y }) => y >= range.min && y <= range.max)
    .slice(0, referenceLineLimit)
    .sort((a, b) => view.sign * (a.y - b.y));
  return {
    behind: ({ ctx, theme, area, y }) => {
      ctx.strokeStyle = theme.reference;
      ctx.lineWidth = theme.highContrast ? 1.5 : 1;
      ctx.setLineDash([5, 4]);
      ctx.beginPath();
      for (const reference of lines) {
        const at = Math.round(y(reference.y)) + 0.5;
        line(ctx, area.left, at, area.right, at);
      }
      ctx.stroke();
    },
    front: ({ ctx, theme, area, y }) => {
      ctx.font = `${theme.fontSizePx}px ${theme.fontFamily}`;
      ctx.textAlign = 'right';
      ctx.textBaseline = 'middle';
      for (const { label, y: at } of joined(lines, y)) {
        const width = ctx.measureText(label).width;
        const middle = y(at) + 9 * view.sign;
        ctx.fillStyle = translucent(theme.background, theme.highContrast ? 1 : 0.7);
        ctx.fillRect(area.right - width - 6, middle - 7, width + 4, 14);
        ctx.fillStyle = theme.highContrast ? theme.text : theme.reference;
        ctx.fillText(label, area.right - 4, middle);
      }
    },
  };
}

/** Labels nearer than a line of text share one. */
function joined(lines: readonly ReferenceLine[], y: (value: number) => number): ReferenceLine[] {
  const labels: { y: number; label: string }[] = [];
  for (const { y: at, label } of lines) {
    const last = labels.at(-1);
    if (last !== undefined && Math.abs(y(at) - y(last.y)) < 15) last.label += `, ${label}`;
    else labels.push({ y: at, label });
  }
  return labels;
}
