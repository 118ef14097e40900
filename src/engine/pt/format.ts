import type { Result } from '../kernel/errno';

/** What an entry is. Numbers, because the table loops compare it once an entry. Linux: enum pt_entry_type */
export const EMPTY = 0;
export const TABLE = 1;
export const LEAF = 2;
export type EntryKind = typeof EMPTY | typeof TABLE | typeof LEAF;

/** Bits of a virtual address that one table level resolves. */
export const ITEMS_LG2 = 9;
export const ITEMS = 512;
export const GRANULE_LG2 = 12;

export interface PtProt {
  readonly read: boolean;
  readonly write: boolean;
}

export interface PtFeatures {
  /** Leaves carry the bit that makes the device's no-snoop accesses coherent. */
  readonly forceCoherence: boolean;
}

/**
 * A page-table format: pure functions over the two 32-bit halves of a 64-bit entry. No memory, no walking.
 *
 * Linux: drivers/iommu/generic_pt/pt_common.h lists the functions that a format provides
 *
 * Frame numbers are numbers up to 2^40; levels count from 0, which holds only leaves.
 */
export interface PtFormat {
  readonly id: string;
  /** Largest addresses that an entry can take in and give out. */
  readonly maxVaLg2: number;
  readonly maxOaLg2: number;
  readonly minTopLevel: number;
  readonly maxTopLevel: number;
  /** Highest level that may hold a leaf. */
  readonly maxLeafLevel: number;
  kind(lo: number, hi: number, level: number): EntryKind;
  /** Frame that an entry points at: of a table or of a leaf's first byte. */
  targetPfn(lo: number, hi: number): number;
  tableLo(pfn: number): number;
  tableHi(pfn: number): number;
  /** Leaf bits that follow from a protection, for leafLo. */
  attrs(prot: PtProt, features: PtFeatures): Result<number>;
  leafLo(pfn: number, level: number, attrs: number): number;
  leafHi(pfn: number, level: number, attrs: number): number;
}

/** log2 of the bytes that an entry of a level maps. */
export const itemLg2 = (level: number): number => GRANULE_LG2 + ITEMS_LG2 * level;

const ITEM_PAGES = [0, 1, 2, 3, 4, 5].map((level) => 2 ** (ITEMS_LG2 * level));

/** Pages of the granule that an entry of a level maps. */
export const itemPages = (level: number): number => ITEM_PAGES[level] as number;

/** Index of a page number in the table of a level. */
export const indexOf = (vpn: number, level: number): number => Math.floor(vpn / itemPages(level)) % ITEMS;

/** Level whose entries map pages of a size. */
export const levelOf = (sizeLg2: number): number => (sizeLg2 - GRANULE_LG2) / ITEMS_LG2;
