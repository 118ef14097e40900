import type { Result } from '../kernel/errno';

/** What an entry is. Numbers, because the table loops compare it once an entry. Linux: enum pt_entry_type */
export const EMPTY = 0;
export const TABLE = 1;
export const LEAF = 2;
export type EntryKind = typeof EMPTY | typeof TABLE | typeof LEAF;

/** What a mapping allows, and of what kind the memory is. A format takes no notice of what it has no bits for. */
export interface PtProt {
  readonly read: boolean;
  readonly write: boolean;
  /** Device memory, past the caches. Linux: IOMMU_MMIO; without it IOMMU_CACHE is meant */
  readonly mmio?: boolean;
  /** Linux: IOMMU_NOEXEC */
  readonly noexec?: boolean;
  /** For privileged accesses only. Linux: IOMMU_PRIV */
  readonly priv?: boolean;
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
 * physical memory, 4 KiB, whatever the granule; a table that needs more than one has them in a row, aligned to its size.
 * Levels count from 0, which holds only leaves.
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
  /**
   * Entries of a level that agree in these bits are of one kind, and either all cover one slot or all cover more: loops over
   * like entries ask once.
   */
  readonly kindLo: number;
  readonly kindHi: number;
  /** Frame of the table that an entry points at. */
  tablePfn(lo: number, hi: number): number;
  tableLo(pfn: number, level: number): number;
  tableHi(pfn: number, level: number): number;
  /** First page that a leaf gives out, the same for all its slots. */
  leafPage(lo: number, hi: number, level: number): number;
  /** log2 of the slots that a leaf covers; one where the format leaves it out. Linux: pt_entry_num_contig_lg2() */
  contigLg2?(lo: number, hi: number, level: number): number;
  /** Bits that follow from a protection, for leafLo and leafHi. */
  attrs(prot: PtProt, features: PtFeatures): Result<number>;
  leafLo(page: number, order: number, level: number, attrs: number): number;
  leafHi(page: number, order: number, level: number, attrs: number): number;
  /** The slots of a leaf that covers several hold each its own address, not all that of the first. Linux: pt_item_oa() */
  readonly slotsOwnPages?: boolean;
  /**
   * How a slot says whether a device wrote through it: of the bits in both pairs together, the first ones are set when it
   * did, the second when it did not. Where they are something else the slot is not tracked.
   */
  readonly dirtyLo?: number;
  readonly dirtyHi?: number;
  readonly cleanLo?: number;
  readonly cleanHi?: number;
  /** Linux reads the dirty bits of this format; by default where there are any. Linux: pt_dirty_supported() */
  readonly tracksDirty?: boolean;
}

/** A format and what its numbers come to, computed once and read in the loops. */
export interface PtFormat extends Required<PtFormatSpec> {
  readonly granuleBytes: number;
  readonly maxTopLevel: number;
  /** By level: log2 of the bytes, and number and log2 of the pages that a slot maps. */
  readonly itemLg2: readonly number[];
  readonly itemPages: readonly number[];
  readonly itemOrder: readonly number[];
  /** By level: slots of a table, and frames that it takes. */
  readonly items: readonly number[];
  readonly frames: readonly number[];
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

/** A frame holds 512 slots. */
export const FRAME_ITEMS_LG2 = 9;
export const FRAME_ITEMS = 1 << FRAME_ITEMS_LG2;
export const FRAME_ITEM_MASK = FRAME_ITEMS - 1;

/** Index of a page in the table of a level. The bits above 2^32 that the conversion drops are of higher levels. */
export const indexOf = (format: PtFormat, page: number, level: number): number =>
  (page * (format.indexScale[level] as number)) & (format.indexMask[level] as number);
