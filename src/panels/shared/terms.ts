import type { TermDocument, TermTip } from '../../ui/Term';
import { TERM_WORDS } from '../../words/panels/terms';

const term = (text: string, document: TermDocument | null = null): TermTip => ({ text, document });

const kernelLink = (title: string, path: string): TermDocument => ({
  label: `Linux: ${title}`,
  href: `https://docs.kernel.org/${path}`,
});
const kernelFile = (path: string): TermDocument => ({
  label: `Linux: ${path}`,
  href: `https://elixir.bootlin.com/linux/latest/source/${path}`,
});
/** Numbers of sections move between editions; titles find them again. */
const pcie = (title: string): TermDocument => ({
  label: `PCI Express Base Specification: ${title}`,
  href: null,
});
const vtd = (title: string): TermDocument => ({
  label: `Intel VT-d specification: ${title}`,
  href: null,
});

const smmu = (title: string): TermDocument => ({
  label: `Arm SMMUv3 specification (IHI 0070): ${title}`,
  href: null,
});
const amd = (title: string): TermDocument => ({
  label: `AMD I/O Virtualization Technology specification: ${title}`,
  href: null,
});
const riscv = (title: string): TermDocument => ({
  label: `RISC-V IOMMU Architecture Specification: ${title}`,
  href: null,
});

const IOMMUFD = kernelLink('IOMMUFD', 'userspace-api/iommufd.html');
const VFIO = kernelLink('VFIO - "Virtual Function I/O"', 'driver-api/vfio.html');
const UAPI = kernelFile('include/uapi/linux/iommufd.h');
const IOMMU_H = kernelFile('include/linux/iommu.h');
const SYSFS = kernelFile('Documentation/ABI/testing/sysfs-kernel-iommu_groups');
const VTD_CACHES = vtd('Caching Translation Information');

/** One sentence for each word that a newcomer stumbles over, and the document that defines it. */
export const TERMS = {
  iova: term(TERM_WORDS.iova, IOMMUFD),
  pa: term(TERM_WORDS.pa),
  group: term(TERM_WORDS.group, VFIO),
  ioas: term(TERM_WORDS.ioas, IOMMUFD),
  hwpt: term(TERM_WORDS.hwpt, IOMMUFD),
  acs: term(TERM_WORDS.acs, pcie('Access Control Services (ACS)')),
  rid: term(TERM_WORDS.rid, pcie('Transaction Descriptor')),
  deviceTlb: term(TERM_WORDS.deviceTlb, pcie('Address Translation Services (ATS)')),
  iotlb: term(TERM_WORDS.iotlb, VTD_CACHES),
  contextCache: term(TERM_WORDS.contextCache, VTD_CACHES),
  stale: term(TERM_WORDS.stale, VTD_CACHES),
  did: term(TERM_WORDS.did, VTD_CACHES),
  domain: term(TERM_WORDS.domain, IOMMU_H),
  defaultDomain: term(TERM_WORDS.defaultDomain, IOMMU_H),
  owner: term(TERM_WORDS.owner, VFIO),
  reserved: term(TERM_WORDS.reserved, SYSFS),
  pinned: term(TERM_WORDS.pinned, IOMMUFD),
  multifunction: term(TERM_WORDS.multifunction, pcie('Header Type Register')),
  users: term(TERM_WORDS.users, IOMMUFD),
  queue: term(TERM_WORDS.queue, vtd('Queued Invalidation Interface')),
  alignment: term(TERM_WORDS.alignment, UAPI),
  nested: term(TERM_WORDS.nested, IOMMUFD),
  viommu: term(TERM_WORDS.viommu, IOMMUFD),
  vdevice: term(TERM_WORDS.vdevice, IOMMUFD),
  access: term(TERM_WORDS.access, IOMMUFD),
  faultQueue: term(TERM_WORDS.faultQueue, IOMMUFD),
  veventq: term(TERM_WORDS.veventq, IOMMUFD),
  pasid: term(TERM_WORDS.pasid, pcie('Process Address Space ID (PASID)')),
  pages: term(TERM_WORDS.pages, IOMMUFD),
  tier: term(TERM_WORDS.tier, IOMMUFD),
  account: term(TERM_WORDS.account, UAPI),
  dirty: term(TERM_WORDS.dirty, UAPI),
  identity: term(TERM_WORDS.identity, IOMMU_H),
  blocked: term(TERM_WORDS.blocked, IOMMU_H),
  attach: term(TERM_WORDS.attach, IOMMUFD),
  replace: term(TERM_WORDS.replace, IOMMUFD),
  quirk: term(TERM_WORDS.quirk, kernelFile('drivers/pci/quirks.c')),
  alias: term(TERM_WORDS.alias, kernelFile('drivers/pci/search.c')),
  sva: term(TERM_WORDS.sva, kernelLink('Shared Virtual Addressing (SVA) with ENQCMD', 'arch/x86/sva.html')),
  ats: term(TERM_WORDS.ats, pcie('Address Translation Services (ATS)')),
  pri: term(TERM_WORDS.pri, pcie('Page Request Services')),
  fault: term(TERM_WORDS.fault, vtd('Fault Logging')),
  msi: term(TERM_WORDS.msi, pcie('MSI and MSI-X Operation')),
  noiommu: term(TERM_WORDS.noiommu, VFIO),
  container: term(TERM_WORDS.container, VFIO),
  selftest: term(TERM_WORDS.selftest, kernelFile('drivers/iommu/iommufd/selftest.c')),
  flushQueue: term(TERM_WORDS.flushQueue, kernelFile('drivers/iommu/dma-iommu.c')),
  contextEntry: term(TERM_WORDS.contextEntry, vtd('Translation Structure Formats')),
  dte: term(TERM_WORDS.dte, amd('Device Table Entry Format')),
  ste: term(TERM_WORDS.ste, smmu('Stream Table Entry')),
  cd: term(TERM_WORDS.cd, smmu('Context Descriptor')),
  ddt: term(TERM_WORDS.ddt, riscv('Device-Directory-Table (DDT)')),
  dc: term(TERM_WORDS.dc, riscv('Device-context fields')),
  pagingCache: term(TERM_WORDS.pagingCache, VTD_CACHES),
  sysfs: term(
    TERM_WORDS.sysfs,
    kernelLink('sysfs - _The_ filesystem for exporting kernel objects', 'filesystems/sysfs.html'),
  ),
  lockdep: term(
    TERM_WORDS.lockdep,
    kernelLink('Runtime locking correctness validator', 'locking/lockdep-design.html'),
  ),
} as const satisfies Readonly<Record<string, TermTip>>;

/** Of caches and structures, by the names that the engine gives them: see `hardware-words`. */
const OF_CACHE: Readonly<Record<string, TermTip>> = {
  iotlb: TERMS.iotlb,
  'device-tlb': TERMS.deviceTlb,
  'paging-structure': TERMS.pagingCache,
  walk: TERMS.pagingCache,
  context: TERMS.contextCache,
  pasid: TERMS.pasid,
  dte: TERMS.dte,
  ste: TERMS.ste,
  cd: TERMS.cd,
  ddt: TERMS.dc,
};
const OF_STRUCTURE: Readonly<Record<string, TermTip>> = {
  context: TERMS.contextEntry,
  pasid: TERMS.pasid,
  dte: TERMS.dte,
  ste: TERMS.ste,
  cd: TERMS.cd,
  ddt: TERMS.ddt,
  dc: TERMS.dc,
};
const OF_QUEUE: Readonly<Record<string, TermTip>> = {
  commands: TERMS.queue,
  events: TERMS.fault,
  'page-requests': TERMS.pri,
};

export const termOfCache = (id: string): TermTip | null => OF_CACHE[id] ?? null;
export const termOfStructure = (id: string): TermTip | null => OF_STRUCTURE[id] ?? null;
export const termOfQueue = (kind: string): TermTip | null => OF_QUEUE[kind] ?? null;

/** Kinds of the engine's events that are words of the field. */
const OF_EVENT: Readonly<Record<string, TermTip>> = {
  lock: TERMS.lockdep,
  ownership: TERMS.owner,
  domain: TERMS.domain,
  map: TERMS.iova,
  unmap: TERMS.iova,
  command: TERMS.queue,
  queue: TERMS.queue,
  cache: TERMS.iotlb,
  fault: TERMS.fault,
};
export const termOfEvent = (kind: string): TermTip | undefined => OF_EVENT[kind];

/** Kinds of objects that are. */
const OF_TYPE: Readonly<Record<string, TermTip>> = {
  group: TERMS.group,
  ioas: TERMS.ioas,
  hwpt: TERMS.hwpt,
  access: TERMS.access,
  fault: TERMS.faultQueue,
  viommu: TERMS.viommu,
  vdevice: TERMS.vdevice,
  veventq: TERMS.veventq,
  selftest: TERMS.selftest,
};
export const termOfType = (type: string): TermTip | undefined => OF_TYPE[type];
