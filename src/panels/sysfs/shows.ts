/** Which function of the kernel made or prints what stands in sysfs. */
export interface ShownBy {
  /** One sentence: what it says. */
  readonly says: string;
  /** Linux: the function, and the one that takes what is written. */
  readonly show?: string;
  readonly store?: string;
  readonly file: string;
  /** The ABI document, where there is one. */
  readonly abi?: string;
}

const GROUPS = 'Documentation/ABI/testing/sysfs-kernel-iommu_groups';
const CLASS = 'Documentation/ABI/testing/sysfs-class-iommu';
const CORE = 'drivers/iommu/iommu.c';
const UNITS = 'drivers/iommu/iommu-sysfs.c';

const INTEL = 'Documentation/ABI/testing/sysfs-class-iommu-intel-iommu';
const BUS = 'Documentation/ABI/testing/sysfs-bus-pci';

/** What the driver of a VT-d unit tells. Linux: drivers/iommu/intel/iommu.c intel_iommu_attrs[] */
const INTEL_SAYS: Readonly<Record<string, string>> = {
  cap: 'The capability register.',
  ecap: 'The extended capability register.',
  version: 'The version of the architecture.',
  domains_supported: 'How many domain ids it can tell apart.',
};
/** What a PCI function tells of its own header. Linux: drivers/pci/pci-sysfs.c pci_config_attr() */
const HEADER_SAYS: Readonly<Record<string, string>> = {
  class: 'The class code: what sort of device it is.',
  vendor: 'The vendor id.',
  device: 'The device id.',
};
const SRIOV_SAYS: Readonly<Record<string, string>> = {
  sriov_totalvfs: 'How many virtual functions it can have.',
  sriov_numvfs: 'How many virtual functions it has; written, it makes that many.',
  sriov_offset: 'How far the first virtual function’s requester id is from its own.',
  sriov_stride: 'How far the requester ids of virtual functions are apart.',
  sriov_vf_device: 'The device id of its virtual functions.',
  sriov_drivers_autoprobe: 'Whether new virtual functions get a driver by themselves.',
};

const ROWS: readonly (readonly [path: RegExp, ShownBy])[] = [
  [
    /^\/sys\/kernel\/iommu_groups\/\d+\/type$/,
    {
      says: 'The type of the group’s default domain: how the kernel’s own drivers do their DMA.',
      show: 'iommu_group_show_type',
      store: 'iommu_group_store_type',
      file: CORE,
      abi: GROUPS,
    },
  ],
  [
    /^\/sys\/kernel\/iommu_groups\/\d+\/reserved_regions$/,
    {
      says: 'IOVAs that cannot be mapped: first, last, and why.',
      show: 'iommu_group_show_resv_regions',
      file: CORE,
      abi: GROUPS,
    },
  ],
  [
    /^\/sys\/kernel\/iommu_groups\/\d+\/name$/,
    {
      says: 'A name that the driver gave the group.',
      show: 'iommu_group_show_name',
      file: CORE,
      abi: GROUPS,
    },
  ],
  [
    /^\/sys\/kernel\/iommu_groups\/\d+\/devices(\/|$)/,
    {
      says: 'A link to each device of the group.',
      show: 'iommu_group_alloc_device',
      file: CORE,
      abi: GROUPS,
    },
  ],
  [
    /^\/sys\/kernel\/iommu_groups(\/\d+)?$/,
    { says: 'A directory for each group.', show: 'iommu_group_alloc', file: CORE, abi: GROUPS },
  ],
  [
    /^\/sys\/class\/iommu\/[^/]+\/devices(\/|$)/,
    {
      says: 'A link to each device whose DMA this IOMMU translates.',
      show: 'iommu_device_link',
      file: UNITS,
      abi: CLASS,
    },
  ],
  [
    /^\/sys\/class\/iommu(\/[^/]+)?$/,
    { says: 'A directory for each IOMMU.', show: 'iommu_device_sysfs_add', file: UNITS, abi: CLASS },
  ],
  [
    /^\/sys\/class\/iommu\/[^/]+\/intel-iommu$/,
    {
      says: 'What Intel’s driver tells of the unit.',
      show: 'iommu_device_sysfs_add',
      file: UNITS,
      abi: INTEL,
    },
  ],
  [
    /^\/sys\/bus\/pci\/devices\/[^/]+\/remove$/,
    {
      says: 'Written with 1, it takes the device off its bus as if it were pulled out.',
      store: 'remove_store',
      file: 'drivers/pci/pci-sysfs.c',
      abi: BUS,
    },
  ],
  [
    /^\/sys\/bus\/pci\/rescan$/,
    {
      says: 'Written with 1, it looks for devices that are new or come back.',
      store: 'rescan_store',
      file: 'drivers/pci/pci-sysfs.c',
      abi: BUS,
    },
  ],
  [
    /^\/sys\/bus\/\w+\/(devices\/[^/]+\/driver|drivers\/[^/]+\/[^/]+)$/,
    { says: 'Which driver has which device.', show: 'driver_sysfs_add', file: 'drivers/base/dd.c' },
  ],
  [
    /^\/sys\/bus\/\w+\/devices\/[^/]+\/iommu$/,
    { says: 'The IOMMU that translates the device’s DMA.', show: 'iommu_device_link', file: UNITS },
  ],
  [
    /^\/sys\/bus\/\w+\/devices\/[^/]+\/iommu_group$/,
    { says: 'The group that the device is in.', show: 'iommu_group_alloc_device', file: CORE },
  ],
];

/** Who shows what is at a path; null: a directory that says nothing by itself. */
export const shownBy = (path: string): ShownBy | null =>
  ROWS.find(([pattern]) => pattern.test(path))?.[1] ?? attribute(path);

/** Files whose function has their name. */
function attribute(path: string): ShownBy | null {
  const name = path.split('/').at(-1) ?? '';
  const of = (says: Readonly<Record<string, string>>, file: string, abi?: string): ShownBy | null => {
    const sentence = says[name];
    if (sentence === undefined) return null;
    return { says: sentence, show: `${name}_show`, file, ...(abi === undefined ? {} : { abi }) };
  };
  if (/\/intel-iommu\/\w+$/.test(path)) return of(INTEL_SAYS, 'drivers/iommu/intel/iommu.c', INTEL);
  if (!/^\/sys\/bus\/pci\/devices\/[^/]+\/\w+$/.test(path)) return null;
  const shown = of(HEADER_SAYS, 'drivers/pci/pci-sysfs.c') ?? of(SRIOV_SAYS, 'drivers/pci/iov.c', BUS);
  const takes = name === 'sriov_numvfs' || name === 'sriov_drivers_autoprobe';
  return shown === null || !takes ? shown : { ...shown, store: `${name}_store` };
}
