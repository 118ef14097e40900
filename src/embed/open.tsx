import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { useApp } from '../store';
import { linesOf } from '../store/script';
import { calmDown } from './calm';
import { EmbedApp } from './EmbedApp';
import { useHeight } from './height';
import { serveHost } from './host';
import { parseOptions } from './options';
import { perform } from './perform';
import { readScene } from './read-scene';
import { newsFor, tellHost } from './tell';
import { keepEmbedTheme } from './theme';
import './embed.css';

/** A scene in somebody else's page: writes no address, keeps nothing, and asks nobody but its host. */
export function open(root: HTMLElement): void {
  const options = parseOptions(new URLSearchParams(location.search));
  const { actions } = useApp.getState();
  if (options.motion === 'reduce') calmDown();
  actions.setTheme(options.theme);
  keepEmbedTheme();

  const started = start(options.step, options.autoplay);
  if (window.parent !== window) {
    const host = serveHost({
      self: window,
      parent: window.parent,
      perform: async (request) => {
        await started;
        return perform(request);
      },
      news: () => newsFor(useApp.getState(), useHeight.getState().height),
    });
    tellHost(host);
    useHeight.subscribe(({ height }, before) => {
      if (height !== null && height !== before.height) host.tell({ type: 'height', height });
    });
  }
  createRoot(root).render(
    <StrictMode>
      <EmbedApp options={options} />
    </StrictMode>,
  );
}

async function start(step: number | null, autoplay: boolean): Promise<void> {
  const { actions } = useApp.getState();
  const { scene, why } = await readScene(location.hash);
  if (why !== null) actions.notify({ tone: 'error', text: why });
  const { script, cursor, selection } = scene ?? { script: '', cursor: null, selection: null };
  // Playing begins where the author says, else at the beginning.
  const from = step ?? (autoplay ? 0 : cursor);
  await actions.start({ script, cursor: from, selection });
  const { engine } = useApp.getState();
  if (autoplay && engine.status !== 'crashed' && linesOf(script).length > 0) actions.togglePlay();
}
