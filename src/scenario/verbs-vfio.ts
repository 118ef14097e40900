import {
  anyDevice,
  attachable,
  buffer,
  choice,
  context,
  defineVerb,
  flag,
  named,
  number,
  option,
  param,
  saysAs,
  type VerbSpec,
} from './verb-spec';

const dev = param('dev', named('device', 'file'), 'a bound device');
const pasid = option('pasid', number, 'only requests with this PASID');
const attachParams = [
  dev,
  param('to', attachable, 'an IOAS (the kernel finds or makes a HWPT) or a HWPT'),
] as const;
const group = param('group', named('file'), 'opened as /dev/vfio/N');
const container = param('container', named('file', 'context'), 'opened as /dev/vfio/vfio, or an iommufd');

/** Devices that a program has through VFIO: by iommufd first, then the old way. */
export const VFIO_VERBS: readonly VerbSpec[] = [
  defineVerb(
    'BIND',
    'dev = BIND ctx 01:00.0',
    'opens a vfio device and binds it to a context (VFIO_DEVICE_BIND_IOMMUFD)',
    {
      naming: 'must',
      makes: 'device',
      params: [
        param('ctx', context, 'a context made by open'),
        param('device', anyDevice, 'a device with a vfio driver'),
      ],
    },
  ),
  defineVerb(
    'ATTACH',
    'hwpt = ATTACH dev ioas',
    'attaches a bound device; the name is the HWPT that serves it',
    { naming: 'may', makes: 'hwpt', params: attachParams, options: [pasid] },
  ),
  defineVerb('REPLACE', 'REPLACE dev ioas2', 'moves an attached device without a gap', {
    naming: 'may',
    makes: 'hwpt',
    params: attachParams,
    options: [pasid],
  }),
  defineVerb('DETACH', 'DETACH dev', 'detaches a device; its DMA is blocked from then on', {
    params: [dev],
    options: [pasid],
  }),
  defineVerb('UNBIND', 'UNBIND dev', 'closes the vfio device', { params: [dev] }),
  defineVerb(
    'VFIO_DEVICE_BIND_IOMMUFD',
    'dev = VFIO_DEVICE_BIND_IOMMUFD file ctx',
    'binds a device whose own node is open',
    {
      naming: 'must',
      makes: 'device',
      params: [
        param('file', named('file', 'device'), 'opened as /dev/vfio/devices/vfioN'),
        param('ctx', context, 'a context made by open'),
      ],
    },
  ),
  defineVerb(
    'VFIO_DEVICE_ATTACH_IOMMUFD_PT',
    'hwpt = VFIO_DEVICE_ATTACH_IOMMUFD_PT dev ioas',
    'attaches what is not attached, and replaces what is',
    { naming: 'may', makes: 'hwpt', params: attachParams, options: [pasid] },
  ),
  defineVerb('VFIO_DEVICE_DETACH_IOMMUFD_PT', 'VFIO_DEVICE_DETACH_IOMMUFD_PT dev', 'as DETACH', {
    params: [dev],
    options: [pasid],
  }),
  defineVerb('VFIO_DEVICE_GET_INFO', 'VFIO_DEVICE_GET_INFO dev', 'asks what the device has', {
    params: [dev],
  }),
  defineVerb('VFIO_GROUP_GET_STATUS', 'VFIO_GROUP_GET_STATUS group', 'asks whether the group can be had', {
    params: [group, ...saysAs],
  }),
  defineVerb(
    'VFIO_GROUP_SET_CONTAINER',
    'VFIO_GROUP_SET_CONTAINER group container',
    'puts a group in a container',
    { params: [group, container] },
  ),
  defineVerb('VFIO_GROUP_UNSET_CONTAINER', 'VFIO_GROUP_UNSET_CONTAINER group', 'takes a group out again', {
    params: [group],
  }),
  defineVerb(
    'VFIO_GROUP_GET_DEVICE_FD',
    'dev = VFIO_GROUP_GET_DEVICE_FD group 01:00.0',
    'opens a device through its group',
    { naming: 'must', makes: 'file', params: [group, param('device', anyDevice, 'a device of the group')] },
  ),
  defineVerb(
    'VFIO_CHECK_EXTENSION',
    'VFIO_CHECK_EXTENSION container DMA_CC',
    'asks what a container can do',
    {
      params: [
        container,
        param('extension', choice('TYPE1', 'TYPE1v2', 'NOIOMMU', 'DMA_CC', 'UNMAP_ALL'), 'which'),
        ...saysAs,
      ],
    },
  ),
  defineVerb('VFIO_SET_IOMMU', 'VFIO_SET_IOMMU container TYPE1v2', 'turns the IOMMU of a container on', {
    params: [container, param('type', choice('TYPE1', 'TYPE1v2', 'NOIOMMU'), 'which')],
  }),
  defineVerb('VFIO_IOMMU_GET_INFO', 'VFIO_IOMMU_GET_INFO container', 'asks for page sizes and usable IOVAs', {
    params: [container, ...saysAs],
  }),
  defineVerb(
    'VFIO_IOMMU_MAP_DMA',
    'VFIO_IOMMU_MAP_DMA container buf iova=0x100000 rw',
    'maps memory of a process for all devices of a container',
    {
      params: [
        container,
        param('buffer', buffer, 'memory made by mmap'),
        param('access', choice('r', 'w', 'rw'), 'what devices may do'),
      ],
      options: [
        option('iova', number, 'where; 0 unless said'),
        option('offset', number, 'where in the buffer to begin'),
        option('len', number, 'bytes; the rest of the buffer unless said'),
      ],
    },
  ),
  defineVerb(
    'VFIO_IOMMU_UNMAP_DMA',
    'VFIO_IOMMU_UNMAP_DMA container iova=0x100000 len=2M',
    'takes mappings out',
    {
      params: [container],
      options: [option('iova', number, 'first address'), option('len', number, 'bytes')],
      flags: [flag('all', 'everything')],
      oneOf: [['iova', 'len'], ['all']],
    },
  ),
];
