import { ok } from '../../kernel/errno';
import type { PhysicalMemory } from '../../memory/physical-memory';
import { defineFormat } from '../define';
import { EMPTY, LEAF, TABLE, type PtFormat } from '../format';
import type { PageTableConfig } from '../page-table';

/**
 * AMD host tables ("v1"), up to six levels, leaves of every power of two; and the variant that the iommufd selftest uses.
 *
 * Spec: AMD I/O Virtualization Technology (IOMMU) Specification, rev. 3.10, section 2.2.3 "I/O Page Tables for Host
 * Translations", table 14 "Example Page Size Encodings", table 15 "Page Table Level Parameters"
 * Linux: drivers/iommu/generic_pt/fmt/amdv1.h, iommu_amdv1.c, iommu_mock.c
 *
 * The field "next level" of a pointer could skip levels of which an address has only zeros; like Linux, this neither writes
 * nor follows that: a pointer leads one level down. Memory encryption is not modelled.
 */
const PR = 1 << 0;
const D = 1 << 6;
const NEXT_LEVEL_SHIFT = 9;
const NEXT_LEVEL_MASK = 7;
/** Next level of a leaf that is as large as its slot, and of one whose size is in its address. */
const NL_DEFAULT = 0;
const NL_SIZE = 7;
// In the upper half.
const FC = 1 << 28;
const IR = 1 << 29;
const IW = 1 << 30;
const OA_LO_BITS = 20;
const OA_LO_SCALE = 2 ** OA_LO_BITS;
const OA_HI_MASK = 0xf_ffff; // bits 51:32

/** 512 GiB pages do not work in any hardware. */
const BROKEN_SIZE_LG2 = 39;

const nextLevel = (lo: number): number => (lo >>> NEXT_LEVEL_SHIFT) & NEXT_LEVEL_MASK;
/** The address field, in granules. */
const field = (lo: number, hi: number): number => (hi & OA_HI_MASK) * OA_LO_SCALE + (lo >>> 12);
const fieldLo = (value: number): number => value << 12;
const fieldHi = (value: number): number => Math.floor(value / OA_LO_SCALE) & OA_HI_MASK;

/** Length of the string of ones at the low end of the address field. */
function trailingOnes(lo: number, hi: number): number {
  const low = firstZero(lo >>> 12);
  return low < OA_LO_BITS ? low : OA_LO_BITS + firstZero(hi & OA_HI_MASK);
}

const firstZero = (n: number): number => 31 - Math.clz32(~n & (n + 1));

interface Variant {
  readonly id: string;
  readonly granuleLg2: number;
  readonly levelBits: readonly number[];
  readonly maxVaLg2: number;
  readonly maxOaLg2: number;
  /** Bits of every leaf. Linux: PT_FORCE_ENABLED_FEATURES */
  readonly always: number;
}

function defineAmdv1(variant: Variant): PtFormat {
  const { granuleLg2, levelBits } = variant;
  const itemOrder = levelBits.map((_, level) => 9 * level);
  /** A frame in granules. */
  const frame = 2 ** (12 - granuleLg2);

  return defineFormat({
    id: variant.id,
    granuleLg2,
    levelBits,
    maxVaLg2: variant.maxVaLg2,
    maxOaLg2: variant.maxOaLg2,
    minTopLevel: 1,
    dirtyLo: D,

    leafSizesLg2(level) {
      // Table 15: the top level has no leaves. A leaf never fills its whole table.
      if (level >= levelBits.length - 1) return [];
      const item = granuleLg2 + 9 * level;
      const sizes = Array.from({ length: 9 }, (_, n) => item + n);
      return sizes.filter((size) => size <= 51 && size !== BROKEN_SIZE_LG2);
    },
    kindLo: PR | (NEXT_LEVEL_MASK << NEXT_LEVEL_SHIFT),
    kindHi: 0,
    kind(lo, _hi, level) {
      if ((lo & PR) === 0) return EMPTY;
      const next = nextLevel(lo);
      return level === 0 || next === NL_DEFAULT || next === NL_SIZE ? LEAF : TABLE;
    },
    tablePfn: (lo, hi) => field(lo, hi) / frame,
    // Permissions of all levels are ANDed: the leaf alone decides.
    tableLo: (pfn, level) => fieldLo(pfn * frame) | (level << NEXT_LEVEL_SHIFT) | PR,
    tableHi: (pfn) => fieldHi(pfn * frame) | IR | IW,
    leafPage(lo, hi) {
      const page = field(lo, hi);
      return nextLevel(lo) === NL_SIZE ? page - (2 ** trailingOnes(lo, hi) - 1) : page;
    },
    contigLg2(lo, hi, level) {
      return nextLevel(lo) === NL_SIZE ? trailingOnes(lo, hi) + 1 - (itemOrder[level] as number) : 0;
    },
    attrs: (prot) => ok((prot.read ? IR : 0) | (prot.write ? IW : 0) | variant.always),
    leafLo(page, order, level) {
      if (order === itemOrder[level]) return fieldLo(page) | (NL_DEFAULT << NEXT_LEVEL_SHIFT) | PR;
      return fieldLo(page + sizeCode(order)) | (NL_SIZE << NEXT_LEVEL_SHIFT) | PR;
    },
    leafHi: (page, order, level, attrs) =>
      fieldHi(order === itemOrder[level] ? page : page + sizeCode(order)) | attrs,
  });
}

/** Ones in the address bits that the size leaves free, up to a zero in the highest of them. */
const sizeCode = (order: number): number => 2 ** (order - 1) - 1;

export const amdv1 = defineAmdv1({
  id: 'amdv1',
  granuleLg2: 12,
  // The top entry covers bits 63:57 only.
  levelBits: [9, 9, 9, 9, 9, 7],
  maxVaLg2: 64,
  maxOaLg2: 52,
  always: FC,
});

/** With pages half the size of the CPU's, for tests of that case; no features. Linux: AMDV1_IOMMUFD_SELFTEST */
export const amdv1Mock = defineAmdv1({
  id: 'amdv1_mock',
  granuleLg2: 11,
  levelBits: [9, 9, 9, 9, 9],
  maxVaLg2: 56,
  maxOaLg2: 51,
  always: 0,
});

/**
 * The table of the selftest's paging domains: three levels, 38 bits. The huge one shall only get huge pages; 4 KiB is there
 * because iommufd wants a page size that is no larger than the CPU's.
 *
 * Linux: drivers/iommu/iommufd/selftest.c mock_domain_alloc_pgtable()
 */
export const mockTable = (memory: PhysicalMemory, type: 'default' | 'huge'): PageTableConfig => ({
  memory,
  format: amdv1Mock,
  topLevel: 2,
  oaLg2: 51,
  ...(type === 'huge' ? { pageSizesLg2: [12, 20] } : {}),
});
