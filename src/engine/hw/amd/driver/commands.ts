import { hiOf, hiOfAddress, loOf, loOfAddress } from '../../../../lib/u64';
import {
  CMD_COMPLETE_PPR_REQUEST,
  CMD_COMPLETION_WAIT,
  CMD_INVALIDATE_DEVTAB_ENTRY,
  CMD_INVALIDATE_INTERRUPT_TABLE,
  CMD_INVALIDATE_IOMMU_ALL,
  CMD_INVALIDATE_IOMMU_PAGES,
  CMD_INVALIDATE_IOTLB_PAGES,
  INV_GN,
  INV_PDE,
  INV_S,
  WAIT_S,
} from '../structs';

/** Four 32-bit words. Linux: struct iommu_cmd */
export type Command = readonly [number, number, number, number];

/** Linux: CMD_INV_IOMMU_ALL_PAGES_ADDRESS */
export const ALL_PAGES = 0x7fff_ffff_ffff_ffffn;
/** `~0UL` as a length. */
export const EVERYTHING = 0xffff_ffff_ffff_ffffn;

const U64 = 0xffff_ffff_ffff_ffffn;
const PAGE_MASK = U64 ^ 0xfffn;

/** Pages of which tag a command means. */
export interface PageTag {
  readonly domid: number;
  /** Null: the host table's translations. A number: a guest table's, of that PASID. */
  readonly pasid: number | null;
}

const command = (type: number, w0: number, w1: number, w2: number, w3: number): Command => [
  w0,
  (w1 | (type << 28)) >>> 0,
  w2,
  w3,
];

/**
 * The address field of an invalidation: a page, or the smallest aligned power-of-two range that covers what is meant,
 * its size coded in the ones below its highest changing bit.
 *
 * Linux: build_inv_address()
 */
export function invAddress(address: bigint, size: bigint): bigint {
  const pages = (((address & 0xfffn) + size + 0xfffn) & U64) >> 12n;
  if (pages === 1n) return address & PAGE_MASK;
  const end = (address + size - 1n) & U64;
  const changed = (end ^ address).toString(2).length - 1;
  // Bits 63:52 are the sign of bit 51: where that changes too, nothing less than everything will do.
  const coded = changed > 51 ? ALL_PAGES : address | ((1n << BigInt(changed)) - 1n);
  return (coded & PAGE_MASK) | BigInt(INV_S);
}

/** Linux: build_completion_wait() */
export const completionWait = (pa: number, data: bigint): Command =>
  command(CMD_COMPLETION_WAIT, loOfAddress(pa) | WAIT_S, hiOfAddress(pa), loOf(data), hiOf(data));

/** Linux: build_inv_dte() */
export const invDte = (rid: number): Command => command(CMD_INVALIDATE_DEVTAB_ENTRY, rid, 0, 0, 0);

/** Tables' caches are dropped with the pages, always. Linux: build_inv_iommu_pages() */
export function invIommuPages(address: bigint, size: bigint, { domid, pasid }: PageTag): Command {
  const where = invAddress(address, size);
  const gn = pasid === null ? 0 : INV_GN;
  return command(CMD_INVALIDATE_IOMMU_PAGES, pasid ?? 0, domid, loOf(where) | INV_PDE | gn, hiOf(where));
}

/** A device's own TLB. Linux: build_inv_iotlb_pages() */
export function invIotlbPages(
  rid: number,
  queueDepth: number,
  address: bigint,
  size: bigint,
  pasid: number | null,
): Command {
  const where = invAddress(address, size);
  const high = pasid === null ? 0 : ((pasid >> 8) & 0xff) << 16;
  const low = pasid === null ? 0 : (pasid & 0xff) << 16;
  const gn = pasid === null ? 0 : INV_GN;
  return command(
    CMD_INVALIDATE_IOTLB_PAGES,
    rid | ((queueDepth & 0xff) << 24) | high,
    rid | low,
    loOf(where) | gn,
    hiOf(where),
  );
}

/** Linux: build_inv_irt() */
export const invInterruptTable = (rid: number): Command =>
  command(CMD_INVALIDATE_INTERRUPT_TABLE, rid, 0, 0, 0);

/** Linux: build_inv_all() */
export const invAll: Command = command(CMD_INVALIDATE_IOMMU_ALL, 0, 0, 0, 0);

/** `pasid`: null unless the device wants it in the answer. Linux: build_complete_ppr() */
export const completePpr = (rid: number, pasid: number | null, status: number, tag: number): Command =>
  command(
    CMD_COMPLETE_PPR_REQUEST,
    rid,
    pasid ?? 0,
    pasid === null ? 0 : INV_GN,
    (tag & 0x1ff) | ((status & 0xf) << 12),
  );
