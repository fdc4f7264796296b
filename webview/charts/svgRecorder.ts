/** An element of an SVG, without a document. */
export interface SvgNode {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly children?: readonly SvgNode[];
  readonly text?: string;
}

export interface SvgRecorder {
  /** Paint with this; what is painted is written down and seen nowhere. */
  readonly ctx: CanvasRenderingContext2D;
  /** What was painted so far; what is painted later belongs to the next one. */
  finish(width: number, height: number): SvgNode;
}

/** Several SVGs are in one page: names in them differ from each other. */
let clipCount = 0;

/**
 * A canvas's context that writes an SVG: it keeps its own state (colours, fonts, transforms), while what would be painted is recorded.
 * It knows what our charts and Chart.js use of a context; images and gradients are left out.
 */
export function makeSvgRecorder(canvas = document.createElement('canvas')): SvgRecorder {
  const ctx = canvas.getContext('2d');
  if (ctx === null) throw new Error('This browser has no canvas to paint on.');
  let nodes: SvgNode[] = [];
  let clips: SvgNode[] = [];
  let path = '';
  let clip: string | undefined;
  const clipStack: (string | undefined)[] = [];
  // From pixels of the canvas, which a chart may have made finer, to its own.
  let matrix = ctx.getTransform();

  const at = (x: number, y: number): string =>
    `${round(matrix.a * x + matrix.c * y + matrix.e)} ${round(matrix.b * x + matrix.d * y + matrix.f)}`;
  const add = (node: SvgNode): void => {
    nodes.push(
      clip === undefined
        ? node
        : { ...node, attributes: { ...node.attributes, 'clip-path': `url(#${clip})` } },
    );
  };
  const paint = (fill: boolean, d = path): void => {
    if (d === '') return;
    add({ name: 'path', attributes: { d, ...(fill ? fillOf(ctx) : strokeOf(ctx)) } });
  };
  const rectangle = (x: number, y: number, width: number, height: number): string =>
    `M${at(x, y)}L${at(x + width, y)}L${at(x + width, y + height)}L${at(x, y + height)}Z`;
  const arc = (x: number, y: number, r: number, start: number, end: number, reverse = false): void => {
    const sweep = reverse ? 0 : 1;
    const pen = path === '' || path.endsWith('Z') ? 'M' : 'L';
    const on = (angle: number): string => at(x + r * Math.cos(angle), y + r * Math.sin(angle));
    const radius = round(r * Math.hypot(matrix.a, matrix.b));
    const turn = Math.abs(end - start);
    const step = (angle: number, large: number): string =>
      `A${radius} ${radius} 0 ${large} ${sweep} ${on(angle)}`;
    path += `${pen}${on(start)}`;
    if (turn >= 2 * Math.PI - 1e-6) path += `${step(start + Math.PI, 1)}${step(start, 1)}`;
    else path += step(end, (reverse ? 2 * Math.PI - turn : turn) % (2 * Math.PI) > Math.PI ? 1 : 0);
  };
  const keepMatrix = (): void => {
    matrix = ctx.getTransform();
  };

  const plain = {
    save: ctx.save.bind(ctx),
    restore: ctx.restore.bind(ctx),
    translate: ctx.translate.bind(ctx),
    rotate: ctx.rotate.bind(ctx),
    scale: ctx.scale.bind(ctx),
    resetTransform: ctx.resetTransform.bind(ctx),
  };
  ctx.save = () => {
    plain.save();
    clipStack.push(clip);
  };
  ctx.restore = () => {
    plain.restore();
    clip = clipStack.pop();
    keepMatrix();
  };
  ctx.translate = (x, y) => {
    plain.translate(x, y);
    keepMatrix();
  };
  ctx.rotate = (angle) => {
    plain.rotate(angle);
    keepMatrix();
  };
  ctx.scale = (x, y) => {
    plain.scale(x, y);
    keepMatrix();
  };
  ctx.resetTransform = () => {
    plain.resetTransform();
    keepMatrix();
  };
  ctx.beginPath = () => {
    path = '';
  };
  ctx.closePath = () => {
    if (path !== '') path += 'Z';
  };
  ctx.moveTo = (x, y) => {
    path += `M${at(x, y)}`;
  };
  ctx.lineTo = (x, y) => {
    path += `${path === '' ? 'M' : 'L'}${at(x, y)}`;
  };
  ctx.bezierCurveTo = (x1, y1, x2, y2, x, y) => {
    path += `C${at(x1, y1)} ${at(x2, y2)} ${at(x, y)}`;
  };
  ctx.rect = (x, y, width, height) => {
    path += rectangle(x, y, width, height);
  };
  ctx.arc = arc;
  ctx.fill = () => paint(true);
  ctx.stroke = () => paint(false);
  ctx.fillRect = (x, y, width, height) => paint(true, rectangle(x, y, width, height));
  ctx.strokeRect = (x, y, width, height) => paint(false, rectangle(x, y, width, height));
  ctx.clearRect = () => undefined;
  ctx.strokeText = () => undefined;
  ctx.clip = () => {
    clip = `clip${clipCount++}`;
    clips.push({
      name: 'clipPath',
      attributes: { id: clip },
      children: [{ name: 'path', attributes: { d: path } }],
    });
  };
  ctx.fillText = (text, x, y) => {
    const angle = Math.round((Math.atan2(matrix.b, matrix.a) * 180) / Math.PI);
    const [placeX = '', placeY = ''] = at(x, y).split(' ');
    add({
      name: 'text',
      attributes: {
        x: placeX,
        y: placeY,
        ...fillOf(ctx),
        ...fontOf(ctx),
        ...(angle === 0 ? {} : { transform: `rotate(${angle} ${placeX} ${placeY})` }),
      },
      text,
    });
  };
  return {
    ctx,
    finish(width, height) {
      const defined = clips.length === 0 ? [] : [{ name: 'defs', attributes: {}, children: clips }];
      const children = [...defined, ...nodes];
      nodes = [];
      clips = [];
      path = '';
      return {
        name: 'svg',
        attributes: { xmlns: svgNamespace, viewBox: `0 0 ${width} ${height}`, width, height },
        children,
      };
    },
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function fillOf(ctx: CanvasRenderingContext2D): SvgNode['attributes'] {
  return { fill: colourOf(ctx.fillStyle), ...opacityOf(ctx) };
}

function strokeOf(ctx: CanvasRenderingContext2D): SvgNode['attributes'] {
  const dash = ctx.getLineDash();
  return {
    fill: 'none',
    stroke: colourOf(ctx.strokeStyle),
    'stroke-width': ctx.lineWidth,
    ...(ctx.lineJoin === 'miter' ? {} : { 'stroke-linejoin': ctx.lineJoin }),
    ...(dash.length === 0 ? {} : { 'stroke-dasharray': dash.join(' ') }),
    ...opacityOf(ctx),
  };
}

/** Gradients and patterns are not recorded. */
function colourOf(style: CanvasRenderingContext2D['fillStyle']): string {
  return typeof style === 'string' ? style : 'none';
}

function opacityOf(ctx: CanvasRenderingContext2D): SvgNode['attributes'] {
  return ctx.globalAlpha === 1 ? {} : { opacity: ctx.globalAlpha };
}

/** A canvas reads `italic 600 11px "Some Font", sans-serif` back as it understood it. */
function fontOf(ctx: CanvasRenderingContext2D): SvgNode['attributes'] {
  const [, style = '', sizePx = '11', family = 'sans-serif'] =
    /^(.*?)([\d.]+)px(?:\/\S+)? (.*)$/.exec(ctx.font) ?? [];
  const anchor = { center: 'middle', right: 'end', end: 'end', left: 'start', start: 'start' }[ctx.textAlign];
  const baseline = {
    middle: 'central',
    top: 'text-before-edge',
    hanging: 'hanging',
    bottom: 'text-after-edge',
    ideographic: 'text-after-edge',
    alphabetic: 'alphabetic',
  }[ctx.textBaseline];
  const weight = /\b(bold|[1-9]00)\b/.exec(style)?.[1];
  return {
    'font-family': family,
    'font-size': sizePx,
    ...(weight === undefined ? {} : { 'font-weight': weight }),
    ...(anchor === 'start' ? {} : { 'text-anchor': anchor }),
    ...(baseline === 'alphabetic' ? {} : { 'dominant-baseline': baseline }),
  };
}

const svgNamespace = 'http://www.w3.org/2000/svg';

export function svgText({ name, attributes, children = [], text = '' }: SvgNode): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escape(String(value))}"`);
  return `<${name}${written.join('')}>${escape(text)}${children.map(svgText).join('')}</${name}>`;
}

export function svgElement({ name, attributes, children = [], text = '' }: SvgNode): SVGElement {
  const element = document.createElementNS(svgNamespace, name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key !== 'xmlns') element.setAttribute(key, String(value));
  }
  element.append(text, ...children.map(svgElement));
  return element;
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
