import type { Lookup } from '../../engine/sim/batch';
import type { WorldId } from '../../engine/sim/world';
import { find, type Objects } from '../layout/tree';
import { beatsOf } from './beats';

/** The cards that a look-up has to do with, from the device to memory. */
export const cardsOnTheWay = (lookup: Lookup, objects: Objects): readonly WorldId[] => {
  const { deviceId, iommuId, hwptId, ioasId, processId } = lookup;
  const parentId = find(objects, hwptId, 'hwpt')?.parentId ?? null;
  return [deviceId, iommuId, hwptId, parentId, ioasId, processId].filter((id) => id !== null);
};

/** The card where a look-up stands after `step` steps: a camera that cannot show all of the way follows it. */
export function cardAt(lookup: Lookup, objects: Objects, step: number): WorldId {
  const { deviceId, iommuId, hwptId, ioasId, processId } = lookup;
  const beat = beatsOf(lookup)[step - 1];
  if (beat === undefined) return deviceId;
  if (beat.end === 'memory') return processId ?? ioasId ?? hwptId ?? iommuId ?? deviceId;
  const unit = iommuId ?? deviceId;
  switch (beat.stop?.kind) {
    case 'device':
      return deviceId;
    case 'level': {
      const parentId = beat.stop.stage === 2 ? find(objects, hwptId, 'hwpt')?.parentId : null;
      return parentId ?? hwptId ?? unit;
    }
    default:
      return unit;
  }
}
