import { CD_0, CD_1, emptyEntry, ENTRY_WORDS, prep, type EntryWords } from './bits';
import type { EntryKind } from './entry-writer';

/**
 * Context descriptors: a stage-1 table and its ASID.
 *
 * Linux: arm-smmu-v3.c arm_smmu_make_s1_cd(), arm_smmu_get_cd_used(), arm-smmu-v3-sva.c arm_smmu_make_sva_cd()
 */

/** A stage-1 table as its descriptor describes it. Linux: struct io_pgtable_cfg arm_lpae_s1_cfg */
export interface Stage1Fields {
  readonly asid: number;
  readonly ttbr: bigint;
  readonly tcr: {
    readonly tsz: number;
    readonly tg: number;
    readonly irgn: number;
    readonly orgn: number;
    readonly sh: number;
    readonly ips: number;
  };
  readonly mair: bigint;
  /** Hardware keeps access flags and dirty state. Linux: IO_PGTABLE_QUIRK_ARM_HD */
  readonly hd: boolean;
}

/** Linux: arm_smmu_make_s1_cd() */
export function stage1Cd(stallEnabled: boolean, { asid, ttbr, tcr, mair, hd }: Stage1Fields): EntryWords {
  const cd = emptyEntry();
  cd[0] =
    prep(CD_0.T0SZ, tcr.tsz) |
    prep(CD_0.TG0, tcr.tg) |
    prep(CD_0.IRGN0, tcr.irgn) |
    prep(CD_0.ORGN0, tcr.orgn) |
    prep(CD_0.SH0, tcr.sh) |
    prep(CD_0.IPS, tcr.ips) |
    common(stallEnabled, asid) |
    (hd ? CD_0.HA | CD_0.HD : 0n);
  cd[1] = ttbr & CD_1.TTB0;
  cd[3] = mair;
  return cd;
}

/** What a processor tells of its own tables. */
export interface CpuTables {
  /** ID_AA64MMFR0_EL1.PARange */
  readonly parange: number;
  /** Bits of a process's addresses. Linux: vabits_actual */
  readonly vaBits: number;
  /** TG0 of its page size. */
  readonly tg0: number;
  readonly mair: bigint;
}

const RGN_WBWA = 1;
const SH_IS = 3;

/**
 * A process's own table; `pgdPa` null: a process that is gone, and every access a fault.
 *
 * Linux: arm_smmu_make_sva_cd()
 */
export function svaCd(
  { stallEnabled, stallForce }: { readonly stallEnabled: boolean; readonly stallForce: boolean },
  { parange, vaBits, tg0, mair }: CpuTables,
  pgdPa: bigint | null,
  asid: number,
): EntryWords {
  const cd = emptyEntry();
  let first = prep(CD_0.IPS, parange) | common(stallEnabled, asid);
  if (pgdPa === null) {
    first |= CD_0.EPD0;
    // Nobody will answer for a process that is gone: abort at once, where the unit allows that.
    if (!stallForce) first &= ~(CD_0.S | CD_0.R);
  } else {
    first |=
      prep(CD_0.T0SZ, 64 - vaBits) |
      prep(CD_0.TG0, tg0) |
      prep(CD_0.IRGN0, RGN_WBWA) |
      prep(CD_0.ORGN0, RGN_WBWA) |
      prep(CD_0.SH0, SH_IS);
    cd[1] = pgdPa & CD_1.TTB0;
  }
  cd[0] = first;
  cd[3] = mair;
  return cd;
}

const common = (stallEnabled: boolean, asid: number): bigint =>
  CD_0.EPD1 |
  CD_0.V |
  CD_0.AA64 |
  (stallEnabled ? CD_0.S : 0n) |
  CD_0.R |
  CD_0.A |
  CD_0.ASET |
  prep(CD_0.ASID, asid);

export const withAsid = (cd: readonly bigint[], asid: number): EntryWords => {
  const [first = 0n, ...rest] = cd;
  return [(first & ~CD_0.ASID) | prep(CD_0.ASID, asid), ...rest];
};

const ALL = (1n << 64n) - 1n;

/** Linux: arm_smmu_get_cd_used() */
function used(entry: readonly bigint[]): EntryWords {
  const [first = 0n] = entry;
  if ((first & CD_0.V) === 0n) {
    const bits = emptyEntry();
    bits[0] = CD_0.V;
    return bits;
  }
  const bits = new Array<bigint>(ENTRY_WORDS).fill(ALL);
  if ((first & CD_0.EPD0) !== 0n) {
    bits[0] = ALL & ~(CD_0.T0SZ | CD_0.TG0 | CD_0.IRGN0 | CD_0.ORGN0 | CD_0.SH0);
    bits[1] = ALL & ~CD_1.TTB0;
  }
  return bits;
}

export const cdKind: EntryKind = { used };
