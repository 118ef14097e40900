import type { DeviceObject, WorldId, WorldObject } from '../engine/sim/world';
import type { Target } from '../worker/api';
import {
  acsText,
  deviceTitle,
  hwptTitle,
  ioasTitle,
  mappedBytes,
  ownerText,
  servedBy,
  staleOf,
  titleOf,
  typeWord,
} from './format';
import { hex } from '../lib/u64';
import { kindName } from '../store/object-words';
import { byteSize, pageSize } from '../ui/numbers';
import { find, type Objects } from './layout/tree';
import * as says from '../words/canvas/names';

/** What a screen reader says of a node: what it is, then how it stands with its neighbours. */
export function accessibleName(objects: Objects, object: WorldObject): string {
  switch (object.type) {
    case 'device':
      return deviceName(objects, object);
    case 'group':
      return sentence([
        says.group(object.number),
        ownerText(objects, object),
        says.devices(object.deviceIds.length),
        says.defaultDomain(object.defaultType),
        object.mismatches.length > 0 && says.differsFromTheDump,
      ]);
    case 'iommu': {
      return sentence([
        `IOMMU ${object.title}`,
        !object.enabled && says.translationOff,
        ...(object.vendor === 'generic'
          ? [says.noCaches, ...object.traits]
          : object.caches.map(({ name, used, size, stale }) => says.ofEntries(name, used, size, stale))),
        object.faults.length > 0 && says.faults(object.faults.length),
      ]);
    }
    case 'hwpt':
      return sentence([
        `${hwptTitle(object)}, ${object.nested ? says.nestedPageTable : says.hardwarePageTable}`,
        object.auto ? says.automatic : says.madeByHand,
        object.nestParent && says.nestParent,
        object.pasid && says.forPASIDs,
        object.levels > 0 && says.levels(object.levels),
        ...object.leaves.map((l) => says.ofIt(l.count, pageSize(l.sizeLg2))),
        says.serves(object.deviceIds.length),
        staleOf(objects, object) > 0 && says.staleInTheIotlb(staleOf(objects, object)),
      ]);
    case 'ioas':
      return sentence([
        says.iOAddressSpace(ioasTitle(object)),
        says.areas(object.areas.length),
        says.mapped(byteSize(mappedBytes(object))),
        says.pageTables(object.hwptIds.length),
      ]);
    case 'access':
      return sentence([
        titleOf(object),
        says.reachesMemoryWithoutAnIommu,
        object.needsPins && says.holdsPagesPinned,
        object.ioasId === null && 'detached',
      ]);
    case 'fault':
      return sentence([
        titleOf(object),
        says.toBeRead(object.queued.length),
        says.toBeAnswered(object.pending.length),
      ]);
    case 'viommu':
      return sentence([
        titleOf(object),
        typeWord(object.kind),
        says.devices(object.vdeviceIds.length),
        says.queues(object.veventqIds.length + object.hwQueueIds.length),
      ]);
    case 'vdevice':
      return sentence([titleOf(object), says.idInTheGuest(hex(object.virtId))]);
    case 'veventq':
      return sentence([
        titleOf(object),
        says.eventsOf(object.queued, object.depth),
        object.lost && says.someWereLost,
      ]);
    case 'hw-queue':
      return sentence([titleOf(object), says.index(object.index), byteSize(object.bytes)]);
    case 'process':
      return sentence([
        says.memoryOf(object.title),
        says.buffers(object.buffers.length),
        says.pinned(object.pinnedPages),
      ]);
    default:
      return titleOf(object);
  }
}

function deviceName(objects: Objects, device: DeviceObject): string {
  const group = find(objects, device.groupId, 'group');
  const serving = servedBy(objects, device);
  return sentence([
    `${device.isBridge ? kindName(device.kind) : says.device} ${device.bdf}${
      device.isBridge && device.label === null ? '' : ` ${deviceTitle(device)}`
    }`,
    group ? says.inGroup(group.number) : (device.ungrouped ?? says.inNoGroup),
    device.isBridge ? acsText(device) : device.driver ? says.driver(device.driver.name) : says.noDriver,
    serving.kind === 'attached' && says.attachedTo(hwptTitle(serving.hwpt)),
    serving.kind === 'follows' && says.followsItsGroupTo(hwptTitle(serving.hwpt)),
    device.deviceTlb.length > 0 && deviceTlbName(device),
  ]);
}

function deviceTlbName({ deviceTlb }: DeviceObject): string {
  const stale = deviceTlb.filter((entry) => entry.stale).length;
  return says.deviceTlbWith(deviceTlb.length, stale);
}

const sentence = (parts: readonly (string | false | null)[]): string => parts.filter(Boolean).join(', ');

/** What is said of a place where an edge may be dropped. */
export function describeTarget(objects: Objects, target: Target): string {
  const object = objects[target.targetId];
  const title = object ? titleOf(object) : target.targetId;
  if (target.ok) return says.allowed(title, target.action);
  const culprit = target.culprit === null ? undefined : objects[target.culprit];
  const reason = [target.errno, target.why].filter(Boolean).join(', ');
  return `${title}: refused, ${reason}${culprit ? ` (${titleOf(culprit)})` : ''}`;
}

export const nameOf = (objects: Objects, id: WorldId): string => {
  const object = objects[id];
  return object ? accessibleName(objects, object) : id;
};
