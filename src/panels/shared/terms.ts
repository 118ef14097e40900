import type { TermDocument, TermTip } from '../../ui/Term';

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
  iova: term('The address a device puts on the bus; the IOMMU translates it to a physical address.', IOMMUFD),
  pa: term('Where the bytes are in the machine’s memory.'),
  group: term('The smallest set of devices that the IOMMU can keep apart from all others.', VFIO),
  ioas: term('An I/O address space: which memory a device may reach, at which addresses.', IOMMUFD),
  hwpt: term('A hardware page table: the tables of one IOMMU that make an IOAS real.', IOMMUFD),
  acs: term(
    'Access Control Services: a bridge that has it can keep devices below it from talking to each other directly.',
    pcie('Access Control Services (ACS)'),
  ),
  rid: term(
    'Requester id: bus, device and function, sent along with every transaction.',
    pcie('Transaction Descriptor'),
  ),
  deviceTlb: term(
    'Translations that the device keeps itself (ATS): nobody checks them again until the device is told to drop them.',
    pcie('Address Translation Services (ATS)'),
  ),
  iotlb: term('The IOMMU’s cache of finished translations.', VTD_CACHES),
  contextCache: term('The IOMMU’s cache of which page table belongs to which device.', VTD_CACHES),
  stale: term('The cache still holds it, but the tables in memory say something else by now.', VTD_CACHES),
  did: term('Domain id: the tag that tells translations of different page tables apart.', VTD_CACHES),
  domain: term('The kernel’s name for one translation: a page table, identity, or nothing at all.', IOMMU_H),
  defaultDomain: term('What the kernel’s own drivers use for their DMA.', IOMMU_H),
  owner: term(
    'Who may decide what the group’s DMA reaches: the kernel’s drivers, or one iommufd context.',
    VFIO,
  ),
  reserved: term('Addresses that cannot be mapped: the hardware gives them another meaning.', SYSFS),
  pinned: term('Pages that must stay where they are while a device may reach them.', IOMMUFD),
  multifunction: term('One chip in one slot that answers as several devices.', pcie('Header Type Register')),
  users: term('How many things need this page table; it can be destroyed at zero.', IOMMUFD),
  queue: term(
    'Commands for the IOMMU: the kernel writes at the tail, the hardware reads at the head.',
    vtd('Queued Invalidation Interface'),
  ),
  alignment: term('Addresses and lengths must be multiples of this.', UAPI),
  nested: term(
    'A guest’s own page table: its result is an address that the parent HWPT translates again.',
    IOMMUFD,
  ),
  viommu: term('A guest’s slice of a physical IOMMU: what the hypervisor lets it use directly.', IOMMUFD),
  vdevice: term('A physical device under the id by which the guest knows it.', IOMMUFD),
  access: term(
    'A way to an IOAS’s memory for emulated devices: the kernel’s own code reads and writes, no IOMMU takes part.',
    IOMMUFD,
  ),
  faultQueue: term('Where a program reads the page faults of devices, and answers them.', IOMMUFD),
  veventq: term('Where a program reads what the hardware reports about its guest.', IOMMUFD),
  pasid: term(
    'Process address space id: lets one device use several page tables at the same time.',
    pcie('Process Address Space ID (PASID)'),
  ),
  pages: term(
    'The memory behind an area, shared by the areas that copies make: it is pinned and counted once.',
    IOMMUFD,
  ),
  tier: term(
    'Where the kernel keeps the physical page numbers: with an access, in a domain’s page table, or nowhere while nothing is pinned.',
    IOMMUFD,
  ),
  account: term('Against whose limit on locked memory the pinned pages count.', UAPI),
  dirty: term('The hardware notes which pages a device has written.', UAPI),
  identity: term('Identity domain: addresses go through as they are, with no table in between.', IOMMU_H),
  blocked: term('Blocked domain: every DMA of the device is refused.', IOMMU_H),
  attach: term('Makes a page table the one that a device’s DMA goes through.', IOMMUFD),
  replace: term(
    'Puts another page table in the place of the present one; no access in between sees none.',
    IOMMUFD,
  ),
  quirk: term(
    'What the kernel knows about a device that the device does not say itself.',
    kernelFile('drivers/pci/quirks.c'),
  ),
  alias: term(
    'Another requester id that a device’s requests may carry, so both need the same page table.',
    kernelFile('drivers/pci/search.c'),
  ),
  sva: term(
    'Shared virtual addressing: the device uses the page table of a process, with the same addresses.',
    kernelLink('Shared Virtual Addressing (SVA) with ENQCMD', 'arch/x86/sva.html'),
  ),
  ats: term(
    'Address Translation Services: the device asks for translations and keeps them.',
    pcie('Address Translation Services (ATS)'),
  ),
  pri: term(
    'Page Request Interface: the device asks for a page that is not there, and waits.',
    pcie('Page Request Services'),
  ),
  fault: term(
    'A DMA that the IOMMU refused: it is recorded, and the kernel prints a line.',
    vtd('Fault Logging'),
  ),
  msi: term(
    'An interrupt that a device sends as a write to a special address.',
    pcie('MSI and MSI-X Operation'),
  ),
  noiommu: term('A way to give away a device with no IOMMU behind it: nothing holds its DMA back.', VFIO),
  container: term('What VFIO opens first: its groups share one set of mappings.', VFIO),
  selftest: term(
    'A device and an IOMMU that only the kernel’s own tests have.',
    kernelFile('drivers/iommu/iommufd/selftest.c'),
  ),
  flushQueue: term(
    'Unmapped addresses wait here until one flush of the IOTLB drops many at once.',
    kernelFile('drivers/iommu/dma-iommu.c'),
  ),
  contextEntry: term(
    'What the IOMMU knows of one device: which page table its requests go through.',
    vtd('Translation Structure Formats'),
  ),
  dte: term(
    'Device table entry: what an AMD IOMMU knows of one device, its page table among it.',
    amd('Device Table Entry Format'),
  ),
  ste: term(
    'Stream table entry: what an SMMU knows of one device, and which stages its requests go through.',
    smmu('Stream Table Entry'),
  ),
  cd: term(
    'Context descriptor: the page table of one PASID of a device, and how to read it.',
    smmu('Context Descriptor'),
  ),
  ddt: term(
    'Device directory table: where a RISC-V IOMMU finds the context of a device.',
    riscv('Device-Directory-Table (DDT)'),
  ),
  dc: term(
    'Device context: what a RISC-V IOMMU knows of one device, and which stages its requests go through.',
    riscv('Device-context fields'),
  ),
  pagingCache: term('The IOMMU’s cache of upper table levels: a walk may begin lower down.', VTD_CACHES),
  sysfs: term(
    'Files in which the kernel shows its objects: one value each, read with cat and written with echo.',
    kernelLink('sysfs - _The_ filesystem for exporting kernel objects', 'filesystems/sysfs.html'),
  ),
  lockdep: term(
    'The kernel’s check that locks are always taken in one order.',
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
