import { useApp } from '../../store';
import { FIGURE_TAB as words } from '../../words/app/share-figure';
import { drawn, titleNow } from './draw-figure';
import { fileName } from './file-name';
import { saveText } from './save-file';

/** In the colours of the page. */
const draw = (): Promise<string | null> =>
  drawn('canvas', document.documentElement.dataset.theme === 'dark' ? 'dark' : 'light');

/** Saves the canvas as it stands, without asking anything. */
export async function saveFigure(): Promise<void> {
  const svg = await draw().catch(() => null);
  if (svg === null) tell('error', words.failed);
  else saveText(`${fileName(titleNow())}.svg`, svg, 'image/svg+xml');
}

/** Puts the canvas into the clipboard as a picture. */
export async function copyFigure(): Promise<void> {
  try {
    // The browser waits for the picture: asked for later, it would not know any more that somebody pressed a key.
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': drawnPng() })]);
    tell('info', words.copiedPicture);
  } catch {
    tell('error', words.noPicture);
  }
}

async function drawnPng(): Promise<Blob> {
  const [svg, { pngOf }] = await Promise.all([draw(), import('../../figure')]);
  const png = svg === null ? null : await pngOf(svg);
  if (png === null) throw new Error('nothing could be drawn');
  return png;
}

function tell(tone: 'info' | 'error', text: string): void {
  useApp.getState().actions.notify({ tone, text });
}
