import { counted } from '../../counted';

/** Of a device. */
export const DEVICE = {
  bind: 'Bind to iommufd',
  newHwpt: 'New HWPT',
  unbind: 'Unbind',
  driver: 'Driver',
  acs: {
    SV: 'Source Validation',
    TB: 'Translation Blocking',
    RR: 'P2P Request Redirect',
    CR: 'P2P Completion Redirect',
    UF: 'Upstream Forwarding',
    EC: 'P2P Egress Control',
    DT: 'Direct Translated P2P',
  },
  translation: 'Translation',
  itsDriver: 'driver',
  managed: 'does not use the kernel’s DMA',
  noHwpt: 'none: the group’s domain decides',
  noIommu: 'none: its DMA is not translated',
  mock: 'Mock device',
  mockSays:
    'A device of the kernel’s self-tests: it is on no PCI bus and does no DMA. {replace} moves it to another IOAS or HWPT, {iopf} makes it ask for a page.',
  platform: 'Platform device',
  streams: 'StreamIDs',
  faults: 'faults',
  stall: 'may wait for an answer (dma-can-stall)',
  noStall: 'end the transaction',
  interrupts: 'interrupts',
  msi: 'messages, kept apart by the interrupt controller',
  wires: 'wires, or messages of nobody’s',
  pci: 'PCI',
  address: 'address',
  rid: 'requester id',
  class: 'class',
  id: 'id',
  below: 'below',
  rootBus: 'a root bus',
  multifunction: 'multifunction',
  yes: 'yes',
  no: 'no',
  acsTitle: 'ACS',
  noCapability: 'no capability',
  noBit: 'capability without a bit',
  acsOn: (name: string) => `${name}: on`,
  acsOff: (name: string) => `${name}: can do, but is off`,
  on: 'on',
  off: 'off',
  deviceTlb: 'Device TLB',
  switchedOn: 'switched on',
  staleEntries: (n: number) =>
    n === 1
      ? '1 entry is {stale}: the device goes on by what it was told until its driver takes it back.'
      : `${n} entries are {stale}: the device goes on by what it was told until its driver takes it back.`,
  stale: 'stale',
  notBound: 'not bound to iommufd',
  objectOf: (id: number) => `object ${id} of`,
  why: (group: number) => `Why it is in group ${group}`,
  alone: 'It is alone: everything between it and the root keeps its DMA apart.',
  platformAlone: 'It is alone: its DMA goes to the IOMMU and to nobody else, under a number of its own.',
  first: 'It was first in this group; the others joined it.',
  recorded: (group: number) => `The dump it came from says group ${group}.`,
} as const;

/** A DMA, to be fired. */
export const DMA = {
  title: 'Fire a DMA',
  write: 'write',
  read: 'read',
  bytes: 'bytes',
  fire: 'Fire',
  unmapped:
    'Nothing is mapped for this device: at this {iova} the DMA will fault, or go where the kernel’s own domain sends it.',
} as const;

/** Of a group. */
export const GROUP = {
  whyTogether: 'Why together?',
  whyAlone: 'Why alone?',
  differs: 'Differs from the dump',
  owner: 'owner',
  nobody: 'nobody',
  kernel: (drivers: number) => `the kernel, for ${counted(drivers, 'driver')}`,
  ownerCount: 'owner count',
  defaultDomain: 'default domain',
  together: 'Why they are together',
  with: 'with',
  reserved: 'Reserved regions',
} as const;
