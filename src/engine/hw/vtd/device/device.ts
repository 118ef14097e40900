import { hex } from '../../../../lib/u64';
import { silent, type Trace } from '../../../trace/trace';
import {
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
import { legacyReason } from '../reasons';
import { INTERRUPT_RANGE } from '../structs';
import { DEFAULT_VTD_CONFIG, type VtdConfig } from './config';
import { CTX_DID, CTX_FPD, CTX_LEVELS, CTX_OVER_HI } from './context-cache';
import { Faults } from './fault';
import { remapInterrupt, type DeliveredInterrupt } from './interrupt';
import { Lookup } from './lookup';
import { PageRequests } from './page-requests';
import { InvalidationQueue } from './queue';
import { Registers } from './registers';
import { Requests, walkSecondStage } from './requests';
import { TableWalks } from './table-walks';
import { UnitState } from './unit';
import { SecondStageRules, SecondStageWalk } from './walk';

export interface VtdPorts {
  readonly memory: MemoryPort;
  readonly trace?: Trace;
  /** Runs when the unit sends one of its events. */
  readonly irq?: IrqLine;
  /** The devices' end of ATS and PRI. Default: every device answers, and none cares. */
  readonly link?: DeviceLink;
}

const NOBODY: DeviceLink = { invalidate: () => true, pageResponse: () => undefined };
/** Access bits beyond READ and WRITE. */
const SPECIAL = ~3;

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
  private readonly walker: SecondStageWalk;
  private readonly requests: Requests;
  private readonly faults: Faults;

  constructor(config: Partial<VtdConfig>, ports: VtdPorts) {
    const full = { ...DEFAULT_VTD_CONFIG, ...config };
    const irq = ports.irq ?? { raise: () => undefined };
    // One slot more: KEPT_PERMS.
    const result = new Int32Array(RESULT_WORDS + 1);
    this.result = result;
    this.state = new UnitState(full, ports.memory, ports.trace ?? silent, irq, ports.link ?? NOBODY);
    this.lookup = new Lookup(this.state);
    this.rules = new SecondStageRules(full);
    this.walker = new SecondStageWalk(ports.memory, this.rules, result);
    this.walks = new TableWalks(this.state, this.rules, result);
    this.faults = new Faults(this.state, result);
    this.requests = new Requests(this.state, this.lookup, this.walks, this.walker, this.faults, result);
    this.queue = new InvalidationQueue(this.state);
    this.pages = new PageRequests(this.state, this.lookup, this.faults);
    this.registers = new Registers(this.state, this.queue, this.pages);
  }

  /**
   * One request of a device; the address or the reason of a fault is in `result`.
   *
   * Plain reads and writes by legacy tables are served here, as long as nothing special happens. Requests has the rest.
   */
  translate(rid: number, hi: number, lo: number, need: Access, pasid: number): TranslateStatus {
    const { state, result } = this;
    // Writes to this range are interrupt messages whatever the tables say. Reads are left to the tables, as the document
    // leaves them open. Spec: section 3.14 "Handling Requests to Interrupt Address Range"
    if (hi === 0 && lo >>> 20 === INTERRUPT_RANGE && need === WRITE && pasid === NO_PASID) return INTERRUPT;
    if ((state.path | (need & SPECIAL) | (pasid ^ NO_PASID)) !== 0 || state.trace.on) {
      return this.requests.translate(rid, hi, lo, need, pasid);
    }
    const { contextCache, iotlb } = state;
    const at = contextCache.find(rid);
    if (at < 0) return this.requests.translate(rid, hi, lo, need, pasid);
    const context = contextCache.entries;
    if ((hi & (context[at + CTX_OVER_HI] as number)) !== 0 || context[at + CTX_LEVELS] === 0) {
      return this.requests.translate(rid, hi, lo, need, pasid);
    }
    const entry = iotlb.find(context[at + CTX_DID] as number, hi, lo, 0);
    // An entry without the permission counts as a miss: the tables may allow more by now.
    if (entry < 0) return this.miss(rid, at, hi, lo, need);
    if ((iotlb.perms(entry) & need) !== need) return this.requests.translate(rid, hi, lo, need, pasid);
    const paLo = iotlb.paLo(entry, lo);
    const paHi = iotlb.paHi(entry);
    // A large page may reach into the interrupt range without being all in it.
    if (paHi === 0 && paLo >>> 20 === INTERRUPT_RANGE) {
      return this.requests.translate(rid, hi, lo, need, pasid);
    }
    result[PA_LO] = paLo;
    result[PA_HI] = paHi;
    return TRANSLATED;
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

  private miss(rid: number, at: number, hi: number, lo: number, need: Access): TranslateStatus {
    const { state } = this;
    if (state.memory.hazards !== null) return this.requests.translate(rid, hi, lo, need, NO_PASID);
    const context = state.contextCache.entries;
    const reason = walkSecondStage(state, this.walker, context, at, hi, lo, need);
    if (reason !== 0) return this.refuse(reason, rid, at, hi, lo, need);
    state.iotlb.fill(context[at + CTX_DID] as number, hi, lo, this.result);
    return WALKED;
  }

  private refuse(
    reason: number,
    rid: number,
    at: number,
    hi: number,
    lo: number,
    need: Access,
  ): TranslateStatus {
    const { state, faults } = this;
    // What a unit in caching mode keeps of absent entries, Requests knows.
    if (state.config.cachingMode) return this.requests.translate(rid, hi, lo, need, NO_PASID);
    faults.start(rid, hi, lo, need, NO_PASID);
    const write = (need & WRITE) !== 0;
    return faults.refuse(legacyReason(reason, write), state.contextCache.entries[at + CTX_FPD] as number);
  }
}
