import type { DeviceObject, GroupObject, HwptObject, IoasObject, WorldObject } from '../engine/sim/world';
import { firmAndName, kindName, ownerWord } from '../store/object-words';
import { find, type Objects } from './layout/tree';
import * as says from '../words/canvas/canvas';

/** `512`, `1.0k`, `262k`: four letters at most, for cells of the ladder are narrow; their tips have all digits. */
export const formatCount = (count: number): string => {
  if (count < 1000) return String(count);
  const [value, unit] = count < 999_500 ? [count / 1000, 'k'] : [count / 1_000_000, 'M'];
  return `${value.toFixed(value < 9.95 ? 1 : 0)}${unit}`;
};

/** Translations of an HWPT in the IOTLBs of all units that cache it, that say something else than its tables by now. */
export function staleOf(objects: Objects, { iommuId, tag, alsoOn = [] }: HwptObject): number {
  return [{ iommuId, tag }, ...alsoOn].reduce((sum, on) => {
    const unit = on.tag === null ? null : find(objects, on.iommuId, 'iommu');
    return sum + ((on.tag !== null && unit?.staleBy?.[on.tag]) || 0);
  }, 0);
}

/** Domain 0000 goes without saying. */
export const shortBdf = (bdf: string): string => (bdf.startsWith('0000:') ? bdf.slice(5) : bdf);

/** The firm, as far as pci.ids marks where its name ends, and the device itself. */
export const firmAndDevice = (device: DeviceObject): { readonly firm: string; readonly name: string } =>
  firmAndName(deviceTitle(device));

export const deviceTitle = (device: DeviceObject): string =>
  device.label ?? (device.isBridge ? kindName(device.kind) : device.className || kindName(device.kind));

/** The second line of a device: what the first has not said. One of the kernel's self-tests is on no PCI bus. */
export const deviceDetail = (device: DeviceObject): string =>
  device.platform
    ? streamWords(device.platform.streams)
    : !device.bdf.includes(':')
      ? says.onNoBus
      : device.label === null
        ? kindName(device.kind)
        : device.className || kindName(device.kind);

/** What the IOMMU knows it by. */
const streamWords = (streams: readonly number[]): string =>
  streams.length === 0
    ? says.onNoPciBus
    : says.stream(streams.map((id) => `0x${id.toString(16)}`).join(', '));

/** ACS as a bridge's row shows it. */
export const acsText = (device: DeviceObject): string =>
  device.acs === null
    ? says.noAcs
    : device.acs.ctrl.length === 0
      ? says.acsOff
      : `ACS ${device.acs.ctrl.join(' ')}`;

export const hwptTitle = (hwpt: HwptObject): string => `HWPT ${hwpt.objectId}`;
export const ioasTitle = (ioas: IoasObject): string => `IOAS ${ioas.objectId}`;

export const mappedBytes = (ioas: IoasObject): bigint =>
  ioas.areas.reduce((sum, area) => sum + (area.last - area.iova + 1n), 0n);

/** Who may program the group's DMA. */
export function ownerText(objects: Objects, group: GroupObject): string {
  if (group.ownerId === null) return group.ownerCount > 0 ? says.kernelDma : says.noOwner;
  const context = find(objects, group.ownerId, 'context');
  if (context) return says.iommufd(context.number);
  return ownerWord(group.ownerId);
}

/** Where the group's DMA goes now, in a word or two. */
export function domainText(objects: Objects, group: GroupObject): string {
  const hwpt = find(objects, group.hwptId, 'hwpt');
  return hwpt ? hwptTitle(hwpt) : group.domain.type;
}

export type Serving =
  { readonly kind: 'attached' | 'follows'; readonly hwpt: HwptObject } | { readonly kind: 'default' };

/** How a device gets its translation: by its own attach, by its group's, or from the group's default domain. */
export function servedBy(objects: Objects, device: DeviceObject): Serving {
  const hwpt = find(objects, device.hwptId ?? find(objects, device.groupId, 'group')?.hwptId, 'hwpt');
  if (!hwpt) return { kind: 'default' };
  const idev = find(objects, device.idevId, 'idev');
  return { kind: idev?.hwptId != null ? 'attached' : 'follows', hwpt };
}

/** `IOMMU_VIOMMU_TYPE_ARM_SMMUV3` → `arm smmuv3` */
export const typeWord = (kind: string): string =>
  kind
    .replace(/^IOMMU_\w+?_TYPE_/, '')
    .replaceAll('_', ' ')
    .toLowerCase();

/** What stands before the id of an object that is one of its context's. */
const SMALL_TITLE = {
  access: says.access,
  fault: says.faultQueue,
  viommu: 'vIOMMU',
  vdevice: 'vDEVICE',
  veventq: 'vEVENTQ',
  'hw-queue': says.hwQueue,
} as const;

/** What a person would call it. */
export function titleOf(object: WorldObject): string {
  switch (object.type) {
    case 'device':
      return `${deviceTitle(object)} ${shortBdf(object.bdf)}`;
    case 'group':
      return says.group(object.number);
    case 'iommu':
    case 'process':
      return object.title;
    case 'hwpt':
      return hwptTitle(object);
    case 'ioas':
      return ioasTitle(object);
    case 'context':
      return says.iommufd(object.number);
    case 'idev':
      return says.deviceObject(object.objectId);
    case 'selftest':
      return object.title;
    case 'task':
      return object.name ?? says.line(object.line);
    case 'traffic':
      return object.name ?? says.traffic;
    default:
      return `${SMALL_TITLE[object.type]} ${object.objectId}`;
  }
}
