import { counted } from '../../counted';
import { SHARED } from '../shared';

/** The list of groups, and what all four panels about groups say. */
export const GROUPS = {
  title: 'Groups',
  nothing: 'Nothing here yet. Import a machine, or open a scene.',
  notYet: 'No groups yet: Linux makes them when it boots with an IOMMU. Run the script up to its boot line.',
  groups: (n: number) => counted(n, 'group'),
  groupsOf: (shown: number, all: number) => `${shown} of ${counted(all, 'group')}`,
  andDevices: (n: number) => ` · ${counted(n, 'device')}`,
  openAll: 'Open all',
  closeAll: 'Close all',
  noneLike: 'No device is like that.',
  showAll: 'Show all',
  search: 'Search devices',
  searchFor: 'Name, address, id, driver, group 7',
  clearSearch: 'Clear the search',
  class: 'Class',
  allClasses: 'all classes',
  vendor: 'Vendor',
  allVendors: 'all vendors',
  sharedOnly: 'shared only',
  group: (number: number) => `Group ${number}`,
  noGroup: 'No group',
  differs: '≠ dump',
  kernel: 'kernel',
  kernelFor: (drivers: string) => `kernel · ${drivers}`,
  free: 'free',
  noReason: 'no reason known',
  select: 'Select a group or a device to ask about it.',
  details: 'Details',
  why: 'Why together?',
  passthrough: 'Passthrough?',
  whatIf: 'What if…',
  onCanvas: 'on the canvas',
  gone: 'not there any more',
  sameGroup: 'Same group',
  otherGroups: 'Other groups',
  linux: 'Linux:',
  evidence: 'Evidence',
  tree: 'Groups and their devices',
  /** `01:00.0, 01:00.1 and 3 more` */
  listed: (names: string, more: number) => (more > 0 ? `${names} ${SHARED.more(more)}` : names),
  classCode: (code: string) => `class ${code}`,
} as const;

/** PCI's base classes, in the words of people who look for one. */
export const BASE_CLASSES: Readonly<Record<number, string>> = {
  0x00: 'unclassified',
  0x01: 'storage',
  0x02: 'network',
  0x03: 'display',
  0x04: 'multimedia',
  0x05: 'memory',
  0x06: 'bridges',
  0x07: 'communication',
  0x08: 'system peripherals',
  0x09: 'input',
  0x0b: 'processors',
  0x0c: 'USB and other serial buses',
  0x0d: 'wireless',
  0x10: 'encryption',
  0x11: 'signal processing',
  0x12: 'accelerators',
  0x13: 'instrumentation',
  0x40: 'coprocessors',
};

/** The rules by which Linux joins groups, said so that a person sees the point. */
export const RULE_TITLES = {
  'dma-alias': 'Same requester id',
  'quirk-alias': 'Speaks with the other’s requester id',
  'acs-bridge': 'Nothing isolates it on the way up',
  multifunction: 'Functions of one chip',
  'single-group': 'One group for all that this IOMMU serves',
  'host-bridge': 'One host bridge speaks for all',
  'shared-stream': 'Same StreamID',
} as const;
export const JOINED = 'Joined';
