import { counted } from '../../counted';

/** Whether a device can be given to a VM. */
export const PASSTHROUGH = {
  device: 'Device for the VM',
  choose: 'Choose a device',
  chooseSays:
    'Choose a device to hear whether VFIO would hand it to a virtual machine as things are, what is in the way, and what to type on a real machine. The verdict is tried out on a copy of this one.',
  trying: 'Trying it on a copy…',
  noKernel: 'No kernel runs yet. Run the script up to its boot line.',
  state: { ready: 'Ready', 'needs-work': 'Possible, with some work', blocked: 'Blocked' },
  doAll: 'Do all that',
  obstacles: {
    'no-group': 'No IOMMU group',
    bridge: 'It is a bridge',
    'virtual-functions': 'Its virtual functions',
    coherency: 'DMA is not coherent',
    interrupts: 'Interrupts are not isolated',
    reserved: 'Firmware holds memory of it',
    'own-driver': 'Its own driver',
    'sibling-driver': 'A driver of its group',
    owned: 'Its group is taken',
    'sibling-goes-along': 'Its group goes along',
    'peer-to-peer': 'Requests that pass the IOMMU by',
    refused: 'The try was refused',
  },
  inUse: 'In use',
  toKnowTitle: 'To know',
  inTheWay: (n: number) => `${counted(n, 'thing')} in the way`,
  toKnow: 'to know',
  doIt: 'Do it',
  showIt: 'Show it',
  copy: 'Copy',
  lines: (n: number) => counted(n, 'line'),
} as const;

const PHYSICAL =
  'gives what stays with the host its physical addresses, for speed: a device that is passed through is translated all the same.';

/** What to type on a real machine. */
export const SNIPPETS = {
  title: 'On the real machine',
  alone: 'For this function alone: nothing else of its group has to come along.',
  together: (functions: number, names: string) =>
    `For all ${functions} functions of its group that are no bridges: ${names}.`,
  byAddressOnly:
    'By address only: the text that this machine came from gives names and no ids. {lspci} prints both.',
  sameIds: 'same ids',
  twins: (names: string, n: number) =>
    n === 1
      ? `${names} outside the group has the same ids: binding by id would take it from the host, too. By address it does not.`
      : `${names} outside the group have the same ids: binding by id would take them from the host, too. By address it does not.`,
  copy: (title: string) => `Copy: ${title}`,
  cmdline: 'Kernel command line',
  now: 'Now, until the next boot',
  others: `This IOMMU is on by itself; iommu.passthrough=1 ${PHYSICAL}`,
  vtd: `intel_iommu=on switches translation on where the kernel’s configuration does not; iommu=pt ${PHYSICAL}`,
  amd: `The AMD IOMMU is on unless amd_iommu=off is given; iommu=pt ${PHYSICAL}`,
  builtIn: 'vfio-pci has to be built in, or in the initramfs.',
  softdep:
    'softdep has vfio-pci loaded before the device’s own driver can take it. Rebuild the initramfs afterwards.',
  driverctl:
    'By address, so a second card of the same make is left alone. It lasts over reboots; unset-override takes it back.',
  asRoot: 'As root. A driver in use lets go first: stop what uses the device.',
} as const;
