const OPEN = '<metadata';
const CLOSE = '</metadata>';
const LINK = /#s[0-9]+:[A-Za-z0-9_-]+/;

/**
 * A figure of ours carries its scene in `<metadata>`, as a link: the hash, or null where it is another SVG. The text is
 * looked through, never opened as a document.
 */
export function sceneInFigure(svgText: string): string | null {
  let at = svgText.indexOf(OPEN);
  while (at >= 0) {
    const end = svgText.indexOf(CLOSE, at);
    if (end < 0) return null;
    const found = LINK.exec(svgText.slice(at, end))?.[0];
    if (found !== undefined) return found;
    at = svgText.indexOf(OPEN, end);
  }
  return null;
}
