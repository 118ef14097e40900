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
import { byteSize, pageSize, count } from '../ui/numbers';
import { find, type Objects } from './layout/tree';

/** What a screen reader says of a node: what it is, then how it stands with its neighbours. */
export function accessibleName(objects: Objects, object: WorldObject): string {
  switch (object.type) {
    case 'device':
      return deviceName(objects, object);
    case 'group':
      return sentence([
        `Group ${object.number}`,
        ownerText(objects, object),
        count(object.deviceIds.length, 'device'),
        `default domain ${object.defaultType}`,
        object.mismatches.length > 0 && 'differs from the dump',
      ]);
    case 'iommu': {
      return sentence([
        `IOMMU ${object.title}`,
        !object.enabled && 'translation off',
        ...(object.vendor === 'generic'
          ? ['no caches', ...object.traits]
          : object.caches.map(
              ({ name, used, size, stale }) =>
                `${name} ${used} of ${size} entries${stale > 0 ? `, ${stale} stale` : ''}`,
            )),
        object.faults.length > 0 && count(object.faults.length, 'fault'),
      ]);
    }
    case 'hwpt':
      return sentence([
        `${hwptTitle(object)}, ${object.nested ? 'nested page table' : 'hardware page table'}`,
        object.auto ? 'automatic' : 'made by hand',
        object.nestParent && 'nest parent',
        object.pasid && 'for PASIDs',
        object.levels > 0 && count(object.levels, 'level'),
        ...object.leaves.map(
          (l) => `${count(l.count, 'leaf entry', 'leaf entries')} of ${pageSize(l.sizeLg2)}`,
        ),
        `serves ${count(object.deviceIds.length, 'device')}`,
        staleOf(objects, object) > 0 && `${staleOf(objects, object)} stale in the IOTLB`,
      ]);
    case 'ioas':
      return sentence([
        `${ioasTitle(object)}, I/O address space`,
        count(object.areas.length, 'area'),
        `${byteSize(mappedBytes(object))} mapped`,
        count(object.hwptIds.length, 'page table'),
      ]);
    case 'access':
      return sentence([
        titleOf(object),
        'reaches memory without an IOMMU',
        object.needsPins && 'holds pages pinned',
        object.ioasId === null && 'detached',
      ]);
    case 'fault':
      return sentence([
        titleOf(object),
        `${object.queued.length} to be read`,
        `${object.pending.length} to be answered`,
      ]);
    case 'viommu':
      return sentence([
        titleOf(object),
        typeWord(object.kind),
        count(object.vdeviceIds.length, 'device'),
        count(object.veventqIds.length + object.hwQueueIds.length, 'queue'),
      ]);
    case 'vdevice':
      return sentence([titleOf(object), `id ${hex(object.virtId)} in the guest`]);
    case 'veventq':
      return sentence([
        titleOf(object),
        `${object.queued} of ${count(object.depth, 'event')}`,
        object.lost && 'some were lost',
      ]);
    case 'hw-queue':
      return sentence([titleOf(object), `index ${object.index}`, byteSize(object.bytes)]);
    case 'process':
      return sentence([
        `Memory of ${object.title}`,
        count(object.buffers.length, 'buffer'),
        `${count(object.pinnedPages, 'page')} pinned`,
      ]);
    default:
      return titleOf(object);
  }
}

function deviceName(objects: Objects, device: DeviceObject): string {
  const group = find(objects, device.groupId, 'group');
  const serving = servedBy(objects, device);
  return sentence([
    `${device.isBridge ? kindName(device.kind) : 'Device'} ${device.bdf}${
      device.isBridge && device.label === null ? '' : ` ${deviceTitle(device)}`
    }`,
    group ? `in group ${group.number}` : (device.ungrouped ?? 'in no group'),
    device.isBridge ? acsText(device) : device.driver ? `driver ${device.driver.name}` : 'no driver',
    serving.kind === 'attached' && `attached to ${hwptTitle(serving.hwpt)}`,
    serving.kind === 'follows' && `follows its group to ${hwptTitle(serving.hwpt)}`,
    device.deviceTlb.length > 0 && deviceTlbName(device),
  ]);
}

function deviceTlbName({ deviceTlb }: DeviceObject): string {
  const stale = deviceTlb.filter((entry) => entry.stale).length;
  return `device TLB with ${count(deviceTlb.length, 'entry', 'entries')}${stale > 0 ? `, ${stale} stale` : ''}`;
}

const sentence = (parts: readonly (string | false | null)[]): string => parts.filter(Boolean).join(', ');

/** What is said of a place where an edge may be dropped. */
export function describeTarget(objects: Objects, target: Target): string {
  const object = objects[target.targetId];
  const title = object ? titleOf(object) : target.targetId;
  if (target.ok) return `${title}: ${target.action} allowed`;
  const culprit = target.culprit === null ? undefined : objects[target.culprit];
  const reason = [target.errno, target.why].filter(Boolean).join(', ');
  return `${title}: refused, ${reason}${culprit ? ` (${titleOf(culprit)})` : ''}`;
}

export const nameOf = (objects: Objects, id: WorldId): string => {
  const object = objects[id];
  return object ? accessibleName(objects, object) : id;
};
