import { hiOfAddress, loOfAddress } from '../../../../lib/u64';
import {
  DTE_DOMAIN_MASK,
  DTE_EINT_PASS,
  DTE_GCR3_14_12_SHIFT,
  DTE_GCR3_30_15_SHIFT,
  DTE_GCR3_51_31_SHIFT,
  DTE_GIOV,
  DTE_GLX_MASK,
  DTE_GLX_SHIFT,
  DTE_GPT_MODE_MASK,
  DTE_GPT_MODE_SHIFT,
  DTE_GV,
  DTE_HAD_SHIFT,
  DTE_I,
  DTE_INIT_PASS,
  DTE_IR,
  DTE_IW,
  DTE_LINT0_PASS,
  DTE_LINT1_PASS,
  DTE_MODE_MASK,
  DTE_MODE_SHIFT,
  DTE_NMI_PASS,
  DTE_PPR,
  DTE_SYSMGT_SHIFT,
  DTE_TV,
} from '../structs';

/** A device table entry as eight 32-bit words, low first. Linux: struct dev_table_entry */
export type Dte = Int32Array;

export const newDte = (): Dte => new Int32Array(8);

/** Both bits of Host Access/Dirty. Linux: DTE_FLAG_HAD */
export const HAD = 3 << DTE_HAD_SHIFT;
/** Bits of a table's address in the upper half of a word pair. */
const ADDRESS_HI = 0xf_ffff;

export const or = (dte: Dte, word: number, bits: number): void => {
  dte[word] = (dte[word] as number) | bits;
};
export const word = (dte: Dte, n: number): number => dte[n] as number;

/** Linux: struct pt_iommu_amdv1_hw_info */
export interface HostTable {
  readonly rootPa: number;
  /** Levels. */
  readonly mode: number;
}

/** Translation by a host table. Linux: amd_iommu_set_dte_v1() */
export function setHostTable(
  dte: Dte,
  table: HostTable,
  how: { readonly domid: number; readonly dirtyTracking: boolean; readonly ats: boolean },
): void {
  or(
    dte,
    0,
    DTE_TV | (table.mode << DTE_MODE_SHIFT) | (how.dirtyTracking ? HAD : 0) | loOfAddress(table.rootPa),
  );
  or(dte, 1, hiOfAddress(table.rootPa) | DTE_IR | DTE_IW);
  or(dte, 2, how.domid);
  or(dte, 3, how.ats ? DTE_I : 0);
}

/** Translation by guest tables, one for each PASID. Linux: set_dte_gcr3_table() */
export function setGuestTables(
  dte: Dte,
  how: {
    readonly gcr3Pa: number;
    readonly glx: number;
    readonly domid: number;
    /** Requests without a PASID use the table of PASID 0. */
    readonly giov: boolean;
    readonly ppr: boolean;
    readonly ats: boolean;
    readonly levels: 4 | 5;
  },
): void {
  or(dte, 0, DTE_TV);
  or(
    dte,
    1,
    (how.ppr ? DTE_PPR : 0) |
      (how.giov ? DTE_GIOV : 0) |
      DTE_GV |
      (how.glx << DTE_GLX_SHIFT) |
      DTE_IR |
      DTE_IW,
  );
  const pfn = how.gcr3Pa / 4096;
  or(dte, 1, (pfn & 7) << DTE_GCR3_14_12_SHIFT);
  or(dte, 2, how.domid | (((pfn >>> 3) & 0xffff) << DTE_GCR3_30_15_SHIFT));
  or(dte, 3, (how.ats ? DTE_I : 0) | (Math.floor(pfn / 2 ** 19) << DTE_GCR3_51_31_SHIFT));
  or(dte, 5, (how.levels - 4) << DTE_GPT_MODE_SHIFT);
}

/**
 * No translation. Linux: set_dte_passthrough()
 *
 * By a slip of precedence in the kernel's expression (`a | b ? c : 0`) the entry gets no domain id, and bit I whether the
 * device has a TLB or not.
 */
export function setPassThrough(dte: Dte): void {
  or(dte, 0, DTE_TV);
  or(dte, 1, DTE_IR | DTE_IW);
  or(dte, 3, DTE_I);
}

const GCR3_14_12 = 7 << DTE_GCR3_14_12_SHIFT;
const GLX = DTE_GLX_MASK << DTE_GLX_SHIFT;
const GCR3_30_15 = 0xffff << DTE_GCR3_30_15_SHIFT;
const GCR3_51_31 = (0x1f_ffff << DTE_GCR3_51_31_SHIFT) | 0;
const GPT_MODE = DTE_GPT_MODE_MASK << DTE_GPT_MODE_SHIFT;

/** What a guest's own entry says of its tables, and no more. Linux: set_dte_nested() */
export function takeGuestTables(dte: Dte, guest: Dte): void {
  or(dte, 1, DTE_GV | (word(guest, 1) & (DTE_PPR | GLX | DTE_GIOV | GCR3_14_12)));
  or(dte, 2, word(guest, 2) & GCR3_30_15);
  or(dte, 3, word(guest, 3) & GCR3_51_31);
  or(dte, 5, word(guest, 5) & GPT_MODE);
}

/** Fields that decide whether a guest's entry is one that the kernel takes. */
export const guestFields = (guest: Dte) => ({
  valid: (word(guest, 0) & 1) !== 0,
  gv: (word(guest, 1) & DTE_GV) !== 0,
  mode: (word(guest, 0) >>> DTE_MODE_SHIFT) & DTE_MODE_MASK,
  hasHostTable: (word(guest, 0) & ~0xfff) !== 0 || (word(guest, 1) & ADDRESS_HI) !== 0,
  hasGcr3:
    (word(guest, 1) & GCR3_14_12) !== 0 ||
    (word(guest, 2) & GCR3_30_15) !== 0 ||
    (word(guest, 3) & GCR3_51_31) !== 0,
  glx: (word(guest, 1) >>> DTE_GLX_SHIFT) & DTE_GLX_MASK,
  gptMode: (word(guest, 5) >>> DTE_GPT_MODE_SHIFT) & DTE_GPT_MODE_MASK,
  domid: word(guest, 2) & DTE_DOMAIN_MASK,
});

/** Linux: ACPI_DEVFLAG_* */
const INITPASS = 0x01;
const EXTINT = 0x02;
const NMI = 0x04;
const SYSMGT_SHIFT = 4;
const LINT0 = 0x40;
const LINT1 = 0x80;

/** What firmware wants of a device's entry for good. Linux: set_dev_entry_from_acpi_range() */
export function ivhdDte(flags: number): Dte {
  const dte = newDte();
  const sysMgt = (flags >> SYSMGT_SHIFT) & 3;
  or(dte, 3, sysMgt << DTE_SYSMGT_SHIFT);
  or(dte, 5, (flags & INITPASS) === 0 ? 0 : DTE_INIT_PASS);
  or(dte, 5, (flags & EXTINT) === 0 ? 0 : DTE_EINT_PASS);
  or(dte, 5, (flags & NMI) === 0 ? 0 : DTE_NMI_PASS);
  or(dte, 5, (flags & LINT0) === 0 ? 0 : DTE_LINT0_PASS);
  or(dte, 5, (flags & LINT1) === 0 ? 0 : DTE_LINT1_PASS);
  // Erratum 63.
  if (sysMgt === 1) or(dte, 1, DTE_IW);
  return dte;
}
