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

const theDevice = param('device', anyDevice, 'the device');
const theFunction = param('bdf', bdf, 'the device');
const theGroup = param('group', group, 'its number');
const theDomain = param('domain', domain, 'made by iommu_paging_domain_alloc');
const theOwner = param('owner', word, 'any word; the same word is the same owner');
const thePasid = param('pasid', number, 'the PASID');

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
    'somebody in the kernel claims the DMA of the device’s group',
    { params: [theDevice, theOwner] },
  ),
  defineVerb(
    'iommu_device_release_dma_owner',
    'iommu_device_release_dma_owner 01:00.0',
    'gives one claim back; with the last the group is on its default domain again',
    { params: [theDevice] },
  ),
  defineVerb(
    'iommu_group_claim_dma_owner',
    'iommu_group_claim_dma_owner 1 me',
    'claims a group alone, even against the same owner',
    { params: [theGroup, theOwner] },
  ),
  defineVerb(
    'iommu_group_release_dma_owner',
    'iommu_group_release_dma_owner 1',
    'gives the whole group back',
    { params: [theGroup] },
  ),
  defineVerb('iommu_group_alloc', 'iommu_group_alloc', 'makes a group without devices, and holds it', atOnce),
  defineVerb('group_get', 'group_get 1', 'somebody in the kernel keeps a group (iommu_group_get_by_id)', {
    ...atOnce,
    params: [theGroup],
  }),
  defineVerb('group_put', 'group_put 1', 'lets go of a group (iommu_group_put)', {
    ...atOnce,
    params: [theGroup],
  }),
  defineVerb('iommu_group_set_name', 'iommu_group_set_name 1 "accelerators"', 'gives a group a name', {
    ...atOnce,
    params: [theGroup, param('name', text, 'the name')],
  }),
  defineVerb(
    'iommu_group_add_device',
    'iommu_group_add_device 1 01:00.0',
    'puts a device in a group by hand, without an IOMMU',
    {
      params: [
        theGroup,
        param('device', value, 'its address; in quotes the name of a device of another bus'),
      ],
    },
  ),
  defineVerb(
    'iommu_group_remove_device',
    'iommu_group_remove_device 01:00.0',
    'takes a device out of a group that it was put in by hand',
    { params: [theFunction] },
  ),
  defineVerb(
    'device_iommu_capable',
    'device_iommu_capable 01:00.0 CACHE_COHERENCY',
    'asks the IOMMU of a device what it can do',
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
        param('answer', choice('yes', 'no'), 'what it must be', 'optional'),
      ],
    },
  ),
  defineVerb(
    'pci_dev_reset_iommu_prepare',
    'pci_dev_reset_iommu_prepare 01:00.0',
    'a device that caches translations is blocked while it is reset',
    { params: [theFunction] },
  ),
  defineVerb('pci_dev_reset_iommu_done', 'pci_dev_reset_iommu_done 01:00.0', 'the reset is over', {
    params: [theFunction],
  }),
  defineVerb(
    'iommu_paging_domain_alloc',
    'dom = iommu_paging_domain_alloc 01:00.0',
    'makes an empty page table for a device',
    {
      ...atOnce,
      naming: 'must',
      makes: 'domain',
      params: [theDevice],
      flags: [flag('pasid', 'for PASIDs too (IOMMU_HWPT_ALLOC_PASID)')],
    },
  ),
  defineVerb('iommu_domain_free', 'iommu_domain_free dom', 'gives a page table back', {
    ...atOnce,
    params: [theDomain],
  }),
  onDevice('iommu_attach_device', 'moves a device that is alone in its group to a domain'),
  onDevice('iommu_detach_device', 'moves it back to the core’s own domain'),
  onGroup('iommu_attach_group', 'moves a whole group to a domain'),
  onGroup('iommu_detach_group', 'moves it back to the core’s own domain'),
  onGroup('iommu_attach_group_handle', 'the same, and whoever attached it hears of page faults'),
  onGroup('iommu_replace_group_handle', 'straight from one domain to another, without a gap'),
  onGroup('iommu_detach_group_handle', 'ends what was attached with a handle'),
  onPasid('iommu_attach_device_pasid', 'attaches a domain to one PASID of the device’s group'),
  onPasid('iommu_detach_device_pasid', 'blocks that PASID again'),
  defineVerb('iommu_map', 'iommu_map dom 0x100000 buf 64K rw', 'enters memory in a domain’s page table', {
    ...atOnce,
    params: [
      theDomain,
      param('iova', number, 'where'),
      param('what', address, 'a buffer made by mmap, or a physical address'),
      param('length', number, 'bytes'),
      param('access', choice('r', 'w', 'rw'), 'what the device may do'),
    ],
  }),
  defineVerb('iommu_unmap', 'iommu_unmap dom 0x100000 64K', 'takes it out again', {
    ...atOnce,
    params: [theDomain, param('iova', number, 'first address'), param('length', number, 'bytes')],
  }),
  defineVerb(
    'iommu_sva_bind_device',
    'bond = iommu_sva_bind_device 01:00.0 qemu',
    'lets a device use the addresses of a process, under a PASID',
    {
      naming: 'must',
      makes: 'bond',
      params: [theDevice, param('process', word, 'whose addresses')],
    },
  ),
  defineVerb('iommu_sva_unbind_device', 'iommu_sva_unbind_device bond', 'ends that', {
    params: [param('bond', bond, 'made by iommu_sva_bind_device')],
  }),
  defineVerb(
    'dma_set_mask_and_coherent',
    'dma_set_mask_and_coherent 01:00.0 64',
    'a native driver says how many address bits its device has; 32 unless said',
    { ...atOnce, params: [theDevice, param('bits', number, 'up to 64')] },
  ),
  defineVerb(
    'dma_map_single',
    'addr = dma_map_single 01:00.0 buf both',
    'a native driver hands memory to its device, and gets an address for it',
    {
      naming: 'must',
      makes: 'dma-address',
      params: [
        theDevice,
        param('buffer', buffer, 'memory made by mmap; one physical piece of it'),
        param('direction', choice('to', 'from', 'both'), 'to the device, from it, or both'),
      ],
      options: [
        option('offset', number, 'where in the buffer to begin'),
        option('len', number, 'bytes; up to the end of the page unless said'),
      ],
    },
  ),
  defineVerb('dma_unmap_single', 'dma_unmap_single addr', 'takes it back', {
    ...atOnce,
    params: [param('address', dmaAddress, 'made by dma_map_single')],
  }),
  defineVerb(
    'flush-queue-timer',
    'flush-queue-timer',
    '10 ms pass: what was unmapped lazily leaves the IOTLB',
    atOnce,
  ),
  defineVerb('page-request', 'page-request 01:00.0 0x1000 rw last', 'the device asks for a page', {
    params: [
      theFunction,
      param('iova', number, 'the address it wants'),
      param('access', choice('r', 'w', 'rw'), 'what it wants to do there'),
    ],
    options: [
      option('pasid', number, 'the PASID of the request; none unless said'),
      option('group', number, 'number of the page request group, 0 unless said'),
      option('answer', choice('SUCCESS', 'INVALID', 'FAILURE'), 'what it must be answered'),
    ],
    flags: [flag('last', 'the last of its group: now it wants an answer')],
  }),
];
