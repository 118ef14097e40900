import { hex } from '../../../../lib/u64';
import { silent, type Trace } from '../../../trace/trace';
import {
  BYPASSED,
  INTERRUPT,
  NO_PASID,
  PA_HI,
  PA_LO,
  RESULT_WORDS,
  TRANSLATED,
  WALKED,
  WRITE,
  type Access,
  type DeviceLink,
  type DmaTranslator,
  type IrqLine,
  type MemoryPort,
  type PageRequestMessage,
  type RegisterBus,
  type TranslateStatus,
} from '../../port';
import { INTERRUPT_RANGE } from '../structs';
import { DEFAULT_VTD_CONFIG, type VtdConfig } from './config';
import { Faults } from './fault';
import { remapInterrupt, type DeliveredInterrupt } from './interrupt';
import {
  HINT_MASK,
  TLB_DATA_HI,
  TLB_DATA_LO,
  TLB_SPACE,
  TLB_TAG,
  TLB_UPPER,
  TLB_VPN_HI,
  type Iotlb,
} from './iotlb';
import { Lookup } from './lookup';
import { PageRequests } from './page-requests';
import { InvalidationQueue } from './queue';
import { QuickWalk } from './quick-walk';
import { Registers } from './registers';
import { Requests } from './requests';
import { IDENTITY, type Service } from './service';
import { ServiceFinder } from './service-finder';
import { TableWalks } from './table-walks';
import { UnitState } from './unit';
import { SecondStageRules } from './walk';

export interface VtdPorts {
  readonly memory: MemoryPort;
  readonly trace?: Trace;
  /** Runs when the unit sends one of its events. */
  readonly irq?: IrqLine;
  /** The devices' end of ATS and PRI. Default: every device answers, and none cares. */
  readonly link?: DeviceLink;
}

const NOBODY: DeviceLink = { invalidate: () => true, pageResponse: () => undefined };
/** Of accesses to read or write and nothing besides, counted from 0. */
const LAST_PLAIN = 2;

/**
 * A VT-d DMA-remapping unit: the silicon. It sees memory and its registers, nothing else.
 *
 * Spec: Intel Virtualization Technology for Directed I/O, rev. 4.1
 *
 * Not modelled: memory types, performance counters, virtual and enhanced commands, host permission tables. Snoop bits are
 * judged but change nothing: memory here is coherent.
 */
export class VtdDevice implements DmaTranslator {
  readonly result: Int32Array;
  readonly registers: RegisterBus;
  /** For introspection: what the unit holds. Nothing outside the unit may write it. */
  readonly state: UnitState;
  readonly queue: InvalidationQueue;
  readonly pages: PageRequests;
  readonly lookup: Lookup;
  readonly rules: SecondStageRules;
  readonly walks: TableWalks;
  /** The last interrupt message as the processors got it; null where they did not, and before the first. */
  lastInterrupt: DeliveredInterrupt | null = null;
  private readonly requests: Requests;
  private readonly faults: Faults;
  private readonly finder: ServiceFinder;
  private readonly walker: QuickWalk;
  /** Parts of the state, nearer at hand. */
  private readonly service: Service;
  private readonly trace: Trace;
  private readonly iotlb: Iotlb;
  private readonly tlb: Int32Array;
  private readonly hints: Int32Array;
  private readonly port: MemoryPort;

  constructor(config: Partial<VtdConfig>, ports: VtdPorts) {
    const full = { ...DEFAULT_VTD_CONFIG, ...config };
    const irq = ports.irq ?? { raise: () => undefined };
    // One slot more: KEPT_PERMS.
    const result = new Int32Array(RESULT_WORDS + 1);
    this.result = result;
    this.state = new UnitState(full, ports.memory, ports.trace ?? silent, irq, ports.link ?? NOBODY);
    this.lookup = new Lookup(this.state);
    this.rules = new SecondStageRules(full);
    this.walks = new TableWalks(this.state, this.rules, result);
    this.faults = new Faults(this.state, result);
    this.requests = new Requests(this.state, this.lookup, this.walks, this.faults, result);
    this.queue = new InvalidationQueue(this.state);
    this.pages = new PageRequests(this.state, this.lookup, this.faults);
    this.registers = new Registers(this.state, this.queue, this.pages);
    this.service = this.state.service;
    this.finder = new ServiceFinder(this.state, this.service);
    this.walker = new QuickWalk(this.state, this.walks.firstRules, this.rules, result);
    this.trace = this.state.trace;
    this.iotlb = this.state.iotlb;
    this.tlb = this.iotlb.entries;
    this.hints = this.iotlb.hints;
    this.port = ports.memory;
  }

  /** One request of a device; the address or the reason of a fault is in `result`. */
  translate(rid: number, hi: number, lo: number, need: Access, pasid: number): TranslateStatus {
    const { service, tlb, result } = this;
    if (rid !== service.rid || pasid !== service.pasid || (need - 1) >>> 0 > LAST_PLAIN || this.trace.on) {
      return this.otherwise(rid, hi, lo, need, pasid);
    }
    // What is looked for first is where this page was found last; the entry's tags decide.
    const vpn = (hi << 20) | (lo >>> 12);
    const at = this.hints[vpn & HINT_MASK] as number;
    if (
      tlb[at] === vpn &&
      tlb[at + TLB_TAG] === (service.tag | ((hi >>> 12) & TLB_VPN_HI)) &&
      tlb[at + TLB_SPACE] === (service.space | (hi & TLB_UPPER)) &&
      ((tlb[at + TLB_DATA_LO] as number) & need) === need
    ) {
      result[PA_LO] = ((tlb[at + TLB_DATA_LO] as number) & ~0xfff) | (lo & 0xfff);
      result[PA_HI] = tlb[at + TLB_DATA_HI] as number;
      return TRANSLATED;
    }
    return this.otherwise(rid, hi, lo, need, pasid);
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
    const outcome = remapInterrupt(state, rid, address, message);
    this.lastInterrupt = outcome.delivered;
    if (outcome.reason === 0) return true;
    // The record's fault information holds the interrupt index in bits 63:48.
    this.faults.start(rid, outcome.index << 16, 0, WRITE, NO_PASID);
    this.faults.refuse(outcome.reason, outcome.fpd ? 1 : 0);
    return false;
  }

  /** A Page Request message of a device. */
  pageRequest(message: PageRequestMessage): void {
    this.pages.receive(message);
  }

  /** For those who look into tables: translates by rows of PE_* words as if nothing were cached, and leaves no trace. */
  look(rows: Int32Array, at: number, hi: number, lo: number): { reason: number; out: Int32Array } {
    const { marker } = this.walks;
    const before = this.result.slice();
    marker.looking = true;
    const reason = this.walks.run(rows, at, hi, lo, 0, false);
    marker.looking = false;
    const out = this.result.slice();
    this.result.set(before);
    return { reason, out };
  }

  /**
   * Not where it was found last, or not for whom, or no plain request, or somebody watches: a full look-up, and then the
   * tables. All in one, and so too large for engines to inline: translate() stays small enough to be inlined itself.
   */
  private otherwise(rid: number, hi: number, lo: number, need: Access, pasid: number): TranslateStatus {
    const { service, iotlb, result, requests } = this;
    if (
      (need - 1) >>> 0 > LAST_PLAIN ||
      this.trace.on ||
      ((rid !== service.rid || pasid !== service.pasid) && !this.finder.serve(rid, pasid))
    ) {
      if (isInterruptMessage(hi, lo, need, pasid)) return INTERRUPT;
      return requests.translate(rid, hi, lo, need, pasid);
    }
    if (((hi + service.bias) & service.over) !== 0 || (hi === 0 && lo >>> 20 === INTERRUPT_RANGE)) {
      if (isInterruptMessage(hi, lo, need, pasid)) return INTERRUPT;
      return requests.translate(rid, hi, lo, need, pasid);
    }
    if (service.kind === IDENTITY) {
      result[PA_LO] = lo;
      result[PA_HI] = hi;
      return BYPASSED;
    }
    const at = iotlb.find(service.did, hi, lo, service.space);
    if (at < 0) {
      if (this.port.hazards !== null || !this.walker.walk(service, hi, lo, need)) {
        return requests.translate(rid, hi, lo, need, pasid);
      }
      iotlb.fill(service.did, hi, lo, result, service.space);
      return WALKED;
    }
    const paLo = iotlb.paLo(at, lo);
    const paHi = iotlb.paHi(at);
    // An entry without the permission counts as a miss: the tables may allow more by now. And a large page may reach into
    // the interrupt range without being all in it.
    if ((iotlb.perms(at) & need) !== need || (paHi === 0 && paLo >>> 20 === INTERRUPT_RANGE)) {
      return requests.translate(rid, hi, lo, need, pasid);
    }
    result[PA_LO] = paLo;
    result[PA_HI] = paHi;
    return TRANSLATED;
  }
}

/**
 * Writes to this range are interrupt messages whatever the tables say. Reads are left to the tables, as the document leaves
 * them open. Spec: section 3.14 "Handling Requests to Interrupt Address Range"
 */
const isInterruptMessage = (hi: number, lo: number, need: Access, pasid: number): boolean =>
  hi === 0 && lo >>> 20 === INTERRUPT_RANGE && need === WRITE && pasid === NO_PASID;
