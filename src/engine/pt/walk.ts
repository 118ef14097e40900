import { FRAME_ITEM_MASK, FRAME_ITEMS_LG2, indexOf, LEAF, ORDER_PAGES, slotsOf, TABLE } from './format';
import type { PageTable } from './page-table';
import { offsetIn, pageOf } from './range';

/** Physical address behind an address, null where nothing is mapped. Linux: iommu_pt.h iova_to_phys() */
export function iovaToPhys(table: PageTable, iova: bigint): number | null {
  const { memory, format } = table;
  const vpn = pageOf(table, iova);
  if (vpn >= table.endVpn && !table.covers(vpn, vpn)) return null;
  let tablePfn = table.rootPfn;
  for (let level = table.topLevel; ; level--) {
    const index = indexOf(format, vpn, level);
    const at = memory.processorBase(tablePfn + (index >>> FRAME_ITEMS_LG2)) + (index & FRAME_ITEM_MASK) * 2;
    const lo = memory.words[at] as number;
    const hi = memory.words[at + 1] as number;
    const kind = format.kind(lo, hi, level);
    if (kind === LEAF) {
      const order = (format.itemOrder[level] as number) + format.contigLg2(lo, hi, level);
      const page = format.leafPage(lo, hi, level) + (vpn % (ORDER_PAGES[order] as number));
      return page * format.granuleBytes + offsetIn(table, iova);
    }
    if (kind !== TABLE) return null;
    tablePfn = format.tablePfn(lo, hi);
  }
}

export interface LeafEntry {
  /** In pages of the format's granule. */
  readonly vpn: number;
  readonly page: number;
  readonly sizeLg2: number;
  /** As in the first of its slots. */
  readonly lo: number;
  readonly hi: number;
}

/** Visits every leaf in ascending order of address, one that is repeated in several slots once. */
export function eachLeaf(table: PageTable, visit: (leaf: LeafEntry) => void): void {
  const half = table.endVpn;
  const canonical = (leaf: LeafEntry): void =>
    visit(leaf.vpn < half ? leaf : { ...leaf, vpn: leaf.vpn - half + table.upperVpn });
  eachLeafIn(table, table.rootPfn, table.topLevel, 0, table.upperVpn === Infinity ? visit : canonical);
}

function eachLeafIn(
  table: PageTable,
  tablePfn: number,
  level: number,
  vpn: number,
  visit: (leaf: LeafEntry) => void,
): void {
  const { memory, format } = table;
  const items = format.items[level] as number;
  for (let index = 0; index < items; index++) {
    const at = memory.processorBase(tablePfn + (index >>> FRAME_ITEMS_LG2)) + (index & FRAME_ITEM_MASK) * 2;
    const lo = memory.words[at] as number;
    const hi = memory.words[at + 1] as number;
    const kind = format.kind(lo, hi, level);
    const itemVpn = vpn + index * (format.itemPages[level] as number);
    if (kind === TABLE) eachLeafIn(table, format.tablePfn(lo, hi), level - 1, itemVpn, visit);
    if (kind !== LEAF) continue;
    const contigLg2 = format.contigLg2(lo, hi, level);
    const sizeLg2 = (format.itemLg2[level] as number) + contigLg2;
    visit({ vpn: itemVpn, page: format.leafPage(lo, hi, level), sizeLg2, lo, hi });
    index += slotsOf(contigLg2) - 1;
  }
}
