import {
  ATS_GRANTS,
  ATS_REQUEST,
  ATS_SIZE_LG2,
  ATS_TRANSLATED,
  ATS_UNTRANSLATED_ONLY,
  BYPASSED,
  EXECUTE,
  LEAF_LEVEL,
  LEAF_PERMS,
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
import {
  ABORT_MODE,
  ATS_BLOCKED,
  BEYOND_HOST_WIDTH,
  BEYOND_WIDTH,
  EXECUTE_DISABLED,
  INTERRUPT_OUTPUT,
  LEGACY_PASID,
  legacyReason,
  ROOT_MODE,
  SM_ATS_BLOCKED,
  SM_BEYOND_WIDTH,
  SM_INTERRUPT_OUTPUT,
  SS_NOT_PRESENT,
  SS_RESERVED,
  SUPERVISOR_DISABLED,
} from '../reasons';
import { TTM_ABORT, TTM_LEGACY, TTM_SCALABLE } from '../regs';
import { INTERRUPT_RANGE, PGTT_PASS_THROUGH, PGTT_SECOND } from '../structs';
import { CTX_DTE, CTX_FLAGS, CTX_FPD, CTX_REASON, CTX_RID_PASID, CTX_RID_PRIV } from './context-cache';
import { emitCache } from './emit';
import type { Faults } from './fault';
import { KEPT_PERMS, NEGATIVE, PRIVILEGED_SHIFT } from './iotlb';
import type { Lookup } from './lookup';
import { checkPasid } from './pasid-check';
import {
  PE_DID,
  PE_ERE,
  PE_FLAGS,
  PE_FPD,
  PE_OVER_HI,
  PE_REASON,
  PE_SPACE,
  PE_SRE,
  PE_TYPE,
} from './pasid-cache';
import { isProtected } from './protected-memory';
import type { TableWalks } from './table-walks';
import { ofIotlb } from './tags';
import { PATH_OFF, type UnitState } from './unit';

const KINDS = READ | WRITE | EXECUTE;

/**
 * Every request, as the document has it. Plain ones that nothing stands in the way of VtdDevice.translate() answers itself.
 *
 * Spec: section 3.4.3 "Scalable Mode Address Translation", chapter 4 "Support For Device-TLBs", section 7.1.3 for the order
 * of checks
 */
export class Requests {
  constructor(
    private readonly state: UnitState,
    private readonly lookup: Lookup,
    private readonly walks: TableWalks,
    private readonly faults: Faults,
    private readonly result: Int32Array,
  ) {}

  translate(rid: number, hi: number, lo: number, access: Access, pasid: number): TranslateStatus {
    const { state, result, faults } = this;
    result[ATS_GRANTS] = 0;
    result[ATS_SIZE_LG2] = 12;
    faults.start(rid, hi, lo, access, pasid);
    if (state.path === PATH_OFF) return this.untranslated(hi, lo, access);
    switch (state.rootMode) {
      case TTM_LEGACY:
        return pasid === NO_PASID ? this.legacy(rid, hi, lo, access) : faults.refuse(LEGACY_PASID, 0);
      case TTM_SCALABLE:
        if (state.config.scalable) return this.scalable(rid, hi, lo, access, pasid);
        return faults.refuse(ROOT_MODE, 0);
      case TTM_ABORT:
        return faults.refuse(state.config.abortDma ? ABORT_MODE : ROOT_MODE, 0);
      default:
        return faults.refuse(ROOT_MODE, 0);
    }
  }

  /** Translation is off: only what knows nothing of ATS passes, and not into protected memory. */
  private untranslated(hi: number, lo: number, access: Access): TranslateStatus {
    if ((access & (ATS_REQUEST | ATS_TRANSLATED)) !== 0)
      return this.faults.block(UNSUPPORTED_REQUEST, 'Unsupported request');
    if (isProtected(this.state, hi, lo)) return this.faults.block(UNSUPPORTED_REQUEST, 'Unsupported request');
    return this.pass(hi, lo);
  }

  private legacy(rid: number, hi: number, lo: number, access: Access): TranslateStatus {
    const { state, lookup, faults } = this;
    const at = lookup.legacyContext(rid);
    const context = state.contextCache.entries;
    if (at < 0) return faults.refuse(-at, lookup.fpd);
    const fpd = context[at + CTX_FPD] as number;
    if (context[at + CTX_REASON] !== 0) return faults.refuse(context[at + CTX_REASON] as number, fpd);
    const ats = (access & (ATS_REQUEST | ATS_TRANSLATED)) !== 0;
    if (ats && ((context[at + CTX_FLAGS] as number) & CTX_DTE) === 0) return faults.refuse(ATS_BLOCKED, fpd);
    if ((access & ATS_TRANSLATED) !== 0) return this.translated(hi, lo, fpd, BEYOND_WIDTH, INTERRUPT_OUTPUT);
    if (ats && isInterruptAddress(hi, lo)) return this.interruptAnswer(access);
    // Legacy mode knows neither privilege nor execution.
    return this.byRow(context, at, hi, lo, access & ~(PRIVILEGED | EXECUTE));
  }

  private scalable(rid: number, hi: number, lo: number, access: Access, pasid: number): TranslateStatus {
    const { state, lookup, faults } = this;
    const ctx = lookup.scalableContext(rid);
    const context = state.contextCache.entries;
    if (ctx < 0) return faults.refuse(-ctx, lookup.fpd);
    const fpd = context[ctx + CTX_FPD] as number;
    if (context[ctx + CTX_REASON] !== 0) return faults.refuse(context[ctx + CTX_REASON] as number, fpd);
    const flags = context[ctx + CTX_FLAGS] as number;
    const ats = (access & (ATS_REQUEST | ATS_TRANSLATED)) !== 0;
    if (ats && (flags & CTX_DTE) === 0) return faults.refuse(SM_ATS_BLOCKED, fpd);
    if ((access & ATS_TRANSLATED) !== 0) {
      // No unit here knows translated requests with a PASID. Spec: section 4.2.1
      if (pasid !== NO_PASID) return faults.block(UNSUPPORTED_REQUEST, 'Unsupported request');
      return this.translated(hi, lo, fpd, BEYOND_HOST_WIDTH, SM_INTERRUPT_OUTPUT);
    }
    const wrong = pasid === NO_PASID ? 0 : checkPasid(context, ctx, pasid, state.config.pasidBits);
    if (wrong !== 0) return faults.refuse(wrong, fpd);
    if (ats && pasid === NO_PASID && isInterruptAddress(hi, lo)) return this.interruptAnswer(access);
    const number = pasid === NO_PASID ? (context[ctx + CTX_RID_PASID] as number) : pasid;
    const at = lookup.pasidEntry(rid, ctx, number);
    if (at < 0) return faults.refuse(-at, lookup.fpd);
    const rows = state.pasidCache.entries;
    if (rows[at + PE_REASON] !== 0)
      return faults.refuse(rows[at + PE_REASON] as number, rows[at + PE_FPD] as number);
    return this.byRow(rows, at, hi, lo, effective(access, pasid, flags));
  }

  /** By a decoded PASID entry, or what legacy mode has in its place. */
  private byRow(rows: Int32Array, at: number, hi: number, lo: number, access: Access): TranslateStatus {
    const fpd = rows[at + PE_FPD] as number;
    const flags = rows[at + PE_FLAGS] as number;
    if ((access & EXECUTE) !== 0 && (flags & PE_ERE) === 0) return this.refuse(EXECUTE_DISABLED, fpd, access);
    if ((access & PRIVILEGED) !== 0 && (flags & PE_SRE) === 0)
      return this.refuse(SUPERVISOR_DISABLED, fpd, access);
    const type = rows[at + PE_TYPE] as number;
    if (type === PGTT_PASS_THROUGH) return this.passThrough(rows, at, hi, lo, access);
    if (type === PGTT_SECOND && (hi & (rows[at + PE_OVER_HI] as number)) !== 0) {
      return this.refuse(SM_BEYOND_WIDTH, fpd, access);
    }
    // Who executes reads; the second stage has no say in more than that.
    const reads = (access & EXECUTE) === 0 ? access : access | READ;
    return this.byIotlb(rows, at, hi, lo, type === PGTT_SECOND ? reads & ~EXECUTE : reads);
  }

  private byIotlb(rows: Int32Array, at: number, hi: number, lo: number, access: Access): TranslateStatus {
    const { state, result } = this;
    const { iotlb } = state;
    const did = rows[at + PE_DID] as number;
    const space = rows[at + PE_SPACE] as number;
    const entry = iotlb.find(did, hi, lo, space);
    const kept = entry < 0 ? 0 : iotlb.perms(entry);
    if ((kept & NEGATIVE) !== 0) {
      if (state.trace.on) emitCache(state, ofIotlb, 'hit', did, space, hi, lo);
      return this.refuse(iotlb.paHi(entry), rows[at + PE_FPD] as number, access);
    }
    const grants = space !== 0 && (access & PRIVILEGED) !== 0 ? kept >>> PRIVILEGED_SHIFT : kept;
    const wanted = this.wanted(access);
    if (entry < 0 || (grants & wanted) !== wanted) return this.byTables(rows, at, hi, lo, access, entry);
    if (state.trace.on) emitCache(state, ofIotlb, 'hit', did, space, hi, lo);
    result[PA_LO] = iotlb.paLo(entry, lo);
    result[PA_HI] = iotlb.paHi(entry);
    result[LEAF_LEVEL] = iotlb.level(entry);
    result[LEAF_PERMS] = grants & KINDS;
    // A large page may reach into the interrupt range without being all in it.
    if (isInterruptAddress(result[PA_HI] as number, result[PA_LO] as number)) {
      return this.refuse(SM_INTERRUPT_OUTPUT, rows[at + PE_FPD] as number, access);
    }
    if ((access & ATS_REQUEST) !== 0) return this.answer(access, TRANSLATED);
    return TRANSLATED;
  }

  /** What an IOTLB entry must allow to serve: of a request for a translation, all that it could come to. */
  private wanted(access: Access): Access {
    if ((access & ATS_REQUEST) === 0) return access & KINDS;
    return READ | (this.noWrite(access) ? 0 : WRITE);
  }

  private noWrite(access: Access): boolean {
    return this.state.config.noWriteFlag && (access & WRITE) === 0;
  }

  private byTables(
    rows: Int32Array,
    at: number,
    hi: number,
    lo: number,
    access: Access,
    old: number,
  ): TranslateStatus {
    const { state } = this;
    const { iotlb, trace } = state;
    const did = rows[at + PE_DID] as number;
    const space = rows[at + PE_SPACE] as number;
    if (trace.on) emitCache(state, ofIotlb, 'miss', did, space, hi, lo);
    const reason = this.walk(rows, at, hi, lo, access);
    const fpd = rows[at + PE_FPD] as number;
    if (reason !== 0) {
      if (state.config.cachingMode && space === 0 && (reason === SS_NOT_PRESENT || reason === SS_RESERVED)) {
        this.keepAbsent(did, hi, lo, reason, old);
      }
      return this.refuse(reason, fpd, access);
    }
    if (old >= 0) iotlb.discard(old);
    this.keep(did, hi, lo, space);
    if ((access & ATS_REQUEST) !== 0) return this.answer(access, WALKED);
    return WALKED;
  }

  private keep(did: number, hi: number, lo: number, space: number): void {
    const { state, result } = this;
    const { iotlb, trace } = state;
    if (trace.on && iotlb.ways > 0) {
      const gone = iotlb.victim(hi, lo, result[LEAF_LEVEL] as number);
      if (gone !== null) emitCache(state, ofIotlb, 'evict', gone.did, gone.space, gone.iovaHi, gone.iovaLo);
      emitCache(state, ofIotlb, 'fill', did, space, hi, lo);
    }
    iotlb.fill(did, hi, lo, result, space);
  }

  /** CAP.CM: that nothing is there may be cached like what is there. Spec: section 6.1 "Caching Mode" */
  private keepAbsent(did: number, hi: number, lo: number, reason: number, old: number): void {
    const { result, state } = this;
    if (old >= 0) state.iotlb.discard(old);
    result[LEAF_LEVEL] = 0;
    result[PA_LO] = 0;
    result[PA_HI] = reason;
    result[KEPT_PERMS] = NEGATIVE;
    this.keep(did, hi, lo, 0);
  }

  private walk(rows: Int32Array, at: number, hi: number, lo: number, access: Access): number {
    const { walks } = this;
    const ats = (access & ATS_REQUEST) !== 0;
    const need = ats ? access & PRIVILEGED : access & (KINDS | PRIVILEGED);
    const dirty = ats ? !this.noWrite(access) : (access & WRITE) !== 0;
    return walks.run(rows, at, hi, lo, need, dirty);
  }

  private refuse(reason: number, fpd: number, access: Access): TranslateStatus {
    const legacy = this.state.rootMode === TTM_LEGACY;
    return this.faults.refuse(legacy ? legacyReason(reason, (access & WRITE) !== 0) : reason, fpd);
  }

  private passThrough(rows: Int32Array, at: number, hi: number, lo: number, access: Access): TranslateStatus {
    const { result, state } = this;
    const fpd = rows[at + PE_FPD] as number;
    if ((hi & (rows[at + PE_OVER_HI] as number)) !== 0) return this.refuse(BEYOND_HOST_WIDTH, fpd, access);
    if (isInterruptAddress(hi, lo)) return this.refuse(SM_INTERRUPT_OUTPUT, fpd, access);
    if ((access & ATS_REQUEST) === 0) return this.pass(hi, lo);
    // As large as the unit's pages go, but never over the interrupt range.
    const { superpages } = state.config;
    result[LEAF_LEVEL] = overInterrupts(hi, lo, 2)
      ? overInterrupts(hi, lo, 1)
        ? 0
        : 1
      : superpages > 1
        ? 2
        : 1;
    if (superpages === 0) result[LEAF_LEVEL] = 0;
    result[LEAF_PERMS] = READ | WRITE;
    result[PA_LO] = lo;
    result[PA_HI] = hi;
    return this.answer(access, BYPASSED);
  }

  private pass(hi: number, lo: number): TranslateStatus {
    this.result[PA_LO] = lo;
    this.result[PA_HI] = hi;
    return BYPASSED;
  }

  /** Spec: section 4.2.5 "Handling of Translated Requests" */
  private translated(
    hi: number,
    lo: number,
    fpd: number,
    beyond: number,
    interrupt: number,
  ): TranslateStatus {
    const { faults, state } = this;
    if ((hi & ~((1 << (state.config.hostBits - 32)) - 1)) !== 0) return faults.refuse(beyond, fpd);
    if (isInterruptAddress(hi, lo)) return faults.refuse(interrupt, fpd);
    return this.pass(hi, lo);
  }

  /** Spec: section 4.2.3 "Handling of Translation Requests" */
  private answer(access: Access, status: TranslateStatus): TranslateStatus {
    const { result } = this;
    const perms = (result[LEAF_PERMS] as number) & (READ | WRITE);
    const write = this.noWrite(access) ? perms & ~WRITE : perms;
    result[ATS_GRANTS] = write | (access & PRIVILEGED);
    result[ATS_SIZE_LG2] = 12 + 9 * (result[LEAF_LEVEL] as number);
    return status;
  }

  /** A device that asks for all of its addresses asks for its interrupts' too. Spec: table 26, S.1 and S.2 */
  private interruptAnswer(access: Access): TranslateStatus {
    this.result[ATS_GRANTS] = this.noWrite(access) ? 0 : WRITE | ATS_UNTRANSLATED_ONLY;
    this.result[ATS_SIZE_LG2] = 12;
    return BYPASSED;
  }
}

const isInterruptAddress = (hi: number, lo: number): boolean => hi === 0 && lo >>> 20 === INTERRUPT_RANGE;

/** Whether the page of a level around an address touches the interrupt range. */
const overInterrupts = (hi: number, lo: number, level: number): boolean => {
  const shift = 12 + 9 * level;
  const first = 0xfee0_0000 >>> shift;
  const last = 0xfeef_ffff >>> shift;
  return hi === 0 && lo >>> shift >= first && lo >>> shift <= last;
};

/** Requests without a PASID have the privilege of their context entry, and execute nothing. */
function effective(access: Access, pasid: number, contextFlags: number): Access {
  if (pasid !== NO_PASID) return access;
  const plain = access & ~(PRIVILEGED | EXECUTE);
  return (contextFlags & CTX_RID_PRIV) === 0 ? plain : plain | PRIVILEGED;
}
