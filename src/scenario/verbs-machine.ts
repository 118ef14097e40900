import { PCI_KINDS } from '../engine/pci/function-spec';
import { PLATFORM_NAME } from './literal';
import {
  anyDevice,
  atOnce,
  bdf,
  choice,
  defineVerb,
  flag,
  number,
  option,
  param,
  pattern,
  range,
  text,
  word,
  saysAs,
  type VerbSpec,
} from './verb-spec';
import * as says from '../words/scenario/verbs-machine';

const IDS = pattern(/^[0-9a-fA-F]{4}:[0-9a-fA-F]{4}$/, '8086:10d3');
const ACS_BITS = '(?:SV|TB|RR|CR|UF|EC|DT)';
const ACS_SET = `(?:none|${ACS_BITS}(?:\\+${ACS_BITS})*)`;
const ACS = pattern(new RegExp(`^${ACS_SET}(?:@${ACS_SET})?(?:/${ACS_SET})?$`), says.svRrCrUfOfSv);

const BAR = '[0-9a-fA-F]{1,16}-[0-9a-fA-F]{1,16}p?';
const BARS = pattern(new RegExp(`^${BAR}(?:\\+${BAR})*$`), 'f0000000-f0ffffff+fe000000-fe003fffp');
const DEVFN = '[01][0-9a-fA-F]\\.[0-7]';
const ALIASES = pattern(new RegExp(`^${DEVFN}(?:\\+${DEVFN})*$`), '10.0+11.0');
const SRIOV = pattern(/^[0-9]{1,5}@[0-9]{1,5}\/[0-9]{1,5}(?::[0-9a-fA-F]{4})?$/, '64@128/2:10ed');

const PLATFORM = pattern(PLATFORM_NAME, says.namesOfPlatformDevices);
const STREAM = '(?:0x[0-9a-fA-F]{1,8}|[0-9]{1,9})';
const STREAMS = pattern(new RegExp(`^${STREAM}(?:\\+${STREAM})*$`), '0x100+0x101');

const PAGE_SIZES = pattern(/^[0-9]+[KMGT](?:\+[0-9]+[KMGT])*$/, '4K+2M+1G');

const DEFECT = '(?:replace-answers-new-queue|failed-replace-unreserves|smmu-dirty-without-flush)';
const DEFECTS = pattern(new RegExp(`^${DEFECT}(?:\\+${DEFECT})*$`), 'failed-replace-unreserves');

const CACHE = pattern(/^(?:off|[1-9][0-9]*x[1-9][0-9]*)$/, says.cacheSizeOrOff);
/** Of an IOMMU of a vendor. */
const VENDOR_OPTIONS = [
  option(
    'mode',
    choice('legacy', 'scalable', 'v1', 'v2', 'upstream', 'coherent'),
    says.vtDLegacyOrScalableAmd,
  ),
  option('width', choice('39', '48', '57'), says.addressBitsOfItsTables),
  option('iotlb', CACHE, says.setsAndWaysOfItsIotlb),
  option('device-cache', CACHE, says.ofItsCacheOfDeviceEntries),
  option('process-cache', CACHE, says.ofItsCacheOfPasidEntries),
  option('walk-cache', CACHE, says.ofItsCacheOfTableEntries),
];

/** What the machine is made of, and its kernel's start. */
export const MACHINE_VERBS: readonly VerbSpec[] = [
  defineVerb('machine', 'machine q35 iommu=vtd', says.namesTheMachineAndItsIommu, {
    ...atOnce,
    params: [param('name', { kind: 'word-or-text' }, says.whatToCallIt)],
    options: [
      option('iommu', choice('vtd', 'amd', 'smmuv3', 'riscv', 'none'), says.whichIommuItHasVtdUnless),
      ...VENDOR_OPTIONS,
      option('container', choice('type1', 'iommufd'), says.whatAnswersAtDevVfioVfio),
      option('cmdline', text, says.whatTheBootLoaderHands),
      option('defects', DEFECTS, says.mistakesOfTheRealKernel),
    ],
    flags: [
      flag('strict', says.unmappedPagesLeaveTheIotlb),
      flag('selftest', says.theKernelHasTheCommands),
      flag('unsafe-interrupts', says.devicesAreGivenAwayEven),
      flag('passthrough', says.nativeDriversUsePhysicalAddressesIommu),
    ],
  }),
  defineVerb('iommu', 'iommu smmu0 generic pages=4K+2M aperture=0-0xffffffff', says.oneMoreIommuOfAVendor, {
    ...atOnce,
    params: [
      param('name', word, says.whatToCallIt),
      param('kind', choice('generic', 'vtd', 'amd', 'smmuv3', 'riscv'), says.whatKindOfIommuItIs),
    ],
    options: [
      ...VENDOR_OPTIONS,
      option('pages', PAGE_SIZES, says.sizesOfItsPages4k2m),
      option('aperture', range, says.theAddressesThatItTranslates),
      option('driver', word, says.itsDriverIOMMUsOfOneDriver),
      option('pasids', number, says.howManyPASIDsItCanTell),
      option(
        'groups',
        choice('pci', 'device', 'single', 'host-bridge', 'stream'),
        says.howItsDriverMakesGroupsPci,
      ),
    ],
    flags: [
      flag('no-coherency', says.dmaIsNotCoherentWithCpuCaches),
      flag('no-snoop-control', says.itCannotMakeNoSnoopAccessesCoherent),
      flag('no-dirty', says.itCannotTrackDirtyPages),
      flag('no-msi-isolation', says.itDoesNotCheckInterruptMessages),
      flag('no-blocked', says.itHasNoDomainThatBlocks),
      flag('attach-finalised', says.itsPageTablesAreCompleteOnly),
    ],
  }),
  defineVerb('pci', 'pci 01:00.0 endpoint id=8086:10d3 class=020000', says.addsAPciFunctionParentsComeFirst, {
    params: [
      param('bdf', bdf, says.itsAddress),
      param('kind', choice(...PCI_KINDS), says.whatSortOfFunctionItIs),
      param('label', { kind: 'text' }, says.itsNameForPeople, 'optional'),
    ],
    options: [
      option('id', IDS, says.vendorAndDeviceId),
      option('sub', IDS, says.subsystemVendorAndDeviceId),
      option('class', pattern(/^[0-9a-fA-F]{6}$/, '020000'), says.classCodeBaseSubInterface),
      option('rev', number, 'revision'),
      option('bus', pattern(/^[0-9a-fA-F]{2}-[0-9a-fA-F]{2}$/, '01-03'), says.busesBehindABridgeInHex),
      option('acs', ACS, says.acsCapabilityAfterTheControlBits),
      option('vf', bdf, says.thePhysicalFunctionThatThisVirtual),
      option('group', pattern(/^(?:none|0|[1-9][0-9]*)$/, says.n7OrNone), says.theIommuGroupThatItsOwn),
      option('driver', word, says.theDriverToBindAtBoot),
      option('iommu', word, says.theIommuInWhoseScope),
      option('pasid', number, says.howManyPASIDsItCanUse),
      option('alias', ALIASES, says.otherDevicesAndFunctions),
      option('sriov', SRIOV, says.itsVirtualFunctionsHowMany),
      option('bars', BARS, says.itsMemoryStartLastInHex),
    ],
    flags: [
      flag('mf', says.theMultifunctionBitOfItsHeader),
      flag('ats', says.itCachesTranslationsItself),
      flag('pri', says.itCanAskForPages),
      flag('untrusted', says.itSitsBehindAnExternalPort),
      flag('external', says.thePortLeadsOut),
    ],
  }),
  defineVerb(
    'platform',
    'platform fe500000.dma-controller stream=0x100 driver=pl330 "DMA controller"',
    says.addsADevice,
    {
      ...atOnce,
      params: [
        param('name', PLATFORM, says.whatTheKernelCallsIt),
        param('label', { kind: 'text' }, says.itsNameForPeople, 'optional'),
      ],
      options: [
        option('iommu', word, says.itsIommuMadeByIommu),
        option('stream', STREAMS, says.theStreamIDsByWhichItsIommu),
        option('driver', word, says.theDriverToBindAtBoot),
        option('pasid', number, says.howManyPASIDsItCanUseA),
      ],
      flags: [
        flag('stall', says.itsFaultsMayWait),
        flag('msi', says.itsInterruptsAreMessages),
        flag('reset', 'VFIO knows how to reset it, and so takes it (_RST, or a reset module)'),
      ],
    },
  ),
  defineVerb('reserve', 'reserve 01:00.0 0x80000-0x8ffff direct', says.firmwareOrTheIommuDriverKeeps, {
    ...atOnce,
    params: [
      param('device', anyDevice, says.theDevice),
      param('range', range, says.startLastBothIncluded),
      param(
        'kind',
        choice('direct', 'direct-relaxable', 'reserved', 'msi', 'sw-msi'),
        says.asReservedRegionsOfItsGroup,
      ),
    ],
  }),
  defineVerb('refuse', 'refuse smmu0 attach 2 EINVAL', says.anIommuDriverRefusesItsN, {
    ...atOnce,
    params: [
      param('unit', word, says.anIommuMadeByIommu),
      param('call', choice('attach', 'map', 'alloc'), says.whatItIsAsked),
      param('which', word, says.whichCallFromNowOnCounted),
      param('errno', word, says.whatItAnswers),
    ],
  }),
  defineVerb('boot', 'boot', says.linuxEnumeratesTheBusMakes),
  defineVerb('remove', 'remove 01:00.0', says.pullsAFunctionOutWithEverything, {
    params: [param('device', anyDevice, says.theFunctionOrAPlatformDevice)],
  }),
  defineVerb('setpci', 'setpci 00:1c.0 "ECAP_ACS+6.w=0"', says.readsOrWritesARegister, {
    ...atOnce,
    params: [
      param('bdf', bdf, says.theFunction),
      param('register', text, says.itsNameOrOffsetWidth),
      ...saysAs,
    ],
  }),
  defineVerb('driver', 'driver 01:00.0 vfio-pci', says.unbindsThePresentDriverAndBinds, {
    params: [param('device', anyDevice, says.theDevice), param('driver', word, says.aDriverOrNone)],
  }),
];
