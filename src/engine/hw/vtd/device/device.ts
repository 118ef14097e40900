import { hex, join } from '../../../../lib/u64';
import type { CacheEvent } from '../../../trace/event';
import { silent, type Trace } from '../../../trace/trace';
import { formatBdf } from '../../common/bdf';
import {
  BYPASSED,
  FAULTED,
  INTERRUPT,
  LEAF_LEVEL,
  PA_HI,
  PA_LO,
  READ,
  REASON,
  TRANSLATED,
  WALKED,
  WRITE,
  type Access,
  type DmaTranslator,
  type IrqLine,
  type MemoryPort,
  type RegisterBus,
  type TranslateStatus,
} from '../../port';
import { BEYOND_WIDTH, INTERRUPT_OUTPUT, reasonName, ROOT_MODE } from '../reasons';
import { GSTS } from '../regs';
import { INTERRUPT_RANGE } from '../structs';
import { DEFAULT_VTD_CONFIG, type VtdConfig } from './config';
import { ContextReader } from './context';
import { CTX_DID, CTX_FPD, CTX_LEVELS, CTX_OVER_HI, CTX_ROOT_PFN } from './context-cache';
import { remapInterrupt } from './interrupt';
import { InvalidationQueue } from './queue';
import { Registers } from './registers';
import { UnitState } from './unit';
import { SecondStageWalk } from './walk';

export interface VtdPorts {
  readonly memory: MemoryPort;
  readonly trace?: Trace;
  /** Runs when the unit sends its fault event. */
  readonly irq?: IrqLine;
}

/**
 * A VT-d DMA-remapping unit in legacy mode: the silicon. It sees memory and its registers, nothing else.
 *
 * Spec: Intel Virtualization Technology for Directed I/O, rev. 4.1
 *
 * Not modelled: scalable mode, device TLBs, page requests, posted interrupts, protected memory regions, counters.
 */
export class VtdDevice implements DmaTranslator {
  readonly result: Int32Array;
  readonly registers: RegisterBus;
  /** For introspection: what the unit holds. Nothing outside the unit may write it. */
  readonly state: UnitState;
  readonly queue: InvalidationQueue;
  readonly contexts: ContextReader;
  readonly walker: SecondStageWalk;

  constructor(config: Partial<VtdConfig>, ports: VtdPorts) {
    const full = { ...DEFAULT_VTD_CONFIG, ...config };
    const irq = ports.irq ?? { raise: () => undefined };
    this.state = new UnitState(full, ports.memory, ports.trace ?? silent, irq);
    this.queue = new InvalidationQueue(this.state);
    this.registers = new Registers(this.state, this.queue);
    this.contexts = new ContextReader(ports.memory, full);
    this.walker = new SecondStageWalk(ports.memory, full);
    this.result = this.walker.out;
  }

  /** One request of a device; the address or the reason of a fault is in `result`. */
  translate(rid: number, hi: number, lo: number, need: Access): TranslateStatus {
    const { state, result } = this;
    // Writes to this range are interrupt messages whatever the tables say. Reads are left to the tables, as the document
    // leaves them open. Spec: section 3.14 "Handling Requests to Interrupt Address Range"
    if (hi === 0 && lo >>> 20 === INTERRUPT_RANGE && need === WRITE) return INTERRUPT;
    if ((state.regs[GSTS >> 2] as number) >= 0) {
      // TES is the sign bit.
      result[PA_LO] = lo;
      result[PA_HI] = hi;
      return BYPASSED;
    }
    let at = state.contextCache.find(rid);
    if (state.trace.on) this.traceContext(at >= 0 ? 'hit' : 'miss', rid);
    if (at < 0) {
      at = this.fillContext(rid, hi, lo, need);
      if (at < 0) return FAULTED;
    }
    const context = state.contextCache.entries;
    if ((hi & (context[at + CTX_OVER_HI] as number)) !== 0)
      return this.refuse(BEYOND_WIDTH, rid, at, hi, lo, need);
    if (context[at + CTX_LEVELS] === 0) return this.passThrough(rid, at, hi, lo, need);

    const did = context[at + CTX_DID] as number;
    const entry = state.iotlb.find(did, hi, lo);
    // An entry without the permission counts as a miss: the tables may allow more by now.
    if (entry < 0 || (state.iotlb.perms(entry) & need) === 0) return this.walkAndFill(rid, at, hi, lo, need);
    const paLo = state.iotlb.paLo(entry, lo);
    const paHi = state.iotlb.paHi(entry);
    if (state.trace.on) this.traceIotlb('hit', did, hi, lo);
    // A large page may reach into the interrupt range without being all in it.
    if (paHi === 0 && paLo >>> 20 === INTERRUPT_RANGE)
      return this.refuse(INTERRUPT_OUTPUT, rid, at, hi, lo, need);
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
    if (outcome.reason === 0) return true;
    // The record's fault information holds the interrupt index in bits 63:48.
    this.fault(outcome.reason, rid, outcome.fpd, outcome.index << 16, 0, WRITE);
    return false;
  }

  private walkAndFill(rid: number, at: number, hi: number, lo: number, need: Access): TranslateStatus {
    const { state } = this;
    const context = state.contextCache.entries;
    const reason = this.walker.search(
      context[at + CTX_ROOT_PFN] as number,
      context[at + CTX_LEVELS] as number,
      hi,
      lo,
      need,
    );
    if (state.trace.on) this.traceWalk(at, hi, lo, reason);
    if (reason !== 0) return this.refuse(reason, rid, at, hi, lo, need);
    state.iotlb.fill(context[at + CTX_DID] as number, hi, lo, this.result);
    return WALKED;
  }

  private passThrough(rid: number, at: number, hi: number, lo: number, need: Access): TranslateStatus {
    if (hi === 0 && lo >>> 20 === INTERRUPT_RANGE)
      return this.refuse(INTERRUPT_OUTPUT, rid, at, hi, lo, need);
    this.result[PA_LO] = lo;
    this.result[PA_HI] = hi;
    return BYPASSED;
  }

  /** Reads a source's context entry into the cache; -1 after a fault. */
  private fillContext(rid: number, hi: number, lo: number, need: Access): number {
    const { state, contexts } = this;
    const reason = state.rootMode !== 0 ? ROOT_MODE : contexts.read(state.rootPfn, rid, state.trace);
    if (reason === 0) {
      const at = state.contextCache.fill(rid, contexts.out);
      if (state.trace.on) this.traceContext('fill', rid);
      return at;
    }
    const fpd = state.rootMode === 0 && contexts.out[CTX_FPD] !== 0;
    this.fault(reason, rid, fpd, hi, lo, need);
    return -1;
  }

  private refuse(
    reason: number,
    rid: number,
    at: number,
    hi: number,
    lo: number,
    need: Access,
  ): TranslateStatus {
    const fpd = this.state.contextCache.entries[at + CTX_FPD] !== 0;
    return this.fault(reason, rid, fpd, hi, lo, need);
  }

  /** Spec: section 7.1 "Fault Reporting": with FPD the request fails all the same, but nothing is recorded. */
  private fault(
    reason: number,
    rid: number,
    fpd: boolean,
    hi: number,
    lo: number,
    need: Access,
  ): TranslateStatus {
    const { state } = this;
    this.result[REASON] = reason;
    const raise = (): boolean => !fpd && state.faults.record(rid, reason, hi, lo, need === READ);
    if (!state.trace.on) {
      raise();
      return FAULTED;
    }
    // The fault event interrupts at once: tell the fault before what the handler prints.
    const recorded = !fpd && state.faults.hasRoom();
    state.trace.emit({
      kind: 'fault',
      unit: state.config.unit,
      device: formatBdf(state.config.segment, rid),
      access: need === READ ? 'read' : 'write',
      iova: join(hi, lo),
      reason,
      name: reasonName(reason),
      recorded,
    });
    raise();
    return FAULTED;
  }

  private traceContext(op: CacheEvent['op'], rid: number): void {
    const { config, trace } = this.state;
    trace.emit({
      kind: 'cache',
      unit: config.unit,
      cache: 'context',
      op,
      tag: formatBdf(config.segment, rid),
    });
  }

  /** What a miss came to: the reads of its walk, and what is filled and thrown out when it found something. */
  private traceWalk(at: number, hi: number, lo: number, reason: number): void {
    const { contextCache, iotlb, trace } = this.state;
    const did = contextCache.entries[at + CTX_DID] as number;
    const rootPfn = contextCache.entries[at + CTX_ROOT_PFN] as number;
    this.traceIotlb('miss', did, hi, lo);
    this.walker.emitReads(rootPfn, contextCache.entries[at + CTX_LEVELS] as number, hi, lo, trace);
    if (reason !== 0) return;
    const gone = iotlb.victim(hi, lo, this.result[LEAF_LEVEL] as number);
    if (gone !== null) this.traceIotlb('evict', gone.did, gone.iovaHi, gone.iovaLo);
    this.traceIotlb('fill', did, hi, lo);
  }

  private traceIotlb(op: CacheEvent['op'], did: number, hi: number, lo: number): void {
    const { config, trace } = this.state;
    const tag = `did ${did} iova ${hex(join(hi, lo & ~0xfff))}`;
    trace.emit({ kind: 'cache', unit: config.unit, cache: 'iotlb', op, tag });
  }
}
