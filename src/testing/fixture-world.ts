import type { Lookup, LookupPart, WalkStep } from '../engine/sim/batch';
import type {
  ContextObject,
  DeviceObject,
  GroupObject,
  HwptObject,
  IdevObject,
  IoasObject,
  IommuObject,
  ProcessObject,
  WorldObject,
} from '../engine/sim/world';

/** A small world for tests of the page: a GPU and its audio function in one group, given to a process `qemu`. */
const base = { name: null, place: null };

const device = (bdf: string, more: Partial<DeviceObject>): DeviceObject => ({
  ...base,
  type: 'device',
  id: `dev:${bdf}`,
  bdf,
  kind: 'endpoint',
  isBridge: false,
  label: null,
  vendorId: 0x10de,
  deviceId: 0x2704,
  classCode: 0x030000,
  className: 'VGA compatible controller',
  parentId: 'dev:0000:00:01.0',
  acs: null,
  multifunction: false,
  driver: null,
  groupId: 'group:7',
  ungrouped: null,
  domain: null,
  iommuId: 'iommu:dmar0',
  idevId: null,
  hwptId: null,
  services: [],
  deviceTlb: [],
  recordedGroup: 7,
  ...more,
});

export const rootPort = device('0000:00:01.0', {
  kind: 'root-port',
  isBridge: true,
  label: 'PCI Express Root Port',
  vendorId: 0x8086,
  deviceId: 0x4660,
  classCode: 0x060400,
  className: 'PCI bridge',
  parentId: null,
  acs: { cap: ['SV', 'TB', 'RR', 'CR', 'UF', 'DT'], ctrl: ['SV', 'RR', 'CR', 'UF'] },
  driver: { name: 'pcieport', managed: true },
  groupId: 'group:2',
  recordedGroup: 2,
});
export const gpu = device('0000:01:00.0', {
  label: 'NVIDIA Corporation AD104 [GeForce RTX 4080] <b>not markup</b>',
  multifunction: true,
  driver: { name: 'vfio-pci', managed: true },
  idevId: 'idev:1.1',
  hwptId: 'hwpt:1.3',
});
export const audio = device('0000:01:00.1', {
  label: 'NVIDIA Corporation AD104 High Definition Audio Controller',
  classCode: 0x040300,
  className: 'Audio device',
  multifunction: true,
  hwptId: 'hwpt:1.3',
});

const group: GroupObject = {
  ...base,
  type: 'group',
  id: 'group:7',
  number: 7,
  deviceIds: [gpu.id, audio.id],
  joins: [
    {
      deviceId: audio.id,
      withId: gpu.id,
      rule: 'multifunction',
      why: 'Function 1 of the same slot: without ACS the functions can reach each other inside the device.',
      evidence: [
        {
          deviceId: audio.id,
          where: 'ACSCap',
          what: 'no ACS capability',
          missing: ['SV', 'RR', 'CR', 'UF'],
          rule: 'pci_acs_enabled',
        },
      ],
    },
  ],
  ownerId: 'ctx:1',
  ownerCount: 1,
  defaultType: 'DMA-FQ',
  domain: { label: 'domain 3', type: 'unmanaged' },
  hwptId: 'hwpt:1.3',
  reserved: [{ start: 0xfee0_0000n, last: 0xfeef_ffffn, kind: 'msi' }],
  pasids: [],
  resetting: false,
  dmaApi: null,
  mismatches: ['The dump puts 0000:01:00.1 into group 8; Linux puts it here.'],
};

const iommu: IommuObject = {
  ...base,
  type: 'iommu',
  id: 'iommu:dmar0',
  vendor: 'vtd',
  title: 'DMAR 0',
  enabled: true,
  addressBits: 48,
  deviceIds: [rootPort.id, gpu.id, audio.id],
  queues: [{ name: 'Invalidation queue', head: 5, tail: 5, size: 256 }],
  caches: [
    { id: 'context', name: 'Context cache', used: 1, size: 64, stale: 0 },
    { id: 'iotlb', name: 'IOTLB', used: 2, size: 256, stale: 1 },
  ],
  commands: 5,
  traits: [],
  faults: [
    {
      index: 0,
      device: gpu.bdf,
      access: 'write',
      iova: 0x8000_0000n,
      reason: 5,
      name: 'PTE Write access is not set',
      words: [0x8000_0000n, 0x8000_0005_0000_0100n],
      fields: [],
      kernelLine:
        'DMAR: [DMA Write NO_PASID] Request device [01:00.0] fault addr 0x80000000 [fault reason 0x05] PTE Write access is not set',
    },
  ],
};

const context: ContextObject = {
  ...base,
  name: 'ctx',
  type: 'context',
  id: 'ctx:1',
  number: 1,
  processId: 'mm:qemu',
  objectIds: ['idev:1.1', 'ioas:1.2', 'hwpt:1.3'],
};
const idev: IdevObject = {
  ...base,
  name: 'dev',
  type: 'idev',
  id: 'idev:1.1',
  contextId: 'ctx:1',
  objectId: 1,
  deviceId: gpu.id,
  hwptId: 'hwpt:1.3',
  pasids: [],
};
const ioas: IoasObject = {
  ...base,
  name: 'ioas',
  type: 'ioas',
  id: 'ioas:1.2',
  contextId: 'ctx:1',
  objectId: 2,
  areas: [
    {
      iova: 0x20_0000n,
      last: 0x3f_ffffn,
      read: true,
      write: true,
      processId: 'mm:qemu',
      buffer: 'buf',
      userVa: 0x7f00_0020_0000n,
      pinnedPages: 512,
      accessPins: 0,
      locks: 0,
      pages: {
        id: 1,
        source: 'memory',
        account: 'user',
        writable: true,
        pages: 512,
        pinnedPages: 512,
        tiers: [{ tier: 'domain', first: 0, last: 511, hwptId: 'hwpt:1.3' }],
      },
    },
  ],
  reserved: [{ start: 0xfee0_0000n, last: 0xfeef_ffffn, why: 'MSI window of the devices attached' }],
  allowed: [],
  hwptIds: ['hwpt:1.3'],
  accessIds: [],
  alignment: 4096,
  hugePages: true,
};
const hwpt: HwptObject = {
  ...base,
  type: 'hwpt',
  id: 'hwpt:1.3',
  contextId: 'ctx:1',
  objectId: 3,
  auto: true,
  nested: false,
  nestParent: false,
  parentId: null,
  viommuId: null,
  faultId: null,
  pasid: false,
  dirtyTracking: false,
  ioasId: 'ioas:1.2',
  iommuId: 'iommu:dmar0',
  domain: 'domain 3',
  users: 1,
  deviceIds: [gpu.id, audio.id],
  format: 'VT-d second stage',
  levels: 4,
  rootPa: 0x1_0a30_0000,
  leaves: [{ sizeLg2: 12, count: 512 }],
  tablePages: 4,
  tag: 'DID 3',
};
const process: ProcessObject = {
  ...base,
  type: 'process',
  id: 'mm:qemu',
  title: 'qemu',
  buffers: [{ name: 'buf', userVa: 0x7f00_0020_0000n, bytes: 2 << 20, pageSizeLg2: 12, pa: 0x1_2f30_0000 }],
  pinnedPages: 512,
};

export const fixtureObjects: readonly WorldObject[] = [
  rootPort,
  gpu,
  audio,
  group,
  {
    ...group,
    id: 'group:2',
    number: 2,
    deviceIds: [rootPort.id],
    joins: [],
    ownerId: null,
    ownerCount: 0,
    hwptId: null,
    domain: { label: 'domain 1', type: 'DMA-FQ' },
    reserved: [],
    pasids: [],
    resetting: false,
    dmaApi: null,
    mismatches: [],
  },
  iommu,
  context,
  idev,
  ioas,
  hwpt,
  process,
];

const occupancy = (used: readonly number[], kind: number): Uint8Array => {
  const cells = new Uint8Array(512);
  for (const index of used) cells[index] = kind;
  return cells;
};
const field = (name: string, bits: string, value: bigint, meaning: string) => ({
  name,
  bits,
  value,
  meaning,
});
const table = (level: number, index: number, pa: number, word: bigint, leaf: boolean): WalkStep => ({
  kind: 'read',
  structure: 'table',
  stage: null,
  forLevel: null,
  allows: `${word & 1n ? 'R' : ''}${word & 2n ? 'W' : ''}`,
  outcome: leaf ? 'leaf' : 'table',
  level,
  title: leaf ? 'leaf, 4 KiB' : 'table',
  index,
  pa,
  words: [word],
  fields: [
    field('R', '0', word & 1n, 'read'),
    field('W', '1', (word >> 1n) & 1n, 'write'),
    field('SNP', '11', (word >> 11n) & 1n, 'snoop'),
    field('ADDR', '51:12', (word >> 12n) & 0xff_ffff_ffffn, leaf ? 'page frame' : 'next table'),
  ],
  occupancy:
    level === 1
      ? occupancy(
          Array.from({ length: 300 }, (_, i) => i),
          2,
        )
      : occupancy([index], 1),
});
const cache = (structure: 'context' | 'iotlb', outcome: 'hit' | 'miss'): WalkStep => ({
  kind: 'cache',
  structure,
  stage: null,
  forLevel: null,
  outcome,
  level: 0,
  title: structure === 'iotlb' ? 'did 3, iova 0x300000' : 'requester 01:00.0',
  index: null,
  pa: null,
  words: [],
  fields: [],
  occupancy: null,
});

const walked: LookupPart = {
  iova: 0x30_0040n,
  bytes: 64,
  pa: 0x1_2f40_0040,
  from: 'walk',
  peer: null,
  denied: false,
  interrupt: false,
  address: [
    { label: 'level 4', level: 4, bits: 9, value: 0 },
    { label: 'level 3', level: 3, bits: 9, value: 0 },
    { label: 'level 2', level: 2, bits: 9, value: 1 },
    { label: 'level 1', level: 1, bits: 9, value: 0x100 },
    { label: 'offset', level: 0, bits: 12, value: 0x40 },
  ],
  steps: [
    cache('context', 'miss'),
    { ...table(0, 1, 0x1_0000_0010, 0x1_0001_0001n, false), structure: 'root', title: 'root entry, bus 01' },
    {
      ...table(0, 0, 0x1_0001_0000, 0x1_0a30_0001n, false),
      structure: 'context',
      title: 'context entry, device 00.0',
      words: [0x1_0a30_0001n, 0x302n],
    },
    cache('iotlb', 'miss'),
    table(4, 0, 0x1_0a30_0000, 0x1_0a31_0003n, false),
    table(3, 0, 0x1_0a31_0000, 0x1_0a32_0003n, false),
    table(2, 1, 0x1_0a32_0008, 0x1_0a34_2003n, false),
    table(1, 0x100, 0x1_0a34_2800, 0x1_2f40_0803n, true),
  ],
  fault: null,
};

export const fixtureLookup: Lookup = {
  line: 9,
  deviceId: gpu.id,
  iommuId: 'iommu:dmar0',
  hwptId: 'hwpt:1.3',
  ioasId: 'ioas:1.2',
  processId: 'mm:qemu',
  access: 'write',
  iova: 0x30_0040n,
  bytes: 64,
  parts: [walked],
};

export const faultingLookup: Lookup = {
  ...fixtureLookup,
  line: 11,
  iova: 0x3f_ffc0n,
  bytes: 128,
  parts: [
    {
      ...walked,
      iova: 0x3f_ffc0n,
      from: 'iotlb',
      pa: 0x1_2f4f_ffc0,
      steps: [cache('context', 'hit'), cache('iotlb', 'hit')],
    },
    {
      ...walked,
      iova: 0x40_0000n,
      pa: null,
      steps: [
        cache('context', 'hit'),
        cache('iotlb', 'miss'),
        table(4, 0, 0x1_0a30_0000, 0x1_0a31_0003n, false),
        table(3, 0, 0x1_0a31_0000, 0x1_0a32_0003n, false),
        { ...table(2, 2, 0x1_0a32_0010, 0n, false), outcome: 'fault', title: 'not present' },
      ],
      fault: {
        reason: 5,
        name: 'PTE Write access is not set',
        why: 'The level-2 entry is zero: nothing is mapped at this address.',
        kernelLine:
          'DMAR: [DMA Write NO_PASID] Request device [01:00.0] fault addr 0x400000 [fault reason 0x05] PTE Write access is not set',
      },
    },
  ],
};
