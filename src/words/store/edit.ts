/** Why something cannot be copied or taken away. */

export const hasMemoryThatTheScript = (title: string): string =>
  `${title} has memory that the script has no name for`;
export const wasMadeByAnAttachCopy = (title: string): string =>
  `${title} was made by an attach: copy the device and its IOAS`;
export const isTheKernelsOwn = (title: string): string => `${title} is the kernel's own`;
export const reachesNoIoasThereIsNothing = (title: string): string =>
  `${title} reaches no IOAS: there is nothing to make it with`;
export const aDeviceHasOnePlace = (title: string): string => `${title}: a device has one place in one VM`;
export const groupsAreMadeByLinuxCopy = (title: string): string =>
  `${title}: groups are made by Linux; copy its devices`;
export const isPartOfTheMachine = (title: string): string => `${title} is part of the machine`;
export const cannotBeCopied = (what: string, title: string): string => `${what} ${title} cannot be copied`;
export const wasMadeWithoutAName = (title: string): string =>
  `${title} was made without a name in the script`;
export const atThatMemoryHasNoName = (title: string, address: string): string =>
  `${title} at ${address}: that memory has no name in the script any more`;
export const isNoFunctionThatTheScriptAdds = (title: string): string =>
  `${title} is no function that the script adds`;
export const isOnNoBusFirmwareLists = (title: string): string =>
  `${title} is on no bus: firmware lists such a device before boot`;

export const wasMadeByAnAttach = (title: string): string =>
  `${title} was made by an attach and goes with its last device: detach that`;
export const hasNoMemoryThatTheScript = (title: string): string =>
  `${title} has no memory that the script has a name for`;
export const goesWithItsLastDevice = (title: string): string => `${title} goes with its last device`;
export const cannotBeTakenAway = (title: string): string => `${title} cannot be taken away`;
