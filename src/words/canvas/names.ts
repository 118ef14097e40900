import { counted } from '../counted';

/** Each object in one sentence, for who hears the canvas. */

export const nothingSelected = 'Nothing selected';
export const selected = (count: number): string => `${counted(count, 'object')} selected`;

export const group = (number: number): string => `Group ${number}`;
export const devices = (n: number): string => counted(n, 'device');
export const defaultDomain = (defaultType: string): string => `default domain ${defaultType}`;
export const differsFromTheDump = 'differs from the dump';
export const translationOff = 'translation off';
export const noCaches = 'no caches';
export const ofEntries = (name: string, used: number, size: number, stale: number): string =>
  stale > 0 ? `${name} ${used} of ${size} entries, ${stale} stale` : `${name} ${used} of ${size} entries`;
export const faults = (n: number): string => counted(n, 'fault');
export const nestedPageTable = 'nested page table';
export const hardwarePageTable = 'hardware page table';
export const automatic = 'automatic';
export const madeByHand = 'made by hand';
export const nestParent = 'nest parent';
export const forPASIDs = 'for PASIDs';
export const levels = (n: number): string => counted(n, 'level');
export const ofIt = (count: number, size: string): string =>
  `${counted(count, 'leaf entry', 'leaf entries')} of ${size}`;
export const serves = (count: number): string => `serves ${counted(count, 'device')}`;
export const staleInTheIotlb = (staleOf: number): string => `${staleOf} stale in the IOTLB`;
export const iOAddressSpace = (ioas: string): string => `${ioas}, I/O address space`;
export const areas = (n: number): string => counted(n, 'area');
export const mapped = (size: string): string => `${size} mapped`;
export const pageTables = (n: number): string => counted(n, 'page table');
export const reachesMemoryWithoutAnIommu = 'reaches memory without an IOMMU';
export const holdsPagesPinned = 'holds pages pinned';
export const toBeRead = (count: number): string => `${count} to be read`;
export const toBeAnswered = (count: number): string => `${count} to be answered`;
export const queues = (n: number): string => counted(n, 'queue');
export const idInTheGuest = (address: string): string => `id ${address} in the guest`;
export const eventsOf = (queued: number, depth: number): string => `${queued} of ${counted(depth, 'event')}`;
export const someWereLost = 'some were lost';
export const index = (index: number): string => `index ${index}`;
export const memoryOf = (title: string): string => `Memory of ${title}`;
export const buffers = (n: number): string => counted(n, 'buffer');
export const pinned = (pinnedPages: number): string => `${counted(pinnedPages, 'page')} pinned`;
export const device = 'Device';
export const inGroup = (number: number): string => `in group ${number}`;
export const inNoGroup = 'in no group';
export const driver = (name: string): string => `driver ${name}`;
export const noDriver = 'no driver';
export const attachedTo = (hwpt: string): string => `attached to ${hwpt}`;
export const followsItsGroupTo = (hwpt: string): string => `follows its group to ${hwpt}`;
export function deviceTlbWith(count: number, stale: number): string {
  const all = `device TLB with ${counted(count, 'entry', 'entries')}`;
  return stale > 0 ? `${all}, ${stale} stale` : all;
}
export const allowed = (title: string, action: string): string => `${title}: ${action} allowed`;
