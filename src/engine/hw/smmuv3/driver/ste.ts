import {
  CFG_ABORT,
  CFG_BYPASS,
  CFG_NESTED,
  CFG_S1_TRANS,
  CFG_S2_TRANS,
  EATS_S1CHK,
  EATS_TRANS,
  emptyEntry,
  get,
  prep,
  S1C_CACHE_WBRA,
  S1DSS_BYPASS,
  SH_ISH,
  SHCFG_INCOMING,
  STE_0,
  STE_1,
  STE_2,
  STE_3,
  STRW_EL2,
  VTCR,
  type EntryWords,
} from './bits';
import type { EntryKind } from './entry-writer';

/**
 * Stream table entries: what each says, and which of its bits hardware looks at.
 *
 * Linux: arm-smmu-v3.c arm_smmu_make_*_ste(), arm_smmu_get_ste_used(), arm_smmu_get_ste_update_safe()
 */

/** What of a unit and a device goes into an entry. */
export interface SteContext {
  /** IDR1.ATTR_TYPES_OVR: incoming attributes can be overridden. */
  readonly attrTypesOvr: boolean;
  /** Transactions may stall (unless told not to). */
  readonly stalls: boolean;
  /** The host runs at EL2 with E2H. */
  readonly e2h: boolean;
  /** This device's faults stall. */
  readonly stallEnabled: boolean;
}

export interface CdTableFields {
  readonly s1fmt: number;
  readonly cdtabPa: bigint;
  readonly s1cdmax: number;
}

/** A stage-2 table as its entry describes it. Linux: struct io_pgtable_cfg arm_lpae_s2_cfg */
export interface Stage2Fields {
  readonly vmid: number;
  readonly vttbr: bigint;
  readonly vtcr: {
    readonly tsz: number;
    readonly sl: number;
    readonly irgn: number;
    readonly orgn: number;
    readonly sh: number;
    readonly tg: number;
    readonly ps: number;
  };
  /** The table's attributes are forced on the device. Linux: IO_PGTABLE_QUIRK_ARM_S2FWB */
  readonly fwb: boolean;
}

/** Linux: arm_smmu_make_abort_ste() */
export function abortSte(): EntryWords {
  const ste = emptyEntry();
  ste[0] = STE_0.V | prep(STE_0.CFG, CFG_ABORT);
  return ste;
}

/** Linux: arm_smmu_make_bypass_ste() */
export function bypassSte(attrTypesOvr: boolean): EntryWords {
  const ste = emptyEntry();
  ste[0] = STE_0.V | prep(STE_0.CFG, CFG_BYPASS);
  if (attrTypesOvr) ste[1] = prep(STE_1.SHCFG, SHCFG_INCOMING);
  return ste;
}

/** Linux: arm_smmu_make_cdtable_ste() */
export function cdTableSte(
  { attrTypesOvr, stalls, e2h, stallEnabled }: SteContext,
  table: CdTableFields,
  atsEnabled: boolean,
  s1dss: number,
): EntryWords {
  const ste = emptyEntry();
  ste[0] =
    STE_0.V |
    prep(STE_0.CFG, CFG_S1_TRANS) |
    prep(STE_0.S1FMT, table.s1fmt) |
    (table.cdtabPa & STE_0.S1CTXPTR) |
    prep(STE_0.S1CDMAX, table.s1cdmax);
  let second =
    prep(STE_1.S1DSS, s1dss) |
    prep(STE_1.S1CIR, S1C_CACHE_WBRA) |
    prep(STE_1.S1COR, S1C_CACHE_WBRA) |
    prep(STE_1.S1CSH, SH_ISH);
  if (stalls && !stallEnabled) second |= STE_1.S1STALLD;
  if (atsEnabled) second |= prep(STE_1.EATS, EATS_TRANS);
  if (attrTypesOvr && s1dss === S1DSS_BYPASS) second |= prep(STE_1.SHCFG, SHCFG_INCOMING);
  // EL1 is 0; there the VMID 0 means "no stage 2", and no domain gets it.
  if (e2h) second |= prep(STE_1.STRW, STRW_EL2);
  ste[1] = second;
  return ste;
}

/** Linux: arm_smmu_make_s2_domain_ste() */
export function stage2Ste(
  { attrTypesOvr, stallEnabled }: SteContext,
  { vmid, vttbr, vtcr, fwb }: Stage2Fields,
  atsEnabled: boolean,
): EntryWords {
  const ste = emptyEntry();
  ste[0] = STE_0.V | prep(STE_0.CFG, CFG_S2_TRANS);
  let second = 0n;
  if (atsEnabled) second |= prep(STE_1.EATS, EATS_TRANS);
  if (fwb) second |= STE_1.S2FWB;
  if (attrTypesOvr) second |= prep(STE_1.SHCFG, SHCFG_INCOMING);
  ste[1] = second;
  const control =
    prep(VTCR.S2T0SZ, vtcr.tsz) |
    prep(VTCR.S2SL0, vtcr.sl) |
    prep(VTCR.S2IR0, vtcr.irgn) |
    prep(VTCR.S2OR0, vtcr.orgn) |
    prep(VTCR.S2SH0, vtcr.sh) |
    prep(VTCR.S2TG, vtcr.tg) |
    prep(VTCR.S2PS, vtcr.ps);
  ste[2] =
    prep(STE_2.S2VMID, vmid) |
    prep(STE_2.VTCR, control) |
    STE_2.S2AA64 |
    STE_2.S2PTW |
    (stallEnabled ? STE_2.S2S : 0n) |
    STE_2.S2R;
  ste[3] = vttbr & STE_3.S2TTB;
  return ste;
}

/**
 * An entry that a VM wrote, over the stage-2 table of its vIOMMU. Not valid becomes abort: its VM is to see C_BAD_STE.
 *
 * Linux: arm-smmu-v3-iommufd.c arm_smmu_make_nested_domain_ste(), arm_smmu_make_nested_cd_table_ste()
 */
export function nestedSte(
  context: SteContext,
  parent: Stage2Fields,
  virtual: readonly [bigint, bigint],
  atsEnabled: boolean,
): EntryWords {
  switch (vsteConfig(virtual)) {
    case CFG_S1_TRANS: {
      const ste = stage2Ste(context, parent, atsEnabled);
      ste[0] = STE_0.V | prep(STE_0.CFG, CFG_NESTED) | (virtual[0] & ~STE_0.CFG);
      // Merged events: a VM must not flood the event queue.
      ste[1] = (ste[1] ?? 0n) | virtual[1] | STE_1.MEV;
      return ste;
    }
    case CFG_BYPASS:
      return stage2Ste(context, parent, atsEnabled);
    default:
      return abortSte();
  }
}

function vsteConfig(virtual: readonly [bigint, bigint]): number {
  return (virtual[0] & STE_0.V) === 0n ? CFG_ABORT : get(STE_0.CFG, virtual[0]);
}

/** Linux: arm_smmu_get_ste_used() */
function used(entry: readonly bigint[]): EntryWords {
  const bits = emptyEntry();
  const [first = 0n, second = 0n] = entry;
  bits[0] = STE_0.V;
  if ((first & STE_0.V) === 0n) return bits;
  const cfg = get(STE_0.CFG, first);
  let [word0, word1, word2, word3] = [STE_0.V | STE_0.CFG, 0n, 0n, 0n];
  if ((cfg & 1) !== 0) {
    word0 |= STE_0.S1FMT | STE_0.S1CTXPTR | STE_0.S1CDMAX;
    word1 |=
      STE_1.S1DSS |
      STE_1.S1CIR |
      STE_1.S1COR |
      STE_1.S1CSH |
      STE_1.S1STALLD |
      STE_1.STRW |
      STE_1.EATS |
      STE_1.MEV;
    word2 |= STE_2.S2VMID;
    // Spec: 13.5 "Summary of attribute/permission configuration fields"
    if (get(STE_1.S1DSS, second) === S1DSS_BYPASS) word1 |= STE_1.SHCFG;
  }
  if ((cfg & 2) !== 0) {
    word1 |= STE_1.S2FWB | STE_1.EATS | STE_1.SHCFG | STE_1.MEV;
    word2 |= STE_2.S2VMID | STE_2.VTCR | STE_2.S2AA64 | STE_2.S2ENDI | STE_2.S2PTW | STE_2.S2S | STE_2.S2R;
    word3 |= STE_3.S2TTB;
  }
  if (cfg === CFG_BYPASS) word1 |= STE_1.SHCFG;
  [bits[0], bits[1], bits[2], bits[3]] = [word0, word1, word2, word3];
  return bits;
}

/**
 * EATS: whoever changes it has switched ATS off in the device before, so nobody asks. Not with S1CHK, since 3 in between
 * would be an errant 0, and not with stalls in stage 2, since S2S with EATS=1 is a bad entry.
 * MEV: merging of events may happen at any time.
 *
 * Linux: arm_smmu_get_ste_update_safe()
 */
function updateSafe(current: readonly bigint[], target: readonly bigint[]): EntryWords {
  const either = (index: number): bigint => (current[index] ?? 0n) | (target[index] ?? 0n);
  const splitCheck = either(1) & prep(STE_1.EATS, EATS_S1CHK);
  const stalls = either(2) & STE_2.S2S;
  const safe = emptyEntry();
  safe[1] = STE_1.MEV | (splitCheck === 0n && stalls === 0n ? prep(STE_1.EATS, EATS_TRANS) : 0n);
  return safe;
}

export const steKind: EntryKind = { used, updateSafe };
