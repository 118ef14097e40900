/** The empty page. */
export const START = {
  title: 'See what a DMA really does',
  says: 'The Linux IOMMU stack runs in this page: devices in their groups, iommufd, page tables in simulated memory, and the hardware that walks them.',
  machine: 'Your own machine',
  machineSays: 'Paste or drop {lspci}, {dmesg}, ACPI tables',
  scratch: 'From scratch',
  scratchSays: 'One network card behind one root port',
  rows: 'Row by row',
  rowsSay: 'Small cases that each answer one question',
  beginning: 'The beginning: no machine yet.',
  goOn: 'Play {space} builds it line by line, Step {dot} goes on by one.',
} as const;
