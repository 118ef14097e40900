import type { DeviceObject, WorldId, WorldObject } from '../../engine/sim/world';
import { find, titleOf, type Objects } from '../object-words';
import { driverLine, isVfio, scriptName, shortBdf } from '../script';
import * as says from '../../words/store/edit';

export interface Deletion {
  readonly lines: readonly string[];
  /** What cannot be taken away, and why. */
  readonly left: readonly string[];
}

/** What goes first: users before what they use. */
const ORDER: readonly (WorldObject['type'] | 'nested')[] = [
  'traffic',
  'device',
  'access',
  'hw-queue',
  'veventq',
  'vdevice',
  'nested',
  'viommu',
  'hwpt',
  'fault',
  'ioas',
  'process',
  'context',
];

/** Lines that take these objects away, users before what they use. A device is let go one step: attached, bound, there. */
export function deleteLines(objects: Objects, ids: readonly WorldId[]): Deletion {
  const left: string[] = [];
  const all = ids.flatMap((id) => objects[id] ?? []).toSorted((a, b) => rank(a) - rank(b));
  const lines = all.flatMap((object) => {
    const found = deletion(objects, object, new Set(ids));
    if (typeof found !== 'string') return found;
    left.push(found);
    return [];
  });
  return { lines: [...new Set(lines)], left };
}

const rank = (object: WorldObject): number => {
  const stage =
    object.type === 'hwpt' && object.nested ? 'nested' : object.type === 'idev' ? 'device' : object.type;
  const index = ORDER.indexOf(stage);
  return index < 0 ? ORDER.length : index;
};

function deletion(
  objects: Objects,
  object: WorldObject,
  together: ReadonlySet<WorldId>,
): readonly string[] | string {
  switch (object.type) {
    case 'device':
      return release(objects, object);
    case 'idev': {
      const device = find(objects, object.deviceId, 'device');
      return device === null ? [] : release(objects, device);
    }
    case 'fault':
    case 'veventq':
      // Its open descriptor holds it.
      return [...(object.open ? [`close ${scriptName(object)}`] : []), `DESTROY ${scriptName(object)}`];
    case 'ioas':
    case 'viommu':
    case 'vdevice':
    case 'hw-queue':
      return [`DESTROY ${scriptName(object)}`];
    case 'hwpt':
      // It goes with the last device that leaves it.
      if (object.auto && object.deviceIds.length > 0)
        return object.deviceIds.every((id) => together.has(id))
          ? []
          : says.wasMadeByAnAttach(titleOf(object));
      return [`DESTROY ${scriptName(object)}`];
    case 'access':
      return object.internal
        ? says.isTheKernelsOwn(titleOf(object))
        : [`access_destroy ${scriptName(object)}`];
    case 'context':
      return [`close ${scriptName(object)}`];
    case 'process': {
      const named = object.buffers.flatMap(({ name }) => (name === null ? [] : [`munmap ${name}`]));
      return named.length > 0 ? named : says.hasNoMemoryThatTheScript(object.title);
    }
    case 'group':
      return says.goesWithItsLastDevice(titleOf(object));
    case 'iommu':
      return says.isPartOfTheMachine(titleOf(object));
    case 'traffic':
      return [`stop ${scriptName(object)}`];
    case 'task':
      return [`finish ${scriptName(object)}`];
    default:
      return says.cannotBeTakenAway(titleOf(object));
  }
}

function release(objects: Objects, device: DeviceObject): readonly string[] {
  const idev = find(objects, device.idevId, 'idev');
  if (idev !== null && idev.hwptId !== null) return [`DETACH ${scriptName(idev)}`];
  if (idev !== null) return [`UNBIND ${scriptName(idev)}`];
  if (device.driver !== null && isVfio(device.driver.name)) return [driverLine(device, 'none')];
  return [`remove ${shortBdf(device.bdf)}`];
}
