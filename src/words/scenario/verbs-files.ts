/** Help on verbs and their arguments: files and memory. */

export const sizeOfItsPagesTheLargest = 'size of its pages; the largest that fits unless said';
export const opensAnIommufdContext = 'opens an iommufd context, or a file of VFIO';
export const theCharacterDevice = 'the character device';
export const whoOpensItQemuUnlessSaidOtherwise = 'who opens it; qemu unless said otherwise';
export const closesAFileAContextGoes = 'closes a file; a context goes with everything in it';
export const whatIsOpen = 'what is open';
export const readsPageFaultsOrEvents = 'reads page faults or events from their queue';
export const bytesPlentyUnlessSaid = 'bytes; plenty unless said';
export const answersAPageFault = 'answers a page fault';
export const aFaultQueue = 'a fault queue';
export const whichGroupOfFaults = 'which group of faults';
export const howTheyCameOut = 'how they came out';
export const theVeryBytesInsteadInHex = 'the very bytes instead, in hex';
export const anyCallByItsNumberAndBytes = 'any call, by its number and bytes';
export const whatItIsMadeOn = 'what it is made on';
export const itsNumber = 'its number';
export const itsStructureInHex = 'its structure, in hex';
export const whatItIsGivenInstead = 'what it is given instead of the address of the structure';
export const givesAProcessMemory = 'gives a process memory';
export const whoseMemory = 'whose memory';
export const takesMemoryFromAProcess = 'takes memory from a process; what others have pinned of it stays';
export const memoryMadeByMmap = 'memory made by mmap';
export const makesAFileInMemory = 'makes a file in memory, for IOAS_MAP_FILE';
export const whoHasItOpen = 'who has it open';
export const endsAProcesssMemoryWhatOthers = "ends a process's memory; what others have pinned of it stays";
