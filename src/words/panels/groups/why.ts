import { counted } from '../../counted';

/** Why devices share a group, or do not. */
export const WHY = {
  device: 'Device',
  and: 'and',
  choose: 'Choose a device',
  wholeGroup: 'its whole group',
  chooseSays:
    'Choose a device here, in the list, or on the canvas: this page tells by which rule of the kernel, and by which bit of which register, it came to share a group with others. Of two devices in different groups it tells what keeps them apart.',
  both: (group: number) => `Both are in group ${group}`,
  bothBy: (group: number, steps: number) => `Both are in group ${group}, by ${counted(steps, 'step')}`,
  removed:
    'The device that brought them together has been removed since. The group stays as it is until its devices are found anew.',
  noGroup: 'It has no group',
  noGroupOf: (device: string) => `${device} has no group`,
  noKernel: 'No kernel runs yet, so there are no groups.',
  differs: 'Differs from the dump',
  members: (group: number, devices: number) => `Group ${group}: ${counted(devices, 'device')}`,
  alone: (group: number) => `Alone in group ${group}`,
  platform: (device: string) =>
    `${device} is on no PCI bus: firmware gives it a number of its own, by which the IOMMU knows its DMA.`,
  onRootBus: (device: string) =>
    `When Linux added ${device}, nothing on its root bus shared its requester id, or its slot without isolating.`,
  isolated: (device: string) =>
    `When Linux added ${device}, it took every bridge above, and what shares its slot, for isolating.`,
  chooseSecond: 'Choose a second device above to see what lies between the two.',
  chain: 'From one to the other',
  joins: 'How its devices came together',
  wayToIt: 'The way to it',
  first: 'The first: Linux made the group for it.',
  through: '{rule} {through} {device}',
  throughWord: 'through',
} as const;

/** A request of one with an address of the other's memory. */
export const PEER = {
  title: 'Try it on the wires',
  says: 'Groups are what Linux reckons with. Whether a request really gets from one to the other past the IOMMU can be fired and watched; a word such as {override} changes the first, not the second.',
  fire: (from: string, to: string) => `Fire a DMA from ${from} to ${to}`,
} as const;

/** The kernel asks the bridges above each device alone: pci_device_group() in drivers/iommu/iommu.c. */
const UPWARD =
  'Linux asks the bridges above each device alone, so one that does not isolate is joined with what is below it, and with nothing beside.';

/** Two devices of different groups, and the way between them. */
export const APART = {
  title: (a: number, b: number) => `Apart: group ${a} and group ${b}`,
  way: 'The way between them',
  rootComplex: 'root complex',
  group: (number: number) => `group ${number}`,
  noGroup: 'group none',
  acrossFor: (ports: string) =>
    `For peer-to-peer DMA between them, ${ports} would have to let requests across.`,
  whatIf: (ports: number) => (ports === 1 ? 'What if it does?' : 'What if they do?'),
  noBridge: (a: string, b: string) =>
    `No bridge is between ${a} and ${b}. On a bus Linux joins only what shares a requester id, or functions of one slot that do not isolate.`,
  oneDirection: (redirecting: string, open: string) =>
    `Kept apart in one direction only. What comes in by ${redirecting} is sent up to the IOMMU; ${open} does not isolate, so what comes in by it may go straight across. ${UPWARD}`,
  open: (ports: string) =>
    `Nothing isolates where their ways meet: ${ports} may send requests straight across. ${UPWARD}`,
  redirected: (ports: string) =>
    `A request from one to the other would have to pass ${ports}. There it is sent up to the IOMMU instead of across, so each can have a translation of its own.`,
  overridden:
    'No port redirects where their ways meet. pcie_acs_override= on the command line has Linux take what has no ACS capability for isolating all the same: the groups are apart, the wires are not.',
  byTable:
    'No port has all the ACS bits that Linux asks for where their ways meet: what keeps them apart is not in the registers. The kernel has a table of devices that isolate all the same.',
  keeping: {
    'acs-on': 'has all that Linux asks for',
    'acs-off': 'lets requests pass',
    'no-acs': 'no ACS capability',
    'single-function': 'a single function: no ACS asked for',
  },
  noBits: 'its capability has none of these bits: they count as on for good',
  bitsOff: (bits: string) => `${bits} off`,
  bitMissing: (bit: string) => `${bit} is not in the capability: it counts as always on`,
} as const;
