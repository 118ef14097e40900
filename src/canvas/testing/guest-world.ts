import type { WorldObject } from '../../engine/sim/world';
import type { Objects } from '../layout/tree';
import { device, group, hwpt, idev, ioas, iommu, process, world } from './build';

const of = (objectId: number) => ({ name: null, place: null, contextId: 'ctx:1', objectId });
const GPU = 'dev:0000:01:00.0';
const NIC = 'dev:0000:02:00.0';

/**
 * A guest that has its own IOMMU: a GPU in a vIOMMU with every kind of part, on a nested table made in it; a network card
 * with two PASIDs; an emulated device beside them.
 */
const objects: readonly WorldObject[] = [
  device('00:01.0', 'root-port', { group: 0 }),
  device('01:00.0', 'endpoint', {
    parent: '00:01.0',
    group: 1,
    label: 'NVIDIA Corporation GB203 [GeForce RTX 5080]',
    className: 'VGA compatible controller',
    driver: { name: 'vfio-pci', managed: true },
    idevId: 'idev:1.1',
    hwptId: 'hwpt:1.5',
  }),
  device('02:00.0', 'endpoint', {
    group: 2,
    label: 'Intel Corporation E810-C',
    driver: { name: 'vfio-pci', managed: true },
    idevId: 'idev:1.2',
    hwptId: 'hwpt:1.4',
  }),
  group(0, ['00:01.0']),
  group(1, ['01:00.0'], { ownerId: 'ctx:1', ownerCount: 1, hwptId: 'hwpt:1.5' }),
  group(2, ['02:00.0'], { ownerId: 'ctx:1', ownerCount: 1, hwptId: 'hwpt:1.4' }),
  iommu({ deviceIds: ['dev:0000:00:01.0', GPU, NIC] }),
  idev(1, '01:00.0', 'hwpt:1.5'),
  {
    ...idev(2, '02:00.0', 'hwpt:1.4'),
    pasids: [
      { pasid: 7, hwptId: 'hwpt:1.6' },
      { pasid: 9, hwptId: 'hwpt:1.6' },
    ],
  },
  hwpt(4, {
    name: 's2',
    auto: false,
    nestParent: true,
    ioasId: 'ioas:1.3',
    users: 3,
    deviceIds: [NIC],
    leaves: [{ sizeLg2: 21, count: 1024 }],
  }),
  hwpt(5, {
    name: 's1',
    auto: false,
    nested: true,
    parentId: 'hwpt:1.4',
    viommuId: 'viommu:1.7',
    faultId: 'fault:1.8',
    ioasId: 'ioas:1.3',
    deviceIds: [GPU],
    levels: 0,
  }),
  hwpt(6, {
    auto: false,
    nested: true,
    pasid: true,
    parentId: 'hwpt:1.4',
    ioasId: 'ioas:1.3',
    deviceIds: [NIC],
    levels: 0,
  }),
  ioas(3, {
    name: 'vm',
    hwptIds: ['hwpt:1.4'],
    accessIds: ['access:1.12'],
    areas: [
      {
        iova: 0n,
        last: 0x7fff_ffffn,
        read: true,
        write: true,
        processId: 'mm:qemu',
        buffer: 'ram',
        userVa: 0x7f00_0000_0000n,
        pinnedPages: 524_288,
        accessPins: 1,
        locks: 1,
        pages: {
          id: 1,
          source: 'memory',
          account: 'user',
          writable: true,
          pages: 524_288,
          pinnedPages: 524_288,
          tiers: [
            { tier: 'access', first: 0, last: 15, hwptId: null },
            { tier: 'domain', first: 16, last: 524_287, hwptId: 'hwpt:1.4' },
          ],
        },
      },
    ],
  }),
  {
    ...of(7),
    type: 'viommu',
    id: 'viommu:1.7',
    kind: 'IOMMU_VIOMMU_TYPE_ARM_SMMUV3',
    iommuId: 'iommu:dmar0',
    parentId: 'hwpt:1.4',
    vdeviceIds: ['vdevice:1.9'],
    veventqIds: ['veventq:1.10'],
    hwQueueIds: ['hwqueue:1.11'],
  },
  {
    ...of(8),
    type: 'fault',
    id: 'fault:1.8',
    hwptIds: ['hwpt:1.5'],
    open: true,
    queued: [{ cookie: null, deviceId: GPU, pasid: null, grpid: 3, iova: 0x7000n, perm: 'rw' }],
    pending: [],
  },
  { ...of(9), type: 'vdevice', id: 'vdevice:1.9', viommuId: 'viommu:1.7', idevId: 'idev:1.1', virtId: 0x10n },
  {
    ...of(10),
    type: 'veventq',
    id: 'veventq:1.10',
    viommuId: 'viommu:1.7',
    kind: 'IOMMU_VEVENTQ_TYPE_ARM_SMMUV3',
    depth: 16,
    queued: 16,
    lost: true,
    open: true,
  },
  {
    ...of(11),
    type: 'hw-queue',
    id: 'hwqueue:1.11',
    viommuId: 'viommu:1.7',
    kind: 'IOMMU_HW_QUEUE_TYPE_TEGRA241_CMDQV',
    index: 0,
    iova: 0x1_0000n,
    bytes: 0x1_0000,
  },
  {
    ...of(12),
    type: 'access',
    id: 'access:1.12',
    name: 'e1000',
    ioasId: 'ioas:1.3',
    needsPins: true,
    internal: false,
  },
  {
    type: 'context',
    id: 'ctx:1',
    name: 'ctx',
    place: null,
    number: 1,
    processId: 'mm:qemu',
    objectIds: [
      'idev:1.1',
      'idev:1.2',
      'ioas:1.3',
      'hwpt:1.4',
      'hwpt:1.5',
      'hwpt:1.6',
      'viommu:1.7',
      'fault:1.8',
      'vdevice:1.9',
      'veventq:1.10',
      'hwqueue:1.11',
      'access:1.12',
    ],
  },
  process('qemu', {
    pinnedPages: 524_288,
    buffers: [
      { name: 'ram', userVa: 0x7f00_0000_0000n, bytes: 0x8000_0000, pageSizeLg2: 21, pa: 0x1_2000_0000 },
    ],
  }),
];

export const guestWorld: Objects = world(...objects);
