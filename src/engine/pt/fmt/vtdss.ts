import { err, ok } from '../../kernel/errno';
import { defineFormat } from '../define';
import { EMPTY, LEAF, TABLE, type PtFormat } from '../format';

/**
 * VT-d second-stage tables, three to five levels.
 *
 * Spec: Intel Virtualization Technology for Directed I/O, rev. 4.1, section 9.8 "Second-Stage Paging Entries"
 * Linux: drivers/iommu/generic_pt/fmt/vtdss.h
 *
 * Devices set dirty bits in scalable mode only.
 */
const R = 1 << 0;
const W = 1 << 1;
const PS = 1 << 7;
const D = 1 << 9;
const SNP = 1 << 11;
const PFN_LO_BITS = 20;
const OA_HI_MASK = 0xf_ffff; // bits 51:32
const PFN_HI_SCALE = 2 ** PFN_LO_BITS;

const oaLo = (pfn: number): number => pfn << 12;
const oaHi = (pfn: number): number => Math.floor(pfn / PFN_HI_SCALE) & OA_HI_MASK;

const pfnOf = (lo: number, hi: number): number => (hi & OA_HI_MASK) * PFN_HI_SCALE + (lo >>> 12);
const MAX_LEAF_LEVEL = 2;

export const vtdss: PtFormat = defineFormat({
  id: 'vtdss',
  granuleLg2: 12,
  levelBits: [9, 9, 9, 9, 9],
  maxVaLg2: 57,
  maxOaLg2: 52,
  minTopLevel: 2,
  dirtyLo: D,

  leafSizesLg2: (level) => (level <= MAX_LEAF_LEVEL ? [12 + 9 * level] : []),
  kindLo: R | W | PS,
  kindHi: 0,
  kind(lo, hi, level) {
    if ((lo | hi) === 0) return EMPTY;
    // PS above level 2 is reserved, not a leaf.
    return level === 0 || (level <= MAX_LEAF_LEVEL && (lo & PS) !== 0) ? LEAF : TABLE;
  },
  tablePfn: pfnOf,
  leafPage: pfnOf,
  tableLo: (pfn) => oaLo(pfn) | R | W,
  tableHi: oaHi,
  attrs(prot, features) {
    // There is no present bit: an entry is present when it is readable or writable.
    if (!prot.read && !prot.write)
      return err('EINVAL', 'neither readable nor writable', { rule: 'vtdss_pt_iommu_set_prot' });
    return ok((prot.read ? R : 0) | (prot.write ? W : 0) | (features.forceCoherence ? SNP : 0));
  },
  leafLo: (pfn, _order, level, attrs) => oaLo(pfn) | attrs | (level === 0 ? 0 : PS),
  leafHi: oaHi,
});
