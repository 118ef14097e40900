import type { Trace } from '../../../trace/trace';
import type { DeviceLink, IrqLine, IrqSource, MemoryPort } from '../../port';
import {
  CONTROL,
  EXCL_ALLOW_ALL,
  EXCL_BASE,
  EXCL_ENABLE,
  EXCL_LIMIT,
  IRT_CACHE_DIS_HI,
  MMIO_BYTES,
} from '../regs';
import type { AmdConfig } from './config';
import { DTE_WORDS } from './dte';
import { CTX_WORDS } from './gcr3';
import { PDE_WORDS } from './host-walk';
import { IRTE_WORDS } from './interrupt';
import { Iotlb } from './iotlb';
import { S_RID, SERVICE_WORDS } from './service';
import { TagCache } from './tag-cache';

export interface AmdPorts {
  readonly memory: MemoryPort;
  readonly trace?: Trace;
  /** Runs when the unit interrupts. */
  readonly irq?: IrqLine;
  /** The devices' end of ATS and PRI. */
  readonly link?: DeviceLink;
}

/** What the parts of one unit share: registers, caches, and the ports to the rest of the machine. */
export class UnitState {
  /** The register file, 32-bit words. */
  readonly regs = new Int32Array(MMIO_BYTES / 4);
  readonly iotlb: Iotlb;
  readonly dtes: TagCache;
  readonly pasids: TagCache;
  readonly pdes: TagCache;
  readonly interrupts: TagCache;
  /** Whose requests are looked up without asking the other caches first: S_* words. */
  readonly service = new Int32Array(SERVICE_WORDS).fill(-1);
  /** The exclusion range is on. */
  excluding = false;

  constructor(
    readonly config: AmdConfig,
    readonly memory: MemoryPort,
    readonly trace: Trace,
    private readonly irq: IrqLine,
    readonly link: DeviceLink,
  ) {
    this.iotlb = new Iotlb(config.iotlb);
    const forget = (): void => this.forget();
    this.dtes = new TagCache(config.dteCache, DTE_WORDS, forget);
    this.pasids = new TagCache(config.pasidCache, CTX_WORDS, forget);
    this.pdes = new TagCache(config.pdeCache, PDE_WORDS);
    this.interrupts = new TagCache(config.interruptCache, IRTE_WORDS);
  }

  reg(offset: number): number {
    return this.regs[offset >> 2] as number;
  }

  setReg(offset: number, value: number): void {
    this.regs[offset >> 2] = value;
  }

  /** Bits of CONTROL's low word, and of its high word. */
  control(bits: number): boolean {
    return (this.reg(CONTROL) & bits) !== 0;
  }

  controlHigh(bits: number): boolean {
    return (this.reg(CONTROL + 4) & bits) !== 0;
  }

  get cachesInterrupts(): boolean {
    return !this.controlHigh(IRT_CACHE_DIS_HI);
  }

  /** What decides about requests changed: the next one is asked about again. */
  forget(): void {
    this.service[S_RID] = -1;
  }

  settleExclusion(): void {
    this.forget();
    this.excluding = (this.reg(EXCL_BASE) & EXCL_ENABLE) !== 0;
  }

  /** Whether an address lies in the exclusion range, and this device's requests there pass. Spec: section 2.2.4 */
  excludes(hi: number, lo: number, allowed: boolean): boolean {
    if (!allowed && (this.reg(EXCL_BASE) & EXCL_ALLOW_ALL) === 0) return false;
    const page = (high: number, low: number): number => (high >>> 0) * 0x10_0000 + (low >>> 12);
    const at = page(hi, lo);
    return (
      at >= page(this.reg(EXCL_BASE + 4), this.reg(EXCL_BASE)) &&
      at <= page(this.reg(EXCL_LIMIT + 4), this.reg(EXCL_LIMIT))
    );
  }

  raise(source: IrqSource): void {
    this.irq.raise(source);
  }

  guestError(text: string): void {
    if (this.trace.on) this.trace.emit({ kind: 'guest-error', unit: this.config.unit, text });
  }

  unimplemented(text: string): void {
    if (this.trace.on) this.trace.emit({ kind: 'unimplemented', unit: this.config.unit, text });
  }
}
