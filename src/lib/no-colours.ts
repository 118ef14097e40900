/**
 * Stands in for d3-color (see vite.config.ts): React Flow's camera moves by d3-zoom, which comes with everything that could
 * be blended, colours too. Nothing here ever blends colours, and 4 KiB of each first load are not spent on it.
 */

/** What a text is as a colour: d3-interpolate asks, and takes null for `no colour`. */
export const color = (): null => null;

function left(): never {
  throw new Error('d3-color is left out of this build: see vite.config.ts');
}
export { left as cubehelix, left as hcl, left as hsl, left as lab, left as rgb };
