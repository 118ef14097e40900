import { readSaved, save } from './saved';

/** After a new release the chunks of the old page are gone: reload once, the link in the address bar keeps the scene. */
export function reloadStaleChunks(): void {
  addEventListener('vite:preloadError', (event) => {
    const now = Date.now();
    if (now - readSaved().reloadedAt < 30_000) return; // it did not help: let the error be seen
    event.preventDefault();
    save({ reloadedAt: now });
    location.reload();
  });
}
