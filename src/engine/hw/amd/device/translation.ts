import {
  ATS_REQUEST,
  ATS_TRANSLATED,
  BYPASSED,
  FAULTED,
  INTERRUPT,
  NO_PASID,
  PA_HI,
  PA_LO,
  TRANSLATED,
  WALKED,
  WRITE,
  type Access,
  type TranslateStatus,
} from '../../port';
import {
  INVALID_DEVICE_REQUEST,
  IO_PAGE_FAULT,
  REQUEST_INTERRUPT_READ,
  REQUEST_PRETRANSLATED,
} from '../reasons';
import { IOMMU_EN } from '../regs';
import { DTE_EX, DTE_I, DTE_V, EVENT_I, EVENT_TYPE_SHIFT } from '../structs';
import { atsRequest } from './ats';
import {
  D_GUEST,
  D_ID,
  D_KIND,
  D_PERMS,
  D_RAW,
  DTE_VALID,
  KIND_BLOCKED,
  KIND_FORWARD,
  KIND_GUEST,
  KIND_PASS,
} from './dte';
import { CTX_HIGH, CTX_ID } from './gcr3';
import { READY_MASK, READY_USER, tagHigh } from './iotlb';
import { QuickWalk } from './quick-walk';
import type { Reporter } from './report';
import { needOf, type Request } from './request';
import { S_HIGH, S_ID, S_PASID, S_RID } from './service';
import { ServiceFinder } from './service-finder';
import { htSpanOf, isSpecial, refuseSpecialRange } from './special-range';
import type { UnitState } from './state';
import type { Walker } from './walker';

/** READ, WRITE, EXECUTE and PRIVILEGED, and nothing besides. */
export const PLAIN = 15;
/** What a request without a PASID is looked up with. */
const HOST_HIGH = tagHigh(NO_PASID);

/**
 * What becomes of a request, step by step as the document has it: every structure, every refusal, everything told.
 *
 * Spec: section 2.1.2 "IOMMU Logical Topology", 2.2 "IOMMU Data Structures"
 */
export class Translation {
  /** How many values of an address's high word HyperTransport has for itself. */
  private readonly htSpan: number;
  private readonly service: Int32Array;
  private readonly finder: ServiceFinder;
  private readonly quick: QuickWalk;

  constructor(
    readonly state: UnitState,
    readonly walker: Walker,
    readonly report: Reporter,
    readonly request: Request,
    readonly result: Int32Array,
  ) {
    this.htSpan = htSpanOf(state.config);
    this.service = state.service;
    this.finder = new ServiceFinder(state);
    this.quick = new QuickWalk(state, result);
  }

  /**
   * A request that could not be answered where its page was found last: the quick way of a plain one, else the document's.
   *
   * Both in one, and so too large for engines to inline: what calls it stays small enough to be inlined itself.
   */
  translate(rid: number, hi: number, lo: number, access: Access, pasid: number): TranslateStatus {
    const { state, service, walker, request } = this;
    const { iotlb, trace } = state;
    const special = isSpecial(hi, lo, this.htSpan);
    if (
      access <= PLAIN &&
      !trace.on &&
      ((rid === service[S_RID] && pasid === service[S_PASID]) || this.finder.serve(rid, pasid)) &&
      !special
    ) {
      const need = access ^ READY_USER;
      const entry = iotlb.find(service[S_ID] as number, service[S_HIGH] as number, hi, lo);
      if (entry < 0) {
        if (state.memory.hazards === null && this.quick.find(hi, lo, need)) return WALKED;
      } else if ((iotlb.flags(entry) & need) === need) {
        this.result[PA_LO] = iotlb.paLo(entry, lo);
        this.result[PA_HI] = iotlb.paHi(entry, hi);
        return TRANSLATED;
      }
    }
    if (special) return this.specialRange(rid, hi, lo, access, pasid);
    if (!state.control(IOMMU_EN)) return this.forward(hi, lo);
    request.set(rid, hi, lo, access, pasid);
    const found = state.dtes.find(rid | DTE_VALID, 0, 0);
    if (trace.on) this.report.cache('dte', found >= 0 ? 'hit' : 'miss', rid);
    if ((access & (ATS_TRANSLATED | ATS_REQUEST)) !== 0) return this.ats(found);
    const at = found >= 0 ? found : walker.fillDevice(false);
    if (at < 0) return FAULTED;
    const dte = state.dtes.entries;
    const kind = dte[at + D_KIND] as number;
    if (kind === KIND_FORWARD) return this.forward(hi, lo);
    if (state.excluding && state.excludes(hi, lo, ((dte[at + D_RAW + 3] as number) & DTE_EX) !== 0))
      return this.forward(hi, lo);
    if (kind === KIND_GUEST && pasid < 0) request.usePasid(0);
    if (kind === KIND_BLOCKED || (request.pasid >= 0 && dte[at + D_GUEST] === 0)) return walker.blocked(at);
    if ((needOf(access) & ~(dte[at + D_PERMS] as number)) !== 0) return walker.denied(at);
    if (request.pasid >= 0) return this.guest(at);
    if (kind === KIND_PASS) return this.forward(hi, lo);
    const id = dte[at + D_ID] as number;
    const entry = iotlb.find(id, HOST_HIGH, hi, lo);
    if (entry < 0 || (needOf(access) & ~iotlb.flags(entry)) !== 0) return walker.host(at, entry);
    return this.hit(entry, id);
  }

  /** A request of a process: its context, then the IOTLB, then the tables. */
  private guest(at: number): TranslateStatus {
    const { pasids, iotlb, trace } = this.state;
    const { request, walker } = this;
    const { rid, pasid, hi, lo, access } = request;
    let c = pasids.find(rid | DTE_VALID, pasid, 0);
    if (c < 0) c = walker.fillProcess(at);
    else if (trace.on) this.report.cache('pasid', 'hit', rid, pasid);
    if (c < 0) return FAULTED;
    const id = pasids.entries[c + CTX_ID] as number;
    const high = pasids.entries[c + CTX_HIGH] as number;
    const entry = iotlb.find(id, high, hi, lo);
    // PRIVILEGED is READY_USER's bit: who asks without it needs pages of user mode.
    const need = (access ^ 8) & READY_MASK;
    if (entry < 0 || (need & ~iotlb.flags(entry)) !== 0) return walker.guest(at, c, entry);
    return this.hit(entry, id);
  }

  private hit(entry: number, id: number): TranslateStatus {
    const { iotlb, trace } = this.state;
    const { hi, lo, pasid } = this.request;
    if (trace.on) this.report.translation('hit', id, pasid, hi, lo);
    this.result[PA_LO] = iotlb.paLo(entry, lo);
    this.result[PA_HI] = iotlb.paHi(entry, hi);
    return TRANSLATED;
  }

  /** Spec: section 2.1.3 "IOTLB Support", table 8 "Feature Enablement" */
  private ats(found: number): TranslateStatus {
    const { request, state, walker } = this;
    const at = found >= 0 ? found : walker.fillDevice(false);
    if (at < 0) return FAULTED;
    if ((request.access & ATS_REQUEST) !== 0) return atsRequest(this, at);
    const raw = (n: number): number => state.dtes.entries[at + D_RAW + n] as number;
    if ((raw(0) & DTE_V) !== 0 && (raw(3) & DTE_I) !== 0) return this.forward(request.hi, request.lo);
    return this.report.fail(INVALID_DEVICE_REQUEST, REQUEST_PRETRANSLATED << EVENT_TYPE_SHIFT, at);
  }

  /**
   * Addresses that have a meaning of their own.
   *
   * Spec: section 2.1.2 "IOMMU Logical Topology", table 3 "Special Address Controls"
   */
  private specialRange(rid: number, hi: number, lo: number, access: Access, pasid: number): TranslateStatus {
    const { state, report, request } = this;
    if (hi === 0 && access === WRITE && pasid < 0) return INTERRUPT;
    if (!state.control(IOMMU_EN)) return this.forward(hi, lo);
    request.set(rid, hi, lo, access, pasid);
    const at = this.walker.device();
    if (at < 0) return FAULTED;
    if (state.dtes.entries[at + D_KIND] === KIND_FORWARD) return this.forward(hi, lo);
    if ((access & ATS_REQUEST) !== 0) return atsRequest(this, at, true);
    const write = (access & WRITE) !== 0;
    if (hi !== 0) {
      const type = refuseSpecialRange(state.dtes.entries, at, hi, lo, write);
      if (type < 0) return this.forward(hi, lo);
      return report.fail(INVALID_DEVICE_REQUEST, type << EVENT_TYPE_SHIFT, at);
    }
    // Interrupts carry no PASID; all but posted writes have no business here.
    if (write && pasid >= 0) return report.fail(IO_PAGE_FAULT, EVENT_I, at);
    return report.fail(INVALID_DEVICE_REQUEST, REQUEST_INTERRUPT_READ << EVENT_TYPE_SHIFT, at);
  }

  private forward(hi: number, lo: number): TranslateStatus {
    this.result[PA_LO] = lo;
    this.result[PA_HI] = hi;
    return BYPASSED;
  }
}
