import {
  address,
  anyDevice,
  atOnce,
  bdf,
  bond,
  buffer,
  choice,
  defineVerb,
  dmaAddress,
  domain,
  flag,
  group,
  number,
  option,
  param,
  text,
  value,
  word,
  type VerbSpec,
} from './verb-spec';
import * as says from '../words/scenario/verbs-kernel';

const theDevice = param('device', anyDevice, says.theDevice);
const theFunction = param('bdf', bdf, says.theDevice);
const theGroup = param('group', group, says.itsNumber);
const theDomain = param('domain', domain, says.madeByIommuPagingDomainAlloc);
const theOwner = param('owner', word, says.anyWordTheSameWord);
const thePasid = param('pasid', number, says.thePasid);

const onDevice = (name: string, help: string): VerbSpec =>
  defineVerb(name, `${name} dom 01:00.0`, help, { params: [theDomain, theDevice] });
const onGroup = (name: string, help: string): VerbSpec =>
  defineVerb(name, `${name} dom 1`, help, { params: [theDomain, theGroup] });
const onPasid = (name: string, help: string): VerbSpec =>
  defineVerb(name, `${name} dom 01:00.0 5`, help, { params: [theDomain, theDevice, thePasid] });

/** What kernel drivers call. */
export const KERNEL_VERBS: readonly VerbSpec[] = [
  defineVerb(
    'iommu_device_claim_dma_owner',
    'iommu_device_claim_dma_owner 01:00.0 me',
    says.somebodyInTheKernelClaims,
    { params: [theDevice, theOwner] },
  ),
  defineVerb(
    'iommu_device_release_dma_owner',
    'iommu_device_release_dma_owner 01:00.0',
    says.givesOneClaimBack,
    { params: [theDevice] },
  ),
  defineVerb(
    'iommu_group_claim_dma_owner',
    'iommu_group_claim_dma_owner 1 me',
    says.claimsAGroupAloneEvenAgainst,
    { params: [theGroup, theOwner] },
  ),
  defineVerb(
    'iommu_group_release_dma_owner',
    'iommu_group_release_dma_owner 1',
    says.givesTheWholeGroupBack,
    { params: [theGroup] },
  ),
  defineVerb('iommu_group_alloc', 'iommu_group_alloc', says.makesAGroupWithoutDevices, atOnce),
  defineVerb('group_get', 'group_get 1', says.somebodyInTheKernelKeeps, {
    ...atOnce,
    params: [theGroup],
  }),
  defineVerb('group_put', 'group_put 1', says.letsGoOfAGroupIommu, {
    ...atOnce,
    params: [theGroup],
  }),
  defineVerb('iommu_group_set_name', 'iommu_group_set_name 1 "accelerators"', says.givesAGroupAName, {
    ...atOnce,
    params: [theGroup, param('name', text, says.theName)],
  }),
  defineVerb('iommu_group_add_device', 'iommu_group_add_device 1 01:00.0', says.putsADeviceInAGroup, {
    params: [theGroup, param('device', value, says.itsAddressInQuotesTheName)],
  }),
  defineVerb('iommu_group_remove_device', 'iommu_group_remove_device 01:00.0', says.takesADeviceOut, {
    params: [theFunction],
  }),
  defineVerb(
    'device_iommu_capable',
    'device_iommu_capable 01:00.0 CACHE_COHERENCY',
    says.asksTheIommuOfADevice,
    {
      ...atOnce,
      params: [
        theDevice,
        param(
          'capability',
          choice(
            'CACHE_COHERENCY',
            'NOEXEC',
            'PRE_BOOT_PROTECTION',
            'ENFORCE_CACHE_COHERENCY',
            'DEFERRED_FLUSH',
            'DIRTY_TRACKING',
            'PCI_ATS_SUPPORTED',
          ),
          'IOMMU_CAP_…',
        ),
        param('answer', choice('yes', 'no'), says.whatItMustBe, 'optional'),
      ],
    },
  ),
  defineVerb(
    'pci_dev_reset_iommu_prepare',
    'pci_dev_reset_iommu_prepare 01:00.0',
    says.aDeviceThatCachesTranslations,
    { params: [theFunction] },
  ),
  defineVerb('pci_dev_reset_iommu_done', 'pci_dev_reset_iommu_done 01:00.0', says.theResetIsOver, {
    params: [theFunction],
  }),
  defineVerb(
    'iommu_paging_domain_alloc',
    'dom = iommu_paging_domain_alloc 01:00.0',
    says.makesAnEmptyPageTable,
    {
      ...atOnce,
      naming: 'must',
      makes: 'domain',
      params: [theDevice],
      flags: [flag('pasid', says.forPASIDsTooIommuHwptAllocPasid)],
    },
  ),
  defineVerb('iommu_domain_free', 'iommu_domain_free dom', says.givesAPageTableBack, {
    ...atOnce,
    params: [theDomain],
  }),
  onDevice('iommu_attach_device', says.movesADeviceThatIsAlone),
  onDevice('iommu_detach_device', says.movesItBackToTheCores),
  onGroup('iommu_attach_group', says.movesAWholeGroupToADomain),
  onGroup('iommu_detach_group', says.movesItBackToTheCores),
  onGroup('iommu_attach_group_handle', says.theSameAndWhoeverAttached),
  onGroup('iommu_replace_group_handle', says.straightFromOneDomain),
  onGroup('iommu_detach_group_handle', says.endsWhatWasAttachedWithAHandle),
  onPasid('iommu_attach_device_pasid', says.attachesADomainToOnePasid),
  onPasid('iommu_detach_device_pasid', says.blocksThatPasidAgain),
  defineVerb('iommu_map', 'iommu_map dom 0x100000 buf 64K rw', says.entersMemoryInADomainsPageTable, {
    ...atOnce,
    params: [
      theDomain,
      param('iova', number, 'where'),
      param('what', address, says.aBufferMadeByMmap),
      param('length', number, 'bytes'),
      param('access', choice('r', 'w', 'rw'), says.whatTheDeviceMayDo),
    ],
  }),
  defineVerb('iommu_unmap', 'iommu_unmap dom 0x100000 64K', says.takesItOutAgain, {
    ...atOnce,
    params: [theDomain, param('iova', number, says.firstAddress), param('length', number, 'bytes')],
  }),
  defineVerb(
    'iommu_sva_bind_device',
    'bond = iommu_sva_bind_device 01:00.0 qemu',
    says.letsADeviceUseTheAddresses,
    {
      naming: 'must',
      makes: 'bond',
      params: [theDevice, param('process', word, says.whoseAddresses)],
    },
  ),
  defineVerb('iommu_sva_unbind_device', 'iommu_sva_unbind_device bond', says.endsThat, {
    params: [param('bond', bond, says.madeByIommuSvaBindDevice)],
  }),
  defineVerb(
    'dma_set_mask_and_coherent',
    'dma_set_mask_and_coherent 01:00.0 64',
    says.aNativeDriverSaysHowMany,
    { ...atOnce, params: [theDevice, param('bits', number, says.atMost64)] },
  ),
  defineVerb('dma_map_single', 'addr = dma_map_single 01:00.0 buf both', says.aNativeDriverHandsMemory, {
    naming: 'must',
    makes: 'dma-address',
    params: [
      theDevice,
      param('buffer', buffer, says.memoryMadeByMmapOnePhysical),
      param('direction', choice('to', 'from', 'both'), says.toTheDeviceFromItOrBoth),
    ],
    options: [
      option('offset', number, says.whereInTheBufferToBegin),
      option('len', number, says.bytesUpToTheEnd),
    ],
  }),
  defineVerb('dma_unmap_single', 'dma_unmap_single addr', says.takesItBack, {
    ...atOnce,
    params: [param('address', dmaAddress, says.madeByDmaMapSingle)],
  }),
  defineVerb('flush-queue-timer', 'flush-queue-timer', says.n10MsPassWhatWasUnmapped, atOnce),
  defineVerb('page-request', 'page-request 01:00.0 0x1000 rw last', says.theDeviceAsksForAPage, {
    params: [
      theFunction,
      param('iova', number, says.theAddressItWants),
      param('access', choice('r', 'w', 'rw'), says.whatItWantsToDoThere),
    ],
    options: [
      option('pasid', number, says.thePasidOfTheRequestNone),
      option('group', number, says.numberOfThePageRequestGroup),
      option('answer', choice('SUCCESS', 'INVALID', 'FAILURE'), says.whatItMustBeAnswered),
    ],
    flags: [flag('last', says.theLastOfItsGroupNow)],
  }),
];
