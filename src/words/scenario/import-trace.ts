/** The same of recorded calls. */

export const theScriptEndsAfterLinesMore = (MOST_LINES: number, left: number): string =>
  `The script ends after ${MOST_LINES} lines; ${left} more are left out.`;

export const recordedByFtrace = 'Recorded by ftrace';
export const devicesShareAGroup =
  'Devices share a group in the recording. In the script each has one of its own, so that each can be attached by itself.';
export const theEventDoesNotSay =
  'The event does not say which domain a device is attached to: the script makes a new one each time, as a driver of the kernel would.';
export const lessWasUnmappedThanWasAsked =
  'Less was unmapped than was asked for: the script asks for the same.';
export const theEventDoesNotSayWhether =
  'The event does not say whether a mapping may be read or written: the script allows both.';
export const noEventSaysWhoseMapping = 'No event says whose mapping this is: the script has a device for it.';
export const thisEventIsNotWritten = 'This event is not written as the kernel writes it.';

export const theScriptHasNoLineForIt = 'the script has no line for it';
export const noLineOfTheTextOpens = 'no line of the text opens its descriptor';
export const theTextShowsWhereItsStructure = 'the text shows where its structure is, and not what is in it';
export const itsDeviceIsBound = 'its device is bound to no iommufd, as far as the text tells';
export const noLineOfTheTextSays =
  'No line of the text says which device this is: the script has one at an address of its own.';
export const theStructureIsNotShownTaken =
  'The structure is not shown: taken is the only iommufd that is open.';
export const itIsAboutAnObject = 'it is about an object that no line of the text makes';
export const theStructureIsNotShownTakenIs = (target: string): string =>
  `The structure is not shown: taken is the only ioas that there is, ${target}.`;
export const theTextDoesNotShow = 'the text does not show the name of the device';
export const theScriptKnowsNoSuchExtension = 'the script knows no such extension';
export const itsMemoryOrItsAccess = 'its memory or its access is not shown';

export const theStructureIsNotShownTakenIsThe = (stem: string, only: string): string =>
  `The structure is not shown: taken is the only ${stem} that there is, ${only}.`;
export const itMapsMoreMemory = 'it maps more memory than the machine of a script has';
export const theTextDoesNotShowWhere =
  'The text does not show where this file comes from: the script makes one that is large enough.';
export const itsDataForTheDriver = 'its data for the driver is not shown';
export const whatItInvalidatesIsNotShown = 'what it invalidates is not shown';
export const theScriptHasNoLine = 'the script has no line for this operation of the tests';

export const noLineOpensThisDescriptor =
  'No line opens this descriptor: it is taken for /dev/iommu, opened just before.';
export const isNoErrnoThatTheEngines = (errno: string): string =>
  `${errno} is no errno that the engine's calls end with.`;
export const theCallFailedAndTheText =
  'The call failed, and the text does not say how: the script runs it without an expectation.';
export const theTextDoesNotShowWhereThis =
  'The text does not show where this memory comes from: the script maps some of its size.';

export const recordedByQemu = 'Recorded by QEMU';
export const noLineOfAScriptIsLike = (name: string): string => `No line of a script is like ${name}.`;
export const isNoPciAddressTheScript = (name: string): string =>
  `${name} is no PCI address: the script has a PCI device in its place.`;

export const recordedByStrace = 'Recorded by strace';
export const aDeviceCouldNotBeOpened = 'A device could not be opened: the script has no line for that.';
export const theNumberOfThisGroup =
  'The number of this group is that of the recorded machine: put the one of the script’s machine in its place.';
