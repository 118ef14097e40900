import type { AccessObject, ProcessObject, WorldId, WorldObject } from '../engine/sim/world';
import { all, type Objects } from './object-words';
import { scriptName } from './script';
import type { Drop } from './types';
import * as says from '../words/store/connect';

/** Where a wire from something that is no device may end, and the line that each end would be. */
export function dropsFrom(
  objects: Objects,
  source: WorldObject | undefined,
  part: string | null,
): readonly Drop[] {
  if (source?.type === 'access') return all(objects, 'ioas').map((ioas) => reach(source, ioas));
  const buffer = source?.type === 'process' ? (part ?? lastBuffer(source)) : null;
  if (buffer === null) return [];
  return all(objects, 'ioas').map((ioas) => ({
    targetId: ioas.id,
    action: 'map' as const,
    lines: [`IOAS_MAP ${scriptName(ioas)} ${buffer} rw`],
    why: null,
  }));
}

function reach(access: AccessObject, ioas: WorldObject): Drop {
  const target = { targetId: ioas.id, action: 'replace' as const };
  if (ioas.id === access.ioasId) return { ...target, lines: [], why: says.itReachesThisIoasAlready };
  if (access.internal)
    return {
      ...target,
      lines: [],
      why: says.theKernelMadeThisAccess,
    };
  return { ...target, lines: [`access_replace ${scriptName(access)} ${scriptName(ioas)}`], why: null };
}

/** What was made last is what a person means. */
export const lastBuffer = (process: ProcessObject): string | null =>
  process.buffers.findLast(({ name }) => name !== null)?.name ?? null;

/** Why nothing can be connected from there; null: something can. */
export function whyNotFrom(objects: Objects, id: WorldId): string | null {
  const source = objects[id];
  switch (source?.type) {
    case 'device':
      return source.isBridge ? says.aBridgeIsNotAttached : null;
    case 'access':
      return null;
    case 'process':
      return lastBuffer(source) === null ? says.thisProcessHasNoMemory : null;
    case 'group':
      return says.aGroupIsAttached;
    case 'hwpt':
      return says.aPageTableKeepsItsIoas;
    case 'ioas':
      return says.anIoasIsConnected;
    default:
      return says.onlyADeviceAnAccess;
  }
}
