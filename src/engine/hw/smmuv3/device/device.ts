import { invariant } from '../../../../lib/invariant';
import type { CacheEvent } from '../../../trace/event';
import { silent } from '../../../trace/trace';
import { cacheWording } from '../../../trace/wording';
import { formatBdf } from '../../common/bdf';
import {
  ATS_REQUEST,
  ATS_TRANSLATED,
  BYPASSED,
  COMPLETER_ABORT,
  LEAF_LEVEL,
  LEAF_PERMS,
  NO_PASID,
  PA_HI,
  PA_LO,
  RESULT_WORDS,
  TRANSLATED,
  WALKED,
  type Access,
  type DmaTranslator,
  type PageRequestMessage,
  type RegisterBus,
  type TranslateStatus,
} from '../../port';
import * as e from '../reasons';
import * as r from '../regs';
import * as s from '../structs';
import { AtsPort } from './ats';
import { CdReader } from './cd';
import { CD_CTX, CD_KIND, CD_TT0, CD_TT1 } from './cd-layout';
import { CommandQueue } from './commands';
import { DEFAULT_SMMU_CONFIG, type SmmuConfig } from './config';
import { ofIotlb } from './descent';
import { EventQueue } from './events';
import { Faults, Q_ACCESS, Q_CD, Q_HI, Q_LO, Q_PASID, Q_SID, Q_STE, Q_WORDS } from './faults';
import type { LastServed } from './last-served';
import { learnSource } from './learn-source';
import { PageRequestQueue } from './page-requests';
import { overridden, permsFor } from './permissions';
import { GIVEN_UP, QuickWalk } from './quick-walk';
import { Registers } from './registers';
import { Stalls } from './stalls';
import {
  MODE_ABORT,
  MODE_BYPASS,
  MODE_NESTED,
  MODE_S1,
  MODE_S2,
  STAGE1_BYPASS,
  SteReader,
  STE_MODE,
  STE_OVERRIDES,
  STE_S1CDMAX,
  STE_S1DSS,
  STE_VMID,
} from './ste';
import { KIND_MASK, KIND_S2, L_KIND, L_PA_HI, L_PA_LO, L_PERMS, L_SIZE, LEVEL_SHIFT } from './tlb';
import { exceeds, TT_FLAGS, TT_OFF, TT_OVER_HI, TT_OVER_LO, TT_TBI } from './translation-table';
import { SmmuState, type SmmuPorts } from './unit';
import { denies, Walker } from './walk';

/**
 * An Arm SMMUv3 (3.3): the silicon. It sees memory and its registers, nothing else. The StreamID is the requester id.
 *
 * Spec: Arm System Memory Management Unit Architecture Specification (IHI 0070), architecture versions 3.0 to 3.3
 *
 * Not modelled: the Secure and Realm programming interfaces, AArch32 tables, 52-bit addresses with 4 KiB and 16 KiB granules
 * (DS), MPAM, ATOS, DPT, permission indirection, enhanced command queues, broadcast TLB maintenance. STE.CONT is no hint to
 * this configuration cache, so F_CFG_CONFLICT never occurs; memory attributes matter for STE.S2PTW alone.
 */
export class SmmuV3 implements DmaTranslator {
  readonly result = new Int32Array(RESULT_WORDS);
  readonly registers: RegisterBus;
  /** For introspection: what the unit holds. Nothing outside the unit may write it. */
  readonly state: SmmuState;
  readonly commands: CommandQueue;
  readonly events: EventQueue;
  readonly pageRequests: PageRequestQueue;
  readonly stalls: Stalls;
  readonly stes: SteReader;
  readonly cds: CdReader;
  readonly walker: Walker;
  readonly faults: Faults;
  private readonly ats: AtsPort;
  private readonly quick: QuickWalk;
  private readonly lastServed: LastServed;
  /** The transaction in flight. */
  private readonly q = new Int32Array(Q_WORDS);

  constructor(config: Partial<SmmuConfig>, ports: SmmuPorts) {
    const full = { ...DEFAULT_SMMU_CONFIG, ...config };
    invariant(full.sidsize <= 16, 'the StreamID is a requester id: 16 bits');
    const irq = ports.irq ?? { raise: () => undefined };
    const { memory, trace = silent, link = null } = ports;
    this.state = new SmmuState(full, memory, trace, irq, link, ports.requester);
    const { reader, stage2Cache: stage2, walkCache: walk } = this.state;
    this.stes = new SteReader(reader, full, this.state);
    this.cds = new CdReader(reader, full);
    this.walker = new Walker(reader, full, { stage2, walk, trace });
    this.events = new EventQueue(this.state);
    this.stalls = new Stalls(this.state, this.events);
    this.pageRequests = new PageRequestQueue(this.state, (sid) => this.peekStream(sid));
    this.commands = new CommandQueue(this.state, this.stalls, (sid, pasid) => this.prefetch(sid, pasid));
    this.faults = new Faults(this.state, this.events, this.stalls, this.result);
    this.ats = new AtsPort(this);
    this.quick = new QuickWalk(this.state, this.result);
    this.lastServed = this.state.lastServed;
    this.registers = new Registers(this.state, this);
  }

  translate(rid: number, hi: number, lo: number, access: Access, pasid: number): TranslateStatus {
    if (this.lastServed.serves(rid, hi, lo, access, pasid, this.result)) return TRANSLATED;
    return this.unserved(rid, hi, lo, access, pasid);
  }

  /** Not the source that was served last, not a page that is cached, or somebody watches. */
  private unserved(rid: number, hi: number, lo: number, access: Access, pasid: number): TranslateStatus {
    const { state } = this;
    if (!state.trace.on) {
      const status = this.quick.serve(rid, hi, lo, access, pasid);
      if (status !== GIVEN_UP) return status;
    }
    if ((access & (ATS_REQUEST | ATS_TRANSLATED)) !== 0)
      return this.ats.serve(this.begin(rid, hi, lo, access, pasid));
    if (!state.enabled(r.CR0_SMMUEN)) return this.globalBypass(rid, hi, lo, access, pasid);
    let at = state.steCache.find(rid, 0);
    if (state.trace.on) this.tellSte(at >= 0 ? 'hit' : 'miss', rid);
    if (at < 0) {
      const reason = this.stes.read(rid, state.trace);
      if (reason !== 0) return this.badStream(this.begin(rid, hi, lo, access, pasid), reason);
      at = this.enterSte(rid);
    }
    const ste = state.steCache.entries;
    const mode = ste[at + STE_MODE] as number;
    const need =
      ste[at + STE_OVERRIDES] === 0 ? access : overridden(access, ste[at + STE_OVERRIDES] as number);
    if (mode === MODE_S1 || mode === MODE_NESTED) {
      // The usual case: one context descriptor, and requests without a SubstreamID.
      if (pasid === NO_PASID && ste[at + STE_S1CDMAX] === 0)
        return this.viaStage1(at, 0, rid, hi, lo, need, pasid);
      const ssid = this.substream(at, pasid);
      if (ssid >= 0) return this.viaStage1(at, ssid, rid, hi, lo, need, pasid);
      if (ssid !== STAGE1_BYPASS) return this.refuse(at, -1, -ssid, rid, hi, lo, need, pasid);
      return mode === MODE_S1
        ? this.bypass(at, rid, hi, lo, need, pasid)
        : this.viaStage2(at, rid, hi, lo, need, pasid);
    }
    if (mode === MODE_ABORT)
      return this.faults.silent(this.begin(rid, hi, lo, access, pasid), e.STREAM_ABORT);
    if (pasid !== NO_PASID) return this.refuse(at, -1, e.C_BAD_SUBSTREAMID, rid, hi, lo, need, pasid);
    return mode === MODE_BYPASS
      ? this.bypass(at, rid, hi, lo, need, pasid)
      : this.viaStage2(at, rid, hi, lo, need, pasid);
  }

  /** No range of addresses is an interrupt to an SMMU: messages are ordinary writes. */
  interrupt(): boolean {
    return false;
  }

  pageRequest(message: PageRequestMessage): void {
    this.pageRequests.receive(message);
  }

  /** Writes down a transaction, for whoever has more than one thing to tell of it. */
  begin(rid: number, hi: number, lo: number, access: Access, pasid: number): Int32Array {
    const { q } = this;
    q[Q_SID] = rid;
    q[Q_PASID] = pasid;
    q[Q_HI] = hi;
    q[Q_LO] = lo;
    q[Q_ACCESS] = access;
    q[Q_STE] = -1;
    q[Q_CD] = -1;
    return q;
  }

  /** Which context descriptor a request without or with a SubstreamID has: its index, STAGE1_BYPASS, or minus the event. */
  substream(at: number, pasid: number): number {
    const ste = this.state.steCache.entries;
    const cdMax = ste[at + STE_S1CDMAX] as number;
    const s1dss = ste[at + STE_S1DSS] as number;
    if (pasid !== NO_PASID) {
      if (cdMax === 0 || pasid >= 2 ** cdMax) return -e.C_BAD_SUBSTREAMID;
      return pasid === 0 && s1dss === s.S1DSS_SSID0 ? -e.F_STREAM_DISABLED : pasid;
    }
    if (cdMax === 0 || s1dss === s.S1DSS_SSID0) return 0;
    return s1dss === s.S1DSS_BYPASS ? STAGE1_BYPASS : -e.F_STREAM_DISABLED;
  }

  /** Index of a stream's cached entry, read where it is not cached; or minus the event. */
  streamOf(sid: number): number {
    const { state } = this;
    const at = state.steCache.find(sid, 0);
    if (state.trace.on) this.tellSte(at >= 0 ? 'hit' : 'miss', sid);
    if (at >= 0) return at;
    const reason = this.stes.read(sid, state.trace);
    return reason === 0 ? this.enterSte(sid) : -reason;
  }

  /** Index of a context descriptor in its cache, or minus the event. */
  descriptorOf(at: number, sid: number, ssid: number): number {
    const { state, walker } = this;
    const cached = state.cdCache.find(sid, ssid);
    if (state.trace.on) this.tellCd(cached >= 0 ? 'hit' : 'miss', sid, ssid);
    if (cached >= 0) return cached;
    walker.serve(state.steCache.entries, at, state.cdCache.entries, 0);
    const reason = this.cds.read(walker, state.steCache.entries, at, ssid, state.trace);
    if (reason !== 0) return -reason;
    if (state.trace.on) this.tellCd('fill', sid, ssid);
    state.met.add(sid * 2 ** 20 + ssid);
    return state.cdCache.fill(sid, ssid, this.cds.out);
  }

  /** A refusal on the way of an ordinary transaction: its event by what kind it is. */
  refuse(
    at: number,
    cdAt: number,
    reason: number,
    rid: number,
    hi: number,
    lo: number,
    access: Access,
    pasid: number,
  ): TranslateStatus {
    const q = this.begin(rid, hi, lo, access, pasid);
    q[Q_STE] = at;
    q[Q_CD] = cdAt;
    if (e.isTranslationFault(reason)) return this.faults.translation(q, reason, this.walker.fault);
    return this.faults.configuration(q, reason, this.faultWords(reason));
  }

  /** What a configuration error tells beside its number. */
  faultWords(reason: number): Int32Array {
    const { walker } = this;
    if (reason !== e.F_STE_FETCH && reason !== e.F_CD_FETCH) return walker.fault;
    const { fetch } = reason === e.F_STE_FETCH ? this.stes : this.cds;
    return walker.fetchFault(fetch[0] as number, fetch[1] as number);
  }

  /** Of TT0 and TT1, the one that an address belongs to. */
  tableOf(cdAt: number, hi: number): number {
    return (hi & 0x80_0000) === 0 ? cdAt + CD_TT0 : cdAt + CD_TT1;
  }

  /** Whether an address lies outside what its table translates; `hi` without an ignored top byte. */
  outOfRange(tt: number, cdAt: number, hi: number, lo: number): boolean {
    const cd = this.state.cdCache.entries;
    const overHi = cd[tt + TT_OVER_HI] as number;
    const overLo = cd[tt + TT_OVER_LO] as number;
    if (tt === cdAt + CD_TT0) return ((hi & overHi) | (lo & overLo)) !== 0;
    return ((~hi & overHi) | (~lo & overLo)) !== 0;
  }

  private viaStage1(
    at: number,
    ssid: number,
    rid: number,
    rawHi: number,
    lo: number,
    need: Access,
    pasid: number,
  ): TranslateStatus {
    const { state, result, walker } = this;
    let cdAt = state.cdCache.find(rid, ssid);
    if (cdAt < 0 || state.trace.on) {
      cdAt = this.descriptorOf(at, rid, ssid);
      if (cdAt < 0) return this.refuse(at, -1, -cdAt, rid, rawHi, lo, need, pasid);
    }
    const cd = state.cdCache.entries;
    const tt = this.tableOf(cdAt, rawHi);
    const flags = cd[tt + TT_FLAGS] as number;
    const hi = (flags & TT_TBI) === 0 ? rawHi : (rawHi << 8) >> 8;
    if (this.outOfRange(tt, cdAt, hi, lo))
      return this.refuse(at, cdAt, walker.refuse1(e.F_TRANSLATION), rid, rawHi, lo, need, pasid);
    const { tlb } = state;
    const ctx = cd[cdAt + CD_CTX] as number;
    const kind = cd[cdAt + CD_KIND] as number;
    const entry = tlb.find(hi, lo, ctx, kind & KIND_MASK);
    if (entry >= 0) {
      if (state.config.bbml === 0 && tlb.conflicts(hi, lo, ctx, kind & KIND_MASK))
        return this.refuse(at, cdAt, walker.refuse1(e.F_TLB_CONFLICT), rid, rawHi, lo, need, pasid);
      if (!denies(tlb.perms(entry), need)) {
        if (state.trace.on) this.tellTlb('hit', kind, ctx, hi, lo);
        if (tt === cdAt + CD_TT0) learnSource(state, rid, pasid, at, cdAt);
        result[PA_LO] = tlb.paLo(entry, lo);
        result[PA_HI] = tlb.paHi(entry, hi);
        return TRANSLATED;
      }
    }
    if (state.trace.on) this.tellTlb('miss', kind, ctx, hi, lo);
    if ((flags & TT_OFF) !== 0)
      return this.refuse(at, cdAt, walker.refuse1(e.F_TRANSLATION), rid, rawHi, lo, need, pasid);
    walker.serve(state.steCache.entries, at, cd, cdAt);
    const reason = walker.stage1(tt, hi, lo, need);
    if (reason !== 0) return this.refuse(at, cdAt, reason, rid, rawHi, lo, need, pasid);
    // It granted too little: the tables allow more by now, or the page was clean.
    if (entry >= 0) tlb.drop(entry);
    if (tt === cdAt + CD_TT0) learnSource(state, rid, pasid, at, cdAt);
    return this.finishWalk(kind, ctx, hi, lo, need);
  }

  /** Stage 2 alone: the address is an IPA. */
  viaStage2(at: number, rid: number, hi: number, lo: number, need: Access, pasid: number): TranslateStatus {
    const { state, result, walker } = this;
    const { tlb, config } = state;
    const ste = state.steCache.entries;
    if (exceeds(hi, lo, config.oas))
      return this.refuse(at, -1, walker.refuse1(e.F_ADDR_SIZE), rid, hi, lo, need, pasid);
    const ctx = (ste[at + STE_VMID] as number) << 16;
    const entry = tlb.find(hi, lo, ctx, KIND_S2);
    if (entry >= 0) {
      if (!denies(tlb.perms(entry), need)) {
        if (state.trace.on) this.tellTlb('hit', KIND_S2, ctx, hi, lo);
        if (ste[at + STE_MODE] === MODE_S2) learnSource(state, rid, pasid, at, -1);
        result[PA_LO] = tlb.paLo(entry, lo);
        result[PA_HI] = tlb.paHi(entry, hi);
        return TRANSLATED;
      }
    }
    if (state.trace.on) this.tellTlb('miss', KIND_S2, ctx, hi, lo);
    walker.serve(ste, at, state.cdCache.entries, 0);
    walker.alone();
    const reason = walker.stage2(hi, lo, need);
    if (reason !== 0) return this.refuse(at, -1, reason, rid, hi, lo, need, pasid);
    if (entry >= 0) tlb.drop(entry);
    if (ste[at + STE_MODE] === MODE_S2) learnSource(state, rid, pasid, at, -1);
    return this.finishWalk(KIND_S2, ctx, hi, lo, need);
  }

  private finishWalk(kind: number, ctx: number, hi: number, lo: number, need: Access): TranslateStatus {
    const { result, state, walker } = this;
    const { leaf } = walker;
    if (state.trace.on) {
      const gone = state.tlb.victim(hi, lo, leaf[L_SIZE] as number);
      if (gone !== null) this.tellTlb('evict', gone.kind, (gone.vmid << 16) | gone.asid, gone.hi, gone.lo);
      this.tellTlb('fill', kind, ctx, hi, lo);
    }
    state.tlb.fill(hi, lo, ctx, kind, leaf);
    result[PA_LO] = leaf[L_PA_LO] as number;
    result[PA_HI] = leaf[L_PA_HI] as number;
    result[LEAF_LEVEL] = 3 - (((leaf[L_KIND] as number) >>> LEVEL_SHIFT) & 3);
    result[LEAF_PERMS] = permsFor(leaf[L_PERMS] as number, need);
    return WALKED;
  }

  /** All stages are bypassed: the address must still fit. Spec: section 3.4 "Address sizes" */
  private bypass(
    at: number,
    rid: number,
    hi: number,
    lo: number,
    need: Access,
    pasid: number,
  ): TranslateStatus {
    if (exceeds(hi, lo, this.state.config.oas))
      return this.refuse(at, -1, this.walker.refuse1(e.F_ADDR_SIZE), rid, hi, lo, need, pasid);
    this.result[PA_LO] = lo;
    this.result[PA_HI] = hi;
    return BYPASSED;
  }

  /** The SMMU is off. Spec: section 6.3.14 "SMMU_GBPA" */
  private globalBypass(rid: number, hi: number, lo: number, access: Access, pasid: number): TranslateStatus {
    const { state, result } = this;
    if ((state.reg(r.GBPA) & r.GBPA_ABORT) !== 0 || exceeds(hi, lo, state.config.oas))
      return this.faults.silent(this.begin(rid, hi, lo, access, pasid), e.GLOBAL_ABORT);
    result[PA_LO] = lo;
    result[PA_HI] = hi;
    return BYPASSED;
  }

  private badStream(q: Int32Array, reason: number): TranslateStatus {
    return this.faults.configuration(q, reason, this.faultWords(reason), COMPLETER_ABORT);
  }

  private enterSte(sid: number): number {
    if (this.state.trace.on) this.tellSte('fill', sid);
    this.state.met.add(sid * 2 ** 20);
    return this.state.steCache.fill(sid, 0, this.stes.out);
  }

  /** For an automatic response to a page request. */
  private peekStream(sid: number): number {
    return this.state.enabled(r.CR0_SMMUEN) ? this.streamOf(sid) : -1;
  }

  /** Spec: section 4.2 "Prefetch": what is wrong with it is nobody's business. */
  private prefetch(sid: number, pasid: number): string {
    if (!this.state.enabled(r.CR0_SMMUEN)) return 'ignored: the SMMU is off';
    if (sid >= 2 ** this.state.config.sidsize) return 'there is no such stream';
    const at = this.streamOf(sid);
    if (at < 0) return 'the stream has no valid entry';
    const mode = this.state.steCache.entries[at + STE_MODE] as number;
    if (mode !== MODE_S1 && mode !== MODE_NESTED) return 'its stream table entry is cached';
    const ssid = this.substream(at, pasid);
    if (ssid < 0 || this.descriptorOf(at, sid, ssid) < 0) return 'its stream table entry is cached';
    return 'its stream table entry and context descriptor are cached';
  }

  private tellSte(op: CacheEvent['op'], sid: number): void {
    const { config, trace } = this.state;
    trace.note(ofStreams, config.unit, op, config.segment, sid);
  }

  private tellCd(op: CacheEvent['op'], sid: number, ssid: number): void {
    const { config, trace } = this.state;
    trace.note(ofDescriptors, config.unit, op, config.segment, sid, ssid);
  }

  private tellTlb(op: CacheEvent['op'], kind: number, ctx: number, hi: number, lo: number): void {
    const { config, trace } = this.state;
    trace.note(ofIotlb, config.unit, op, kind & KIND_MASK, ctx, hi, lo);
  }
}

const ofStreams = cacheWording('ste', formatBdf);
const ofDescriptors = cacheWording('cd', (segment, sid, ssid) => `${formatBdf(segment, sid)} ssid ${ssid}`);
