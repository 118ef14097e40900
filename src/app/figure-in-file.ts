import { sceneInFigure } from '../share/scene-in-figure';
import { LINK_WORDS as words } from './link-words';

/** More than any figure of ours has. */
const MOST_BYTES = 16 << 20;

/** The hash of the scene inside a dropped figure, or why there is none. */
export async function hashInFigure(
  file: File,
): Promise<{ readonly ok: true; readonly hash: string } | { readonly ok: false; readonly why: string }> {
  if (file.size > MOST_BYTES) return { ok: false, why: words.noFigure(file.name) };
  const hash = await file.text().then(sceneInFigure, () => null);
  return hash === null ? { ok: false, why: words.noFigure(file.name) } : { ok: true, hash };
}
