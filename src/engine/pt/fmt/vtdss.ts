import { err, ok } from '../../kernel/errno';
import { EMPTY, LEAF, TABLE, type PtFormat } from '../format';

/**
 * VT-d second-stage tables, three to five levels.
 *
 * Spec: Intel Virtualization Technology for Directed I/O, rev. 4.1, section 9.8 "Second-Stage Paging Entries"
 * Linux: drivers/iommu/generic_pt/fmt/vtdss.h
 *
 * Dirty bits are not written: legacy mode has none.
 */
const R = 1 << 0;
const W = 1 << 1;
const PS = 1 << 7;
const SNP = 1 << 11;
const PFN_LO_BITS = 20;
const OA_HI_MASK = 0xf_ffff; // bits 51:32
const PFN_HI_SCALE = 2 ** PFN_LO_BITS;

const oaLo = (pfn: number): number => pfn << 12;
const oaHi = (pfn: number): number => Math.floor(pfn / PFN_HI_SCALE) & OA_HI_MASK;

export const vtdss: PtFormat = {
  id: 'vtdss',
  maxVaLg2: 57,
  maxOaLg2: 52,
  minTopLevel: 2,
  maxTopLevel: 4,
  maxLeafLevel: 2,

  kind(lo, hi, level) {
    if ((lo | hi) === 0) return EMPTY;
    // PS above level 2 is reserved, not a leaf.
    return level === 0 || (level <= 2 && (lo & PS) !== 0) ? LEAF : TABLE;
  },
  targetPfn: (lo, hi) => (hi & OA_HI_MASK) * PFN_HI_SCALE + (lo >>> 12),
  tableLo: (pfn) => oaLo(pfn) | R | W,
  tableHi: oaHi,
  attrs(prot, features) {
    // There is no present bit: an entry is present when it is readable or writable.
    if (!prot.read && !prot.write)
      return err('EINVAL', 'neither readable nor writable', { rule: 'vtdss_pt_iommu_set_prot' });
    return ok((prot.read ? R : 0) | (prot.write ? W : 0) | (features.forceCoherence ? SNP : 0));
  },
  leafLo: (pfn, level, attrs) => oaLo(pfn) | attrs | (level === 0 ? 0 : PS),
  leafHi: oaHi,
};
