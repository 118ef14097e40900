import { hex } from '../../../../lib/u64';
import { silent, type Trace } from '../../../trace/trace';
import {
  ATS_REQUEST,
  ATS_TRANSLATED,
  BYPASSED,
  FAULTED,
  INTERRUPT,
  NO_PASID,
  PA_HI,
  PA_LO,
  RESULT_WORDS,
  TRANSLATED,
  WRITE,
  type Access,
  type DmaTranslator,
  type PageRequestMessage,
  type RegisterBus,
  type TranslateStatus,
} from '../../port';
import {
  INVALID_DEVICE_REQUEST,
  IO_PAGE_FAULT,
  REQUEST_INTERRUPT_READ,
  REQUEST_PRETRANSLATED,
} from '../reasons';
import { CONTROL, IOMMU_EN } from '../regs';
import {
  DTE_EX,
  DTE_I,
  DTE_V,
  EVENT_I,
  EVENT_RW,
  EVENT_TYPE_SHIFT,
  HT_FIRST_HI,
  HT_LAST_HI,
  INTERRUPT_RANGE,
} from '../structs';
import { atsRequest } from './ats';
import { CommandBuffer } from './commands';
import { DEFAULT_AMD_CONFIG, type AmdConfig } from './config';
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
  KIND_HOST,
  KIND_PASS,
} from './dte';
import { Events } from './events';
import { CTX_HIGH, CTX_ID, CTX_PERMS } from './gcr3';
import { InterruptRemapping, type RemappedInterrupt } from './interrupt';
import {
  DATA_HI,
  DATA_LO,
  HINT_MASK,
  READY_MASK,
  READY_USER,
  TAG_HI,
  TAG_ID,
  TAG_LO,
  tagHigh,
} from './iotlb';
import { Log, PPR_LOG } from './log';
import { pageRequest } from './ppr';
import { Registers } from './registers';
import { Reporter } from './report';
import { needOf, Request } from './request';
import { refuseSpecialRange } from './special-range';
import { Q_HIGH, Q_ID, Q_PASID, Q_RID, UnitState, type AmdPorts } from './state';
import { Walker } from './walker';

/** What a request without a PASID is looked up with. */
const HOST_HIGH = tagHigh(NO_PASID);

/**
 * An AMD IOMMU: the silicon. It sees memory and its registers, nothing else.
 *
 * Spec: AMD I/O Virtualization Technology (IOMMU) Specification, rev. 3.10
 *
 * Not modelled: virtual APICs and their log, the SMI filter, MARC, dual logs, performance counters, virtual IOMMUs,
 * SEV-SNP.
 */
export class AmdIommu implements DmaTranslator {
  readonly result = new Int32Array(RESULT_WORDS);
  readonly registers: RegisterBus;
  /** For introspection: what the unit holds. Nothing outside the unit may write it. */
  readonly state: UnitState;
  readonly commands: CommandBuffer;
  readonly events: Events;
  readonly pprLog: Log;
  readonly walker: Walker;
  readonly report: Reporter;
  readonly request = new Request();
  /** The last interrupt message as the processors got it, or why they did not; null before the first. */
  lastInterrupt: RemappedInterrupt | null = null;
  private readonly interrupts: InterruptRemapping;
  /** The hot path's own hold of what is in `state`. */
  private readonly quick: Int32Array;
  private readonly tlb: Int32Array;
  private readonly hints: Int32Array;
  private readonly trace: Trace;
  /** How many values of an address's high word HyperTransport has for itself. */
  private readonly htSpan: number;

  constructor(config: Partial<AmdConfig>, ports: AmdPorts) {
    const full = { ...DEFAULT_AMD_CONFIG, ...config };
    const irq = ports.irq ?? { raise: () => undefined };
    const link = ports.link ?? { invalidate: () => false, pageResponse: () => undefined };
    const state = new UnitState(full, ports.memory, ports.trace ?? silent, irq, link);
    this.state = state;
    this.quick = state.quick;
    this.tlb = state.iotlb.entries;
    this.hints = state.iotlb.hints;
    this.trace = state.trace;
    this.htSpan = full.htRangeIgnore ? 0 : HT_LAST_HI - HT_FIRST_HI + 1;
    this.events = new Events(state);
    this.pprLog = new Log(state, PPR_LOG);
    this.report = new Reporter(state, this.events, this.request, this.result);
    this.walker = new Walker(state, this.report, this.request, this.result);
    this.commands = new CommandBuffer(state, this.events, this.walker);
    this.registers = new Registers(state, this.commands, this.events.log, this.pprLog);
    this.interrupts = new InterruptRemapping(state);
  }

  /** One request of a device; the address or the reason of a fault is in `result`. */
  translate(rid: number, hi: number, lo: number, access: Access, pasid: number): TranslateStatus {
    const { quick, tlb, result } = this;
    if (rid !== quick[Q_RID] || pasid !== quick[Q_PASID] || access > 3 || this.trace.on)
      return this.unserved(rid, hi, lo, access, pasid);
    // What is looked for first is where this page was found last; the entry's tags decide.
    const vpn = (hi << 20) | (lo >>> 12);
    const at = this.hints[vpn & HINT_MASK] as number;
    const data = tlb[at + DATA_LO] as number;
    const need = access | READY_USER;
    if (
      tlb[at + TAG_LO] === vpn &&
      tlb[at + TAG_HI] === ((quick[Q_HIGH] as number) | (hi >>> 12)) &&
      tlb[at + TAG_ID] === quick[Q_ID] &&
      (data & need) === need
    ) {
      result[PA_LO] = (data & ~0xfff) | (lo & 0xfff);
      result[PA_HI] = tlb[at + DATA_HI] as number;
      return TRANSLATED;
    }
    return this.unserved(rid, hi, lo, access, pasid);
  }

  /** A request of another device or process than the last, or of another page than where it was looked for. */
  private unserved(rid: number, hi: number, lo: number, access: Access, pasid: number): TranslateStatus {
    const { state, result } = this;
    if (hi === 0 ? lo >>> 20 === INTERRUPT_RANGE : (hi - HT_FIRST_HI) >>> 0 < this.htSpan)
      return this.specialRange(rid, hi, lo, access, pasid);
    if (((state.regs[CONTROL >> 2] as number) & IOMMU_EN) === 0) return this.forward(hi, lo);
    const { dtes, iotlb } = state;
    const at = dtes.find(rid | DTE_VALID, 0, 0);
    const dte = dtes.entries;
    // The beaten track: READ or WRITE without a PASID, through the host's tables.
    if (at < 0 || access > 3 || pasid >= 0 || dte[at + D_KIND] !== KIND_HOST || state.excluding) {
      this.request.set(rid, hi, lo, access, pasid);
      if (this.trace.on) this.report.cache('dte', at >= 0 ? 'hit' : 'miss', rid);
      return (access & (ATS_TRANSLATED | ATS_REQUEST)) === 0 ? this.off(at) : this.ats(at);
    }
    if (this.trace.on) this.report.cache('dte', 'hit', rid);
    const id = dte[at + D_ID] as number;
    const entry = iotlb.find(id, HOST_HIGH, hi, lo);
    const lacks = access & ~(dte[at + D_PERMS] as number);
    // An entry without the permission counts as a miss: the tables may allow more by now.
    if (lacks !== 0 || entry < 0 || (access & ~iotlb.flags(entry)) !== 0) {
      this.request.set(rid, hi, lo, access, pasid);
      return lacks !== 0 ? this.walker.denied(at) : this.walker.host(at, entry);
    }
    if (this.trace.on) this.report.translation('hit', id, NO_PASID, hi, lo);
    if (dte[at + D_PERMS] === 3) this.serve(rid, NO_PASID, id, HOST_HIGH);
    result[PA_LO] = iotlb.paLo(entry, lo);
    result[PA_HI] = iotlb.paHi(entry, hi);
    return TRANSLATED;
  }

  /** The next request of this device and process goes to the IOTLB at once. */
  private serve(rid: number, pasid: number, id: number, high: number): void {
    const { quick } = this;
    quick[Q_RID] = rid;
    quick[Q_PASID] = pasid;
    quick[Q_ID] = id;
    quick[Q_HIGH] = high;
  }

  /** A write to the interrupt range. Whether it reached the processor. */
  interrupt(rid: number, address: number, data: Uint8Array): boolean {
    const { state } = this;
    if (data.length !== 4 || address % 4 !== 0) {
      state.guestError(
        `write of ${data.length} bytes to ${hex(address)}: an interrupt message is one aligned dword`,
      );
      return false;
    }
    const message = new DataView(data.buffer, data.byteOffset, 4).getInt32(0, true);
    if (!state.control(IOMMU_EN)) return true;
    this.request.set(rid, 0, address, WRITE, NO_PASID);
    let at = state.dtes.find(rid | DTE_VALID, 0, 0);
    if (state.trace.on) this.report.cache('dte', at >= 0 ? 'hit' : 'miss', rid);
    if (at < 0) at = this.walker.fillDevice(true);
    if (at < 0) return false;
    const outcome = this.interrupts.remap(rid, state.dtes.entries, at, address, message);
    this.lastInterrupt = outcome;
    if (outcome.code === 0) return true;
    // An interrupt message is a write.
    const flags = outcome.code === INVALID_DEVICE_REQUEST ? outcome.flags : outcome.flags | EVENT_RW;
    this.report.failInterrupt(outcome.code, flags, at, outcome.address, outcome.silent);
    return false;
  }

  pageRequest(message: PageRequestMessage): void {
    pageRequest(this, message);
  }

  /** A request off the beaten track; `found`: the device's entry in the cache, or -1. */
  private off(found: number): TranslateStatus {
    const { state, walker, request } = this;
    const at = found >= 0 ? found : walker.fillDevice(false);
    if (at < 0) return FAULTED;
    const { hi, lo, access } = request;
    const dte = state.dtes.entries;
    const kind = dte[at + D_KIND] as number;
    if (kind === KIND_FORWARD) return this.forward(hi, lo);
    if (state.excluding && state.excludes(hi, lo, ((dte[at + D_RAW + 3] as number) & DTE_EX) !== 0))
      return this.forward(hi, lo);
    if (kind === KIND_GUEST && request.pasid < 0) request.usePasid(0);
    if (kind === KIND_BLOCKED || (request.pasid >= 0 && dte[at + D_GUEST] === 0)) return walker.blocked(at);
    if ((needOf(access) & ~(dte[at + D_PERMS] as number)) !== 0) return walker.denied(at);
    if (request.pasid >= 0) return this.guest(at);
    if (kind === KIND_PASS) return this.forward(hi, lo);
    const id = dte[at + D_ID] as number;
    const entry = state.iotlb.find(id, HOST_HIGH, hi, lo);
    if (entry < 0 || (needOf(access) & ~state.iotlb.flags(entry)) !== 0) return walker.host(at, entry);
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
    if (pasids.entries[c + CTX_PERMS] === 3 && !this.state.excluding)
      this.serve(rid, request.ownPasid, id, high);
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
