/** Connecting one object to another: what goes where, and why not. */

export const itReachesThisIoasAlready = 'It reaches this IOAS already.';
export const theKernelMadeThisAccess = 'The kernel made this access for a HW queue and keeps it where it is.';
export const aBridgeIsNotAttached = 'A bridge is not attached: the devices behind it are.';
export const thisProcessHasNoMemory =
  'This process has no memory that the script has a name for: mmap makes some.';
export const aGroupIsAttached = 'A group is attached by its devices: connect one of those.';
export const aPageTableKeepsItsIoas =
  'A page table keeps its IOAS and its fault queue for life: devices are connected to it.';
export const anIoasIsConnected = 'An IOAS is connected to: from a device, an access, or memory.';
export const onlyADeviceAnAccess = 'Only a device, an access, or memory is connected to something.';

export const lookingForTargets = 'Looking for targets';
export const missedAndNothingWasChanged = (missed: string): string => `${missed} Nothing was changed.`;
export const nothingWasChanged = 'Nothing was changed.';
export const thisDeviceIsNotBound = 'This device is not bound to an iommufd context: nothing to detach.';
export const trying = 'Trying';
export const anAccessReachesAnIoas = 'An access reaches an IOAS.';
export const memoryIsMappedIntoAnIoas = 'Memory is mapped into an IOAS.';
export const aDeviceAttachesToAnIoas = 'A device attaches to an IOAS or to a HWPT.';
export const itCannotBeMadeThere = 'It cannot be made there.';
