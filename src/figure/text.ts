import { colourOf } from './colour';
import { element, escaped, num } from './svg';

/** Words as they stand on the page, a run for each line they take. */

interface Origin {
  readonly x: number;
  readonly y: number;
}

interface Run {
  readonly text: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

let ruler: CanvasRenderingContext2D | null = null;

/** Where letters stand in the box of their line: the share of a font's height above its baseline. */
function ascentOf(style: CSSStyleDeclaration, height: number): number {
  ruler ??= document.createElement('canvas').getContext('2d');
  if (ruler === null) return height * 0.8;
  ruler.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  const { fontBoundingBoxAscent: up, fontBoundingBoxDescent: down } = ruler.measureText('x');
  return (height - up - down) / 2 + up;
}

/** `limit`: the right edge at which an ellipsis cuts, in pixels of the page. */
export function textOf(node: Text, style: CSSStyleDeclaration, origin: Origin, limit: number): string {
  const colour = colourOf(style.color);
  if (colour === null || node.data.trim() === '') return '';
  const keeps = style.whiteSpaceCollapse === 'preserve' || /^pre/.test(style.whiteSpace);
  return runsOf(node)
    .map((run) => cut(node, run, limit))
    .map(({ text, left, right, top, bottom }) => {
      const words = cased(keeps ? text : text.replace(/\s+/g, ' '), style.textTransform);
      if (words.trim() === '') return '';
      return element(
        'text',
        {
          x: left - origin.x,
          y: top - origin.y + ascentOf(style, bottom - top),
          // Another font than the page's has other widths: what stands here keeps its room.
          textLength: words.length > 1 ? num(right - left) : null,
          lengthAdjust: words.length > 1 ? 'spacingAndGlyphs' : null,
          'font-family': style.fontFamily.replace(/"/g, "'"),
          'font-size': num(parseFloat(style.fontSize)),
          'font-weight': style.fontWeight === '400' ? null : style.fontWeight,
          'font-style': style.fontStyle === 'normal' ? null : style.fontStyle,
          'text-decoration': style.textDecorationLine === 'line-through' ? 'line-through' : null,
          fill: colour.hex,
          'fill-opacity': colour.opacity === 1 ? null : colour.opacity,
          'xml:space': words === words.trim() && !keeps ? null : 'preserve',
        },
        escaped(words),
      );
    })
    .join('');
}

const cased = (text: string, transform: string): string =>
  transform === 'uppercase' ? text.toUpperCase() : transform === 'lowercase' ? text.toLowerCase() : text;

/** The lines that a text is broken into, without the blanks that take no room. */
function runsOf(node: Text): readonly Run[] {
  const range = document.createRange();
  const takesRoom = (at: number): boolean => {
    range.setStart(node, at);
    range.setEnd(node, at + 1);
    return range.getBoundingClientRect().width > 0;
  };
  let [start, end] = [0, node.length];
  while (start < end && !takesRoom(start)) start++;
  while (end > start && !takesRoom(end - 1)) end--;
  range.setStart(node, start);
  range.setEnd(node, end);
  const boxes = [...range.getClientRects()].filter(({ width }) => width > 0);
  const [only] = boxes;
  if (only !== undefined && boxes.every(({ top }) => Math.abs(top - only.top) < 1)) {
    const right = Math.max(...boxes.map((box) => box.right));
    return [
      { text: node.data.slice(start, end), left: only.left, right, top: only.top, bottom: only.bottom },
    ];
  }
  const runs: Run[] = [];
  for (let at = start; at < end; at++) {
    range.setStart(node, at);
    range.setEnd(node, at + 1);
    const box = range.getBoundingClientRect();
    if (box.width === 0) continue;
    const { left, right, top, bottom } = box;
    const last = runs.at(-1);
    if (last === undefined || Math.abs(last.top - top) > 1)
      runs.push({ text: node.data[at] ?? '', left, right, top, bottom });
    else runs[runs.length - 1] = { ...last, text: last.text + (node.data[at] ?? ''), right };
  }
  return runs;
}

/** What stands before the ellipsis, and the ellipsis. */
function cut(node: Text, run: Run, limit: number): Run {
  if (run.right <= limit + 0.5) return run;
  const range = document.createRange();
  const room = limit - (run.bottom - run.top) * 0.6;
  let right = run.left;
  let at = 0;
  for (; at < node.length; at++) {
    range.setStart(node, at);
    range.setEnd(node, at + 1);
    const box = range.getBoundingClientRect();
    if (box.width > 0 && box.right > room) break;
    right = Math.max(right, box.right);
  }
  return {
    ...run,
    text: `${node.data.slice(0, at).trimEnd()}…`,
    right: Math.min(limit, right + (limit - room)),
  };
}
