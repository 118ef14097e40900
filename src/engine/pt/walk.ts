import { indexOf, ITEMS, itemLg2, itemPages, LEAF, TABLE } from './format';
import type { PageTable } from './page-table';

/** Physical address behind an address, null where nothing is mapped. Linux: iommu_pt.h iova_to_phys() */
export function iovaToPhys(table: PageTable, iova: bigint): number | null {
  const { memory, format } = table;
  if (iova >> BigInt(table.vaLg2) !== 0n) return null;
  const vpn = Number(iova >> 12n);
  let tablePfn = table.rootPfn;
  for (let level = table.topLevel; ; level--) {
    const at = memory.frameBase(tablePfn) + indexOf(vpn, level) * 2;
    const lo = memory.words[at] as number;
    const hi = memory.words[at + 1] as number;
    const kind = format.kind(lo, hi, level);
    if (kind === LEAF) {
      return (format.targetPfn(lo, hi) + (vpn % itemPages(level))) * 4096 + Number(iova & 0xfffn);
    }
    if (kind !== TABLE) return null;
    tablePfn = format.targetPfn(lo, hi);
  }
}

export interface LeafEntry {
  readonly vpn: number;
  readonly pfn: number;
  readonly sizeLg2: number;
  readonly lo: number;
  readonly hi: number;
}

/** Visits every leaf in ascending order of address. */
export function eachLeaf(table: PageTable, visit: (leaf: LeafEntry) => void): void {
  eachLeafIn(table, table.rootPfn, table.topLevel, 0, visit);
}

function eachLeafIn(
  table: PageTable,
  tablePfn: number,
  level: number,
  vpn: number,
  visit: (leaf: LeafEntry) => void,
): void {
  const { memory, format } = table;
  for (let index = 0; index < ITEMS; index++) {
    const at = memory.frameBase(tablePfn) + index * 2;
    const lo = memory.words[at] as number;
    const hi = memory.words[at + 1] as number;
    const kind = format.kind(lo, hi, level);
    const itemVpn = vpn + index * itemPages(level);
    if (kind === TABLE) eachLeafIn(table, format.targetPfn(lo, hi), level - 1, itemVpn, visit);
    if (kind === LEAF)
      visit({ vpn: itemVpn, pfn: format.targetPfn(lo, hi), sizeLg2: itemLg2(level), lo, hi });
  }
}
