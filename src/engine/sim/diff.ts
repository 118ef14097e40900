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

/** Deep equality of plain data: objects, arrays, bytes, and primitives with bigint. */
export function sameData(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) =>
    sameData((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
  );
}
