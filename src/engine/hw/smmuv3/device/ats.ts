import {
  ATS_GRANTS,
  ATS_REQUEST,
  ATS_SIZE_LG2,
  BYPASSED,
  COMPLETER_ABORT,
  EXECUTE,
  NO_PASID,
  PA_HI,
  PA_LO,
  PRIVILEGED,
  READ,
  TRANSLATED,
  UNSUPPORTED_REQUEST,
  WALKED,
  WRITE,
  type Access,
  type TranslateStatus,
} from '../../port';
import * as e from '../reasons';
import * as r from '../regs';
import * as s from '../structs';
import { CD_CTX, CD_KIND } from './cd-layout';
import type { SmmuV3 } from './device';
import { Q_ACCESS, Q_CD, Q_HI, Q_LO, Q_PASID, Q_SID, Q_STE } from './faults';
import { overridden, permsFor } from './permissions';
import {
  MODE_ABORT,
  MODE_BYPASS,
  MODE_NESTED,
  MODE_S1,
  STAGE1_BYPASS,
  STE_EATS,
  STE_MODE,
  STE_OVERRIDES,
} from './ste';
import { KIND_MASK, L_PA_HI, L_PA_LO, L_PERMS, L_SIZE } from './tlb';
import { exceeds, TT_FLAGS, TT_OFF, TT_TBI } from './translation-table';

const PAGE_LG2 = 12;

/**
 * Requests of devices with a TLB of their own: for a translation, and by an address that was translated before.
 *
 * Spec: section 3.9.1 "ATS Interface", sections 13.6.3 to 13.6.5, section 13.7 "PCIe permission attribute interpretation"
 */
export class AtsPort {
  constructor(private readonly smmu: SmmuV3) {}

  serve(q: Int32Array): TranslateStatus {
    const request = ((q[Q_ACCESS] as number) & ATS_REQUEST) !== 0;
    this.smmu.result[ATS_GRANTS] = 0;
    this.smmu.result[ATS_SIZE_LG2] = PAGE_LG2;
    return request ? this.request(q) : this.translated(q);
  }

  /** An ATS Translation Request. */
  private request(q: Int32Array): TranslateStatus {
    const { smmu } = this;
    const { state, faults, walker } = smmu;
    if (!state.config.ats) return faults.configuration(q, e.F_UUT, walker.fault, UNSUPPORTED_REQUEST);
    if (!state.enabled(r.CR0_SMMUEN)) return this.disallowed(q);
    const at = smmu.streamOf(q[Q_SID] as number);
    if (at < 0) return this.failed(q, -at);
    q[Q_STE] = at;
    const ste = state.steCache.entries;
    const mode = ste[at + STE_MODE] as number;
    if (mode === MODE_ABORT) return faults.silent(q, e.STREAM_ABORT, UNSUPPORTED_REQUEST);
    const eats = this.effectiveEats(at);
    if (mode === MODE_BYPASS || eats === s.EATS_NONE) return this.disallowed(q);
    const pasid = q[Q_PASID] as number;
    // Without a PASID there is no execute and no privilege to ask for.
    const asked = (q[Q_ACCESS] as number) & (pasid === NO_PASID ? ~(EXECUTE | PRIVILEGED) : -1);
    const overrides = ste[at + STE_OVERRIDES] as number;
    const need = overrides === 0 ? asked : privilegeOf(asked, overrides);
    const stage1 = mode === MODE_S1 || mode === MODE_NESTED;
    if (!stage1 && pasid !== NO_PASID) return this.failed(q, e.C_BAD_SUBSTREAMID);
    const ssid = stage1 ? smmu.substream(at, pasid) : STAGE1_BYPASS;
    if (ssid >= 0) return this.viaStage1(q, at, ssid, need, asked, eats);
    if (ssid !== STAGE1_BYPASS) return this.failed(q, -ssid);
    return this.withoutStage1(q, at, mode, need, asked, eats);
  }

  private viaStage1(
    q: Int32Array,
    at: number,
    ssid: number,
    need: Access,
    asked: Access,
    eats: number,
  ): TranslateStatus {
    const { smmu } = this;
    const { state, walker } = smmu;
    const cdAt = smmu.descriptorOf(at, q[Q_SID] as number, ssid);
    if (cdAt < 0) return this.failed(q, -cdAt);
    q[Q_CD] = cdAt;
    const cd = state.cdCache.entries;
    const rawHi = q[Q_HI] as number;
    const lo = q[Q_LO] as number;
    const tt = smmu.tableOf(cdAt, rawHi);
    const flags = cd[tt + TT_FLAGS] as number;
    const hi = (flags & TT_TBI) === 0 ? rawHi : (rawHi << 8) >> 8;
    if (smmu.outOfRange(tt, cdAt, hi, lo)) return this.denied(asked);
    const ctx = cd[cdAt + CD_CTX] as number;
    const kind = cd[cdAt + CD_KIND] as number;
    const split = eats === s.EATS_SPLIT;
    const entry = split ? -1 : state.tlb.find(hi, lo, ctx, kind & KIND_MASK);
    if (entry >= 0) {
      const perms = state.tlb.perms(entry);
      const grants = grantsOf(perms, need, asked, ste(smmu, at));
      if ((need & WRITE) === 0 || (grants & WRITE) !== 0)
        return this.answer(
          state.tlb.paHi(entry, hi),
          state.tlb.paLo(entry, lo),
          state.tlb.sizeLg2(entry),
          grants,
          TRANSLATED,
        );
    }
    if ((flags & TT_OFF) !== 0) return this.denied(asked);
    walker.serve(state.steCache.entries, at, cd, cdAt);
    const reason = walker.stage1(tt, hi, lo, need);
    if (reason !== 0) return this.failed(q, reason);
    const { leaf, ipa } = walker;
    const grants = grantsOf(leaf[L_PERMS] as number, need, asked, ste(smmu, at));
    if ((grants & (READ | WRITE | EXECUTE)) === 0) return this.denied(asked);
    if (split) return this.answer(ipa[0] as number, ipa[1] as number, leaf[L_SIZE] as number, grants, WALKED);
    if (entry >= 0) state.tlb.drop(entry);
    state.tlb.fill(hi, lo, ctx, kind, leaf);
    return this.answer(
      leaf[L_PA_HI] as number,
      leaf[L_PA_LO] as number,
      leaf[L_SIZE] as number,
      grants,
      WALKED,
    );
  }

  /** Stage 2 alone; or neither, when S1DSS takes stage 1 out of a stream that has no other. */
  private withoutStage1(
    q: Int32Array,
    at: number,
    mode: number,
    need: Access,
    asked: Access,
    eats: number,
  ): TranslateStatus {
    const { smmu } = this;
    const { state, walker } = smmu;
    const hi = q[Q_HI] as number;
    const lo = q[Q_LO] as number;
    if (exceeds(hi, lo, state.config.oas)) return this.denied(asked);
    if (mode === MODE_S1) return this.answer(hi, lo, PAGE_LG2, READ | WRITE, WALKED);
    walker.serve(state.steCache.entries, at, state.cdCache.entries, 0);
    walker.alone();
    const reason = walker.stage2(hi, lo, need);
    if (reason !== 0) return this.failed(q, reason);
    const { leaf } = walker;
    const grants = grantsOf(leaf[L_PERMS] as number, need, asked, ste(smmu, at));
    const size = leaf[L_SIZE] as number;
    if (eats === s.EATS_SPLIT) return this.answer(hi, lo, size, grants, WALKED);
    return this.answer(leaf[L_PA_HI] as number, leaf[L_PA_LO] as number, size, grants, WALKED);
  }

  /** A transaction whose address is the answer to an earlier request. Spec: section 3.9.1.3 */
  private translated(q: Int32Array): TranslateStatus {
    const { smmu } = this;
    const { state, faults, walker } = smmu;
    const hi = q[Q_HI] as number;
    const lo = q[Q_LO] as number;
    if (!state.config.ats) return faults.silent(q, e.F_UUT);
    if (!state.enabled(r.CR0_SMMUEN)) return faults.configuration(q, e.F_TRANSL_FORBIDDEN, walker.fault);
    if (!state.enabled(r.CR0_ATSCHK)) return this.pass(q, hi, lo);
    const at = smmu.streamOf(q[Q_SID] as number);
    if (at < 0) return this.unchecked(q, -at);
    q[Q_STE] = at;
    const mode = state.steCache.entries[at + STE_MODE] as number;
    if (mode === MODE_ABORT) return faults.silent(q, e.STREAM_ABORT);
    const eats = mode === MODE_BYPASS ? s.EATS_NONE : this.effectiveEats(at);
    if (eats === s.EATS_NONE) return faults.configuration(q, e.F_TRANSL_FORBIDDEN, walker.fault);
    if (eats === s.EATS_FULL) return this.pass(q, hi, lo);
    // An IPA: stage 2 is still to come. The transaction counts as data, and unprivileged.
    const need = (q[Q_ACCESS] as number) & (READ | WRITE);
    return smmu.viaStage2(at, q[Q_SID] as number, hi, lo, need, NO_PASID);
  }

  /** Out into the system as it is. */
  private pass(q: Int32Array, hi: number, lo: number): TranslateStatus {
    const { result, state, faults } = this.smmu;
    if (exceeds(hi, lo, state.config.oas)) return faults.silent(q, e.F_ADDR_SIZE);
    result[PA_HI] = hi;
    result[PA_LO] = lo;
    return BYPASSED;
  }

  /** A translated transaction meets a configuration error: an abort, and an event where software wants it. */
  private unchecked(q: Int32Array, reason: number): TranslateStatus {
    const { state, faults } = this.smmu;
    if ((state.reg(r.CR2) & r.CR2_REC_CFG_ATS) === 0) return faults.silent(q, reason);
    return faults.always(q, reason, this.smmu.faultWords(reason));
  }

  private disallowed(q: Int32Array): TranslateStatus {
    const { faults, walker } = this.smmu;
    return faults.configuration(q, e.F_BAD_ATS_TREQ, walker.fault, UNSUPPORTED_REQUEST);
  }

  /** Spec: section 3.9.1.2: configuration errors are completed with CA, translation faults with an empty answer. */
  private failed(q: Int32Array, reason: number): TranslateStatus {
    const { smmu } = this;
    if (e.isTranslationFault(reason)) return this.denied(q[Q_ACCESS] as number);
    if ((smmu.state.reg(r.CR2) & r.CR2_REC_CFG_ATS) === 0)
      return smmu.faults.silent(q, reason, COMPLETER_ABORT);
    return smmu.faults.configuration(q, reason, smmu.faultWords(reason), COMPLETER_ABORT);
  }

  /** Success, and no access. */
  private denied(asked: Access): TranslateStatus {
    return this.answer(0, 0, PAGE_LG2, asked & PRIVILEGED, WALKED);
  }

  private answer(
    hi: number,
    lo: number,
    sizeLg2: number,
    grants: number,
    status: TranslateStatus,
  ): TranslateStatus {
    const { result } = this.smmu;
    result[PA_HI] = hi;
    result[PA_LO] = lo;
    result[ATS_SIZE_LG2] = sizeLg2;
    result[ATS_GRANTS] = (grants & (READ | WRITE | EXECUTE)) === 0 ? 0 : grants;
    return status;
  }

  /** Split-stage ATS works only where translated transactions are checked. */
  private effectiveEats(at: number): number {
    const { state } = this.smmu;
    const eats = state.steCache.entries[at + STE_EATS] as number;
    return eats === s.EATS_SPLIT && !state.enabled(r.CR0_ATSCHK) ? s.EATS_NONE : eats;
  }
}

const ste = (smmu: SmmuV3, at: number): number => smmu.state.steCache.entries[at + STE_OVERRIDES] as number;

/** Only the privilege: INSTCFG changes what an answer means, not what is asked. */
const privilegeOf = (access: Access, overrides: number): Access =>
  overridden(access | WRITE, overrides & 3) & (access | PRIVILEGED);

/** Spec: section 13.7.1 "Permission attributes granted in ATS Translation Completions" */
function grantsOf(perms: number, need: Access, asked: Access, overrides: number): number {
  const granted = permsFor(perms, need);
  const instruction = overrides >>> 2;
  const reads = instruction === s.OVERRIDE_ON ? (granted & EXECUTE) !== 0 : (granted & READ) !== 0;
  const runs = instruction === s.OVERRIDE_OFF ? reads : reads && (granted & EXECUTE) !== 0;
  return (
    (reads ? READ : 0) |
    (granted & WRITE) |
    (runs && (asked & EXECUTE) !== 0 ? EXECUTE : 0) |
    (asked & PRIVILEGED)
  );
}
