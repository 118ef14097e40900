import { withoutPlaces, withPlace } from '../scenario/edit';
import type { Context } from './context';
import type { EngineLink } from './engine-actions';
import { commit } from './history';
import { carried } from './knowledge';
import { joinLines, linesOf, scriptName } from './script';
import type { Actions } from './types';
import * as says from '../words/store/engine';

type PlaceActions = Pick<Actions, 'place' | 'placeAll' | 'unplace'>;

/**
 * Where things stand: `place` lines, which change nothing of the machine. They are written into the lines that have run,
 * so that they hold at once; what the script has after the cursor stays.
 */
export function placeActions({ get, set, serial }: Context, link: EngineLink): PlaceActions {
  /** What the last such gesture moved, and the script that it left: moving the same again is the same gesture. */
  let last: { readonly key: string; readonly script: string } | null = null;

  async function rewrite(key: string | null, change: (run: string) => string): Promise<void> {
    const before = get();
    const all = linesOf(before.script);
    const head = linesOf(change(joinLines(all.slice(0, before.cursor))));
    const rest = all.slice(before.cursor);
    const script = joinLines([...head, ...rest]);
    if (script === before.script) return;
    const end = head.length;
    const ended = await link.run({
      script,
      cursor: end,
      what: says.placing,
      stage: 'keep',
      shows: 'whole',
      ...carried({ known: before.known, seen: before.seen }, before.script, script, end),
    });
    if (ended?.complete !== true) return;
    const again = key !== null && last?.key === key && last.script === before.script;
    set((now) => ({ ...commit(now, script, again), refusal: null }));
    last = key === null ? null : { key, script };
  }

  const placeAll: PlaceActions['placeAll'] = (places) =>
    serial(async () => {
      const { objects } = get();
      const known = places.filter(({ id }) => id in objects);
      if (known.length === 0) return;
      await rewrite(known.map(({ id }) => id).join(' '), (run) =>
        known.reduce((text, { id, x, y }) => {
          const object = objects[id];
          return object === undefined ? text : withPlace(text, scriptName(object), x, y);
        }, run),
      );
    });

  return {
    placeAll,
    place: (id, x, y) => placeAll([{ id, x, y }]),
    unplace: (ids) =>
      serial(async () => {
        const { objects } = get();
        const keys = ids?.flatMap((id) => {
          const object = objects[id];
          return object === undefined ? [id] : [id, scriptName(object)];
        });
        await rewrite(null, (run) => withoutPlaces(run, keys ?? null));
      }),
  };
}
