import { useApp } from '../store';
import { linesOf, sceneTitle } from '../store/script';
import type { AppState } from '../store/types';
import type { Host } from './host';
import { PROTOCOL_VERSION, type EmbedEvent } from './protocol';
import { isMoving, outcomeAt } from './state';

/** A picture of it is on the screen: the store is ahead of it by a frame. */
const PAINTED_MS = 100;

/** What a host that connects now has missed. */
export function newsFor(app: AppState, height: number | null): readonly EmbedEvent[] {
  return [
    ...(height === null ? [] : [{ type: 'height', height } as const]),
    ...(troubleOf(app) ?? (isThere(app) ? [readyOf(app), stepOf(app)] : [])),
  ];
}

/** Tells the host what happens in the store. */
export function tellHost(host: Host): void {
  let shown = useApp.getState();
  useApp.subscribe((app) => {
    const before = shown;
    shown = app;
    const scene = isThere(app) && (!isThere(before) || app.script !== before.script);
    const moved = app.cursor !== before.cursor || isMoving(app) !== isMoving(before);
    if (app.engine.status !== before.engine.status)
      for (const event of troubleOf(app) ?? []) host.tell(event);
    if (scene) whenPainted(() => host.tell(readyOf(useApp.getState())));
    if (!isThere(app) || (!moved && !scene)) return;
    host.tell(stepOf(app));
    if (app.cursor !== before.cursor) for (const event of faultsOf(app)) host.tell(event);
  });
}

/** A scene has been run, and can be seen. */
const isThere = (app: AppState): boolean =>
  app.script !== '' && (app.engine.status === 'ready' || app.engine.status === 'busy');

const readyOf = ({ script, cursor }: AppState): EmbedEvent => ({
  type: 'ready',
  version: PROTOCOL_VERSION,
  title: sceneTitle(script),
  line: cursor,
  lines: linesOf(script).length,
});

const stepOf = (app: AppState): EmbedEvent => ({
  type: 'step',
  line: app.cursor,
  lines: linesOf(app.script).length,
  playing: isMoving(app),
  result: outcomeAt(app),
});

/** The DMAs that the hardware blocked at the line where time stands. */
function faultsOf({ lookups, cursor }: AppState): readonly EmbedEvent[] {
  return lookups
    .filter(({ line }) => line === cursor)
    .flatMap(({ deviceId, parts }) =>
      parts.flatMap(({ fault }) =>
        fault === null
          ? []
          : [{ type: 'fault', line: cursor, device: deviceId, name: fault.name, why: fault.why } as const],
      ),
    );
}

function troubleOf({ engine }: AppState): readonly EmbedEvent[] | null {
  return engine.status === 'crashed' && !engine.restarting ? [{ type: 'error', why: engine.why }] : null;
}

/** Frames are not painted while a frame is out of view: then a while later will do. */
function whenPainted(then: () => void): void {
  let done = false;
  const once = (): void => {
    if (!done) then();
    done = true;
  };
  requestAnimationFrame(() => requestAnimationFrame(once));
  setTimeout(once, PAINTED_MS);
}
