import type { ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { flushSync } from 'react-dom';
import './stage.css';

export type FigureTheme = 'light' | 'dark';

/**
 * Lays something out where nobody sees it, in a theme of its own, and hands it over when it is all there: fonts, sizes, and what
 * is drawn a frame later.
 */
export async function onStage<T>(
  theme: FigureTheme,
  content: ReactNode,
  take: (stage: HTMLElement) => T,
): Promise<T> {
  const stage = document.createElement('div');
  stage.className = 'figure-stage';
  stage.dataset['theme'] = theme;
  stage.inert = true;
  stage.setAttribute('aria-hidden', 'true');
  document.body.append(stage);
  const root = createRoot(stage);
  try {
    flushSync(() => root.render(content));
    await document.fonts.ready;
    for (let frame = 0; frame < 3; frame++) await nextFrame();
    return take(stage);
  } finally {
    root.unmount();
    stage.remove();
  }
}

/** A page in the background has no frames: it must not wait for ever. */
const nextFrame = (): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, 100);
    requestAnimationFrame(() => {
      clearTimeout(timer);
      resolve();
    });
  });
