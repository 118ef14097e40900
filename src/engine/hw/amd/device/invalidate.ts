import { CTX_ID } from './gcr3';
import { PDE_PERMS, pdeFirst, pdeTag } from './host-walk';
import { PDE_NESTED } from './guest-walk';
import { ID_GN } from './iotlb';
import type { UnitState } from './state';

const entries = (n: number, what: string): string => `${n} ${what} ${n === 1 ? 'entry' : 'entries'} dropped`;

/** Drops what was read of a device's table entry, and of its GCR3 table. Spec: section 2.4.2 "INVALIDATE_DEVTAB_ENTRY" */
export function invalidateDevice(state: UnitState, rid: number): string {
  const of = (entry: number | undefined): boolean => ((entry ?? 0) & 0xffff) === rid;
  const devices = state.dtes.dropWhere((at) => of(state.dtes.entries[at]));
  const processes = state.pasids.dropWhere((at) => of(state.pasids.entries[at]));
  return `${entries(devices, 'DTE')}, ${entries(processes, 'PASID')}`;
}

/** Spec: section 2.4.5 "INVALIDATE_INTERRUPT_TABLE" */
export function invalidateInterrupts(state: UnitState, rid: number): string {
  const { interrupts } = state;
  const dropped = interrupts.dropWhere((at) => ((interrupts.entries[at] as number) & 0xffff) === rid);
  return entries(dropped, 'interrupt');
}

export interface PageRange {
  readonly domain: number;
  /** -1: GN = 0, addresses of the host's tables. */
  readonly pasid: number;
  readonly hi: number;
  readonly lo: number;
  /** 64 and more: everything. */
  readonly sizeLg2: number;
  /** Entries that point at tables, too. */
  readonly tables: boolean;
}

/**
 * Drops translations of a domain, or of one of its processes.
 *
 * Spec: section 2.4.3 "INVALIDATE_IOMMU_PAGES"
 *
 * With GN = 0 the host's tables changed: of what was made from both tables no unit can tell which part that was, so all
 * such translations of the domain go. With GN, PDE and a range that is everything, the process's GCR3 entry goes too:
 * Linux relies on it, update_gcr3().
 */
export function invalidatePages(state: UnitState, range: PageRange): string {
  const { iotlb, pdes, pasids } = state;
  const { domain, pasid, hi, lo, sizeLg2 } = range;
  const pages = iotlb.dropWhere(
    (at) =>
      (iotlb.belongs(at, domain, pasid) && iotlb.overlaps(at, hi, lo, sizeLg2)) ||
      (pasid < 0 && iotlb.isNestedOf(at, domain)),
  );
  const tables = pdes.dropWhere((at) => {
    const id = pdes.entries[at + 1] as number;
    if (id >>> 16 !== domain) return false;
    const nested = ((pdes.entries[at + PDE_PERMS] as number) & PDE_NESTED) !== 0;
    if (pasid < 0 && nested) return true;
    return range.tables && pasidOfPde(pdes.entries, at) === pasid && pdeOverlaps(pdes.entries, at, range);
  });
  const whole = pasid >= 0 && range.tables && sizeLg2 >= 52;
  const processes = whole
    ? pasids.dropWhere(
        (at) => (pasids.entries[at + CTX_ID] as number) >>> 16 === domain && pasids.entries[at + 1] === pasid,
      )
    : 0;
  const parts = [entries(pages, 'IOTLB'), entries(tables, 'PDE')];
  return (processes > 0 ? [...parts, entries(processes, 'PASID')] : parts).join(', ');
}

/** Spec: section 2.4.8 "INVALIDATE_IOMMU_ALL" */
export function invalidateAll(state: UnitState): string {
  const all = (): boolean => true;
  return [
    entries(state.dtes.dropWhere(all), 'DTE'),
    entries(state.pasids.dropWhere(all), 'PASID'),
    entries(state.iotlb.invalidateAll(), 'IOTLB'),
    entries(state.pdes.dropWhere(all), 'PDE'),
    entries(state.interrupts.dropWhere(all), 'interrupt'),
  ].join(', ');
}

/** The PASID that a cached pointer to a table is found by; -1: of a host's. */
export function pasidOfPde(words: Int32Array, at: number): number {
  const id = words[at + 1] as number;
  if ((id & ID_GN) === 0) return -1;
  return (id & 0x7fff) | ((((words[at] as number) >>> 12) & 0x1f) << 15);
}

function pdeOverlaps(words: Int32Array, at: number, { hi, lo, sizeLg2 }: PageRange): boolean {
  const shift = Math.max(sizeLg2, 21) - 21;
  const high = (((words[at] as number) ^ pdeFirst(hi)) & 0xffe) >>> 1;
  if (shift >= 43) return true;
  if (shift >= 32) return high >>> (shift - 32) === 0;
  return high === 0 && ((words[at + 2] as number) ^ pdeTag(hi, lo)) >>> shift === 0;
}
