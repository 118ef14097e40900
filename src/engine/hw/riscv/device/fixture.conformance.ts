import { hiOf, join, loOf } from '../../../../lib/u64';
import { PhysicalMemory } from '../../../memory/physical-memory';
import { silent, type Trace } from '../../../trace/trace';
import { FAULTED, NO_PASID, PA_HI, PA_LO, REASON, type Access, type IrqSource } from '../../port';
import type { RiscvConfig } from './config';
import { RiscvIommu } from './device';
import type { AtsMessage } from './messages';

/** Where a test's tables and queues are. Roots of second-stage tables take 16 KiB. */
export const DDT = 0x8001_0000n;
export const FIRST = 0x8002_0000n;
export const SECOND = 0x8004_0000n;
export const PDT = 0x8006_0000n;
export const MSI_TABLE = 0x8007_0000n;
export const COMMANDS = 0x8008_0000n;
export const FAULTS = 0x8009_0000n;
export const PAGES = 0x800a_0000n;
export const FREE = 0x8010_0000n;

/** Of requests: everything but the address. */
export interface From {
  readonly did?: number;
  readonly pasid?: number;
}

/** Doublewords of a device context. Spec: section "Device-context fields" */
export interface Context {
  readonly tc?: bigint;
  readonly iohgatp?: bigint;
  readonly ta?: bigint;
  readonly fsc?: bigint;
  readonly msi?: readonly bigint[];
}

export interface FaultRecord {
  readonly cause: number;
  readonly ttyp: number;
  readonly did: number;
  readonly pid: number;
  readonly iotval: bigint;
  readonly iotval2: bigint;
}

/** A place of `levels` levels: PPN with the mode of its scheme in bits 63:60. Sv39 is 8. */
export const root = (pa: bigint, levels: number, between = 0n): bigint =>
  (BigInt(levels + 5) << 60n) | (between << 44n) | (pa >> 12n);
export const pointer = (pa: bigint): bigint => ((pa >> 12n) << 10n) | 1n;
/** V R W U A D, and X where `flags` says so. */
export const RWUAD = 0xd7n;
export const leaf = (pa: bigint, flags = RWUAD): bigint => ((pa >> 12n) << 10n) | flags;
export const ppnField = (pa: bigint): bigint => (pa >> 12n) << 10n;

/** A unit on a bench: memory around 2 GiB, a directory of one level, queues, and somebody who writes down what it says. */
export class Bench {
  readonly memory = new PhysicalMemory([{ startPfn: 0x8_0000, lastPfn: 0x8_ffff }]);
  readonly device: RiscvIommu;
  readonly messages: AtsMessage[] = [];
  readonly interrupts: IrqSource[] = [];
  readonly syncs: string[] = [];
  private tail = 0;

  constructor(config: Partial<RiscvConfig> = {}, trace: Trace = silent) {
    this.device = new RiscvIommu(config, {
      memory: this.memory,
      trace,
      irq: { raise: (source) => void this.interrupts.push(source) },
      ats: {
        send: (message) => void this.messages.push(message),
        sync: (reads, writes) => void this.syncs.push(`${reads ? 'reads' : ''}${writes ? 'writes' : ''}`),
      },
    });
  }

  put(pa: bigint, ...words: readonly bigint[]): this {
    words.forEach((word, n) => this.memory.writeU64(Number(pa) + 8 * n, word));
    return this;
  }

  get(pa: bigint): bigint {
    return this.memory.readU64(Number(pa)) ?? -1n;
  }

  wr(offset: number, value: number): this {
    this.device.registers.write32(offset, value | 0);
    return this;
  }

  wr8(offset: number, value: bigint): this {
    this.device.registers.write64(offset, value);
    return this;
  }

  rd(offset: number): number {
    return this.device.registers.read32(offset) >>> 0;
  }

  rd8(offset: number): bigint {
    return this.device.registers.read64(offset);
  }

  /** All queues, of 2^lg2 entries, with their interrupts, which are wires; and the directory. */
  start(lg2 = 4, mode = 2): this {
    const size = BigInt(lg2 - 1);
    this.wr(8, 2);
    this.wr8(0x18, ppnField(COMMANDS) | size).wr(0x48, 3);
    this.wr8(0x28, ppnField(FAULTS) | size).wr(0x4c, 3);
    this.wr8(0x38, ppnField(PAGES) | size).wr(0x50, 3);
    return this.wr8(0x10, ppnField(DDT) | BigInt(mode));
  }

  /** A device context of the extended format. */
  context(did: number, { tc = 1n, iohgatp = 0n, ta = 0n, fsc = 0n, msi = [] }: Context): this {
    return this.put(DDT + BigInt(did) * 64n, tc, iohgatp, ta, fsc, ...msi);
  }

  /** A second stage that maps 1 GiB at 2 GiB to itself. */
  identity(levels = 3): this {
    for (let level = levels - 1; level > 2; level--) {
      this.put(
        SECOND + BigInt(levels - 1 - level) * 0x4000n,
        pointer(SECOND + BigInt(levels - level) * 0x4000n),
      );
    }
    return this.put(SECOND + BigInt(levels - 3) * 0x4000n + 16n, leaf(0x8000_0000n, 0xdfn));
  }

  /** What becomes of a request: an address, or the cause of its fault. */
  ask(iova: bigint, access: Access, { did = 0, pasid = NO_PASID }: From = {}): bigint | string {
    const status = this.device.translate(did, hiOf(iova), loOf(iova), access, pasid);
    const { result } = this.device;
    if (status === FAULTED) return `cause ${result[REASON] as number}`;
    return join(result[PA_HI] as number, result[PA_LO] as number);
  }

  out(slot: number): number {
    return this.device.result[slot] as number;
  }

  /** Puts commands into the queue and moves its tail: cqcsr afterwards. */
  command(...words: readonly bigint[]): number {
    const entries = 2n << (this.rd8(0x18) & 31n);
    for (let n = 0; n < words.length; n += 2) {
      this.put(COMMANDS + BigInt(this.tail) * 16n, words[n] ?? 0n, words[n + 1] ?? 0n);
      this.tail = (this.tail + 1) % Number(entries);
    }
    this.wr(0x24, this.tail);
    return this.rd(0x48);
  }

  /** Records in the fault queue from head to tail. */
  faults(): readonly FaultRecord[] {
    const entries = 2 << Number(this.rd8(0x28) & 31n);
    const found: FaultRecord[] = [];
    for (let n = this.rd(0x30); n !== this.rd(0x34); n = (n + 1) % entries) {
      const at = FAULTS + BigInt(n) * 32n;
      const word = this.get(at);
      found.push({
        cause: Number(word & 0xfffn),
        pid: Number((word >> 12n) & 0xf_ffffn),
        ttyp: Number((word >> 34n) & 0x3fn),
        did: Number(word >> 40n),
        iotval: this.get(at + 16n),
        iotval2: this.get(at + 24n),
      });
    }
    return found;
  }

  causes(): readonly number[] {
    return this.faults().map(({ cause }) => cause);
  }

  /** Reads of this place are refused (1), or bring corrupt data (2); writes only where `writes` is said. */
  hazard(place: bigint, answer: 1 | 2, writes = false): this {
    const pfn = Number(place >> 12n);
    this.memory.hazards = {
      at: (frame, _offset, _bytes, write) => (frame === pfn && write === writes ? answer : 0),
    };
    return this;
  }
}
