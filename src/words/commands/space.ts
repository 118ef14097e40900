/** Commands (space): titles, search words, explanations, and why not. */

export const nothingIsHeldPressEnter = 'Nothing is held: press Enter or click on a strip of the Space panel.';
export const noAddressesOfAnIoas =
  'No addresses of an IOAS are held: press Enter or click on its strip in the Space panel.';
export const showTheHeldAddressesOnTheirStrip = 'Show the held addresses on their strip';
export const spaceIovaRangeFinds = 'space IOVA range';
export const showTheBytesThatAreHeld = 'Show the bytes that are held';
export const memoryHexFinds = 'memory hex';
export const noPhysicalMemoryIsHeld = 'No physical memory is held.';
export const fireADmaAtTheHeldAddresses = 'Fire a DMA at the held addresses';
export const iovaHereFinds = 'IOVA here';
export const noDeviceGoesThroughATable = 'No device goes through a table of this space.';
export const mapMemoryAtTheHeldAddresses = 'Map memory at the held addresses';
export const somethingIsMappedThereAlready = 'Something is mapped there already.';
export const unmapWhatIsHeld = 'Unmap what is held';
export const iovaAreaFinds = 'IOVA area';
export const nothingIsMappedThere = 'Nothing is mapped there.';
export const letGoOfTheHeldAddresses = 'Let go of the held addresses';
export const clearMarkRangeFinds = 'clear mark range';
