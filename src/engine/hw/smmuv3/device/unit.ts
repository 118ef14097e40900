import { addressOf } from '../../../../lib/u64';
import type { QueueEvent } from '../../../trace/event';
import type { Trace } from '../../../trace/trace';
import { formatBdf } from '../../common/bdf';
import { tellQueueEntry } from '../../common/queue-event';
import type { DeviceLink, IrqLine, MemoryPort } from '../../port';
import * as r from '../regs';
import { CD_WORDS } from './cd-layout';
import type { SmmuConfig } from './config';
import { ConfigCache } from './config-cache';
import { LastServed } from './last-served';
import { MemoryReader } from './memory-reader';
import { Signals } from './signals';
import { Sources } from './sources';
import { STE_WORDS } from './ste';
import { Tlb } from './tlb';
import { WalkCache } from './walk-cache';

export interface SmmuPorts {
  readonly memory: MemoryPort;
  readonly trace?: Trace;
  /** Interrupts that are no messages to memory. */
  readonly irq?: IrqLine;
  /** Devices with ATS and PRI. */
  readonly link?: DeviceLink;
  /** The device that sends a StreamID; null, or absent: whoever has it as its requester id. For traces alone. */
  readonly requester?: (sid: number) => string | null;
}

/** What the parts of one unit share: registers, caches, and the ports to the rest of the machine. */
export class SmmuState {
  /** The register file, 32-bit words. */
  readonly regs = new Int32Array(r.REGISTER_BYTES / 4);
  readonly steCache: ConfigCache;
  readonly cdCache: ConfigCache;
  readonly tlb: Tlb;
  readonly sources = new Sources();
  readonly lastServed: LastServed;
  readonly walkCache: WalkCache;
  /** Stage 2 of what the unit reads for itself. */
  readonly stage2Cache: Tlb;
  readonly reader: MemoryReader;
  readonly signals: Signals;
  /** Contexts that were ever in use, as StreamID × 2^20 + SubstreamID: where people may ask what is stale. */
  readonly met = new Set<number>();

  constructor(
    readonly config: SmmuConfig,
    memory: MemoryPort,
    readonly trace: Trace,
    irq: IrqLine,
    readonly link: DeviceLink | null,
    private readonly requester: (sid: number) => string | null = () => null,
  ) {
    this.steCache = new ConfigCache(config.steCache, STE_WORDS, () => this.sources.forget());
    this.cdCache = new ConfigCache(config.cdCache, CD_WORDS, () => this.sources.forget());
    this.tlb = new Tlb(config.iotlb, config.bbml === 0);
    this.lastServed = new LastServed(this.tlb, trace);
    this.walkCache = new WalkCache(config.walkCache);
    this.stage2Cache = new Tlb(config.stage2Cache, false);
    this.reader = new MemoryReader(memory);
    this.signals = new Signals(this, irq);
  }

  /** Whoever sends a StreamID, by name. */
  nameOf(sid: number): string {
    return this.requester(sid) ?? formatBdf(this.config.segment, sid);
  }

  reg(offset: number): number {
    return this.regs[offset >> 2] as number;
  }

  setReg(offset: number, value: number): void {
    this.regs[offset >> 2] = value;
  }

  /** Bits of CR0. */
  enabled(bits: number): boolean {
    return (this.reg(r.CR0) & bits) !== 0;
  }

  guestError(text: string): void {
    if (this.trace.on) this.trace.emit({ kind: 'guest-error', unit: this.config.unit, text });
  }
}

/** A ring in memory: its place and size by its registers. Spec: section 3.5 "Command and Event queues" */
export class Ring {
  constructor(
    private readonly unit: SmmuState,
    private readonly base: number,
    readonly prod: number,
    readonly cons: number,
    private readonly maxLog2: number,
    readonly entryBytes: number,
  ) {}

  get log2size(): number {
    return Math.min(this.unit.reg(this.base) & r.Q_LOG2SIZE_MASK, this.maxLog2);
  }

  /** Of an index with its wrap bit. */
  get indexMask(): number {
    return 2 ** (this.log2size + 1) - 1;
  }

  get size(): number {
    return 2 ** this.log2size;
  }

  /** Index and wrap bit. */
  get head(): number {
    return this.unit.reg(this.cons) & this.indexMask;
  }

  get tail(): number {
    return this.unit.reg(this.prod) & this.indexMask;
  }

  get empty(): boolean {
    return this.head === this.tail;
  }

  get full(): boolean {
    return (this.head ^ this.tail) === this.size;
  }

  get baseHi(): number {
    return this.unit.reg(this.base + 4) & 0xf_ffff;
  }

  /** Aligned to the queue's size. */
  get baseLo(): number {
    const bytes = Math.max(this.size * this.entryBytes, 32);
    return this.unit.reg(this.base) & ~(bytes - 1);
  }

  get basePa(): number {
    return addressOf(this.baseHi, this.baseLo);
  }

  /** Low word of an entry's address; none crosses 4 GiB, for rings are aligned to their size. */
  entryLo(index: number): number {
    return this.baseLo | ((index & (this.size - 1)) * this.entryBytes);
  }

  /** Sets the index of a register, and leaves its flags alone. */
  advance(register: number, index: number): void {
    const flags = this.unit.reg(register) & ~r.Q_INDEX_MASK;
    this.unit.setReg(register, flags | ((index + 1) & this.indexMask));
  }

  /** Something was thrown away because the ring was full: toggles OVFLG, unless that was told before. */
  overflow(): void {
    const { unit } = this;
    if (this.overflowing) return;
    unit.setReg(this.prod, unit.reg(this.prod) ^ r.Q_OVFLG);
  }

  get overflowing(): boolean {
    return ((this.unit.reg(this.prod) ^ this.unit.reg(this.cons)) & r.Q_OVFLG) !== 0;
  }
}

/** Tells of an entry that was fetched or written; `index`: with its wrap bit. */
export function tellEntry(
  { trace, config }: SmmuState,
  ring: Ring,
  structure: QueueEvent['structure'],
  index: number,
  words: Int32Array,
): void {
  const place = { index: index & (ring.size - 1), pa: addressOf(ring.baseHi, ring.entryLo(index)) };
  tellQueueEntry(trace, config.unit, structure, place, words);
}
