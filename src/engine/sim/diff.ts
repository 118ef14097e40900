import { sameData } from '../../lib/same-data';
import type { WorldId, WorldObject } from './world';

export type World = ReadonlyMap<WorldId, WorldObject>;

/** What must be set and removed to turn `before` into `after`. */
export function diffWorlds(
  before: World,
  after: World,
): { readonly set: readonly WorldObject[]; readonly removed: readonly WorldId[] } {
  const set: WorldObject[] = [];
  for (const [id, object] of after) {
    const old = before.get(id);
    if (old === undefined || !sameData(old, object)) set.push(object);
  }
  const removed = [...before.keys()].filter((id) => !after.has(id));
  return { set, removed };
}
