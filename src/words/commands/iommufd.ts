/** Commands (iommufd): titles, search words, explanations, and why not. */

export const destroy = 'Destroy';
export const iommuDestroyDeleteFinds = 'IOMMU_DESTROY delete';
export const newIoas = 'New IOAS';
export const addressSpaceFinds = 'address space';
export const newFaultQueue = 'New fault queue';
export const iommuFaultQueueAllocPageFaultsIopfFinds = 'IOMMU_FAULT_QUEUE_ALLOC page faults iopf';
export const bindADeviceToIt = 'Bind a device to it';
export const everyDeviceIsBoundAlready = 'Every device is bound already.';
export const countPinnedPages = 'Count pinned pages';
export const accountingUserProcessLimitFinds = 'accounting user process limit';
export const againstTheUsersLimit = 'against the user’s limit';
export const againstTheProcesssLimit = 'against the process’s limit';
export const letAnotherProcessTakeItOver = 'Let another process take it over';
export const whichIoasVFIOsCallsWorkOn = 'Which IOAS VFIO’s calls work on';
export const containerCompatibilityFinds = 'container compatibility';
export const close = 'Close';
export const withEverythingInIt = 'With everything in it';
export const trackWhichPagesAreWritten = 'Track which pages are written';
export const dirtyMigrationOnOffFinds = 'dirty migration on off';
export const fromNowOn = 'from now on';
export const notAnyMore = 'not any more';
export const askWhichPagesWereWritten = 'Ask which pages were written';
export const dirtyMigrationFinds = 'dirty migration';
export const nothingIsMappedInItsIoas = 'Nothing is mapped in its IOAS.';
export const showItsRootInMemory = 'Show its root in memory';
export const tableHexFinds = 'table hex';
export const readPageFaults = 'Read page faults';
export const noFaultWaitsToBeRead = 'No fault waits to be read.';
export const answerPageFaults = 'Answer page faults';
export const respondSuccessInvalidFinds = 'respond SUCCESS INVALID';
export const noFaultWaitsForAnAnswer = 'No fault waits for an answer: read one first.';
export const itWasMadeWithoutDirty = 'It was made without `dirty`: it cannot tell.';
export const ofIt = (title: string): string => ` of ${title}`;
export const at = (address: string): string => ` at ${address}`;
export const fault = (cookie: number, what: string, what2: string): string =>
  `fault ${cookie}${what}${what2}`;
