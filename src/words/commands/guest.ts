/** Commands (guest): titles, search words, explanations, and why not. */

export const noDeviceIsBoundToItsContext = 'No device is bound to its context.';
export const newVIOMMU = 'New vIOMMU';
export const guestVirtualMachineFinds = 'guest virtual machine';
export const itWasMadeWithoutNestParent =
  'It was made without `nest-parent`: no guest’s table can lie on it.';
export const theDriverOfItsIommu = 'The driver of its IOMMU has no vIOMMUs.';
export const newNestedHwptOnIt = 'New nested HWPT on it';
export const guestStage1Finds = 'guest stage 1';
export const newNestedHwpt = 'New nested HWPT';
export const dropWhatCachesHaveOfIt = 'Drop what caches have of it';
export const dropWhatCachesHaveOfItsGuest = 'Drop what caches have of its guest';
export const showADeviceToItsGuest = 'Show a device to its guest';
export const virtualIdFinds = 'virtual id';
export const newEventQueue = 'New event queue';
export const hasNoEvents = (kind: string): string => `${kind} has no events.`;
export const newHardwareQueue = 'New hardware queue';
export const readItsEvents = 'Read its events';
export const noEventWaitsToBeRead = 'No event waits to be read.';
export const letItAskForAPage = 'Let it ask for a page';
export const letSomethingHappenToIt = 'Let something happen to it';
export const replaceWith = 'Replace with';
