import { ok } from '../../kernel/errno';
import { defineFormat } from '../define';
import { EMPTY, LEAF, TABLE, type PtFormat } from '../format';

/**
 * x86-64 tables of four or five levels: the CPU's own, VT-d's first stage, AMD's guest ("v2") tables.
 *
 * Spec: Intel SDM vol. 3 section 4.5 "4-Level Paging and 5-Level Paging"; Intel VT-d rev. 4.1 section 9.7 "First-Stage Paging
 * Entries"; AMD I/O Virtualization Technology (IOMMU) Specification, rev. 3.10, section 2.2.6 "I/O Page Tables for Guest
 * Translations"
 * Linux: drivers/iommu/generic_pt/fmt/x86_64.h
 *
 * VT-d's driver extends the sign (`signExtend`), AMD's instead leaves the highest bit out of the addresses (47 of 48, 56 of
 * 57). Linux sets accessed and, where it may be written, dirty from the start, and never reads them; nor does it set
 * execute-disable for devices: that is for `noexec`, as processes have it. Memory encryption is not modelled.
 */
const P = 1 << 0;
const RW = 1 << 1;
const US = 1 << 2;
const A = 1 << 5;
const D = 1 << 6;
const PS = 1 << 7;
// In the upper half.
const XD = 1 << 31;
const OA_HI_MASK = 0xf_ffff; // bits 51:32

const MAX_LEAF_LEVEL = 2;
const PFN_HI_SCALE = 2 ** 20;
/** What `attrs` has of the lower half; the rest is of the upper. */
const ATTRS_LO = 0xfff;

const pfnOf = (lo: number, hi: number): number => (hi & OA_HI_MASK) * PFN_HI_SCALE + (lo >>> 12);
const oaHi = (pfn: number): number => Math.floor(pfn / PFN_HI_SCALE) & OA_HI_MASK;

export const x86_64: PtFormat = defineFormat({
  id: 'x86_64',
  granuleLg2: 12,
  levelBits: [9, 9, 9, 9, 9],
  maxVaLg2: 57,
  maxOaLg2: 52,
  minTopLevel: 3,
  dirtyLo: D,
  tracksDirty: false,

  leafSizesLg2: (level) => (level <= MAX_LEAF_LEVEL ? [12 + 9 * level] : []),
  kindLo: P | PS,
  kindHi: 0,
  kind(lo, _hi, level) {
    if ((lo & P) === 0) return EMPTY;
    // PS above level 2 is reserved, not a leaf.
    return level === 0 || (level <= MAX_LEAF_LEVEL && (lo & PS) !== 0) ? LEAF : TABLE;
  },
  tablePfn: pfnOf,
  leafPage: pfnOf,
  tableLo: (pfn) => (pfn << 12) | P | RW | US | A,
  tableHi: oaHi,
  // There is no bit for reading: whatever is present can be read.
  attrs: (prot) => ok(US | A | (prot.write ? RW | D : 0) | (prot.noexec ? XD : 0)),
  leafLo: (pfn, _order, level, attrs) => (pfn << 12) | P | (attrs & ATTRS_LO) | (level === 0 ? 0 : PS),
  leafHi: (pfn, _order, _level, attrs) => oaHi(pfn) | (attrs & ~ATTRS_LO),
});
