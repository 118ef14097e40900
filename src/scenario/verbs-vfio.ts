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
import * as says from '../words/scenario/verbs-vfio';

const dev = param('dev', named('device', 'file'), says.aBoundDevice);
const pasid = option('pasid', number, says.onlyRequestsWithThisPasid);
const attachParams = [dev, param('to', attachable, says.anIoasTheKernelFinds)] as const;
const group = param('group', named('file'), says.openedAsDevVfioN);
const container = param('container', named('file', 'context'), says.openedAsDevVfioVfio);

/** Devices that a program has through VFIO: by iommufd first, then the old way. */
export const VFIO_VERBS: readonly VerbSpec[] = [
  defineVerb('BIND', 'dev = BIND ctx 01:00.0', says.opensAVfioDeviceAndBinds, {
    naming: 'must',
    makes: 'device',
    params: [
      param('ctx', context, says.aContextMadeByOpen),
      param('device', anyDevice, says.aDeviceWithAVfioDriver),
    ],
  }),
  defineVerb('ATTACH', 'hwpt = ATTACH dev ioas', says.attachesABoundDeviceTheName, {
    naming: 'may',
    makes: 'hwpt',
    params: attachParams,
    options: [pasid],
  }),
  defineVerb('REPLACE', 'REPLACE dev ioas2', says.movesAnAttachedDeviceWithoutAGap, {
    naming: 'may',
    makes: 'hwpt',
    params: attachParams,
    options: [pasid],
  }),
  defineVerb('DETACH', 'DETACH dev', says.detachesADeviceItsDma, {
    params: [dev],
    options: [pasid],
  }),
  defineVerb('UNBIND', 'UNBIND dev', says.closesTheVfioDevice, { params: [dev] }),
  defineVerb(
    'VFIO_DEVICE_BIND_IOMMUFD',
    'dev = VFIO_DEVICE_BIND_IOMMUFD file ctx',
    says.bindsADeviceWhoseOwnNode,
    {
      naming: 'must',
      makes: 'device',
      params: [
        param('file', named('file', 'device'), says.openedAsDevVfioDevicesVfioN),
        param('ctx', context, says.aContextMadeByOpen),
      ],
    },
  ),
  defineVerb(
    'VFIO_DEVICE_ATTACH_IOMMUFD_PT',
    'hwpt = VFIO_DEVICE_ATTACH_IOMMUFD_PT dev ioas',
    says.attachesWhatIsNotAttached,
    { naming: 'may', makes: 'hwpt', params: attachParams, options: [pasid] },
  ),
  defineVerb('VFIO_DEVICE_DETACH_IOMMUFD_PT', 'VFIO_DEVICE_DETACH_IOMMUFD_PT dev', says.asDetach, {
    params: [dev],
    options: [pasid],
  }),
  defineVerb('VFIO_DEVICE_GET_INFO', 'VFIO_DEVICE_GET_INFO dev', says.asksWhatTheDeviceHas, {
    params: [dev],
  }),
  defineVerb('VFIO_GROUP_GET_STATUS', 'VFIO_GROUP_GET_STATUS group', says.asksWhetherTheGroupCanBeHad, {
    params: [group, ...saysAs],
  }),
  defineVerb(
    'VFIO_GROUP_SET_CONTAINER',
    'VFIO_GROUP_SET_CONTAINER group container',
    says.putsAGroupInAContainer,
    { params: [group, container] },
  ),
  defineVerb('VFIO_GROUP_UNSET_CONTAINER', 'VFIO_GROUP_UNSET_CONTAINER group', says.takesAGroupOutAgain, {
    params: [group],
  }),
  defineVerb(
    'VFIO_GROUP_GET_DEVICE_FD',
    'dev = VFIO_GROUP_GET_DEVICE_FD group 01:00.0',
    says.opensADeviceThroughItsGroup,
    { naming: 'must', makes: 'file', params: [group, param('device', anyDevice, says.aDeviceOfTheGroup)] },
  ),
  defineVerb('VFIO_CHECK_EXTENSION', 'VFIO_CHECK_EXTENSION container DMA_CC', says.asksWhatAContainerCanDo, {
    params: [
      container,
      param('extension', choice('TYPE1', 'TYPE1v2', 'NOIOMMU', 'DMA_CC', 'UNMAP_ALL'), 'which'),
      ...saysAs,
    ],
  }),
  defineVerb('VFIO_SET_IOMMU', 'VFIO_SET_IOMMU container TYPE1v2', says.turnsTheIommuOfAContainerOn, {
    params: [container, param('type', choice('TYPE1', 'TYPE1v2', 'NOIOMMU'), 'which')],
  }),
  defineVerb('VFIO_IOMMU_GET_INFO', 'VFIO_IOMMU_GET_INFO container', says.asksForPageSizesAndUsableIOVAs, {
    params: [container, ...saysAs],
  }),
  defineVerb(
    'VFIO_IOMMU_MAP_DMA',
    'VFIO_IOMMU_MAP_DMA container buf iova=0x100000 rw',
    says.mapsMemoryOfAProcess,
    {
      params: [
        container,
        param('buffer', buffer, says.memoryMadeByMmap),
        param('access', choice('r', 'w', 'rw'), says.whatDevicesMayDo),
      ],
      options: [
        option('iova', number, says.where0UnlessSaid),
        option('offset', number, says.whereInTheBufferToBegin),
        option('len', number, says.bytesTheRestOfTheBuffer),
      ],
    },
  ),
  defineVerb(
    'VFIO_IOMMU_UNMAP_DMA',
    'VFIO_IOMMU_UNMAP_DMA container iova=0x100000 len=2M',
    says.takesMappingsOut,
    {
      params: [container],
      options: [option('iova', number, says.firstAddress), option('len', number, 'bytes')],
      flags: [flag('all', 'everything')],
      oneOf: [['iova', 'len'], ['all']],
    },
  ),
];
