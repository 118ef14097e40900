import { PhysicalMemory } from '../../../memory/physical-memory';
import { TraceBuffer } from '../../../trace/trace';
import {
  NO_PASID,
  READ,
  WRITE,
  type AtsInvalidation,
  type IrqSource,
  type PageResponseMessage,
} from '../../port';
import { SCALABLE_VTD_CONFIG, type VtdConfig } from './config';
import { VtdDevice } from './device';

/**
 * A unit in scalable mode and hand-written structures for tests: every offset and bit is spelled out here, as the document
 * has it, and not taken from the tables that the model itself uses.
 */
export const ROOT = 0x10_0000;
export const LOWER = 0x10_1000;
export const UPPER = 0x10_2000;
/** 128 KiB: as large as the largest. */
export const DIRECTORY = 0x12_0000;
export const PASID_TABLE = 0x14_0000;
export const QUEUE = 0x15_0000;
export const STATUS = 0x16_0000;
export const PAGE_QUEUE = 0x17_0000;
/** One page a level, top first. */
export const SECOND = 0x18_0000;
export const FIRST = 0x19_0000;
export const PAGE = 0x5_6789_a000n;
/** Below 64 KiB there is no RAM here. */
export const NO_RAM = 0x8000n;

export const IOVA = 0x1234_5678_9abcn;
export const FRCD = 0x400;
export const TE = 1 << 31;
export const SRTP = 1 << 30;
export const QIE = 1 << 26;

/** Words of a PASID entry. */
export type PasidWords = readonly [bigint, bigint, bigint?];

export const secondStage = (did = 0xbeefn, flags = 0n): PasidWords => [
  BigInt(SECOND) | (2n << 6n) | (2n << 2n) | flags,
  did,
];
export const firstStage = (did = 0xbeefn, more = 0n, hi = 1n << 23n): PasidWords => [
  1n << 6n,
  did | hi,
  BigInt(FIRST) | more,
];
export const nested = (did = 0xbeefn, more = 0n, hi = 1n << 23n, flags = 0n): PasidWords => [
  BigInt(SECOND) | (3n << 6n) | (2n << 2n) | flags,
  did | hi,
  BigInt(FIRST) | more,
];
export const passThrough = (did = 0xbeefn): PasidWords => [4n << 6n, did];

export class ScalableFixture {
  readonly memory = new PhysicalMemory([{ startPfn: 0x10, lastPfn: 0xf_ffff }]);
  readonly trace = new TraceBuffer();
  readonly device: VtdDevice;
  readonly interrupts: IrqSource[] = [];
  readonly invalidations: AtsInvalidation[] = [];
  readonly responses: PageResponseMessage[] = [];
  /** Whether devices answer invalidations. */
  answering = true;

  constructor(
    readonly rid = 0x0100,
    config: Partial<VtdConfig> = {},
    readonly pasid = 0,
  ) {
    this.device = new VtdDevice(
      { ...SCALABLE_VTD_CONFIG, hostBits: 46, ...config },
      {
        memory: this.memory,
        trace: this.trace,
        irq: { raise: (source) => void this.interrupts.push(source) },
        link: {
          invalidate: (message) => {
            this.invalidations.push(message);
            return this.answering;
          },
          pageResponse: (message) => void this.responses.push(message),
        },
      },
    );
  }

  put(pa: number, ...words: bigint[]): void {
    words.forEach((word, n) => this.memory.writeU64(pa + n * 8, word));
  }

  word(pa: number): bigint {
    return this.memory.readU64(pa) ?? 0n;
  }

  get rootEntry(): number {
    return ROOT + (this.rid >> 8) * 16 + ((this.rid & 0x80) === 0 ? 0 : 8);
  }

  get contextEntry(): number {
    return ((this.rid & 0x80) === 0 ? LOWER : UPPER) + (this.rid & 0x7f) * 32;
  }

  get directoryEntry(): number {
    return DIRECTORY + (this.pasid >> 6) * 8;
  }

  get pasidEntry(): number {
    return PASID_TABLE + (this.pasid & 63) * 64;
  }

  /** The four entries of a request, in the order that the hardware reads them. */
  get entries(): readonly [number, number, number, number] {
    return [this.rootEntry, this.contextEntry, this.directoryEntry, this.pasidEntry];
  }

  /**
   * Root entry to PASID entry, and the unit switched on. `flags`: of the context entry; RID_PASID is the fixture's PASID
   * unless said otherwise. `fpd`: bit 0 for the context, 1 for the directory, 2 for the PASID entry.
   */
  attach(
    entry: PasidWords,
    options: { flags?: bigint; pdts?: bigint; ridPasid?: bigint; fpd?: number } = {},
  ): this {
    const { flags = 0n, pdts = 7n, ridPasid = BigInt(this.pasid), fpd = 0 } = options;
    const bit = (n: number): bigint => BigInt((fpd >> n) & 1) << 1n;
    const table = BigInt((this.rid & 0x80) === 0 ? LOWER : UPPER);
    this.put(this.rootEntry, table | 1n);
    this.put(this.contextEntry, BigInt(DIRECTORY) | 1n | bit(0) | flags | (pdts << 9n), ridPasid, 0n, 0n);
    this.put(this.directoryEntry, BigInt(PASID_TABLE) | 1n | bit(1));
    const [lo, hi, third = 0n] = entry;
    this.put(this.pasidEntry, lo | 1n | bit(2), hi, third, 0n, 0n, 0n, 0n, 0n);
    return this.enable(ROOT | 0x400);
  }

  enable(rtaddr: number): this {
    const { registers } = this.device;
    registers.write64(0x20, BigInt(rtaddr));
    registers.write32(0x18, SRTP | (registers.read32(0x1c) & (TE | QIE)));
    registers.write32(0x18, TE | (registers.read32(0x1c) & QIE));
    return this;
  }

  /** A second-stage walk down to a leaf at `leafLevel` (1 to 3); the addresses of its entries, top first. */
  second(levels: number, leafLevel: number, iova: bigint, pa: bigint, base = SECOND): number[] {
    return this.walk(base, levels, leafLevel, iova, pa, 3n);
  }

  /** A first-stage walk; tables are where `table` says, as guests see them. Entries are user, writable, accessed, dirty. */
  first(levels: number, leafLevel: number, iova: bigint, pa: bigint, base = FIRST): number[] {
    return this.walk(base, levels, leafLevel, iova, pa, 0x67n);
  }

  private walk(
    base: number,
    levels: number,
    leafLevel: number,
    iova: bigint,
    pa: bigint,
    flags: bigint,
  ): number[] {
    const entries: number[] = [];
    for (let level = levels; level >= leafLevel; level--) {
      const table = base + (levels - level) * 4096;
      const index = Number((BigInt.asUintN(64, iova) >> BigInt(12 + 9 * (level - 1))) & 511n);
      const leaf = pa | flags | (leafLevel > 1 ? 0x80n : 0n);
      // D means nothing in an entry that leads to a table.
      const next = BigInt(table + 4096) | (flags & ~0x40n);
      this.put(table + index * 8, level === leafLevel ? leaf : next);
      entries.push(table + index * 8);
    }
    return entries;
  }

  translate(iova: bigint, access = READ, pasid = NO_PASID): number {
    const hi = Number(BigInt.asIntN(32, iova >> 32n));
    return this.device.translate(this.rid, hi, Number(BigInt.asIntN(32, iova)), access, pasid);
  }

  /** The physical address, or the fault's reason as a string. */
  outcome(iova: bigint, write = false, pasid = NO_PASID, extra = 0): bigint | string {
    const status = this.translate(iova, (write ? WRITE : READ) | extra, pasid);
    const [lo = 0, hi = 0, reason = 0] = this.device.result;
    if (status === 4) return `fault 0x${reason.toString(16)}`;
    return (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
  }

  /** Turns the queue on: 256-bit descriptors. */
  queue(size = 0): this {
    const { registers } = this.device;
    registers.write64(0x90, BigInt(QUEUE | 0x800 | size));
    registers.write32(0x18, (registers.read32(0x1c) & TE) | QIE);
    return this;
  }

  submit(...descriptors: readonly (readonly bigint[])[]): void {
    const { registers } = this.device;
    const bytes = 4096 << (registers.read32(0x90) & 7);
    const head = registers.read32(0x80);
    descriptors.forEach((words, n) => {
      this.put(QUEUE + ((head + n * 32) % bytes), ...[0, 1, 2, 3].map((k) => words[k] ?? 0n));
    });
    registers.write32(0x88, (head + descriptors.length * 32) % bytes);
  }

  /** Empties every cache, past the queue: a new root table pointer does it where CAP.ESRTPS is set. */
  flush(): void {
    this.device.state.invalidateAll();
  }

  clearFaults(): void {
    for (let n = 0; n < this.device.state.config.faultRecords; n++) {
      this.device.registers.write32(FRCD + n * 16 + 12, 1 << 31);
    }
    this.device.registers.write32(0x34, -1);
  }

  records(): bigint[][] {
    const found: bigint[][] = [];
    for (let n = 0; n < this.device.state.config.faultRecords; n++) {
      const high = this.device.registers.read64(FRCD + n * 16 + 8);
      if (high >> 63n === 1n) found.push([this.device.registers.read64(FRCD + n * 16), high]);
    }
    return found;
  }
}

export const bits = (...ranges: [number, number][]): bigint[] =>
  ranges.flatMap(([high, low]) => Array.from({ length: high - low + 1 }, (_, n) => BigInt(low + n)));

/** Sets one bit of a structure at a time. */
export function sweep(
  f: ScalableFixture,
  pa: number,
  sweepBits: readonly bigint[],
  check: (bit: bigint) => void,
): void {
  for (const bit of sweepBits) {
    const at = pa + Number(bit / 64n) * 8;
    const original = f.word(at);
    f.memory.writeU64(at, original | (1n << (bit % 64n)));
    check(bit);
    f.memory.writeU64(at, original);
  }
}
