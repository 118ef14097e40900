import { sceneInFigure } from '../share/scene-in-figure';
import { sceneInPng } from '../share/scene-in-png';
import { sceneInReport } from '../share/scene-in-report';
import { LINK_WORDS as words } from '../words/app/link';

/** More than any figure of ours has. */
const MOST_BYTES = 16 << 20;

/** The hash of the scene inside a dropped figure or report, or why there is none. */
export async function hashInFile(
  file: File,
): Promise<{ readonly ok: true; readonly hash: string } | { readonly ok: false; readonly why: string }> {
  const hash = file.size > MOST_BYTES ? null : await sceneIn(file).catch(() => null);
  return hash === null ? { ok: false, why: words.noFigure(file.name) } : { ok: true, hash };
}

async function sceneIn(file: File): Promise<string | null> {
  if (/\.png$/i.test(file.name)) return sceneInPng(new Uint8Array(await file.arrayBuffer()));
  const text = await file.text();
  return /\.svg$/i.test(file.name) ? sceneInFigure(text) : sceneInReport(text);
}
