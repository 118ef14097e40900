import type { ToWorker } from '../offline/messages';
import { readSaved, save } from './saved';

/**
 * After a new release the chunks of the old page are gone, where this browser keeps none or has let some go: reload once, the
 * link in the address bar keeps the scene.
 */
export function reloadStaleChunks(): void {
  addEventListener('vite:preloadError', (event) => {
    const now = Date.now();
    if (now - readSaved().reloadedAt < 30_000) return; // it did not help: let the error be seen
    if (!navigator.onLine) return; // there is nothing to load
    event.preventDefault();
    save({ reloadedAt: now });
    void letNewerTakeOver().finally(() => location.reload());
  });
}

const TAKE_MS = 3000;

/** What is kept of the old release would answer the reload: a newer one that is ready goes first. Nobody is asked, since the old one is broken. */
async function letNewerTakeOver(): Promise<void> {
  try {
    const waiting = (await navigator.serviceWorker.getRegistration())?.waiting;
    if (waiting == null) return;
    await new Promise((resolve) => {
      navigator.serviceWorker.addEventListener('controllerchange', resolve);
      setTimeout(resolve, TAKE_MS);
      waiting.postMessage({ type: 'take-over' } satisfies ToWorker);
    });
  } catch {
    // None may be kept here.
  }
}
