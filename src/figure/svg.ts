/** Text of SVG. Everything from outside goes through `escaped`: a figure holds no markup but ours. */

// Control characters have no place in XML 1.0, escaped or not.
const FORBIDDEN = /(?![\t\n\r])\p{Cc}|[\ufffe\uffff]|\p{Cs}/gu;

export const escaped = (text: string): string =>
  text
    .replace(FORBIDDEN, '\ufffd')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;');

/** Two decimals are less than any screen or printer shows. */
export const num = (value: number): string => String(Math.round(value * 100) / 100 + 0);

export type Attributes = Readonly<Record<string, string | number | null | undefined>>;

/** An element; attributes that are null or undefined are left out, `inside` is markup already. */
export function element(name: string, attributes: Attributes, inside = ''): string {
  let text = `<${name}`;
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined) continue;
    text += ` ${key}="${typeof value === 'number' ? num(value) : escaped(value)}"`;
  }
  return inside === '' ? `${text}/>` : `${text}>${inside}</${name}>`;
}

export interface FigureParts {
  readonly width: number;
  readonly height: number;
  readonly background: string;
  readonly title: string;
  /** What is to be seen, for who cannot see it. */
  readonly description: string;
  /** The hash of a link: with it the figure opens again. */
  readonly scene: string;
  readonly defs: string;
  readonly body: string;
}

/** The whole file. No script, no style sheet, no font: what office programs, LaTeX and kernel-doc take. */
export function figureFile(parts: FigureParts): string {
  const { width, height, background, title, description, scene, defs, body } = parts;
  const inside =
    `\n<title id="t">${escaped(title)}</title>\n<desc id="d">${escaped(description)}</desc>` +
    `\n<metadata>${escaped(scene)}</metadata>` +
    (defs === '' ? '' : `\n<defs>${defs}</defs>`) +
    `\n${element('rect', { width, height, fill: background })}\n${body}\n`;
  const root = element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width,
      height,
      viewBox: `0 0 ${num(width)} ${num(height)}`,
      role: 'img',
      'aria-labelledby': 't d',
    },
    inside,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root}\n`;
}
