import { counted } from './counted';
import { grouped } from './locale';

/** The window around a report of a machine's groups. */
export const REPORT_VIEW = {
  label: 'Report of this machine’s groups',
  close: 'Close',
  print: 'Print',
  save: 'Save as HTML',
  copy: 'Copy as Markdown',
  copied: 'Report',
  trying: (done: number, all: number) =>
    `Trying on copies of the machine: ${grouped(done)} of ${grouped(all)}`,
  ready: 'Complete',
  drawing: 'Drawing…',
} as const;

/** The report itself, in the order of reading. */
export const REPORT = {
  untitled: 'A machine',
  subtitle: 'IOMMU groups: who shares one, and why',
  generator: 'IOMMU Playground',

  facts: {
    iommu: 'IOMMU',
    noIommu: 'none',
    kernel: 'Kernel of the log',
    rules: 'Rules',
    rulesOf: 'Linux 7.1, pci_device_group()',
    cmdline: 'Command line',
    noCmdline: 'no word that touches groups',
    override: 'ACS override',
    overridden: 'on: groups are split that the wires do not keep apart',
    notOverridden: 'off',
    domain: 'Default domains',
    msi: 'Interrupts',
    msiIsolated: 'isolated: no DMA of these devices can raise another’s',
    msiExposed: 'not isolated',
    reserved: 'Reserved for all',
  },
  allOf: (type: string) => `${type} for all groups`,
  someOf: (type: string, groups: number) => `${type} for ${counted(groups, 'group')}`,
  unit: (title: string, bits: number) => `${title}, ${bits}-bit addresses`,

  counts: (devices: number, groups: number) =>
    `${counted(devices, 'device')} in ${counted(groups, 'group')}.`,
  without: (devices: number) => `${counted(devices, 'device')} without one.`,
  alone: (devices: number, names: string) =>
    devices === 0
      ? 'Beside bridges, no device can be given to a VM by itself.'
      : `Beside bridges, ${counted(devices, 'device')} can be given to a VM alone: ${names}.`,
  along: (groups: number) =>
    groups === 0
      ? ''
      : `${counted(groups, 'group')} only with all that is in ${groups === 1 ? 'it' : 'them'}.`,
  blocked: (groups: number) => (groups === 0 ? '' : `${counted(groups, 'group')} not as things are.`),
  more: (names: string, more: number) => `${names} and ${grouped(more)} more`,

  topology: 'The machine',
  pictureOf: (title: string) => `Picture of ${title}`,
  asTree: 'Too much for a picture on one page: here as a tree, each function with its group.',
  groupChip: (number: number) => `group ${grouped(number)}`,
  noGroupChip: 'no group',

  shared: 'Groups of several devices',
  group: (number: number) => `Group ${grouped(number)}`,
  devices: (n: number) => counted(n, 'device'),
  columns: {
    group: 'Group',
    address: 'Address',
    device: 'Device',
    ids: 'IDs',
    driver: 'Driver',
    pass: 'To a VM',
    reason: 'Why',
  },
  notTold: 'not told',
  none: 'none',

  why: 'Why together',
  /** Of several devices that came in alike: stands for the first of them in the kernel’s reason. */
  eachOfThem: 'each of them',
  joined: '{device} with {other}: {rule}.',
  decided: 'Decided by {functions} of Linux.',
  pass: 'To a VM',
  ready: 'All of it can be given to a VM as things are.',
  needsWork: (held: string) => `All of it together, after vfio-pci has taken over ${held}.`,
  needsBinding: 'All of it together, after vfio-pci is bound.',
  held: (address: string, driver: string) => `${address} from ${driver}`,
  notNow: 'Not as things are.',
  obstacle: (why: string, errno: string) => `${why} (${errno})`,
  bridgesStay: 'Its bridges stay with the host.',
  bridgesOnly: 'Bridges alone: nothing in it goes to a VM.',
  untried: 'Not tried.',
  mostTried: (most: number) =>
    `With more than ${grouped(most)} groups, giving each to a VM was not tried: drivers are told, and nothing more.`,
  parting: 'What would part them',
  override: 'pcie_acs_override=downstream,multifunction',
  overrideCost:
    'Linux would only believe it: the wires stay as they are, and the parts still reach each other past the IOMMU.',
  bitsCost: 'The ports have these bits, and they are off.',
  boot: 'Booted with {word}: {parts}.',
  parts: (groups: number, names: string) => `${counted(groups, 'group')}, ${names}`,
  moved: 'With the card of {device} in the free slot behind {port}, if it can be moved: {company}.',
  aloneThen: 'it is alone then',
  company: (names: string) => `it shares with ${names} then`,
  noParting: 'Nothing that was tried: ACS bits that are off, the ACS override, every free slot.',
  reserved: 'Reserved',
  domain: 'Default domain',
  owner: 'DMA is in the hands of',
  differs: 'Recorded otherwise',

  single: 'Groups of one device',
  alreadyFree: 'as it is',
  unbind: 'instead of its driver',
  bind: 'once vfio-pci is bound',
  no: (why: string) => `no: ${why}`,
  bridges: 'Bridges that are alone in their group',
  bridge: (address: string, group: number) => `${address} (group ${grouped(group)})`,
  reservedToo: (region: string) => `Reserved: ${region}.`,

  ungrouped: 'Devices without a group',

  sources: 'What it was read from',
  readFrom: (name: string) => `Read from ${name}.`,
  source: (title: string, lines: number) => `${title}, ${counted(lines, 'line')}`,
  contradictions: 'Contradictions',
  gaps: 'Missing in the text',
  remarks: 'Assumed, and other remarks',
  open: 'Not decided by the text',
  asks: 'Would tell more',
  /** Of a group that the text leaves open: who is in it, what it can turn out to be. */
  openGroup: (devices: string, outcome: string) => `${devices}: ${outcome}`,
  finding: (text: string, lines: string) => `${text} (${lines})`,
  unread: 'Not understood',
  notUnderstood: (lines: number) =>
    `${counted(lines, 'line')} of the text ${lines === 1 ? 'was' : 'were'} not understood.`,
  andMore: (n: number) => `and ${grouped(n)} more`,
  clean: 'No contradictions, and nothing had to be guessed.',
  notKnown:
    'The scene says what the machine is, not what text that was read from: what an import could not read is told only while the machine that it made is open unchanged.',

  made: 'How it was made',
  madeBy:
    'By IOMMU Playground: a model of Linux’s IOMMU code ran on the machine as described, in a browser. Nothing was measured on the hardware itself.',
  openAgain: 'Open this machine',
  linkTooLong:
    'Its link is too long for browsers. Drop this page, saved as HTML, on IOMMU Playground: it opens again.',
  linkNotPrinted: (length: number) =>
    `Its link has ${grouped(length)} characters, too many for paper. Saved as HTML, this page carries it, and opens again where it is dropped.`,
  state: 'State {state}: the same letters elsewhere mean the same answers.',

  terms: 'Terms',
  term: {
    group: 'IOMMU group',
    acs: 'ACS',
    rid: 'Requester id',
    alias: 'Alias',
    quirk: 'Quirk',
    defaultDomain: 'Default domain',
    reserved: 'Reserved addresses',
    msi: 'MSI',
  },
} as const;
