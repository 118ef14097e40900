import { counted } from '../counted';

/** What all three panels of hardware say. */
export const UNITS = {
  noIommu: 'This machine has no IOMMU.',
  noVendor: (iommu: string) =>
    `${iommu} is of no vendor: it has no registers, no queues and no caches, and walks its tables at every access.`,
  choose: 'The {machine} line chooses one: {vtd}, {amd}, {smmuv3} or {riscv}.',
  openEditor: 'Open the editor',
} as const;

/** What an IOMMU remembers. */
export const CACHES = {
  find: 'Find a tag or an address',
  staleOnly: 'stale only',
  stale: 'stale',
  staleEntries: (n: number) =>
    n === 1
      ? '1 entry is {stale}: the hardware still uses what the tables no longer say, until it is told to drop it.'
      : `${n} entries are {stale}: the hardware still uses what the tables no longer say, until it is told to drop it.`,
  allEmpty: 'All empty. Fire a DMA: what the hardware reads on its way stays here until it is invalidated.',
  absent: (caches: readonly string[]) => `This unit has no ${caches.join(', no ')}.`,
  staleCount: (n: number) => `${n} stale`,
  shapeTip: (sets: number, ways: number) => `${sets} sets of ${ways}`,
  shownOf: (shown: number, all: number) => `${shown} of ${all}`,
  shape: (sets: number, ways: number) => `in ${sets} × ${ways}`,
  empty: 'Empty.',
  more: (n: number, all: number) => `${n} more of ${all}`,
  place: (set: number, way: number) => `set ${set}, way ${way}`,
  map: (used: number, places: number, cache: string) => `${used} of ${places} places of the ${cache} in use`,
  deviceTlb: (device: string) => `Device TLB of ${device}`,
  gives: (pa: string, read: boolean, write: boolean) =>
    read && write
      ? `PA ${pa}, read and write`
      : read
        ? `PA ${pa}, read`
        : write
          ? `PA ${pa}, write`
          : `PA ${pa}, nothing`,
} as const;

/** Registers. */
export const REGISTERS = {
  find: 'Find a register or field',
  none: 'No register of this unit, and no field, is called that.',
  title: 'Registers',
  readOnly: 'Read-only.',
} as const;

/** The rings that a unit shares with its driver. */
export const QUEUES = {
  empty: {
    commands: 'The driver has asked for nothing yet.',
    events: 'Nothing to report: no DMA was refused.',
    'page-requests': 'No device has asked for a page.',
  },
  switchedOff: 'Switched off: the driver has not set it up.',
  off: 'off',
  stopped: 'stopped',
  headTail: 'head, tail',
  allDone: 'all done',
  allRead: 'all read',
  waiting: (n: number) => `${n} waiting`,
  ringAt: 'ring at',
  size: (entries: number, bytes: number) => `${counted(entries, 'entry', 'entries')} of ${bytes} bytes`,
  stoppedHead: 'Stopped.',
  entriesOf: (queue: string) => `Entries of the ${queue}`,
  waits: 'waits',
  unread: 'unread',
  at: 'at {address}',
  faultLog: 'Fault log',
  noFault: 'No DMA was refused so far.',
  ring: (queue: string, waiting: number, size: number) => `${queue}: ${waiting} of ${size} entries wait`,
} as const;
