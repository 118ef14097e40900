import { MEMORY_OK } from '../../../memory/hazards';
import type { Trace } from '../../../trace/trace';
import type { DeviceLink, IrqLine, MemoryPort } from '../../port';
import type { VtdConfig } from './config';
import { ContextCache } from './context-cache';
import { FaultRecorder } from './faults';
import { InterruptCache } from './interrupt-cache';
import { Iotlb } from './iotlb';
import { PasidCache } from './pasid-cache';
import { Service } from './service';
import { WalkCache } from './walk-cache';

const REGISTER_BYTES = 4096;

/** How DMA is treated: translation off, by legacy tables, or any other way. */
export const PATH_LEGACY = 0;
export const PATH_OFF = 1;
export const PATH_OTHER = 2;

/** What the parts of one unit share: registers, caches, and the ports to the rest of the machine. */
export class UnitState {
  /** The register file, 32-bit words. */
  readonly regs = new Int32Array(REGISTER_BYTES / 4);
  readonly iotlb: Iotlb;
  readonly contextCache: ContextCache;
  readonly pasidCache: PasidCache;
  readonly walkCache: WalkCache;
  readonly interruptCache: InterruptCache;
  readonly faults: FaultRecorder;
  readonly service = new Service();
  /** PATH_*: follows GSTS.TES and the mode of the root table. */
  path = PATH_OFF;
  /** What SRTP and SIRTP latched from RTADDR and IRTA. */
  rootPfn = -1;
  rootMode = 0;
  interruptTablePfn = -1;
  interruptEntries = 0;
  extendedInterrupts = false;

  constructor(
    readonly config: VtdConfig,
    readonly memory: MemoryPort,
    readonly trace: Trace,
    readonly irq: IrqLine,
    readonly link: DeviceLink,
  ) {
    this.iotlb = new Iotlb(config.iotlb);
    this.contextCache = new ContextCache(config.deviceCache, this.service);
    this.pasidCache = new PasidCache(config.processCache, this.service);
    this.walkCache = new WalkCache(config.walkCache);
    this.interruptCache = new InterruptCache(config.interruptCache);
    this.faults = new FaultRecorder(this.regs, config, irq);
  }

  reg(offset: number): number {
    return this.regs[offset >> 2] as number;
  }

  setReg(offset: number, value: number): void {
    this.regs[offset >> 2] = value;
  }

  /** Index in `memory.words` of what lies at an offset of a frame, -1 where memory does not give it. */
  readable(pfn: number, offset: number, bytes: number): number {
    const { memory } = this;
    const base = pfn < 0 ? -1 : memory.frameBase(pfn);
    if (base < 0) return -1;
    if (memory.hazards !== null && memory.hazards.at(pfn, offset, bytes, false) !== MEMORY_OK) return -1;
    return base + (offset >> 2);
  }

  /** As readable(), to write there. */
  writable(pfn: number, offset: number, bytes: number): number {
    const { memory } = this;
    const base = pfn < 0 ? -1 : memory.frameToWrite(pfn);
    if (base < 0) return -1;
    if (memory.hazards !== null && memory.hazards.at(pfn, offset, bytes, true) !== MEMORY_OK) return -1;
    return base + (offset >> 2);
  }

  /** Empties all caches of DMA remapping. */
  invalidateAll(): void {
    this.contextCache.invalidateAll();
    this.pasidCache.invalidateAll();
    this.iotlb.invalidateAll();
    this.walkCache.invalidateAll();
  }

  guestError(text: string): void {
    if (this.trace.on) this.trace.emit({ kind: 'guest-error', unit: this.config.unit, text });
  }

  unimplemented(text: string): void {
    if (this.trace.on) this.trace.emit({ kind: 'unimplemented', unit: this.config.unit, text });
  }
}
