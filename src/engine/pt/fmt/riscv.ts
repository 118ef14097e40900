import { err, ok } from '../../kernel/errno';
import { defineFormat } from '../define';
import { EMPTY, LEAF, TABLE, type PtFormat } from '../format';

/**
 * RISC-V tables: Sv39, Sv48 and Sv57 (`riscv64` with its top level 2, 3 and 4), with and without the 64 KiB pages of Svnapot;
 * and those of the second stage, whose root is four times as large.
 *
 * Spec: The RISC-V Instruction Set Manual: Volume II, sections "Sv39", "Sv48", "Sv57: Page-Based 57-bit Virtual-Memory
 * System", "Svnapot", "Guest physical address translation" of the hypervisor extension
 * Linux: drivers/iommu/generic_pt/fmt/riscv.h (first stage; the driver uses no second)
 *
 * Addresses of the first stage are sign-extended, guest physical ones not. Accessed and dirty are set from the start, and
 * never read. Pages of all kinds have the memory type of their physical address: no Svpbmt.
 */
const V = 1 << 0;
const R = 1 << 1;
const W = 1 << 2;
const X = 1 << 3;
const U = 1 << 4;
const A = 1 << 6;
const D = 1 << 7;
const PPN_SHIFT = 10;
const PPN_LO_BITS = 32 - PPN_SHIFT;
const PPN_LO_SCALE = 2 ** PPN_LO_BITS;
const PPN_HI_MASK = 0x3f_ffff; // bits 53:32
// In the upper half.
const N = 1 << 31;
/** log2 of the slots that a 64 KiB page covers, and how the low bits of its address say so. */
const NAPOT_LG2 = 4;
const NAPOT_CODE = 1 << (NAPOT_LG2 - 1);

const ppnOf = (lo: number, hi: number): number => (hi & PPN_HI_MASK) * PPN_LO_SCALE + (lo >>> PPN_SHIFT);
const ppnLo = (ppn: number): number => ppn << PPN_SHIFT;
const ppnHi = (ppn: number): number => Math.floor(ppn / PPN_LO_SCALE) & PPN_HI_MASK;

function defineRiscv(id: string, levelBits: readonly number[], svnapot: boolean, onlyTop: boolean): PtFormat {
  const isNapot = (hi: number): boolean => svnapot && (hi & N) !== 0;
  return defineFormat({
    id,
    granuleLg2: 12,
    levelBits,
    maxVaLg2: 12 + levelBits.reduce((sum, bits) => sum + bits, 0),
    maxOaLg2: 56,
    minTopLevel: onlyTop ? levelBits.length - 1 : 2,
    dirtyLo: D,
    tracksDirty: false,

    leafSizesLg2: (level) => (level === 0 && svnapot ? [12, 12 + NAPOT_LG2] : [12 + 9 * level]),
    kindLo: V | R | W | X,
    kindHi: N,
    kind(lo, _hi, level) {
      if ((lo & V) === 0) return EMPTY;
      // R=W=X=0 is a pointer, except at level 0 where there is nothing below to point at.
      return level === 0 || (lo & (R | W | X)) !== 0 ? LEAF : TABLE;
    },
    tablePfn: ppnOf,
    tableLo: (pfn) => ppnLo(pfn) | V,
    tableHi: ppnHi,
    leafPage(lo, hi) {
      const ppn = ppnOf(lo, hi);
      return isNapot(hi) ? ppn - (ppn % 2 ** NAPOT_LG2) : ppn;
    },
    contigLg2: (_lo, hi) => (isNapot(hi) ? NAPOT_LG2 : 0),
    attrs(prot) {
      const may = (prot.write ? R | W | D : 0) | (prot.read ? R : 0) | (prot.noexec ? 0 : X);
      // W alone is reserved, so what may be written may be read; R=W=X=0 would be a pointer.
      if ((may & (R | W | X)) === 0) {
        return err('EOPNOTSUPP', 'not readable, writable or executable', { rule: 'riscvpt_iommu_set_prot' });
      }
      return ok(may | A | U);
    },
    leafLo: (ppn, order, level, attrs) =>
      ppnLo(svnapot && level === 0 && order !== 0 ? ppn + NAPOT_CODE : ppn) | V | attrs,
    leafHi: (ppn, order, level) => ppnHi(ppn) | (svnapot && level === 0 && order !== 0 ? N : 0),
  });
}

export const riscv64 = defineRiscv('riscv64', [9, 9, 9, 9, 9], true, false);
/** Where the hardware has no Svnapot; every IOMMU has. */
export const riscv64Plain = defineRiscv('riscv64_plain', [9, 9, 9, 9, 9], false, false);

/** Second stage: guest physical addresses of 41, 50 and 59 bits. */
export const sv39x4 = defineRiscv('sv39x4', [9, 9, 11], true, true);
export const sv48x4 = defineRiscv('sv48x4', [9, 9, 9, 11], true, true);
export const sv57x4 = defineRiscv('sv57x4', [9, 9, 9, 9, 11], true, true);
