import type { WorldId, WorldObject } from '../../engine/sim/world';
import type { Objects } from '../layout/tree';

/** Words of a line: `dev` and `ioas` of `hwpt = ATTACH dev ioas`, `01:00.0` of `dma 01:00.0 read …`. */
const WORDS = /[^\s=,]+/g;

/**
 * The objects that a line has to do with, in the order of a look: what it acts on, last what it made. `cardOf` gives the card on
 * which an object is drawn; what has none is left out.
 */
export function actingIn(
  text: string,
  objects: Objects,
  cardOf: (id: WorldId) => WorldId | null,
): readonly WorldId[] {
  const code = text.replace(/"[^"]*"/g, '').replace(/[#!].*$/, '');
  const named = /^\s*([A-Za-z_]\w*)\s*=[^=]/.exec(code)?.[1] ?? null;
  const words = [...code.matchAll(WORDS)].map(([word]) => word).filter((word) => word !== named);
  if (named !== null) words.push(named);
  const ids: WorldId[] = [];
  for (const word of words)
    for (const id of byWord(objects).get(word) ?? []) {
      const card = cardOf(id);
      if (card !== null && !ids.includes(card)) ids.push(card);
    }
  return ids;
}

let known: { readonly objects: Objects; readonly words: ReadonlyMap<string, readonly WorldId[]> } | null =
  null;

/** What each word names: found once for a world. */
function byWord(objects: Objects): ReadonlyMap<string, readonly WorldId[]> {
  if (known?.objects === objects) return known.words;
  const words = new Map<string, WorldId[]>();
  const add = (word: string | null, id: WorldId): void => {
    if (word === null || word === '') return;
    const same = words.get(word);
    if (same === undefined) words.set(word, [id]);
    else same.push(id);
  };
  for (const object of Object.values(objects)) for (const word of wordsFor(object)) add(word, object.id);
  known = { objects, words };
  return words;
}

function wordsFor(object: WorldObject): readonly (string | null)[] {
  switch (object.type) {
    case 'device':
      return [object.bdf, object.bdf.replace(/^0000:/, '')];
    case 'process':
      return [object.id.replace(/^mm:/, ''), ...object.buffers.map(({ name }) => name)];
    default:
      return [object.name];
  }
}

/** Bound devices and the like are shown on other cards. */
export const cardOfObject =
  (objects: Objects, rects: ReadonlyMap<WorldId, unknown>) =>
  (id: WorldId): WorldId | null => {
    if (rects.has(id)) return id;
    const object = objects[id];
    return object !== undefined &&
      'deviceId' in object &&
      typeof object.deviceId === 'string' &&
      rects.has(object.deviceId)
      ? object.deviceId
      : null;
  };
