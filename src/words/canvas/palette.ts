/** What can be made, where it may go, and why not. */

export const made = (name: string, group: number | null): string =>
  group === null
    ? `Made ${name}. Undo takes it back.`
    : `Made ${name}, in group ${group}. Undo takes it back.`;

export const noDeviceIsBound = 'No device is bound to its context: a page table is made for a device.';
export const itWasMadeWithoutNestParent = 'It was made without nest-parent: no guest’s table can lie on it.';
export const onAPortWithAFree = 'on a port with a free slot, or anywhere';
export const theSlotBehindIsTaken = (bdf: string): string => `The slot behind ${bdf} is taken.`;
export const firmwareLeftNoBusNumber = 'Firmware left no bus number behind this port.';
export const card = 'Card';
export const twoFunctions = 'Two functions';
export const portCard = 'Port + card';
export const anywhereARootPortOfItsOwn = 'anywhere: a root port of its own';
export const iommufd = 'iommufd';
export const anywhereItHasNoCard = 'anywhere: it has no card of its own';
export const anywhere = 'anywhere';
export const onAnIoasANestParent = 'on an IOAS, a nest parent or a vIOMMU';
export const aPageTableIsMadeOver =
  'A page table is made over something: drop it on an IOAS, a nest parent or a vIOMMU.';
export const memory = 'Memory';
export const onAnIoasToMap = 'on an IOAS to map it, or anywhere';
export const memfd = 'memfd';
export const onAnIoasAFile = 'on an IOAS: a file is seen where it is mapped';
export const aFileIsSeen = 'A file is seen where it is mapped: drop it on an IOAS.';
export const access = 'Access';
export const onTheIoasThatItReaches = 'on the IOAS that it reaches';
export const anAccessReachesTheMemory = 'An access reaches the memory of an IOAS: drop it on one.';
export const faultQueue = 'Fault queue';
export const onANestParent = 'on a nest parent';
export const theDriverOfItsIommu = 'The driver of its IOMMU has no vIOMMUs.';
export const aVIOMMULiesOnTheTable =
  'A vIOMMU lies on the table of its guest’s memory: drop it on a nest parent.';

export const placesArrowsChooseEnterMakes = (label: string, count: number): string =>
  `${label}: ${count} places. Arrows choose, Enter makes it there, Escape cancels.`;
