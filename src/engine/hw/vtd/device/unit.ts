import type { Trace } from '../../../trace/trace';
import type { IrqLine, MemoryPort } from '../../port';
import type { VtdConfig } from './config';
import { ContextCache } from './context-cache';
import { FaultRecorder } from './faults';
import { Iotlb } from './iotlb';

const REGISTER_BYTES = 4096;

/** What the parts of one unit share: registers, caches, and the ports to the rest of the machine. */
export class UnitState {
  /** The register file, 32-bit words. */
  readonly regs = new Int32Array(REGISTER_BYTES / 4);
  readonly iotlb: Iotlb;
  readonly contextCache: ContextCache;
  readonly faults: FaultRecorder;
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
    irq: IrqLine,
  ) {
    this.iotlb = new Iotlb(config.iotlb);
    this.contextCache = new ContextCache(config.contextCache);
    this.faults = new FaultRecorder(this.regs, config, irq);
  }

  reg(offset: number): number {
    return this.regs[offset >> 2] as number;
  }

  setReg(offset: number, value: number): void {
    this.regs[offset >> 2] = value;
  }

  guestError(text: string): void {
    if (this.trace.on) this.trace.emit({ kind: 'guest-error', unit: this.config.unit, text });
  }

  unimplemented(text: string): void {
    if (this.trace.on) this.trace.emit({ kind: 'unimplemented', unit: this.config.unit, text });
  }
}
