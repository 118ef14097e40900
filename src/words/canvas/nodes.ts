import { counted } from '../counted';

/** What stands on the cards, and what their marks mean. */

export const hwQueues = 'HW queue’s';
export const noIommu = 'no IOMMU';
export const holdsPagesPinned = 'holds pages pinned';
export const readsAndWrites = 'reads and writes';
export const dragToAnotherIoas = 'Drag to another IOAS';
export const thatNobodyHasRead = (count: number): string =>
  `${counted(count, 'page fault')} that nobody has read`;
export const toRead = (count: number): string => `${count} to read`;
export const readButNotAnswered = (count: number): string =>
  `${counted(count, 'page fault')} read, but not answered`;
export const toAnswer = (count: number): string => `${count} to answer`;
export const noFaultWaits = 'no fault waits';
export const closed = 'closed';

export const driver = (name: string, managed: boolean): string =>
  managed
    ? `driver ${name}, manages its DMA itself (driver_managed_dma)`
    : `driver ${name}, uses the DMA API`;
export const pasid = (pasid: number): string => `PASID ${pasid}`;
export const pasids = (count: number): string => `${count} PASIDs`;
/** Address translation cache: what the PCIe documents call a device's own TLB. */
export const atc = (entries: number): string => `ATC ${entries}`;
export const atcStale = (stale: number): string => `ATC ${stale} stale`;
export const noDriver = 'no driver';
export const noGroup = 'no group';
export const dragToAnIoasOrHwpt = 'Drag to an IOAS or HWPT to attach';
export const attachedTo = (hwpt: string): string => `attached to ${hwpt}`;
export const itsGroupIsAttached = (hwpt: string): string =>
  `its group is attached to ${hwpt}: it goes with it`;
export const theIommuLetsNone = 'the IOMMU lets none of its DMA through';
export const blocked = 'blocked';
export const defaultDomainOfItsGroup = (domain: string): string => `default domain of its group: ${domain}`;
export const attachedByPasid = (list: string): string => `attached by PASID: ${list}`;
export const itsDeviceTlbHoldsAts = (count: number): string =>
  `its device TLB holds ${counted(count, 'translation')} (ATS)`;
export const stale = (held: string, stale: number): string => `${held}, ${stale} stale`;
export const acsCapability = (what: string, acs: string): string => `ACS capability: ${what}, ${acs}`;

export const devices = (n: number): string => counted(n, 'device');
export const groupDmaOwner = (number: number, owner: string, devices: number): string =>
  devices > 1
    ? `Group ${number}, DMA owner: ${owner} · ${counted(devices, 'device')}`
    : `Group ${number}, DMA owner: ${owner}`;
export const group = (number: number): string => `Group ${number}`;
export const dump = '≠ dump';
export const oneOfItsDevicesIsBeing = 'one of its devices is being reset: nobody may move the group';
export const reset = 'reset';
export const defaultDomain = (label: string, type: string, defaultType: string): string =>
  `${label}, ${type}; default domain ${defaultType}`;

export const nestParent = 'nest parent';
export const forPasid = 'PASID';
export const auto = 'auto';
export const manual = 'manual';
export const nested = 'nested';
export const nestedPasid = 'nested · PASID';
export const dirtyTracking = 'dirty tracking';
export const aTableOfTheDriversOwn = 'driver’s own table';
export const translations = (n: number): string => counted(n, 'translation');
export const theIotlbStillHolds = (what: string, tag: string): string =>
  `the IOTLB still holds ${what} of it (${tag}) that its tables contradict by now`;
export const staleCount = (stale: number): string => `${stale} stale`;
export const users = (n: number): string => counted(n, 'user');
export const notAttached = (held: string): string => `${held}, not attached`;
export const aTableOfTheGuests = 'a table of the guest’s';
export const armStage = (part: string, name: string): string => `Arm stage ${part}, ${name}`;
export const secondStage = 'Second stage';
export const amdV1 = 'AMD v1';
export const leafEntriesOf = (count: number, size: string): string => `${count} leaf entries of ${size}`;
export const levelNoLeafEntry = (levelNumber: number): string => `level ${levelNumber}, no leaf entry`;

export const areas = (n: number): string => counted(n, 'area');
export const nothingMapped = 'nothing mapped';
export const mapped = (size: string): string => `${size} mapped`;
export const pinned = (pinned: number): string => `${pinned} pinned`;
export const align = (size: string): string => `align ${size}`;
export const reserved = (count: number): string => `${count} reserved`;
/** What a line reached of an IOAS: `most` is the range with most of it. */
export function heat(line: number, accesses: number, most: string | null, blocked: number): string {
  const all = `line ${line}: ${counted(accesses, 'access', 'accesses')}`;
  const where = most === null ? all : `${all}, most at ${most}`;
  return blocked > 0 ? `${where}; ${counted(blocked, 'was', 'were')} blocked` : where;
}

export const translationOff = 'translation off';
export const noCaches = 'no caches';
export const iotlb = 'IOTLB';
export const none = 'none';
export const cacheUse = (name: string, used: number, size: number, stale: number): string =>
  stale > 0 ? `${name}: ${used} of ${size}, ${stale} stale` : `${name}: ${used} of ${size}`;
/** After their number. */
export const faultsNoun = (count: number): string => (count === 1 ? 'fault' : 'faults');
export const context = 'Context';

export const nothingPinned = 'nothing pinned';
export const pinsPages = (pages: number): string => `pins ${counted(pages, 'page')}`;
export const atPhysical = (name: string, address: string, address2: string): string =>
  `${name}, ${address} at physical ${address2}`;
export const dragToAnIoasToMapIt = 'Drag to an IOAS to map it';
export const moreBuffers = (count: number): string => `${count} more buffers`;
export const noBuffers = 'no buffers';

export const sliceOfAnIommu = 'slice of an IOMMU';
export const sliceOf = (unit: string): string => `slice of ${unit}`;
export const theGuestsIs = (address: string, bdf: string): string => `the guest’s ${address} is ${bdf}`;
export const is = (bdf: string): string => `is ${bdf}`;
export const unbound = 'unbound';
export const events = 'events';
export const eventsOf = (kind: string): string => `events: ${kind}`;
export const moreCameThanTheQueueHolds = 'more came than the queue holds';
export const lost = 'lost';
export const hwQueue = (index: number): string => `HW queue ${index}`;
