import { colourOf, type Colour } from './colour';
import { element, num } from './svg';

/** What CSS paints behind the words of an element: its background, stripes, borders, and inner lines. */

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Things that shapes refer to by name; equal ones are there once. */
export class Defs {
  private readonly all = new Map<string, string>();

  /** The name of what `make` gives for a name. */
  add(key: string, make: (id: string) => string): string {
    const before = this.all.get(key);
    if (before !== undefined) return /id="([^"]*)"/.exec(before)?.[1] ?? '';
    const id = `f${this.all.size}`;
    this.all.set(key, make(id));
    return id;
  }

  get text(): string {
    return [...this.all.values()].join('');
  }
}

const px = (value: string): number => parseFloat(value) || 0;
const fill = ({ hex, opacity }: Colour) => ({ fill: hex, 'fill-opacity': opacity === 1 ? null : opacity });

const SIDES = ['Top', 'Right', 'Bottom', 'Left'] as const;
type Side = (typeof SIDES)[number];

interface Border {
  readonly width: number;
  readonly colour: Colour | null;
  readonly dashed: boolean;
}

function borderOf(style: CSSStyleDeclaration, side: Side): Border {
  const kind = style[`border${side}Style`];
  const width = kind === 'none' || kind === 'hidden' ? 0 : px(style[`border${side}Width`]);
  return {
    width,
    colour: width === 0 ? null : colourOf(style[`border${side}Color`]),
    dashed: kind === 'dashed',
  };
}

export function boxOf(style: CSSStyleDeclaration, box: Box, defs: Defs): string {
  if (box.width <= 0 || box.height <= 0) return '';
  const radius = Math.min(px(style.borderTopLeftRadius), box.width / 2, box.height / 2);
  const back = colourOf(style.backgroundColor);
  const stripes = stripesOf(style.backgroundImage, defs);
  const shape = { ...box, rx: radius === 0 ? null : radius };
  return (
    (back === null ? '' : element('rect', { ...shape, ...fill(back) })) +
    (stripes === null ? '' : element('rect', { ...shape, fill: `url(#${stripes})` })) +
    shadowsOf(style.boxShadow, box, radius) +
    bordersOf(style, box, radius)
  );
}

/** One outline where all sides are alike; a strong left side, as cards have, is a bar along the round corners; else a bar each. */
function bordersOf(style: CSSStyleDeclaration, box: Box, radius: number): string {
  const [top, right, bottom, left] = SIDES.map((side) => borderOf(style, side));
  if (top === undefined || right === undefined || bottom === undefined || left === undefined) return '';
  const three = like(top, right) && like(right, bottom);
  if (three && like(bottom, left))
    return top.colour === null ? '' : outline(box, radius, top.width, top.colour, top.dashed);
  if (three && left.colour !== null && left.width >= top.width)
    return (
      (top.colour === null ? '' : outline(box, radius, top.width, top.colour, top.dashed)) +
      strongLeft(box, radius, top.width, { ...left, colour: left.colour }, gapOf(style))
    );
  return [top, right, bottom, left]
    .map(({ width, colour }, index) => (colour === null ? '' : bar(box, SIDES[index], width, colour)))
    .join('');
}

const like = (a: Border, b: Border): boolean => a.width === b.width && a.colour?.hex === b.colour?.hex;

/** Spec: CSS Backgrounds and Borders Module Level 3, 4.2 "Corner Shaping": inside, a corner is rounder by what the sides leave. */
function strongLeft(
  box: Box,
  radius: number,
  thin: number,
  { width: thick, colour, dashed }: Border & { readonly colour: Colour },
  gap: Colour | null,
): string {
  const { x, y, height } = box;
  if (dashed) {
    const d = `M${num(x + thick / 2)} ${num(y + radius)}V${num(y + height - radius)}`;
    return element('path', {
      d,
      stroke: colour.hex,
      'stroke-width': thick,
      'stroke-dasharray': `${num(thick)} ${num(thick)}`,
    });
  }
  const [rx, ry] = [Math.max(0, radius - thick), Math.max(0, radius - thin)];
  const corner = (toX: number, toY: number): string => `A${num(rx)} ${num(ry)} 0 0 0 ${num(toX)} ${num(toY)}`;
  const outer =
    `M${num(x + radius)} ${num(y)}A${num(radius)} ${num(radius)} 0 0 0 ${num(x)} ${num(y + radius)}V${num(y + height - radius)}` +
    `A${num(radius)} ${num(radius)} 0 0 0 ${num(x + radius)} ${num(y + height)}`;
  const inner =
    `H${num(x + thick + rx)}V${num(y + height - thin)}` +
    (rx === 0
      ? `H${num(x + thick)}`
      : corner(x + thick, y + height - thin - ry).replace(' 0 0 0 ', ' 0 0 1 ')) +
    `V${num(y + thin + ry)}` +
    (rx === 0 ? `V${num(y + thin)}` : corner(x + thick + rx, y + thin).replace(' 0 0 0 ', ' 0 0 1 '));
  const shape = element('path', { d: `${outer}${inner}Z`, ...fill(colour) });
  if (gap === null) return shape;
  return (
    shape +
    element('rect', {
      x: x + thick / 3,
      y: y + thin,
      width: thick / 3,
      height: height - 2 * thin,
      ...fill(gap),
    })
  );
}

/** What shows between the lines of a double border. */
const gapOf = (style: CSSStyleDeclaration): Colour | null =>
  style.borderLeftStyle === 'double' ? colourOf(style.backgroundColor) : null;

function outline(box: Box, radius: number, width: number, colour: Colour, dashed: boolean): string {
  return element('rect', {
    x: box.x + width / 2,
    y: box.y + width / 2,
    width: box.width - width,
    height: box.height - width,
    rx: radius > width / 2 ? radius - width / 2 : null,
    fill: 'none',
    stroke: colour.hex,
    'stroke-opacity': colour.opacity === 1 ? null : colour.opacity,
    'stroke-width': width,
    'stroke-dasharray': dashed ? `${num(2 * width)} ${num(2 * width)}` : null,
  });
}

function bar({ x, y, width, height }: Box, side: Side | undefined, thick: number, colour: Colour): string {
  const place =
    side === 'Top'
      ? { x, y, width, height: thick }
      : side === 'Bottom'
        ? { x, y: y + height - thick, width, height: thick }
        : side === 'Left'
          ? { x, y, width: thick, height }
          : { x: x + width - thick, y, width: thick, height };
  return element('rect', { ...place, ...fill(colour) });
}

/** Inner lines, as box-shadow draws them; outer shadows are depth of a screen and not of a figure. */
function shadowsOf(css: string, box: Box, radius: number): string {
  if (!css.includes('inset')) return '';
  return listOf(css)
    .map((each) => {
      const rest = / inset$/.test(each) ? each.slice(0, -6).trim() : null;
      const parts = rest === null ? null : /^(.*?)((?: ?-?[\d.]+px){4})$/.exec(rest);
      const colour = colourOf(parts?.[1]?.trim() ?? '');
      const [dx = 0, dy = 0, blur = 0, spread = 0] = (parts?.[2] ?? '').trim().split(' ').map(px);
      if (colour === null || blur !== 0) return '';
      if (dx === 0 && dy === 0) return spread > 0 ? outline(box, radius, spread, colour, false) : '';
      const side = dx > 0 ? 'Left' : dx < 0 ? 'Right' : dy > 0 ? 'Top' : 'Bottom';
      return bar(box, side, Math.abs(dx || dy), colour);
    })
    .join('');
}

/** Pixels along a stripe: long, so that seams between tiles are few. */
const TILE = 64;

/** The name of a pattern for `repeating-linear-gradient(45deg, a 0px, a 2px, b 2px, b 5px)`; null for any other image. */
function stripesOf(css: string, defs: Defs): string | null {
  const parts = /^repeating-linear-gradient\((.*)\)$/.exec(css);
  if (parts === null) return null;
  const [first = '', ...rest] = listOf(parts[1] ?? '');
  const angle = /^-?[\d.]+deg$/.test(first) ? parseFloat(first) : 180;
  const stops = (angle === 180 && !first.endsWith('deg') ? [first, ...rest] : rest).map((stop) => {
    const at = /^(.*) (-?[\d.]+)px$/.exec(stop);
    return { colour: at?.[1] ?? '', at: Number(at?.[2] ?? NaN) };
  });
  const period = stops.at(-1)?.at ?? 0;
  if (!(period > 0) || stops.some(({ at }) => Number.isNaN(at))) return null;
  const bands = stops.slice(1).map((stop, index) => {
    const from = stops[index];
    const colour = from === undefined || from.colour !== stop.colour ? null : colourOf(stop.colour);
    return from === undefined || colour === null
      ? ''
      : element('rect', { x: from.at, width: stop.at - from.at, height: TILE, ...fill(colour) });
  });
  // A gradient of 90 degrees runs to the right; a pattern of 0 does.
  return defs.add(css, (id) =>
    element(
      'pattern',
      {
        id,
        width: period,
        height: TILE,
        patternUnits: 'userSpaceOnUse',
        patternTransform: angle === 90 ? null : `rotate(${num(angle - 90)})`,
      },
      bands.join(''),
    ),
  );
}

/** The members of a list of CSS: commas inside of brackets are not between them. */
function listOf(css: string): readonly string[] {
  const all: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < css.length; at++) {
    const letter = css[at];
    if (letter === '(') depth++;
    else if (letter === ')') depth--;
    else if (letter === ',' && depth === 0) {
      all.push(css.slice(from, at).trim());
      from = at + 1;
    }
  }
  return [...all, css.slice(from).trim()];
}
