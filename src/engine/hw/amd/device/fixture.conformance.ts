import { PhysicalMemory } from '../../../memory/physical-memory';
import { TraceBuffer } from '../../../trace/trace';
import {
  NO_PASID,
  READ,
  WRITE,
  type AtsInvalidation,
  type IrqSource,
  type PageResponseMessage,
  type TranslateStatus,
} from '../../port';
import type { AmdConfig } from './config';
import { AmdIommu } from './device';

/**
 * A unit and hand-written structures for tests: every offset and bit is spelled out here, as the document has it, and not
 * taken from the tables that the model itself uses.
 */
export const DEVTAB = 0x20_0000; // 64 Ki entries: 2 MiB
export const COMMANDS = 0x10_0000;
export const EVENTS = 0x10_1000;
export const PPRS = 0x10_2000;
export const SEMAPHORE = 0x10_3000;
export const IRT = 0x10_4000;
export const GCR3 = 0x10_8000; // one page a level, top first
export const TABLE = 0x11_0000; // one page a level, top first
export const GUEST = 0x12_0000;
export const PAGE = 0x5_6789_a000;
/** Below 64 KiB there is no RAM here. */
export const NO_RAM = 0x8000;

export const CONTROL = 0x18;
export const STATUS = 0x2020;
/** CONTROL: IommuEn, EventLogEn, EventIntEn, ComWaitIntEn, InvTimeOut 1 s, CmdBufEn, PprLogEn, PprIntEn, PprEn, GTEn. */
export const ALL_ON = 1n | 4n | 8n | 16n | (4n << 5n) | (1n << 12n) | (7n << 13n) | (1n << 16n);

export const DOMAIN = 0xbeefn;

export interface DteOptions {
  readonly v?: boolean;
  readonly tv?: boolean;
  readonly mode?: number;
  readonly root?: number;
  readonly ir?: boolean;
  readonly iw?: boolean;
  readonly domain?: bigint;
  /** Further bits of each 64-bit word. */
  readonly extra?: readonly bigint[];
}

export class Fixture {
  readonly memory = new PhysicalMemory([{ startPfn: 0x10, lastPfn: 0xf_ffff }]);
  readonly trace = new TraceBuffer();
  readonly device: AmdIommu;
  readonly interrupts: IrqSource[] = [];
  readonly invalidations: AtsInvalidation[] = [];
  readonly responses: PageResponseMessage[] = [];
  /** Whether devices complete invalidations. */
  answers = true;
  private tail = 0;

  constructor(
    readonly rid = 0x0100,
    config: Partial<AmdConfig> = {},
  ) {
    this.device = new AmdIommu(config, {
      memory: this.memory,
      trace: this.trace,
      irq: { raise: (source) => void this.interrupts.push(source) },
      link: {
        invalidate: (message) => this.invalidations.push(message) > 0 && this.answers,
        pageResponse: (message) => void this.responses.push(message),
      },
    });
  }

  put(pa: number, ...words: bigint[]): void {
    words.forEach((word, n) => this.memory.writeU64(pa + n * 8, word));
  }

  get(pa: number): bigint {
    return this.memory.readU64(pa) ?? 0n;
  }

  get dtePa(): number {
    return DEVTAB + this.rid * 32;
  }

  reg(offset: number): bigint {
    return this.device.registers.read64(offset);
  }

  set(offset: number, value: bigint): void {
    this.device.registers.write64(offset, value);
  }

  /** Registers as a driver sets them, and the unit switched on. */
  on(control = ALL_ON): this {
    this.set(0x00, BigInt(DEVTAB) | 0x1ffn);
    this.set(0x08, BigInt(COMMANDS) | (8n << 56n));
    this.set(0x10, BigInt(EVENTS) | (8n << 56n));
    this.set(0x38, BigInt(PPRS) | (8n << 56n));
    this.set(CONTROL, control);
    return this;
  }

  /** The device's entry. */
  dte(options: DteOptions = {}): this {
    const { v = true, tv = true, mode = 0, root = 0, ir = true, iw = true, domain = DOMAIN } = options;
    const { extra = [] } = options;
    const bit = (on: boolean, at: bigint): bigint => (on ? 1n << at : 0n);
    const first =
      bit(v, 0n) | bit(tv, 1n) | (BigInt(mode) << 9n) | BigInt(root) | bit(ir, 61n) | bit(iw, 62n);
    const words = [first, domain, 0n, 0n];
    this.put(this.dtePa, ...words.map((word, n) => word | (extra[n] ?? 0n)));
    return this;
  }

  /** A host table of so many levels under the device. */
  attach(levels: number, options: DteOptions = {}): this {
    return this.dte({ mode: levels, root: TABLE, ...options }).on();
  }

  /** Writes a walk down to a leaf at `leafLevel` (from 1); returns the addresses of its entries, top first. */
  walk(levels: number, leafLevel: number, iova: bigint, pa: bigint, bits = 0n): number[] {
    const entries: number[] = [];
    for (let level = levels; level >= leafLevel; level--) {
      const table = TABLE + (levels - level) * 4096;
      const index = Number((iova >> BigInt(12 + 9 * (level - 1))) & 511n);
      const leaf = level === leafLevel;
      const word = leaf ? pa | bits : BigInt(table + 4096) | (BigInt(level - 1) << 9n);
      this.put(table + index * 8, word | 1n | (3n << 61n));
      entries.push(table + index * 8);
    }
    return entries;
  }

  /** A guest's tables: GCR3 tables of `glx` + 1 levels, page tables of 4 or 5. Returns the page tables' entries. */
  process(
    pasid: number,
    glx: number,
    levels: 4 | 5,
    iova: bigint,
    pa: bigint,
    leafLevel = 1,
    leaf = 7n,
  ): number[] {
    for (let level = glx; level >= 0; level--) {
      const table = GCR3 + (glx - level) * 4096;
      const index = (pasid >> (9 * level)) & 0x1ff;
      this.put(table + index * 8, BigInt(level === 0 ? GUEST : table + 4096) | 1n);
    }
    const entries: number[] = [];
    for (let level: number = levels; level >= leafLevel; level--) {
      const table = GUEST + (levels - level) * 4096;
      const index = Number((iova >> BigInt(12 + 9 * (level - 1))) & 511n);
      const last = level === leafLevel;
      this.put(
        table + index * 8,
        last ? pa | leaf | (leafLevel > 1 ? 0x80n : 0n) : BigInt(table + 4096) | 7n,
      );
      entries.push(table + index * 8);
    }
    return entries;
  }

  /** What a device table entry needs for guest tables at GCR3: further bits of its words. */
  static guest(glx: number, levels: 4 | 5, giov = false): readonly bigint[] {
    const at = BigInt(GCR3);
    return [
      (1n << 55n) | (giov ? 1n << 54n : 0n) | (BigInt(glx) << 56n) | (((at >> 12n) & 7n) << 58n),
      (((at >> 15n) & 0xffffn) << 16n) | ((at >> 31n) << 43n),
      BigInt(levels - 4) << 54n,
    ];
  }

  translate(iova: bigint, access = READ, pasid = NO_PASID): TranslateStatus {
    const hi = Number(BigInt.asIntN(32, iova >> 32n));
    return this.device.translate(this.rid, hi, Number(BigInt.asIntN(32, iova)), access, pasid);
  }

  /** The physical address, or `event flags` of the fault as the log has them. */
  outcome(iova: bigint, access = READ, pasid = NO_PASID): bigint | string {
    const status = this.translate(iova, access, pasid);
    const [lo = 0, hi = 0, reason = 0] = this.device.result;
    if (status === 4)
      return `event ${reason >> 12} flags 0x${(reason & 0xfff).toString(16).padStart(4, '0')}`;
    return (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
  }

  read(iova: bigint): bigint | string {
    return this.outcome(iova, READ);
  }

  write(iova: bigint): bigint | string {
    return this.outcome(iova, WRITE);
  }

  /** Puts commands in the buffer and rings. */
  command(...commands: readonly (readonly [bigint, bigint])[]): void {
    for (const [low, high] of commands) {
      this.put(COMMANDS + this.tail, low, high);
      this.tail = (this.tail + 16) % 4096;
    }
    this.set(0x2008, BigInt(this.tail));
  }

  /** Drops everything that is cached. */
  flush(): void {
    this.command([8n << 60n, 0n]);
  }

  /** The words of the logged events, oldest first. */
  events(): (readonly [bigint, bigint])[] {
    return this.ring(EVENTS, 0x2010, 0x2018);
  }

  pprs(): (readonly [bigint, bigint])[] {
    return this.ring(PPRS, 0x2030, 0x2038);
  }

  /** Reads the event log as software does. */
  clearEvents(): void {
    this.set(0x2010, this.reg(0x2018));
    this.set(STATUS, 3n);
  }

  private ring(base: number, head: number, tail: number): (readonly [bigint, bigint])[] {
    const found: (readonly [bigint, bigint])[] = [];
    for (let at = Number(this.reg(head)); at !== Number(this.reg(tail)); at = (at + 16) % 4096) {
      found.push([this.get(base + at), this.get(base + at + 8)]);
    }
    return found;
  }
}
