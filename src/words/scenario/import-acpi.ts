/** The same of ACPI tables. */

export const aStructureOfBytesCannot = (place: string, length: number): string =>
  `${place}: a structure of ${length} bytes cannot be; what follows in this table is not read`;
export const aStructureOfBytesDoes = (place: string, length: number): string =>
  `${place}: a structure of ${length} bytes does not fit into what is left of the table; it and what follows are not read`;

export const blockType0xIsNotKnown = (place: string, value: string): string =>
  `${place}: block type 0x${value} is not known and skipped`;
export const aBlockOfType0xNeeds = (place: string, value: string, shortest: number, count: number): string =>
  `${place}: a block of type 0x${value} needs ${shortest} bytes and has ${count}; skipped`;
export const theIvrsTableListsNoIommu = 'the IVRS table lists no IOMMU (IVHD), so Linux finds none';
export const aDeviceEntryOfType0x = (place: string, value: string): string =>
  `${place}: a device entry of type 0x${value} has no length that fits; the rest of its block is not read`;
export const theEndOfARange = (place: string): string =>
  `${place}: the end of a range that has no start; skipped`;
export const aSpecialDeviceThatIsNeither = (place: string): string =>
  `${place}: a special device that is neither IO-APIC nor HPET: Linux leaves AMD-Vi off`;
export const deviceEntryType0x = (place: string, value: string): string =>
  `${place}: device entry type 0x${value} is not known and skipped, as Linux does`;
export const aMemoryRangeThatCannot = (place: string): string =>
  `${place}: a memory range that cannot be; left out`;

export const reservedMemoryCannotBeLeftOut = (place: string, range: string): string =>
  `${place}: reserved memory ${range} cannot be; left out`;

export const as = (name: string, bdf: string): string => `${name} as ${bdf}`;
export const andMore = (count: number): string => ` and ${count} more`;
export const ivrsHasDmaCarryARequester = (list: string, what: string): string =>
  `IVRS has DMA carry a requester id of another bus (${list}${what}): groups do not depend on it, but here that DMA carries its own id`;
export const ivrsCoversWhichStandsBefore =
  'IVRS covers %, which stands before the IOMMU in its slot; the machine shown gives it no group, as most have it';

export const nodeOfIsNotWithin = (place: string, count: number, count2: number): string =>
  `${place}: node ${count} of ${count2} is not within the table; it and what follows are not read`;
export const theIortTableListsNoSmmu = 'the IORT table lists no SMMU, so Linux finds no IOMMU';
export const nodeTypeIsNotKnown = (place: string, type: number): string =>
  `${place}: node type ${type} is not known and skipped, as Linux does`;
export const aNodeOfTypeNeedsBytes = (
  place: string,
  type: number,
  shortest: number,
  length: number,
): string => `${place}: a node of type ${type} needs ${shortest} bytes and has ${length}; skipped`;
export const noneIs = 'none is';
export const are = (fit: number): string => `${fit} are`;
export const idMappingsDoNotFitInto = (place: string, count: number, what: string): string =>
  `${place}: ${count} id mappings do not fit into the node; ${what} read`;
export const reservedMemoryInATable = (place: string, revision: number, RMR_REVISION: number): string =>
  `${place}: reserved memory in a table of revision ${revision}: Linux reads it from revision ${RMR_REVISION} on`;
export const memoryRangesDoNotFitInto = (place: string, count: number): string =>
  `${place}: ${count} memory ranges do not fit into the node`;

export const iortGivesStreamIDs =
  'IORT gives % StreamIDs that are not their requester ids; here they carry their requester ids';
export const iortGivesAStreamID =
  'IORT gives % a StreamID that another function has too: Linux says "Aliasing StreamID unsupported" and their DMA cannot be told apart';
export const theRootComplexNodeOfSays =
  'the root complex node of % says that it has no ATS: Linux leaves it off';
export const iortMapsDevices = (count: number, list: string, what: boolean): string =>
  `IORT maps ${count} devices that are not on a PCI bus (${list}${what ? ' …' : ''}); they are not part of this machine`;

export const theDmarTableClaimsAddressBits = (addressBits: number): string =>
  `the DMAR table claims ${addressBits} address bits: Linux leaves VT-d off ("Invalid DMAR haw")`;
export const structureTypeIsNotKnown = (place: string, type: number): string =>
  `${place}: structure type ${type} is not known and skipped, as Linux does`;
export const aStructureOfTypeNeedsBytes = (
  place: string,
  type: number,
  fixed: number,
  count: number,
): string => `${place}: a structure of type ${type} needs ${fixed} bytes and has ${count}; skipped`;
export const firmwareAsksForProtectionFromBefore =
  'firmware asks for protection from before boot on (DMA_CTRL_PLATFORM_OPT_IN): Linux turns VT-d on without intel_iommu=on where a port leads out of the machine';
export const theDmarTableListsNoIommu = 'the DMAR table lists no IOMMU (DRHD), so Linux finds none';
export const aSecondIommuAt0xLinux = (place: string, value: string): string =>
  `${place}: a second IOMMU at 0x${value}; Linux uses the first`;
export const anIommuAtAddress0Linux = (place: string): string =>
  `${place}: an IOMMU at address 0: Linux leaves VT-d off ("invalid DRHD")`;
export const aDeviceScopeOfBytesCannot = (place: string, length: number): string =>
  `${place}: a device scope of ${length} bytes cannot be; the rest of its structure is not read`;
export const aDeviceScopeOfTheUnknown = (place: string, type: number): string =>
  `${place}: a device scope of the unknown type ${type} is skipped, as Linux does`;

export const n0xCoversNoFunction = (name: string, value: string): string =>
  `${name} (0x${value}) covers no function of the listing: Linux leaves such an IOMMU alone`;
export const namesByItsBusInstead = (place: string): string =>
  `${place} names % by its bus instead of the way to it from the root; Linux copes ("RMRR entry … is broken - applying workaround")`;
export const callsWhichItIsNotLinux = (place: string, what: boolean): string =>
  `${place} calls % ${what ? 'an endpoint' : 'a bridge'}, which it is not: Linux leaves VT-d off ("Device scope type does not match")`;
export const reservedMemoryIsNotOfWhole = (place: string, range: string): string =>
  `${place}: reserved memory ${range} is not of whole pages; Linux says so ("bad RMRR") and keeps it`;
export const memoryIsReservedForAFunction = (place: string, range: string): string =>
  `${place}: memory ${range} is reserved for a function that the listing does not have`;
export const noAtsrOfTheDmarTable =
  'no ATSR of the DMAR table lists the root port above %: Linux leaves their ATS off';

export const twoDifferentTablesInLines = (signature: string, lineAt: number, lineAt2: number): string =>
  `two different ${signature} tables, in lines ${lineAt} and ${lineAt2}; the former was taken`;
export const itsHeaderTellsALength = (told: number, count: number): string =>
  `its header tells a length of ${told}, ${count} bytes are here`;
export const itDoesNotBeginWithItsName = 'it does not begin with its name';
export const noTableLeftOut = (signature: string, what: string): string =>
  `no ${signature} table: ${what}; left out`;
export const theTableHasBytes = (signature: string, told: number, count: number): string =>
  `the ${signature} table has ${told} bytes, of which the text holds ${count}; what is missing is not known`;
export const theChecksumOfTheTable = (signature: string, what: boolean): string =>
  `the checksum of the ${signature} table is wrong: a byte of it is not as firmware wrote it; it was read nevertheless${what ? ', but Linux would leave AMD-Vi off ("IVRS invalid checksum")' : ''}`;

export const theTableCoversNoFunction = (signature: string): string =>
  `the ${signature} table covers no function of the listing; it may be of another machine, and was left out`;
export const theTablePutsBehindNoIommu = (signature: string): string =>
  `the ${signature} table puts % behind no IOMMU, but the machine's kernel gave them a group; the kernel was believed`;
export const byTheTableNoIommuCovers = (signature: string): string =>
  `by the ${signature} table no IOMMU covers %: they have no group and their DMA is not translated`;

export const isAt0xInLine = (name: string, value: string, line: number, value2: string): string =>
  `${name} is at 0x${value} in line ${line}, at 0x${value2} in the ACPI table; it may be of another machine`;
export const theTableIsNotRead = (signature: string): string =>
  `the ${signature} table is not read; who is behind which IOMMU is taken from the rest of the text`;
