import type { Result } from '../kernel/errno';

/** What an entry is. Numbers, because the table loops compare it once an entry. Linux: enum pt_entry_type */
export const EMPTY = 0;
export const TABLE = 1;
export const LEAF = 2;
export type EntryKind = typeof EMPTY | typeof TABLE | typeof LEAF;

export interface PtProt {
  readonly read: boolean;
  readonly write: boolean;
}

export interface PtFeatures {
  /** Leaves carry the bit that makes the device's no-snoop accesses coherent. */
  readonly forceCoherence: boolean;
}

/**
 * What a page-table format has to say: pure functions over the two 32-bit halves of a 64-bit entry. No memory, no walking.
 *
 * Linux: drivers/iommu/generic_pt/pt_common.h lists the functions that a format provides
 *
 * Words: a page is one granule, what a slot of level 0 maps; page numbers are exact up to 2^53. An order is the log2 of a
 * leaf's pages. A leaf larger than its level's slots is repeated in all the slots that it covers. Frames are those of
 * physical memory, 4 KiB, whatever the granule; a table fills at most one. Levels count from 0, which holds only leaves.
 */
export interface PtFormatSpec {
  readonly id: string;
  readonly granuleLg2: number;
  /** Address bits that each level resolves, from level 0 on. */
  readonly levelBits: readonly number[];
  /** Largest addresses that an entry can take in and give out. */
  readonly maxVaLg2: number;
  readonly maxOaLg2: number;
  readonly minTopLevel: number;
  /** Sizes of the leaves that a level may hold, ascending. Linux: pt_possible_sizes() */
  leafSizesLg2(level: number): readonly number[];
  kind(lo: number, hi: number, level: number): EntryKind;
  /** Frame of the table that an entry points at. */
  tablePfn(lo: number, hi: number): number;
  tableLo(pfn: number, level: number): number;
  tableHi(pfn: number, level: number): number;
  /** First page that a leaf gives out, the same in all its slots. */
  leafPage(lo: number, hi: number): number;
  /** log2 of the slots that a leaf covers; one where the format leaves it out. Linux: pt_entry_num_contig_lg2() */
  contigLg2?(lo: number, hi: number, level: number): number;
  /** Bits that follow from a protection, for leafLo and leafHi. */
  attrs(prot: PtProt, features: PtFeatures): Result<number>;
  leafLo(page: number, order: number, level: number, attrs: number): number;
  leafHi(page: number, order: number, level: number, attrs: number): number;
  /** The bit that says a device wrote through this slot; no dirty tracking where both are 0. */
  readonly dirtyLo?: number;
  readonly dirtyHi?: number;
}

/** A format and what its numbers come to, computed once and read in the loops. */
export interface PtFormat extends Required<PtFormatSpec> {
  readonly granuleBytes: number;
  readonly maxTopLevel: number;
  /** By level: log2 of the bytes, and number and log2 of the pages that a slot maps. */
  readonly itemLg2: readonly number[];
  readonly itemPages: readonly number[];
  readonly itemOrder: readonly number[];
  /** By level: slots of a table. */
  readonly items: readonly number[];
  /** By level: page number times scale, its integer part masked, is the index. */
  readonly indexScale: readonly number[];
  readonly indexMask: readonly number[];
  /** Page numbers of a 64-bit address space end before this. */
  readonly pagesOf64Bits: number;
}

/** Pages of a leaf by its order. */
export const ORDER_PAGES: readonly number[] = Array.from({ length: 64 }, (_, order) => 2 ** order);

/** Slots of a leaf by contigLg2. */
export const slotsOf = (contigLg2: number): number => 1 << contigLg2;

/** Index of a page in the table of a level. The bits above 2^32 that the conversion drops are of higher levels. */
export const indexOf = (format: PtFormat, page: number, level: number): number =>
  (page * (format.indexScale[level] as number)) & (format.indexMask[level] as number);
