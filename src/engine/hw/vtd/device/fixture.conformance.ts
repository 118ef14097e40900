import { PhysicalMemory } from '../../../memory/physical-memory';
import { TraceBuffer } from '../../../trace/trace';
import { NO_PASID, READ, WRITE, type TranslateStatus } from '../../port';
import type { VtdConfig } from './config';
import { VtdDevice } from './device';

/**
 * A unit and hand-written structures for tests: every offset and bit is spelled out here, as the document has it, and not
 * taken from the tables that the model itself uses.
 */
export const ROOT = 0x10_0000;
export const CONTEXT = 0x10_1000;
export const QUEUE = 0x10_2000;
export const STATUS = 0x10_3000;
export const TABLE = 0x11_0000; // one page a level, top first
export const PAGE = 0x5_6789_a000;
/** Below 64 KiB there is no RAM here. */
export const NO_RAM = 0x8000;

export const GCMD = 0x18;
export const GSTS = 0x1c;
export const FSTS = 0x34;
export const FRCD = 0x400;
export const SRTP = 1 << 30;
export const TE = 1 << 31;
export const QIE = 1 << 26;

export class Fixture {
  readonly memory = new PhysicalMemory([{ startPfn: 0x10, lastPfn: 0xf_ffff }]);
  readonly trace = new TraceBuffer();
  readonly device: VtdDevice;
  interrupts = 0;

  constructor(
    readonly rid = 0x0100,
    config: Partial<VtdConfig> = {},
  ) {
    const irq = { raise: () => void this.interrupts++ };
    this.device = new VtdDevice({ hostBits: 46, ...config }, { memory: this.memory, trace: this.trace, irq });
  }

  put(pa: number, ...words: bigint[]): void {
    words.forEach((word, n) => this.memory.writeU64(pa + n * 8, word));
  }

  get rootEntry(): number {
    return ROOT + (this.rid >> 8) * 16;
  }

  get contextEntry(): number {
    return CONTEXT + (this.rid & 0xff) * 16;
  }

  /** Root and context entry for a table of so many levels, and the unit switched on. */
  attach(levels: number, options: { fpd?: boolean; tt?: number; did?: number } = {}): this {
    const { fpd = false, tt = 0, did = 0xbeef } = options;
    this.put(this.rootEntry, BigInt(CONTEXT) | 1n, 0n);
    const lo = BigInt(TABLE) | BigInt(tt << 2) | (fpd ? 2n : 0n) | 1n;
    this.put(this.contextEntry, lo, BigInt(levels - 2) | (BigInt(did) << 8n));
    return this.enable(ROOT);
  }

  enable(root: number): this {
    const { registers } = this.device;
    registers.write64(0x20, BigInt(root));
    registers.write32(GCMD, SRTP | (registers.read32(GSTS) & (TE | QIE)));
    registers.write32(GCMD, TE | (registers.read32(GSTS) & QIE));
    return this;
  }

  /** Writes a walk down to a leaf at `leafLevel` (1 to 3); returns the addresses of its entries, top first. */
  walk(levels: number, leafLevel: number, iova: bigint, pa: bigint): number[] {
    const entries: number[] = [];
    for (let level = levels; level >= leafLevel; level--) {
      const table = TABLE + (levels - level) * 4096;
      const index = Number((iova >> BigInt(12 + 9 * (level - 1))) & 511n);
      const leaf = pa | 3n | (leafLevel > 1 ? 0x80n : 0n);
      this.put(table + index * 8, level === leafLevel ? leaf : BigInt(table + 4096) | 3n);
      entries.push(table + index * 8);
    }
    return entries;
  }

  translate(iova: bigint, write = false): TranslateStatus {
    const hi = Number(BigInt.asIntN(32, iova >> 32n));
    return this.device.translate(
      this.rid,
      hi,
      Number(BigInt.asIntN(32, iova)),
      write ? WRITE : READ,
      NO_PASID,
    );
  }

  /** The physical address, or the fault's reason as a string. */
  outcome(iova: bigint, write = false): bigint | string {
    const status = this.translate(iova, write);
    const [lo = 0, hi = 0, reason = 0] = this.device.result;
    if (status === 4) return `fault 0x${reason.toString(16)}`;
    return (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
  }

  /** Drops everything that is cached, through the registers. */
  flush(): void {
    this.device.registers.write64(0x28, 0xa000_0000_0000_0000n); // CCMD: ICC, global
    this.device.registers.write64(0x508, 0x9000_0000_0000_0000n); // IOTLB: IVT, global
  }

  /** Clears all records and the overflow. */
  clearFaults(): void {
    for (let n = 0; n < this.device.state.config.faultRecords; n++) {
      this.device.registers.write32(FRCD + n * 16 + 12, 1 << 31);
    }
    this.device.registers.write32(FSTS, -1);
  }

  /** Words of the pending records. */
  records(): bigint[][] {
    const found: bigint[][] = [];
    for (let n = 0; n < this.device.state.config.faultRecords; n++) {
      const high = this.device.registers.read64(FRCD + n * 16 + 8);
      if (high >> 63n === 1n) found.push([this.device.registers.read64(FRCD + n * 16), high]);
    }
    return found;
  }
}
