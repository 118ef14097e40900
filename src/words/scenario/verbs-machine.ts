/** Help on verbs and their arguments: the machine. */

export const svRrCrUfOfSv = 'SV+RR+CR+UF, of SV TB RR CR UF EC DT';
export const namesOfPlatformDevices = 'fe500000.dma-controller, or ARMH0061:00';
export const cacheSizeOrOff = '64x4, or off';
export const vtDLegacyOrScalableAmd =
  'VT-d: legacy or scalable; AMD: the tables that its driver prefers, v1 or v2; RISC-V: coherent, so that its devices can be bound';
export const addressBitsOfItsTables = 'address bits of its tables; 48 unless said otherwise';
export const setsAndWaysOfItsIotlb = 'sets and ways of its IOTLB';
export const ofItsCacheOfDeviceEntries = 'of its cache of device entries: contexts, DTEs, STEs, DCs';
export const ofItsCacheOfPasidEntries = 'of its cache of PASID entries, CDs, PCs';
export const ofItsCacheOfTableEntries = 'of its cache of table entries that are no leaves';
export const namesTheMachineAndItsIommu = 'names the machine and its IOMMU; first line, once';
export const whatToCallIt = 'what to call it';
export const whichIommuItHasVtdUnless = 'which IOMMU it has; vtd unless said otherwise';
export const whatAnswersAtDevVfioVfio = 'what answers at /dev/vfio/vfio; type1 unless said';
export const whatTheBootLoaderHands =
  'what the boot loader hands to the kernel, as far as IOMMUs and PCI care';
export const mistakesOfTheRealKernel = 'mistakes of the real kernel that this one makes too; help lists them';
export const unmappedPagesLeaveTheIotlb = 'unmapped pages leave the IOTLB at once (iommu.strict=1)';
export const theKernelHasTheCommands = 'the kernel has the commands of its own tests (CONFIG_IOMMUFD_TEST)';
export const devicesAreGivenAwayEven = 'devices are given away even if their MSIs are not isolated';
export const nativeDriversUsePhysicalAddressesIommu =
  'native drivers use physical addresses (iommu.passthrough=1)';
export const oneMoreIommuOfAVendor =
  'one more IOMMU: of a vendor, or generic, with the abilities and refusals that you choose; before boot';
export const whatKindOfIommuItIs = 'what kind of IOMMU it is';
export const sizesOfItsPages4k2m = 'sizes of its pages; 4K+2M+1G unless said otherwise';
export const theAddressesThatItTranslates = 'the addresses that it translates; 48 bits unless said otherwise';
export const itsDriverIOMMUsOfOneDriver =
  'its driver: IOMMUs of one driver take each other’s page tables; its own name';
export const howManyPASIDsItCanTell = 'how many PASIDs it can tell apart; none unless said';
export const howItsDriverMakesGroupsPci = 'how its driver makes groups; pci unless said';
export const dmaIsNotCoherentWithCpuCaches = 'DMA is not coherent with CPU caches';
export const itCannotMakeNoSnoopAccessesCoherent = 'it cannot make no-snoop accesses coherent';
export const itCannotTrackDirtyPages = 'it cannot track dirty pages';
export const itDoesNotCheckInterruptMessages = 'it does not check interrupt messages';
export const itHasNoDomainThatBlocks = 'it has no domain that blocks everything: an empty page table does';
export const itsPageTablesAreCompleteOnly = 'its page tables are complete only once attached';
export const addsAPciFunctionParentsComeFirst = 'adds a PCI function; parents come first';
export const itsAddress = 'its address';
export const whatSortOfFunctionItIs = 'what sort of function it is';
export const itsNameForPeople = 'its name for people';
export const vendorAndDeviceId = 'vendor and device id';
export const subsystemVendorAndDeviceId = 'subsystem vendor and device id';
export const classCodeBaseSubInterface = 'class code: base, sub, interface';
export const busesBehindABridgeInHex = 'buses behind a bridge, in hex';
export const acsCapabilityAfterTheControlBits =
  'ACS capability; after @ the control bits that firmware left, after / those that Linux left';
export const thePhysicalFunctionThatThisVirtual = 'the physical function that this virtual one belongs to';
export const n7OrNone = '7, or none';
export const theIommuGroupThatItsOwn = 'the IOMMU group that its own kernel reported';
export const theDriverToBindAtBoot = 'the driver to bind at boot';
export const theIommuInWhoseScope = 'the IOMMU in whose scope it is, made by iommu, or none';
export const howManyPASIDsItCanUse = 'how many PASIDs it can use';
export const otherDevicesAndFunctions =
  'other devices and functions of its bus whose requester ids its DMA carries';
export const itsVirtualFunctionsHowMany =
  'its virtual functions: how many it can have, offset, stride, and their device id';
export const itsMemoryStartLastInHex = 'its memory, start-last in hex; p behind what may be prefetched';
export const theMultifunctionBitOfItsHeader = 'the multifunction bit of its header';
export const itCachesTranslationsItself = 'it caches translations itself';
export const itCanAskForPages = 'it can ask for pages that are not there';
export const itSitsBehindAnExternalPort = 'it sits behind an external port';
export const thePortLeadsOut = 'the port leads out of the machine, so what is below it is untrusted';
export const addsADevice = 'adds a device that is on no PCI bus, as device tree or ACPI list it; before boot';
export const whatTheKernelCallsIt = 'what the kernel calls it';
export const itsIommuMadeByIommu = 'its IOMMU, made by iommu or the machine’s own (smmu0 …), or none';
export const theStreamIDsByWhichItsIommu =
  'the StreamIDs by which its IOMMU knows it; its DMA carries the first';
export const howManyPASIDsItCanUseA = 'how many PASIDs it can use, a power of two (pasid-num-bits)';
export const itsFaultsMayWait = 'its faults may wait for an answer (dma-can-stall)';
export const itsInterruptsAreMessages =
  'its interrupts are messages that the interrupt controller keeps apart (msi-parent)';
export const firmwareOrTheIommuDriverKeeps =
  'firmware or the IOMMU driver keeps some of the addresses of a device; before boot';
export const theDevice = 'the device';
export const startLastBothIncluded = 'start-last, both included';
export const asReservedRegionsOfItsGroup = 'as reserved_regions of its group shows it';
export const anIommuDriverRefusesItsN =
  'an IOMMU driver refuses its n-th such call from now on, or every attach of a device';
export const anIommuMadeByIommu = 'an IOMMU made by iommu';
export const whatItIsAsked = 'what it is asked';
export const whichCallFromNowOnCounted =
  'which call from now on, counted from 1, or a PCI address: all of that device';
export const whatItAnswers = 'what it answers';
export const linuxEnumeratesTheBusMakes =
  'Linux enumerates the bus, makes the groups and binds drivers; implied when needed';
export const pullsAFunctionOutWithEverything = 'pulls a function out, with everything behind it';
export const theFunctionOrAPlatformDevice = 'the function, or a platform device';
export const readsOrWritesARegister =
  'reads or writes a register of configuration space, as the tool of that name';
export const theFunction = 'the function';
export const itsNameOrOffsetWidth = 'its name or offset, width, and what to write, all in hex';
export const unbindsThePresentDriverAndBinds = 'unbinds the present driver and binds this one';
export const aDriverOrNone = 'a driver, or none';
