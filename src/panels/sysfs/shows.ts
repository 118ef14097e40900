import { SHOWS } from '../../words/panels/sysfs';

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
const INTEL_SAYS: Readonly<Record<string, string>> = SHOWS.intel;
/** What a PCI function tells of its own header. Linux: drivers/pci/pci-sysfs.c pci_config_attr() */
const HEADER_SAYS: Readonly<Record<string, string>> = SHOWS.header;
const SRIOV_SAYS: Readonly<Record<string, string>> = SHOWS.sriov;

const ROWS: readonly (readonly [path: RegExp, ShownBy])[] = [
  [
    /^\/sys\/kernel\/iommu_groups\/\d+\/type$/,
    {
      says: SHOWS.groupType,
      show: 'iommu_group_show_type',
      store: 'iommu_group_store_type',
      file: CORE,
      abi: GROUPS,
    },
  ],
  [
    /^\/sys\/kernel\/iommu_groups\/\d+\/reserved_regions$/,
    {
      says: SHOWS.reservedRegions,
      show: 'iommu_group_show_resv_regions',
      file: CORE,
      abi: GROUPS,
    },
  ],
  [
    /^\/sys\/kernel\/iommu_groups\/\d+\/name$/,
    {
      says: SHOWS.groupName,
      show: 'iommu_group_show_name',
      file: CORE,
      abi: GROUPS,
    },
  ],
  [
    /^\/sys\/kernel\/iommu_groups\/\d+\/devices(\/|$)/,
    {
      says: SHOWS.groupDevices,
      show: 'iommu_group_alloc_device',
      file: CORE,
      abi: GROUPS,
    },
  ],
  [
    /^\/sys\/kernel\/iommu_groups(\/\d+)?$/,
    { says: SHOWS.groups, show: 'iommu_group_alloc', file: CORE, abi: GROUPS },
  ],
  [
    /^\/sys\/class\/iommu\/[^/]+\/devices(\/|$)/,
    {
      says: SHOWS.unitDevices,
      show: 'iommu_device_link',
      file: UNITS,
      abi: CLASS,
    },
  ],
  [
    /^\/sys\/class\/iommu(\/[^/]+)?$/,
    { says: SHOWS.units, show: 'iommu_device_sysfs_add', file: UNITS, abi: CLASS },
  ],
  [
    /^\/sys\/class\/iommu\/[^/]+\/intel-iommu$/,
    {
      says: SHOWS.intelUnit,
      show: 'iommu_device_sysfs_add',
      file: UNITS,
      abi: INTEL,
    },
  ],
  [
    /^\/sys\/bus\/pci\/devices\/[^/]+\/remove$/,
    {
      says: SHOWS.remove,
      store: 'remove_store',
      file: 'drivers/pci/pci-sysfs.c',
      abi: BUS,
    },
  ],
  [
    /^\/sys\/bus\/pci\/rescan$/,
    {
      says: SHOWS.rescan,
      store: 'rescan_store',
      file: 'drivers/pci/pci-sysfs.c',
      abi: BUS,
    },
  ],
  [
    /^\/sys\/bus\/\w+\/(devices\/[^/]+\/driver|drivers\/[^/]+\/[^/]+)$/,
    { says: SHOWS.driver, show: 'driver_sysfs_add', file: 'drivers/base/dd.c' },
  ],
  [/^\/sys\/bus\/\w+\/devices\/[^/]+\/iommu$/, { says: SHOWS.iommu, show: 'iommu_device_link', file: UNITS }],
  [
    /^\/sys\/bus\/\w+\/devices\/[^/]+\/iommu_group$/,
    { says: SHOWS.iommuGroup, show: 'iommu_group_alloc_device', file: CORE },
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
