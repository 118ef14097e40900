import { PhysicalMemory } from '../../../memory/physical-memory';
import { TraceBuffer } from '../../../trace/trace';
import type { RegisterBus } from '../../port';
import { createVtdDriver, type VtdDriver, type VtdDriverOptions } from './driver';

/**
 * Registers that do what the driver waits for, and a queue that does nothing but write down what it is sent: the driver is
 * tested without the model of the hardware. Every offset and bit is spelled out as the document has it.
 */
const GCMD = 0x18;
const GSTS = 0x1c;
const FSTS = 0x34;
const IQH = 0x80;
const IQT = 0x88;
const IQA = 0x90;
const LEVELS = (1 << 31) | (1 << 26) | (1 << 25);
const ONE_SHOT = (1 << 30) | (1 << 24);

/** What Intel's units have: capability bits by the name of the document. */
export const CAP_BITS = {
  cm: 1n << 7n,
  rwbf: 1n << 4n,
  fs1gp: 1n << 56n,
  fs5lp: 1n << 60n,
  esrtps: 1n << 63n,
} as const;
export const ECAP_BITS = {
  c: 1n,
  dt: 1n << 2n,
  ir: 1n << 3n,
  eim: 1n << 4n,
  pt: 1n << 6n,
  sc: 1n << 7n,
  nest: 1n << 26n,
  prs: 1n << 29n,
  srs: 1n << 31n,
  eafs: 1n << 34n,
  pasid: 1n << 40n,
  dit: 1n << 41n,
  pds: 1n << 42n,
  smts: 1n << 43n,
  ssads: 1n << 45n,
  ssts: 1n << 46n,
  fsts: 1n << 47n,
  smpwcs: 1n << 48n,
} as const;
export type CapBit = keyof typeof CAP_BITS;
export type EcapBit = keyof typeof ECAP_BITS;

/** ND 6, SAGAW 39 and 48 bits, MGAW 48, FRO 0x400, SSLPS both, PSI, NFR 0, MAMV 18, DWD, DRD. */
const CAP =
  6n |
  (0b0110n << 8n) |
  (47n << 16n) |
  (0x40n << 24n) |
  (3n << 34n) |
  (1n << 39n) |
  (18n << 48n) |
  (3n << 54n);
/** QI, IRO 0x500, PSS 19. */
const ECAP = 2n | (0x50n << 8n) | (19n << 35n);

export const SCALABLE: readonly EcapBit[] = [
  'c',
  'dt',
  'ir',
  'eim',
  'pt',
  'sc',
  'nest',
  'prs',
  'srs',
  'pasid',
  'pds',
  'smts',
  'ssads',
  'ssts',
  'fsts',
  'smpwcs',
];

export interface FakeOptions {
  readonly cap?: readonly CapBit[];
  readonly ecap?: readonly EcapBit[];
  readonly driver?: Partial<VtdDriverOptions>;
  readonly memory?: PhysicalMemory;
  readonly widthBits?: 39 | 48 | 57;
  readonly unit?: string;
}

export type LogEntry =
  | { readonly kind: 'register'; readonly offset: number; readonly value: bigint }
  /** A descriptor's first two 64-bit words. */
  | { readonly kind: 'descriptor'; readonly words: readonly [bigint, bigint] }
  | { readonly kind: 'memory'; readonly pa: number; readonly value: bigint };

export class FakeUnit implements RegisterBus {
  readonly memory: PhysicalMemory;
  readonly trace = new TraceBuffer();
  readonly driver: VtdDriver;
  /** Everything that the driver did to memory (once `watch` was called) and registers, in order. */
  readonly log: LogEntry[] = [];
  private readonly regs = new Map<number, number>();
  /** Called after each 64-bit write to memory. */
  onStore: (pa: number) => void = () => undefined;
  /** The next descriptors of this type are refused: FSTS.IQE. */
  refuseType: number | null = null;
  /** Device-TLB invalidations time out so many times: FSTS.ITE. */
  timeouts = 0;

  constructor({
    cap = [],
    ecap = SCALABLE,
    driver = {},
    memory,
    widthBits = 48,
    unit = 'iommu:dmar0',
  }: FakeOptions = {}) {
    this.memory = memory ?? new PhysicalMemory();
    const width = { 39: 0b0010n, 48: 0b0110n, 57: 0b1110n }[widthBits];
    const mgaw = BigInt(widthBits - 1);
    const base = (CAP & ~(0x1fn << 8n) & ~(0x3fn << 16n)) | (width << 8n) | (mgaw << 16n);
    this.set64(
      0x08,
      cap.reduce((sum, name) => sum | CAP_BITS[name], base),
    );
    this.set64(
      0x10,
      ecap.reduce((sum, name) => sum | ECAP_BITS[name], ECAP),
    );
    this.regs.set(0, 0x70);
    const made = createVtdDriver({ memory: this.memory, bus: this, unit, trace: this.trace, ...driver });
    if (!made.ok) throw new Error(`${made.errno}: ${made.why}`);
    this.driver = made.value;
  }

  /** Writes to memory are logged from now on. */
  watch(): void {
    const store = this.memory.store64.bind(this.memory);
    this.memory.store64 = (pa, hi, lo) => {
      const stored = store(pa, hi, lo);
      this.log.push({ kind: 'memory', pa, value: (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0) });
      this.onStore(pa);
      return stored;
    };
  }

  /** The log so far, and a fresh one. */
  take(): readonly LogEntry[] {
    return this.log.splice(0);
  }

  /** Descriptors since the last call, but for the waits at the end of each batch. */
  descriptors(): readonly (readonly [bigint, bigint])[] {
    return this.take().flatMap((entry) =>
      entry.kind === 'descriptor' && (entry.words[0] & 0x2fn) !== 0x25n ? [entry.words] : [],
    );
  }

  read32(offset: number): number {
    return this.regs.get(offset) ?? 0;
  }

  read64(offset: number): bigint {
    return (BigInt(this.read32(offset + 4) >>> 0) << 32n) | BigInt(this.read32(offset) >>> 0);
  }

  write32(offset: number, value: number): void {
    this.log.push({ kind: 'register', offset, value: BigInt(value >>> 0) });
    if (offset === GCMD) {
      this.regs.set(GSTS, (value & LEVELS) | ((this.read32(GSTS) | value) & ONE_SHOT));
    } else if (offset === FSTS || offset === 0xdc) {
      this.regs.set(offset, this.read32(offset) & ~value); // write 1 to clear
      if (offset === FSTS) this.work();
    } else {
      this.regs.set(offset, value);
      if (offset === IQT) this.work();
    }
  }

  write64(offset: number, value: bigint): void {
    this.log.push({ kind: 'register', offset, value });
    this.set64(offset, value);
  }

  set32(offset: number, value: number): void {
    this.regs.set(offset, value);
  }

  private set64(offset: number, value: bigint): void {
    this.regs.set(offset, Number(BigInt.asIntN(32, value)));
    this.regs.set(offset + 4, Number(BigInt.asIntN(32, value >> 32n)));
  }

  /** Executes the queue up to its tail, or up to what stops it. */
  private work(): void {
    const iqa = this.read64(IQA);
    const bytes = (iqa & 0x800n) !== 0n ? 32 : 16;
    const size = 4096 << Number(iqa & 7n);
    while (this.read32(IQH) !== this.read32(IQT) && (this.read32(FSTS) & 0x50) === 0) {
      const pa = Number(iqa & ~0xfffn) + this.read32(IQH);
      const w0 = this.memory.readU64(pa) ?? 0n;
      const w1 = this.memory.readU64(pa + 8) ?? 0n;
      const type = Number(w0 & 0xfn);
      if (type === this.refuseType) {
        this.refuseType = null;
        this.regs.set(FSTS, this.read32(FSTS) | 0x10);
        this.set64(0xb0, 3n);
        return;
      }
      this.log.push({ kind: 'descriptor', words: [w0, w1] });
      this.regs.set(IQH, (this.read32(IQH) + bytes) % size);
      if ((type === 3 || type === 8) && this.timeouts > 0) {
        this.timeouts--;
        this.regs.set(FSTS, this.read32(FSTS) | 0x40);
        const rid = type === 3 ? (w0 >> 32n) & 0xffffn : (w0 >> 16n) & 0xffffn;
        this.set64(0xb0, rid << 32n);
        // What waits is aborted: it is passed over without its status.
        this.regs.set(IQH, this.read32(IQT));
        return;
      }
      if (type === 5 && (w0 & 0x20n) !== 0n) {
        this.memory.store32(Number(w1), Number(w0 >> 32n));
      }
    }
  }
}

/** A PCI function at 01:00.0, or where one says. */
export const client = (rid = 0x100, aliasRids: readonly number[] = [rid]) => {
  const bus = (rid >> 8).toString(16).padStart(2, '0');
  const device = ((rid >> 3) & 31).toString(16).padStart(2, '0');
  return { name: `0000:${bus}:${device}.${rid & 7}`, rid, aliasRids };
};
