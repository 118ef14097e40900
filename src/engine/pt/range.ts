import { hex } from '../../lib/u64';
import { err, type Failure } from '../kernel/errno';
import type { PageTable } from './page-table';

const EXACT = 2 ** 53;

/** Page number of an address. */
export function pageOf(table: PageTable, iova: bigint): number {
  const { granuleBytes, granuleLg2 } = table.format;
  const address = Number(iova);
  return address < EXACT ? Math.floor(address / granuleBytes) : Number(iova >> BigInt(granuleLg2));
}

/** Bytes from the beginning of its page to an address. */
export function offsetIn(table: PageTable, iova: bigint): number {
  const { granuleBytes } = table.format;
  const address = Number(iova);
  if (address >= EXACT) return Number(iova & BigInt(granuleBytes - 1));
  return address - Math.floor(address / granuleBytes) * granuleBytes;
}

/** Last page that a range touches. Exact up to the 64-bit end for any granule of 2 KiB or more, and beyond it not below. */
export const lastPageOf = (table: PageTable, vpn: number, offset: number, bytes: number): number =>
  vpn + (Math.ceil((offset + bytes) / table.format.granuleBytes) - 1);

/** Linux: iommu_pt.h make_range_no_check() */
export function checkLength(table: PageTable, bytes: number, lastVpn: number): Failure | null {
  const rule = { rule: 'make_range_no_check' };
  if (bytes === 0) return err('EINVAL', 'the length is zero', rule);
  if (lastVpn < table.format.pagesOf64Bits) return null;
  return err('EOVERFLOW', 'the range wraps around the end of the address space', rule);
}

/** Linux: pt_iter.h pt_check_range() */
export function checkReach(table: PageTable, firstVpn: number, lastVpn: number): Failure | null {
  if (table.covers(firstVpn, lastVpn)) return null;
  const end = hex(BigInt(table.endVpn) << BigInt(table.format.granuleLg2));
  return err('ERANGE', `the range ends beyond ${end}, where the table ends`, { rule: 'pt_check_range' });
}
