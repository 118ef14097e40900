/** Commands (memory): titles, search words, explanations, and why not. */

export const giveItMemory = 'Give it memory';
export const bufferAllocateFinds = 'buffer allocate';
export const anotherSize = 'another size';
export const inTheConsole = 'in the console';
export const makeAFileInMemory = 'Make a file in memory';
export const giveMemoryBack = 'Give memory back';
export const itHasNoMemory = 'It has no memory that the script has a name for.';
export const writeToItsMemory = 'Write to its memory';
export const itHasNoMemoryYet = 'It has no memory yet.';
export const endTheProcess = 'End the process';
export const itsMemoryIsGoneWhatOthers = 'Its memory is gone; what others have pinned of it stays';
export const holdPages = 'Hold pages';
export const iommufdAccessPinPagesFinds = 'iommufd_access_pin_pages';
export const itIsDetached = 'It is detached.';
export const itWasMadeWithoutPin = 'It was made without `pin`: it may not hold pages.';
export const letGoOfPages = 'Let go of pages';
export const readOrWriteThroughIt = 'Read or write through it';
export const iommufdAccessRwCopyFinds = 'iommufd_access_rw copy';
export const n64BytesAt = (firstIova: string): string => `64 bytes at ${firstIova}`;
export const moveToAnotherIoas = 'Move to another IOAS';
export const iommufdAccessReplaceAttachFinds = 'iommufd_access_replace attach';
export const endThisAccess = 'End this access';
export const deleteIommufdAccessDestroyFinds = 'delete iommufd_access_destroy';
