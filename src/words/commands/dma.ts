/** Commands (dma): titles, search words, explanations, and why not. */

export const oneAfterAnotherAndRoundAgain = 'one after another, and round again';
export const anywhereInWhatIsMapped = 'anywhere in what is mapped';
export const listsOfPiecesOfUnevenSizes = 'lists of pieces of uneven sizes';
export const fireADmaWrite = 'Fire a DMA write';
export const packetRequestFinds = 'packet request';
export const fireADmaRead = 'Fire a DMA read';
export const fireADmaAtAnAddress = 'Fire a DMA at an address';
export const iovaPasidFinds = 'iova pasid';
export const fireABurstOfDMAs = 'Fire a burst of DMAs';
export const manyHundredIotlbPatternFinds = 'many hundred iotlb pattern';
export const startTraffic = 'Start traffic';
export const backgroundPacketsGapReplaceRingRandomScatterFinds =
  'background packets gap replace ring random scatter';
export const anAccessWhereverSomebodyElseCould =
  'An access wherever somebody else could look while the kernel works';
export const stopItsTraffic = 'Stop its traffic';
export const itHasNoTrafficRunning = 'It has no traffic running.';
export const stopThisTraffic = 'Stop this traffic';
export const askForAPage = 'Ask for a page';
export const priIopfFaultFinds = 'PRI IOPF fault';
export const itsPriIsOffItCannot = 'Its PRI is off: it cannot ask for pages.';
export const handItMemoryAsItsDriverDoes = 'Hand it memory, as its driver does';
export const dmaApiFinds = 'DMA API';
export const itHasNoDriverNobodyWould = 'It has no driver: nobody would call the DMA API.';
export const itsDriverDoesNotUse = (name: string): string =>
  `Its driver, ${name}, does not use the kernel’s DMA API.`;
export const thereIsNoMemoryToHand = 'There is no memory to hand over: mmap some first.';
