import { boxOf, type Box, type Defs } from './boxes';
import { colourOf } from './colour';
import { element, num } from './svg';
import { textOf } from './text';

/**
 * What the browser has laid out, as SVG: boxes, words and drawings where they stand. So a figure shows what the page shows, and
 * nothing has to be drawn twice. `from` is the corner of the figure, in pixels of the page.
 */
export function traced(root: Element, from: { readonly x: number; readonly y: number }, defs: Defs): string {
  const box = ({ left, top, width, height }: DOMRect): Box => ({
    x: left - from.x,
    y: top - from.y,
    width,
    height,
  });

  /** `limit`, `floor`: where the nearest box that hides what sticks out of it ends, on the right and below. */
  const visit = (at: Element, limit: number, floor: number): string => {
    const style = getComputedStyle(at);
    if (style.display === 'none' || style.visibility === 'hidden' || style.opacity === '0') return '';
    if (at instanceof SVGSVGElement) return within(style, drawing(at));
    if (isForReadersOnly(style)) return '';
    const place = at.getBoundingClientRect();
    // Words that found no room in their line have gone to the next, which nobody sees.
    if (place.top >= floor - 1 && place.height > 0) return '';
    const hides = style.overflowX === 'hidden' || style.overflowX === 'clip';
    const ends = hides ? Math.min(limit, place.right - (parseFloat(style.paddingRight) || 0)) : limit;
    const hidesBelow = style.overflowY === 'hidden' || style.overflowY === 'clip';
    const ground = hidesBelow ? Math.min(floor, place.bottom) : floor;
    const own = style.display === 'contents' ? '' : boxOf(style, box(place), defs);
    const picture = at instanceof HTMLCanvasElement ? imageOf(at, box(place)) : '';
    const typed = at instanceof HTMLInputElement ? '' : inside(at, style, ends, ground);
    return within(style, own + picture + typed);
  };

  const inside = (at: Element, style: CSSStyleDeclaration, limit: number, floor: number): string => {
    let text = '';
    for (const child of at.childNodes) {
      if (child instanceof Text) text += textOf(child, style, from, limit);
      else if (child instanceof Element) text += visit(child, limit, floor);
    }
    return text;
  };

  const drawing = (svg: SVGSVGElement): string =>
    [...svg.querySelectorAll<SVGGraphicsElement>(SHAPES)].map((shape) => shapeOf(shape, from)).join('');

  return visit(root, Infinity, Infinity);
}

const SHAPES = 'path, circle, ellipse, rect, line, polyline, polygon';
const GEOMETRY = 'd cx cy r rx ry x y width height x1 y1 x2 y2 points'.split(' ');

function shapeOf(shape: SVGGraphicsElement, from: { readonly x: number; readonly y: number }): string {
  if (shape.closest('defs, clipPath, mask') !== null) return '';
  const style = getComputedStyle(shape);
  const matrix = shape.getScreenCTM();
  if (matrix === null || style.display === 'none' || style.visibility === 'hidden') return '';
  const fill = colourOf(style.fill);
  const stroke = parseFloat(style.strokeWidth) > 0 ? colourOf(style.stroke) : null;
  const opacity = opacityWithin(shape);
  if ((fill === null && stroke === null) || opacity === 0) return '';
  const { a, b, c, d, e, f } = matrix;
  const moves = [e - from.x, f - from.y];
  const still = a === 1 && b === 0 && c === 0 && d === 1;
  return element(shape.tagName, {
    ...Object.fromEntries(GEOMETRY.map((name) => [name, shape.getAttribute(name)])),
    transform: still
      ? `translate(${moves.map(num).join(' ')})`
      : `matrix(${[a, b, c, d, ...moves].map((each) => String(Math.round(each * 1e4) / 1e4)).join(' ')})`,
    fill: fill?.hex ?? 'none',
    'fill-opacity': fill === null || fill.opacity === 1 ? null : fill.opacity,
    stroke: stroke?.hex ?? null,
    'stroke-opacity': stroke === null || stroke.opacity === 1 ? null : stroke.opacity,
    'stroke-width': stroke === null ? null : num(parseFloat(style.strokeWidth)),
    'stroke-dasharray': stroke === null || style.strokeDasharray === 'none' ? null : style.strokeDasharray,
    'stroke-linecap': stroke === null || style.strokeLinecap === 'butt' ? null : style.strokeLinecap,
    'stroke-linejoin': stroke === null || style.strokeLinejoin === 'miter' ? null : style.strokeLinejoin,
    opacity: opacity === 1 ? null : opacity,
  });
}

/** Of a shape and of what it is in, up to its drawing. */
function opacityWithin(shape: Element): number {
  let opacity = 1;
  for (let at: Element | null = shape; at !== null && !(at instanceof SVGSVGElement); at = at.parentElement)
    opacity *= Number(getComputedStyle(at).opacity);
  return opacity;
}

const within = ({ opacity }: CSSStyleDeclaration, text: string): string =>
  opacity === '1' || text === '' ? text : element('g', { opacity }, text);

/** Strips of table entries are bitmaps on the page too. */
function imageOf(canvas: HTMLCanvasElement, { x, y, width, height }: Box): string {
  if (canvas.width === 0 || canvas.height === 0) return '';
  return element('image', { x, y, width, height, href: canvas.toDataURL(), preserveAspectRatio: 'none' });
}

/** As `.sr-only` of the page has it. */
const isForReadersOnly = ({ clipPath }: CSSStyleDeclaration): boolean => clipPath === 'inset(50%)';
