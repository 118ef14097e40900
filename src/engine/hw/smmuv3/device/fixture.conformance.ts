import type { MemoryHazards } from '../../../memory/hazards';
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
import type { SmmuConfig } from './config';
import { SmmuV3 } from './device';

/**
 * A unit and hand-written structures for tests: every offset and bit is spelled out here, as the document has it, and not
 * taken from the tables that the model itself uses.
 */
export const STRTAB = 0x100_0000;
export const CDTAB = 0x200_0000;
export const CMDQ = 0x300_0000;
export const EVTQ = 0x310_0000;
export const PRIQ = 0x320_0000;
export const MSI = 0x330_0000;
/** Tables of stage 1 and of stage 2, 1 MiB each; and where pages lead. */
export const S1 = 0x400_0000;
export const S2 = 0x600_0000;
export const PAGE = 0x1_2345_6000n;
/** Below 64 KiB there is no RAM here, nor from 8 GiB on. */
export const NO_RAM = 0x8000;

export const CR0 = 0x20;
export const CR2 = 0x2c;
export const GBPA = 0x44;
export const IRQ_CTRL = 0x50;
export const GERROR = 0x60;
export const GERRORN = 0x64;
export const CMDQ_PROD = 0x98;
export const CMDQ_CONS = 0x9c;
export const EVENTQ_PROD = 0x1_00a8;
export const EVENTQ_CONS = 0x1_00ac;
export const PRIQ_PROD = 0x1_00c8;
export const PRIQ_CONS = 0x1_00cc;

/** CR0: SMMUEN, PRIQEN, EVENTQEN, CMDQEN, ATSCHK. */
export const SMMUEN = 1;
export const PRIQEN = 2;
export const EVENTQEN = 4;
export const CMDQEN = 8;
export const ATSCHK = 0x10;

export const CFG = { abort: 0n, bypass: 4n, s1: 5n, s2: 6n, nested: 7n } as const;
export const GRANULES = { 12: 0n, 16: 1n, 14: 2n } as const;
export type Granule = keyof typeof GRANULES;

/** Fields of a stream table entry; what is left out is what Linux would write, or zero. */
export interface SteFields {
  readonly v: bigint;
  readonly config: bigint;
  readonly s1fmt: bigint;
  readonly ctxptr: bigint;
  readonly cdmax: bigint;
  readonly dw1: bigint;
  readonly vmid: bigint;
  readonly t0sz: bigint;
  readonly sl0: bigint;
  readonly tg: bigint;
  readonly ps: bigint;
  /** dw2 from bit 51 on: S2AA64 51, S2ENDI 52, S2AFFD 53, S2PTW 54, S2HD 55, S2HA 56, S2S 57, S2R 58. */
  readonly flags2: bigint;
  readonly s2ttb: bigint;
}

export const S2AA64 = 1n << 51n;
export const S2R = 1n << 58n;

export function ste(fields: Partial<SteFields> = {}): bigint[] {
  const f = {
    v: 1n,
    config: CFG.s1,
    s1fmt: 0n,
    ctxptr: BigInt(CDTAB),
    cdmax: 0n,
    dw1: 0n,
    vmid: 0n,
    t0sz: 16n,
    sl0: 2n,
    tg: 0n,
    ps: 5n,
    flags2: S2AA64 | S2R,
    s2ttb: BigInt(S2),
    ...fields,
  };
  return [
    f.v | (f.config << 1n) | (f.s1fmt << 4n) | f.ctxptr | (f.cdmax << 59n),
    f.dw1,
    f.vmid | (f.t0sz << 32n) | (f.sl0 << 38n) | (f.tg << 46n) | (f.ps << 48n) | f.flags2,
    f.s2ttb,
    0n,
    0n,
    0n,
    0n,
  ];
}

export interface CdFields {
  readonly t0sz: bigint;
  readonly tg0: bigint;
  readonly epd0: bigint;
  readonly endi: bigint;
  readonly t1sz: bigint;
  readonly tg1: bigint;
  readonly epd1: bigint;
  readonly v: bigint;
  readonly ips: bigint;
  /** dw0 from bit 35 on: AFFD 35, WXN 36, UWXN 37, TBI0 38, TBI1 39, PAN 40, AA64 41, HD 42, HA 43, S 44, R 45, A 46, ASET 47. */
  readonly flags: bigint;
  readonly asid: bigint;
  readonly ttb0: bigint;
  readonly ttb1: bigint;
}

export const AFFD = 1n << 35n;
export const WXN = 1n << 36n;
export const TBI0 = 1n << 38n;
export const TBI1 = 1n << 39n;
export const PAN = 1n << 40n;
export const AA64 = 1n << 41n;
export const HD = 1n << 42n;
export const HA = 1n << 43n;
export const CD_S = 1n << 44n;
export const CD_R = 1n << 45n;
export const CD_A = 1n << 46n;
export const USUAL = AA64 | CD_R | CD_A;

export function cd(fields: Partial<CdFields> = {}): bigint[] {
  const f = {
    t0sz: 16n,
    tg0: 0n,
    epd0: 0n,
    endi: 0n,
    t1sz: 0n,
    tg1: 0n,
    epd1: 1n,
    v: 1n,
    ips: 5n,
    flags: USUAL,
    asid: 1n,
    ttb0: BigInt(S1),
    ttb1: 0n,
    ...fields,
  };
  return [
    f.t0sz |
      (f.tg0 << 6n) |
      (f.epd0 << 14n) |
      (f.endi << 15n) |
      (f.t1sz << 16n) |
      (f.tg1 << 22n) |
      (f.epd1 << 30n) |
      (f.v << 31n) |
      (f.ips << 32n) |
      f.flags |
      (f.asid << 48n),
    f.ttb0,
    f.ttb1,
    0xff44_0c04_00n,
    0n,
    0n,
    0n,
    0n,
  ];
}

/** Descriptor bits. Stage 1: valid page, AF, user, not global; stage 2: read, write, AF, normal memory. */
export const AF = 1n << 10n;
export const NG = 1n << 11n;
export const AP_EL0 = 1n << 6n;
export const AP_RO = 1n << 7n;
export const DBM = 1n << 51n;
export const CONTIGUOUS = 1n << 52n;
export const PXN = 1n << 53n;
export const UXN = 1n << 54n;
export const LEAF1 = AF | NG | AP_EL0;
export const S2_READ = 1n << 6n;
export const S2_WRITE = 1n << 7n;
export const NORMAL = 0xfn << 2n;
export const LEAF2 = AF | S2_READ | S2_WRITE | NORMAL;

export class Fixture {
  readonly memory = new PhysicalMemory([{ startPfn: 0x10, lastPfn: 0x1f_ffff }]);
  readonly trace = new TraceBuffer();
  readonly device: SmmuV3;
  readonly interrupts: IrqSource[] = [];
  readonly invalidations: AtsInvalidation[] = [];
  readonly responses: PageResponseMessage[] = [];
  /** Runs within an interrupt, as a handler does. */
  onInterrupt: (source: IrqSource) => void = () => undefined;
  /** Whether devices answer invalidations. */
  answers = true;

  constructor(
    config: Partial<SmmuConfig> = {},
    readonly sid = 0x0100,
  ) {
    this.trace.on = false;
    const irq = {
      raise: (source: IrqSource): void => {
        this.interrupts.push(source);
        this.onInterrupt(source);
      },
    };
    const link = {
      invalidate: (message: AtsInvalidation): boolean => {
        this.invalidations.push(message);
        return this.answers;
      },
      pageResponse: (message: PageResponseMessage): void => void this.responses.push(message),
    };
    this.device = new SmmuV3(
      { attrTypesOvr: false, ...config },
      { memory: this.memory, trace: this.trace, irq, link },
    );
    this.write64(0x80, BigInt(STRTAB));
    this.write(0x88, 16);
    this.write64(0x90, BigInt(CMDQ) | 8n);
    this.write64(0xa0, BigInt(EVTQ) | 3n);
    this.write64(0xc0, BigInt(PRIQ) | 2n);
    this.write(CR2, 2); // RECINVSID
    this.write(CR0, EVENTQEN | CMDQEN);
    this.write(IRQ_CTRL, 7);
  }

  /** The unit switched on. */
  on(more = 0): this {
    this.write(CR0, SMMUEN | EVENTQEN | CMDQEN | more);
    return this;
  }

  read(offset: number): number {
    return this.device.registers.read32(offset) >>> 0;
  }

  write(offset: number, value: number): void {
    this.device.registers.write32(offset, value | 0);
  }

  write64(offset: number, value: bigint): void {
    this.device.registers.write64(offset, value);
  }

  put(pa: number | bigint, ...words: bigint[]): this {
    words.forEach((word, n) => this.memory.writeU64(Number(pa) + n * 8, word));
    return this;
  }

  putSte(fields: Partial<SteFields> = {}, sid = this.sid): this {
    return this.put(STRTAB + sid * 64, ...ste(fields));
  }

  putCd(fields: Partial<CdFields> = {}, ssid = 0): this {
    return this.put(CDTAB + ssid * 64, ...cd(fields));
  }

  /** The usual stream: one CD, 48 bits of 4 KiB pages, one page mapped. */
  usual(iova = 0x1000n, attributes = LEAF1): this {
    this.putSte().putCd();
    this.map(iova, PAGE, { attributes });
    return this.on();
  }

  /**
   * Writes a walk down to a leaf: tables lie behind `root`, one after the other as they are needed. Returns the addresses
   * of the descriptors, top first. Levels as the architecture counts: 3 holds only leaves.
   */
  map(
    iova: bigint,
    pa: bigint,
    options: {
      readonly granule?: Granule;
      readonly inputBits?: number;
      readonly level?: number;
      readonly startLevel?: number;
      readonly root?: number;
      readonly attributes?: bigint;
      readonly tableAttributes?: bigint;
    } = {},
  ): number[] {
    const { granule = 12, inputBits = 48, level: leafLevel = 3, root = S1, attributes = LEAF1 } = options;
    const stride = granule - 3;
    const start = options.startLevel ?? 4 - Math.ceil((inputBits - granule) / stride);
    const entries: number[] = [];
    let table = root;
    for (let level = start; level <= leafLevel; level++) {
      const shift = BigInt(granule + (3 - level) * stride);
      const bits = level === start ? BigInt(inputBits) - shift : BigInt(stride);
      const index = (iova >> shift) & ((1n << bits) - 1n);
      const at = table + Number(index) * 8;
      entries.push(at);
      if (level === leafLevel) {
        this.put(at, pa | attributes | (level === 3 ? 3n : 1n));
        break;
      }
      table = this.table(root, `${granule} ${level} ${iova >> shift}`);
      this.put(at, BigInt(table) | (options.tableAttributes ?? 0n) | 3n);
    }
    return entries;
  }

  private readonly tables = new Map<number, Map<string, number>>();

  private table(root: number, path: string): number {
    const known = this.tables.get(root) ?? new Map<string, number>();
    this.tables.set(root, known);
    const at = known.get(path) ?? root + 0x4_0000 * (known.size + 1);
    known.set(path, at);
    return at;
  }

  translate(iova: bigint, access: number = READ, pasid = NO_PASID, sid = this.sid): TranslateStatus {
    const hi = Number(BigInt.asIntN(32, iova >> 32n));
    return this.device.translate(sid, hi, Number(BigInt.asIntN(32, iova)), access, pasid);
  }

  /** The physical address, or the name of what it was refused for. */
  outcome(iova: bigint, access: number = READ, pasid = NO_PASID): bigint | string {
    const status = this.translate(iova, access, pasid);
    const [lo = 0, hi = 0, reason = 0] = this.device.result;
    if (status === 4) return EVENT_NAMES[reason] ?? `0x${reason.toString(16)}`;
    return (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
  }

  writes(iova: bigint): bigint | string {
    return this.outcome(iova, WRITE);
  }

  /** Records that software has not read yet. */
  events(): bigint[][] {
    const found: bigint[][] = [];
    const log2 = 3;
    const mask = 2 ** (log2 + 1) - 1;
    const prod = this.read(EVENTQ_PROD) & mask;
    for (let at = this.read(EVENTQ_CONS) & mask; at !== prod; at = (at + 1) & mask) {
      const pa = EVTQ + (at & (2 ** log2 - 1)) * 32;
      found.push([0, 8, 16, 24].map((n) => this.memory.readU64(pa + n) ?? 0n));
    }
    return found;
  }

  /** Their names. */
  eventNames(): string[] {
    return this.events().map(([first = 0n]) => EVENT_NAMES[Number(first & 0xffn)] ?? '?');
  }

  /** Software has read all records, and acknowledges an overflow. */
  drain(): this {
    this.write(EVENTQ_CONS, this.read(EVENTQ_PROD));
    return this;
  }

  /** Puts commands behind PROD and moves it. */
  command(...commands: (readonly [bigint, bigint])[]): this {
    let prod = this.read(CMDQ_PROD) & 0x1ff;
    for (const words of commands) {
      this.put(CMDQ + (prod & 0xff) * 16, ...words);
      prod = (prod + 1) & 0x1ff;
    }
    this.write(CMDQ_PROD, prod);
    return this;
  }

  /** CONS.ERR, while the queue stands still. */
  get commandError(): number {
    return ((this.read(GERROR) ^ this.read(GERRORN)) & 1) === 0 ? 0 : (this.read(CMDQ_CONS) >>> 24) & 0x7f;
  }

  /** Drops all that is cached, by commands. */
  flush(): this {
    return this.command([0x04n, 31n], [0x30n, 0n], [0x20n, 0n]);
  }

  /** Memory answers as told: 1 is a bus error. */
  hazard(at: (pfn: number, offset: number, bytes: number, write: boolean) => 0 | 1): this {
    const hazards: MemoryHazards = { at };
    this.memory.hazards = hazards;
    return this;
  }
}

/** Spec: section 7.3 */
export const EVENT_NAMES: Readonly<Record<number, string>> = {
  0x01: 'F_UUT',
  0x02: 'C_BAD_STREAMID',
  0x03: 'F_STE_FETCH',
  0x04: 'C_BAD_STE',
  0x05: 'F_BAD_ATS_TREQ',
  0x06: 'F_STREAM_DISABLED',
  0x07: 'F_TRANSL_FORBIDDEN',
  0x08: 'C_BAD_SUBSTREAMID',
  0x09: 'F_CD_FETCH',
  0x0a: 'C_BAD_CD',
  0x0b: 'F_WALK_EABT',
  0x10: 'F_TRANSLATION',
  0x11: 'F_ADDR_SIZE',
  0x12: 'F_ACCESS',
  0x13: 'F_PERMISSION',
  0x20: 'F_TLB_CONFLICT',
  0x100: 'abort',
  0x101: 'off',
};
