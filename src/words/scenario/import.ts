/** What was taken from a text of a real machine, what was guessed, and what would tell. % stands for the functions in question. */

export const nothingTells = 'nothing tells';

export const line = (line: number, wordsOf: string): string => `line ${line}: ${wordsOf}`;
export const andMore = (count: number): string => ` and ${count} more`;

export const listOfIommuGroups = 'list of IOMMU groups';
export const kernelLog = 'kernel log';
export const kernelCommandLine = 'kernel command line';
export const acpiTable = 'ACPI table';
export const commandsTyped = 'commands typed';

export const theTextEndsWithinTheLines =
  'the text ends within the lines of %, without a line break; if it was cut off there, the rest is missing';
export const standsBehindABridgeWhoseBus =
  '% stands behind a bridge whose bus number the text does not tell; left out';

export const lineNames = (line: number, what: string, name: string): string =>
  `line ${line} names ${what} (${name})`;
export const thisMachinesIommuIs = (what: string, SHOWN_ON_VTD: string): string =>
  `this machine's IOMMU is ${what}; ${SHOWN_ON_VTD}`;
export const isShownAsIntelVtD = (what: string): string => `${what} is shown as Intel VT-d`;
export const oneOfTheFunctions = 'one of the functions is an AMD IOMMU';
export const theHostBridgeIsOfAmd = 'the host bridge is of AMD';
export const theHostBridgeIsOfIntel = 'the host bridge is of Intel';
export const itsChipsetIsOf = (isIntel: boolean): string => `its chipset is of ${isIntel ? 'Intel' : 'AMD'}`;
export const nothingInTheTextTells = 'nothing in the text tells which IOMMU the machine has';
export const itsGroupsAreComputedAsLinux =
  'its groups are computed as Linux does, its look-ups are shown on a VT-d unit';
export const inLineInLineTheFormer = (what: string, line: number, what2: string, line2: number): string =>
  `${what} in line ${line}, ${what2} in line ${line2}; the former was taken`;

export const asRootItPrintsTheAcs =
  'as root it prints the ACS registers, the kind of every port and the header bits that decide groups';
export const itPrintsTheNumbersThatQuirks = 'it prints the numbers that quirks go by';
export const itPrintsWhichBridgeLeadsWhere = 'it prints which bridge leads where';
export const itPrintsTheGroups = 'it prints the groups that the running kernel made; no root needed';
export const theFirmwaresTableSaysWhichIommu =
  'the firmware’s table says which IOMMU covers what, and for whom memory is reserved';
export const itNamesTheIommu = 'it names the IOMMU that the machine has';
export const theLogSaysThatTheIommu = 'the log says that the IOMMU is off; the command line may say why';

export const twoCommandLinesAndTheFormer = (part: string, part2: string): string =>
  `two command lines: "${part}" and "${part2}"; the former was taken`;

export const aPCIePortType = (part: string): string =>
  `a PCIe port type that the specification lacks (${part}): % taken as an endpoint`;
export const asleepWhenTheDump =
  'asleep when the dump was made (header type 7f), so that its registers read as ones: the kind of % is guessed from its place. Wake it (echo on > /sys/bus/pci/devices/…/power/control) and dump again';
export const capabilitiesHiddenFromOrdinaryUsers =
  'capabilities hidden from ordinary users: the kind of % is guessed, and they count as without ACS unless recorded groups tell. Run sudo lspci -vvvnn';
export const theTextEndsWithinTheLinesOf =
  'the text ends within the lines of %, or lacks some: without its capabilities its kind is guessed, and it counts as without ACS unless recorded groups tell';
export const onlyALineOrTwo =
  'only a line or two in the text: the kind of % is guessed, and they count as without ACS unless recorded groups tell. Run sudo lspci -vvvnn';

export const whichBusesAreBehindIsGuessed =
  'which buses are behind % is guessed from the order of bus numbers; lspci -t shows it';

export const acsIsOffOnEveryPort =
  'ACS is off on every port that has it. If this kernel ran without an IOMMU, Linux turns it on with one and makes smaller groups: take away what follows the / of acs= to see, or dump again with the IOMMU on';
export const noDeviceNumberForQuirks =
  'no device number for %: quirks that go by number are not applied to them. lspci -nn shows numbers';
export const aSwitchtecNtbKeepsFurtherRequester =
  '%: a Switchtec NTB keeps further requester ids in its own memory, which no listing shows; they are not counted';
export const noClassFor = 'no class for %: what it is does not show';
export const noBridgeInTheTextLeads = 'no bridge in the text leads to the bus of %; taken as a root bus';

export const anotherMachinesListingFunctionsStartsHere = (size: number, firstLine: number): string =>
  `another machine's listing (${size} functions) starts here; only the one from line ${firstLine} on was taken (%)`;
export const inThisListingOnly = (firstLine: number): string =>
  `% in this listing only, not in the one from line ${firstLine} on, which was taken`;
export const twoListingsNameDifferentDevicesHere =
  '%: two listings name different devices here; the more detailed one was taken';
export const iommuGroupInOneListing = (group: number, group2: number): string =>
  `%: IOMMU group ${group} in one listing, ${group2} in another; ${group} was taken`;
export const driverInOneListing = (driver: string, driver2: string): string =>
  `%: driver ${driver} in one listing, ${driver2} in another; ${driver} was taken`;

export const theKernelLog = 'the kernel log';
export const sysfs = 'sysfs';
export const lspciT = 'lspci -t';
export const seemsToBeOfAnotherMachine = (title: string): string =>
  `${title} seems to be of another machine: it names other devices (% first); it was left out`;
export const inButNotInTheListing = (title: string): string =>
  `% in ${title}, but not in the listing that was taken; left out`;
export const namesAnotherDeviceHereTheListing = (title: string): string =>
  `%: ${title} names another device here; the listing was taken`;
export const leadsToOtherBuses = (title: string): string =>
  `% leads to other buses in ${title} than in the listing, which was taken`;
export const driverInTheListingInWasTaken = (driver: string, driver2: string, title: string): string =>
  `%: driver ${driver} in the listing, ${driver2} in ${title}; ${driver} was taken`;
export const theListOfGroups = 'the list of groups';
export const onePlace = 'one place';
export const iommuGroupInInWasTaken = (group: number, taken: string, group2: number, what: string): string =>
  `%: IOMMU group ${group} in ${taken}, ${group2} in ${what}; ${group} was taken`;
export const theTextEndsWithTheNumber =
  'the text ends with the number of the IOMMU group of %, without a line break; if it was cut off there, the number may have lost digits';

export const takenAsABridgeWithoutBuses = (why: string): string =>
  `${why}; % taken as a bridge without buses behind it`;
export const leftOut = (why: string): string => `${why}; left out (%)`;
export const mayBeVirtualFunctionsOneBefore =
  '% may be virtual functions: one before them has SR-IOV, but where its virtual functions are is not told; taken as physical';
export const noAcsRegistersOfTheyCount =
  'no ACS registers of %: they count as without ACS unless recorded groups tell';
export const whetherTheHeaderOfSaysMultifunction =
  'whether the header of % says multifunction shows only in lspci -x; taken as single (if it does, all below it is one group)';
export const listedWithAcsButWithout =
  '% listed with ACS but without its bits; taken as SV, RR, CR and UF, all on. Run sudo lspci -vvvnn to know';
export const thisChipsetKeepsAcsControl =
  '%: this chipset keeps ACS control where lspci does not look; taken as Linux sets it. Run sudo lspci -vvvxxxx to know';
export const noACSCtlLineTakenAsLinux = '%: no ACSCtl line; taken as Linux sets it';

export const isInIommuGroup = (get: undefined | number, short: string, get2: undefined | number): string =>
  `% is in IOMMU group ${get} of the text and ${short} in ${get2}, but by the registers in the text Linux puts them together; so does the machine shown`;
export const andAreBothInIommuGroup = (short: string, get: undefined | number): string =>
  `% and ${short} are both in IOMMU group ${get} of the text, but by the registers in the text Linux keeps them apart; so does the machine shown`;
export const theMachineShownGroupsOtherwise =
  'the machine shown groups % otherwise than the IOMMU groups of the text: how they hang together is not told';

export const whichOfTheIOMMUsCovers = (list: string): string =>
  `which of the IOMMUs (${list}) covers which function is not in the text; all are put under one`;
export const interruptsAreNotRemapped =
  'interrupts are not remapped on this machine, so that VFIO refuses its devices without allow_unsafe_interrupts; the machine shown remaps them';
export const theLogSaysThatTheIommuIs = 'the log says that the IOMMU is off; the machine shown has it on';
export const devicesThatAre = (count: number, name: string): string =>
  `devices that are not on a PCI bus are left out (${count}, ${name} first)`;
export const memoryIsReservedForSomeFunction =
  'memory is reserved for some function, but not told for which (RMRR): it keeps that one from a VM';

export const moreThanFunctions = (MOST_FUNCTIONS: number): string =>
  `more than ${MOST_FUNCTIONS} functions: this is not the listing of one machine`;
export const thisTextHasMiBAtMost = (ceil: number, count: number): string =>
  `this text has ${ceil} MiB; at most ${count} MiB are read, enough for a thousand functions with every register. Keep only the output of lspci`;
export const thisIsNoPlainText =
  'this is no plain text: it holds characters that no listing has. Save the output of lspci as UTF-8 text';
export const lines = (title: string, lines: number): string => `${title} (${lines} lines)`;
export const about = (units: string): string => ` about ${units}`;
export const foundWereButNoneThatNames = (list: string, what: string): string =>
  `; found were ${list}${what}, but none that names a PCI function`;
export const noLspciOutputInTheseLines = (lines: number, found: string): string =>
  `no lspci output in these ${lines} lines${found}: a function begins like "00:1f.0 ISA bridge [0601]: …". Run sudo lspci -vvvnn and paste what it prints`;
export const whetherIsolateIsTaken =
  'whether % isolate is taken from the groups that the machine’s own kernel made';
