/** What IOMMUs cache and read, in the words of their documents: for marks, headings and labels. */
export interface StructureWords {
  /** Four letters at most. */
  readonly mark: string;
  readonly name: string;
}

const STRUCTURES: Readonly<Record<string, StructureWords>> = {
  root: { mark: 'RT', name: 'root entry' },
  context: { mark: 'CT', name: 'context entry' },
  'pasid-dir': { mark: 'PD', name: 'PASID directory entry' },
  pasid: { mark: 'PT', name: 'PASID entry' },
  dte: { mark: 'DTE', name: 'device table entry' },
  gcr3: { mark: 'CR3', name: 'GCR3 table entry' },
  'l1-std': { mark: 'L1S', name: 'level 1 stream table descriptor' },
  ste: { mark: 'STE', name: 'stream table entry' },
  'l1-cd': { mark: 'L1C', name: 'level 1 context descriptor' },
  cd: { mark: 'CD', name: 'context descriptor' },
  ddt: { mark: 'DDT', name: 'device directory entry' },
  dc: { mark: 'DC', name: 'device context' },
  pdt: { mark: 'PDT', name: 'process directory entry' },
  pc: { mark: 'PC', name: 'process context' },
  msi: { mark: 'MSI', name: 'MSI page table entry' },
  irte: { mark: 'IRT', name: 'interrupt-remapping entry' },
  posted: { mark: 'PID', name: 'posted-interrupt descriptor' },
  table: { mark: 'L', name: 'page table' },
};

/** Caches have marks of their own: what is cached is not what is read. */
const CACHES: Readonly<Record<string, StructureWords>> = {
  iotlb: { mark: 'TLB', name: 'IOTLB' },
  'device-tlb': { mark: 'ATC', name: 'device TLB' },
  'paging-structure': { mark: 'PSC', name: 'paging-structure cache' },
  walk: { mark: 'WC', name: 'walk cache' },
  stage2: { mark: 'S2C', name: 'stage 2 cache' },
  context: { mark: 'CC', name: 'context cache' },
  pasid: { mark: 'PC', name: 'PASID cache' },
  dte: { mark: 'DTC', name: 'DTE cache' },
  ste: { mark: 'SC', name: 'STE cache' },
  cd: { mark: 'CDC', name: 'CD cache' },
  ddt: { mark: 'DDC', name: 'device context cache' },
  pdt: { mark: 'PDC', name: 'process context cache' },
  interrupt: { mark: 'IEC', name: 'interrupt entry cache' },
};

/** Words of what was read; what has none of its own is called as it is. */
export const structureWords = (id: string): StructureWords =>
  STRUCTURES[id] ?? { mark: id.slice(0, 3).toUpperCase(), name: id };

export const cacheWords = (id: string): StructureWords =>
  CACHES[id] ?? { mark: id.slice(0, 3).toUpperCase(), name: `${id} cache` };

/** Caches of translations, whole or in part; the others hold what the unit knows of devices. */
export const isTableCache = (id: string): boolean => TABLE_CACHES.has(id);
const TABLE_CACHES: ReadonlySet<string> = new Set(['iotlb', 'paging-structure', 'walk', 'stage2']);

type Vendor = 'vtd' | 'amd' | 'smmuv3' | 'riscv' | 'generic';

/** The number of a fault as the vendor's document counts: AMD's is an event code with its flags behind it. */
export function faultNumber(vendor: Vendor, reason: number): string {
  const hex = (value: number, digits: number): string => `0x${value.toString(16).padStart(digits, '0')}`;
  switch (vendor) {
    case 'amd':
      return `event ${hex(reason >>> 12, 1)}, flags ${hex(reason & 0xfff, 3)}`;
    case 'smmuv3':
      return `event ${hex(reason, 2)}`;
    case 'riscv':
      return `cause ${reason}`;
    default:
      return `fault ${hex(reason, 2)}`;
  }
}

/**
 * The number of a level as the vendor's document counts, of one that here is 1 where there are only leaves: Arm counts
 * from the top, so that leaves of pages are at 3.
 */
export const levelNumber = (vendor: Vendor, level: number): number =>
  vendor === 'smmuv3' ? 4 - level : level;
