import { invariant } from '../../../lib/invariant';
import { ok } from '../../kernel/errno';
import { defineFormat } from '../define';
import { EMPTY, LEAF, TABLE, type PtFormat } from '../format';

/**
 * Arm's 64-bit tables ("VMSAv8-64", in Linux "LPAE") of both stages: granules of 4, 16 and 64 KiB, 48 bits of address, 52 with
 * 64 KiB; roots of any size, and for the second stage several tables in a row in place of a level.
 *
 * Spec: Arm Architecture Reference Manual DDI 0487, chapter D8 "The AArch64 Virtual Memory System Architecture": D8.3
 * "Translation table descriptor formats", rules R_DXBSH and R_SRKBC for concatenated tables
 * Linux: drivers/iommu/io-pgtable-arm.c
 *
 * Levels count from 0 for the pages, as everywhere here: the document's level is 3 - level, and a walk starts at its level
 * 3 - maxTopLevel. The root has its own size, so widths make a format each: armLpae() gives out the same one for the same
 * widths. The contiguous hint is the document's; Linux's IOMMU code does not use it. Entries that were made while the SMMU
 * does not snoop (SW_SYNC), TTBR1, the non-secure bits and LPA2 are not modelled.
 */
const VALID = 1 << 0;
const TYPE = 3;
const TYPE_BLOCK = 1;
const TYPE_TABLE = 3;
const TYPE_PAGE = 3;
const ATTR_SHIFT = 2;
const SH_OUTER = 2 << 8;
const SH_INNER = 3 << 8;
const AF = 1 << 10;
// First stage.
const AP_UNPRIVILEGED = 1 << 6;
const AP_READ_ONLY = 1 << 7;
const NG = 1 << 11;
/** Indices of MAIR, which the driver fills to match. Linux: ARM_LPAE_MAIR_ATTR_IDX_CACHE, _DEV */
const ATTR_CACHED = 1;
const ATTR_DEVICE = 2;
// Second stage.
const S2AP_READ = 1 << 6;
const S2AP_WRITE = 1 << 7;
const MEMATTR_DEVICE = 0x1;
const MEMATTR_CACHED = 0xf;
/** With S2FWB: what the first stage says does not count. */
const MEMATTR_FORCED_CACHED = 0x6;
// In the upper half.
const OA_HI_MASK = 0xffff; // bits 47:32
const DBM = 1 << 19;
const CONTIGUOUS = 1 << 20;
const XN = 3 << 21;

const OA_HI_SCALE = 2 ** 20;
/** Of a 4 KiB frame number: where address bits 51:48 are. With 64 KiB pages they stand in bits 15:12 of an entry. */
const TOP_SCALE = 2 ** 36;
const TOP_SHIFT = 12;
const TOP_MASK = 0xf << TOP_SHIFT;
/** What `attrs` has of the lower half; the rest is of the upper. */
const ATTRS_LO = 0xfff;

/** log2 of the slots that the hint joins, by granule and level. */
const CONTIGUOUS_LG2: Readonly<Record<number, readonly number[]>> = {
  12: [4, 4, 4],
  14: [7, 5],
  16: [5, 5],
};

export interface ArmLpaeOptions {
  readonly stage: 1 | 2;
  readonly granuleLg2: 12 | 14 | 16;
  /** Bits of input and output address. Linux: io_pgtable_cfg ias, oas */
  readonly iasLg2: number;
  readonly oasLg2: number;
  /** Hardware marks written pages. Linux: IO_PGTABLE_QUIRK_ARM_HD */
  readonly dirty?: boolean;
  /** Linux: IO_PGTABLE_QUIRK_ARM_S2FWB */
  readonly forceWriteBack?: boolean;
  /** Joins neighbouring slots with the contiguous hint. */
  readonly contiguous?: boolean;
}

/** Linux: arm_lpae_alloc_pgtable(), arm_lpae_concat_mandatory() */
function armLevelBits({ stage, granuleLg2, iasLg2, oasLg2 }: ArmLpaeOptions): readonly number[] {
  const perLevel = granuleLg2 - 3;
  const bits = iasLg2 - granuleLg2;
  const levels = Math.ceil(bits / perLevel);
  const rootBits = bits - perLevel * (levels - 1);
  const below = Array.from({ length: levels - 1 }, () => perLevel);
  const start = 4 - levels;
  const concatenated =
    stage === 2 &&
    ((granuleLg2 === 14 && start === 0 && (iasLg2 === 48 || oasLg2 === 48)) ||
      (granuleLg2 === 12 && start === 0 && (oasLg2 === 40 || oasLg2 === 42)) ||
      (granuleLg2 === 14 && start === 1 && oasLg2 === 40));
  return concatenated ? [...below.slice(0, -1), perLevel + rootBits] : [...below, rootBits];
}

const formats = new Map<string, PtFormat>();

/** The format for a granule and widths; the root is at its `maxTopLevel`. Widths beyond the granule's are cut. */
export function armLpae(options: ArmLpaeOptions): PtFormat {
  const widest = options.granuleLg2 === 16 ? 52 : 48;
  const iasLg2 = Math.min(options.iasLg2, widest);
  const oasLg2 = Math.min(options.oasLg2, widest);
  const cut = { ...options, iasLg2, oasLg2 };
  const { stage, granuleLg2, dirty = false, forceWriteBack = false, contiguous = false } = cut;
  const quirks = [dirty && 'hd', forceWriteBack && 'fwb', contiguous && 'contig'].filter(Boolean);
  const id = [`arm_s${stage}_${2 ** (granuleLg2 - 10)}k_${iasLg2}_${oasLg2}`, ...quirks].join('_');
  const format = formats.get(id) ?? defineArm(id, cut);
  formats.set(id, format);
  return format;
}

function defineArm(id: string, options: ArmLpaeOptions): PtFormat {
  const { stage, granuleLg2, iasLg2, oasLg2, dirty, forceWriteBack } = options;
  const levelBits = armLevelBits(options);
  invariant(levelBits.length > 1 && Math.max(...levelBits) <= granuleLg2 + 1, `${id}: no such table`);
  /** A granule in frames. */
  const frames = 2 ** (granuleLg2 - 12);
  const wide = granuleLg2 === 16;
  const canHaveLeaf = (level: number): boolean =>
    level < 2 || (level === 2 && leavesAtLevel2(granuleLg2, oasLg2));
  const contigLg2 = (level: number): number => {
    const joined = options.contiguous ? (CONTIGUOUS_LG2[granuleLg2]?.[level] ?? 0) : 0;
    return joined < (levelBits[level] ?? 0) ? joined : 0;
  };
  const orders = levelBits.map((_, level) => (granuleLg2 - 3) * level);
  const joinedLg2 = levelBits.map((_, level) => contigLg2(level));
  const joinedPages = orders.map((order, level) => 2 ** (order + (joinedLg2[level] as number)));

  const frameOf = (lo: number, hi: number): number => {
    const low = (hi & OA_HI_MASK) * OA_HI_SCALE + (lo >>> 12);
    if (!wide) return low;
    const top = (lo & TOP_MASK) >>> TOP_SHIFT;
    return low - top + top * TOP_SCALE;
  };
  const frameLo = (pfn: number): number =>
    wide ? (pfn << 12) | (Math.floor(pfn / TOP_SCALE) << TOP_SHIFT) : pfn << 12;
  const frameHi = (pfn: number): number => Math.floor(pfn / OA_HI_SCALE) & OA_HI_MASK;

  return defineFormat({
    id,
    granuleLg2,
    levelBits,
    maxVaLg2: iasLg2,
    maxOaLg2: oasLg2,
    minTopLevel: levelBits.length - 1,
    slotsOwnPages: true,
    ...(stage === 1 && dirty ? { dirtyHi: DBM, cleanLo: AP_READ_ONLY, cleanHi: DBM } : {}),

    leafSizesLg2(level) {
      if (!canHaveLeaf(level)) return [];
      const size = granuleLg2 + (granuleLg2 - 3) * level;
      const joined = contigLg2(level);
      return joined === 0 ? [size] : [size, size + joined];
    },
    kindLo: TYPE,
    kindHi: CONTIGUOUS,
    kind(lo, _hi, level) {
      if ((lo & VALID) === 0) return EMPTY;
      if (level === 0) return (lo & TYPE) === TYPE_PAGE ? LEAF : EMPTY;
      return (lo & TYPE) === TYPE_BLOCK ? LEAF : TABLE;
    },
    tablePfn: frameOf,
    tableLo: (pfn) => frameLo(pfn) | TYPE_TABLE,
    tableHi: frameHi,
    leafPage(lo, hi, level) {
      const page = frameOf(lo, hi) / frames;
      return (hi & CONTIGUOUS) === 0 ? page : page - (page % (joinedPages[level] as number));
    },
    contigLg2: (_lo, hi, level) => ((hi & CONTIGUOUS) === 0 ? 0 : (joinedLg2[level] as number)),
    attrs(prot) {
      const common = AF | (prot.mmio ? SH_OUTER : SH_INNER) | (prot.noexec ? XN : 0);
      if (stage === 2) {
        const cached = forceWriteBack ? MEMATTR_FORCED_CACHED : MEMATTR_CACHED;
        const may = (prot.read ? S2AP_READ : 0) | (prot.write ? S2AP_WRITE : 0);
        return ok(common | may | ((prot.mmio ? MEMATTR_DEVICE : cached) << ATTR_SHIFT));
      }
      const attr = (prot.mmio ? ATTR_DEVICE : ATTR_CACHED) << ATTR_SHIFT;
      // Whatever may be written may be read. With DBM a page is written from the start: its read-only bit is clear.
      const may = !prot.write && prot.read ? AP_READ_ONLY : dirty ? DBM : 0;
      return ok(common | NG | attr | may | (prot.priv ? 0 : AP_UNPRIVILEGED));
    },
    leafLo: (page, _order, level, attrs) =>
      frameLo(page * frames) | (level === 0 ? TYPE_PAGE : TYPE_BLOCK) | (attrs & ATTRS_LO),
    leafHi: (page, order, level, attrs) =>
      frameHi(page * frames) | (attrs & ~ATTRS_LO) | (order === orders[level] ? 0 : CONTIGUOUS),
  });
}

/** 1 GiB with pages of 4 KiB, 4 TiB with those of 64 KiB and 52 bits. Linux: arm_lpae_restrict_pgsizes() */
const leavesAtLevel2 = (granuleLg2: number, oasLg2: number): boolean =>
  granuleLg2 === 12 || (granuleLg2 === 16 && oasLg2 > 48);
