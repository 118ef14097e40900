import { encodeLink } from '../share/link';
import { sceneTitle } from '../store/script';
import type { AppState } from '../store/types';
import { EMBED } from '../words/embed/embed';

type Figure = { readonly ok: true; readonly value: string } | { readonly ok: false; readonly why: string };

/** The picture as a file of its own: the one place where an embed asks for it. */
export async function figureOf(app: AppState, theme: 'light' | 'dark' | undefined): Promise<Figure> {
  const { script, cursor, selection } = app;
  const { canvasFigure } = await import('../figure');
  const svg = await canvasFigure({
    theme: theme ?? (document.documentElement.dataset['theme'] === 'dark' ? 'dark' : 'light'),
    title: sceneTitle(script) ?? EMBED.untitled,
    scene: encodeLink({ script, cursor, selection, camera: null }),
  });
  return svg === null ? { ok: false, why: EMBED.emptyScene } : { ok: true, value: svg };
}
