import type { Trace } from '../../../trace/trace';
import type { IrqLine, MemoryPort } from '../../port';
import { cap, FCTL, FCTL_BE, FCTL_GXL, FCTL_WSI, REGISTER_BYTES } from '../regs';
import type { RiscvConfig } from './config';
import { ContextCache } from './context-cache';
import { FaultQueue } from './faults';
import { Counters } from './hpm';
import { Interrupts } from './interrupts';
import { Iotlb } from './iotlb';
import { UnitMemory } from './memory';
import type { AtsPort } from './messages';
import { Service } from './service';
import { WalkCache } from './walk-cache';

/** What the parts of one unit share: registers, caches, and the ports to the rest of the machine. */
export class UnitState {
  /** The register file, 32-bit words. */
  readonly regs = new Int32Array(REGISTER_BYTES / 4);
  readonly memory: UnitMemory;
  readonly iotlb: Iotlb;
  readonly walkCache: WalkCache;
  readonly contexts: ContextCache;
  readonly interrupts: Interrupts;
  readonly faults: FaultQueue;
  readonly counters: Counters;
  /** How the requests of the device that was served last are translated. */
  readonly service = new Service();

  constructor(
    readonly config: RiscvConfig,
    port: MemoryPort,
    readonly trace: Trace,
    irq: IrqLine,
    readonly ats: AtsPort,
    /** For looking only: nothing is ever written. */
    dry = false,
  ) {
    this.memory = new UnitMemory(port, cap.pas(config.capabilities), dry);
    this.iotlb = new Iotlb(config.iotlb);
    this.walkCache = new WalkCache(config.walkCache);
    this.contexts = new ContextCache(config.ddtCache, config.pdtCache);
    this.interrupts = new Interrupts(this, irq);
    this.faults = new FaultQueue(this);
    this.counters = new Counters(this);
  }

  reg(offset: number): number {
    return this.regs[offset >> 2] as number;
  }

  setReg(offset: number, value: number): void {
    this.regs[offset >> 2] = value;
  }

  /** Something changed that contexts or their meaning come from: the next request looks them up anew. */
  forget(): void {
    this.service.forget();
  }

  /** The PPN field of ddtp, cqb, fqb and pqb. */
  regPpn(offset: number): number {
    return (this.reg(offset + 4) & 0x3f_ffff) * 0x40_0000 + (this.reg(offset) >>> 10);
  }

  get bigEndian(): boolean {
    return (this.reg(FCTL) & FCTL_BE) !== 0;
  }

  get wired(): boolean {
    return (this.reg(FCTL) & FCTL_WSI) !== 0;
  }

  get narrowGuest(): boolean {
    return (this.reg(FCTL) & FCTL_GXL) !== 0;
  }

  guestError(text: string): void {
    if (this.trace.on) this.trace.emit({ kind: 'guest-error', unit: this.config.unit, text });
  }

  unimplemented(text: string): void {
    if (this.trace.on) this.trace.emit({ kind: 'unimplemented', unit: this.config.unit, text });
  }
}
