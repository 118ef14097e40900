import type { FigureTheme } from '../../figure';
import { encodeLink } from '../../share/link';
import { sceneNow } from '../link-scene';
import { titleNow } from './copy-scene';

export { titleNow };

export type FigureOf = 'canvas' | 'walk';

/** The scene on the page as a file of its own, with its link inside; null where there is nothing to draw. */
export async function drawn(of: FigureOf, theme: FigureTheme): Promise<string | null> {
  const { canvasFigure, walkFigure } = await import('../../figure');
  const options = { theme, title: titleNow(), scene: encodeLink(sceneNow()) };
  return of === 'canvas' ? canvasFigure(options) : walkFigure(options);
}
