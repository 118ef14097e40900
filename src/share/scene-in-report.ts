/** Name of the `<meta>` in which a saved report carries its scene. */
export const SCENE_META = 'iommu-playground-scene';

/** The head of a document of ours, with room: titles are short, and the style sheet comes after the scene. */
const HEAD = 8192;
const META = new RegExp(`<meta name="${SCENE_META}" content="(#s[0-9]+:[A-Za-z0-9_-]+)">`);
const OPENS = `<meta name="${SCENE_META}"`;

/** The link inside a saved report; null where the text is another document. It is looked through, never opened as one. */
export function sceneInReport(html: string): string | null {
  const at = html.slice(0, HEAD).indexOf(OPENS);
  // The link itself may be long.
  return at < 0 ? null : (META.exec(html.slice(at, html.indexOf('>', at) + 1))?.[1] ?? null);
}
