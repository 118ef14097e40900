import type { AccessObject, ProcessObject, WorldId, WorldObject } from '../engine/sim/world';
import { all, type Objects } from './object-words';
import { scriptName } from './script';
import type { Drop } from './types';

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
  if (ioas.id === access.ioasId) return { ...target, lines: [], why: 'It reaches this IOAS already.' };
  if (access.internal)
    return {
      ...target,
      lines: [],
      why: 'The kernel made this access for a HW queue and keeps it where it is.',
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
      return source.isBridge ? 'A bridge is not attached: the devices behind it are.' : null;
    case 'access':
      return null;
    case 'process':
      return lastBuffer(source) === null
        ? 'This process has no memory that the script has a name for: mmap makes some.'
        : null;
    case 'group':
      return 'A group is attached by its devices: connect one of those.';
    case 'hwpt':
      return 'A page table keeps its IOAS and its fault queue for life: devices are connected to it.';
    case 'ioas':
      return 'An IOAS is connected to: from a device, an access, or memory.';
    default:
      return 'Only a device, an access, or memory is connected to something.';
  }
}
