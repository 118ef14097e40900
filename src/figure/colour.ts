/** A colour as every SVG reader knows it: sRGB, with its opacity apart. */
export interface Colour {
  /** `#rrggbb` */
  readonly hex: string;
  /** 0 … 1 */
  readonly opacity: number;
}

let pixel: CanvasRenderingContext2D | null = null;
const known = new Map<string, Colour>();

/** Any colour of CSS (oklch, color-mix, a keyword) as the browser paints it; null where nothing would be seen. */
export function colourOf(css: string): Colour | null {
  if (css === '' || css === 'none' || css === 'transparent') return null;
  const before = known.get(css);
  const found = before ?? painted(css);
  if (before === undefined) known.set(css, found);
  return found.opacity === 0 ? null : found;
}

function painted(css: string): Colour {
  pixel ??= document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  if (pixel === null) return { hex: '#000000', opacity: 1 };
  pixel.clearRect(0, 0, 1, 1);
  pixel.fillStyle = '#000';
  pixel.fillStyle = css;
  pixel.fillRect(0, 0, 1, 1);
  const [r = 0, g = 0, b = 0, a = 0] = pixel.getImageData(0, 0, 1, 1).data;
  const hex = `#${[r, g, b].map((each) => each.toString(16).padStart(2, '0')).join('')}`;
  return { hex, opacity: Math.round((a / 255) * 1000) / 1000 };
}
