import { oneOf, type Pick } from '../../../../testing/chance';
import { PhysicalMemory } from '../../../memory/physical-memory';
import type { Trace } from '../../../trace/trace';
import type { AmdConfig } from './config';
import { AmdIommu } from './device';

/**
 * Two units with memory of their own that get the same words, commands and requests: what the property test of the quick
 * way is made of. All bits are spelled out here, as the document has them.
 */
export const FIRST_PFN = 0x10_0000;
export const DEVICES = 5;
export const PROCESSES = 4;
const [DEVTAB, COMMANDS, EVENTS, GCR3_TOP, GCR3] = [0, 1, 2, 3, 4].map((n) => FIRST_PFN + n) as [
  number,
  number,
  number,
  number,
  number,
];
/** Frames of tables by level, from 1: host's and guest's; then pages. From level 4 on, roots. */
const HOST_POOLS = [[], [8, 8], [16, 4], [20, 2], [22, 2]].map(([at = 0, count = 0]) => ({ at, count }));
const GUEST_POOLS = [[], [24, 8], [32, 4], [36, 2], [38, 2], [40, 1]].map(([at = 0, count = 0]) => ({
  at,
  count,
}));
const PAGES = { at: 44, count: 20 };
export const FRAMES = 64;

const frameOf = (pick: Pick, { at, count }: { at: number; count: number }): bigint =>
  BigInt(FIRST_PFN + at + pick(count)) << 12n;

/** Physical addresses are mostly guest physical ones as well, so that tables are found under the host's. */
const pageFor = (pick: Pick, index: number): bigint =>
  index >= 12 && pick(10) > 0 ? BigInt(FIRST_PFN + (index % FRAMES)) << 12n : frameOf(pick, PAGES);

/**
 * An entry of a host table: what a walk wants there, and odd in one way or another one time in so many (`odds`). Walks are
 * long: where much is odd, few of them come to an end.
 */
function hostEntry(pick: Pick, odds: number, level: number, index: number): bigint {
  const odd = (): boolean => pick(odds) === 0;
  const marks = odd() ? oneOf(pick, 0n, 0x20n, 0x40n) : 0x60n;
  const perms = odd() ? BigInt(pick(4)) << 61n : 3n << 61n;
  const rest = 1n | marks | perms | (odd() ? oneOf(pick, 1n << 59n, 1n << 60n, 1n << 58n) : 0n);
  if (odd()) {
    // A size that is coded in the address.
    const size = BigInt(12 + 9 * (level - 1) + 1 + pick(9));
    const coded = (1n << (size - 1n)) - 0x1000n;
    return (pageFor(pick, index) & ~((1n << size) - 1n)) | coded | (7n << 9n) | rest;
  }
  if (level === 1 || odd()) return pageFor(pick, index) | rest;
  const below = level > 2 && odd() ? level - 2 : level - 1;
  const next = BigInt(odd() ? pick(8) : below) << 9n;
  return frameOf(pick, HOST_POOLS[below] ?? PAGES) | next | (rest & ~(3n << 58n));
}

/**
 * A guest's tables lie now and then further up, where the host has the same pages once more: below other tables of its own.
 * By twos, so that what is cached of those falls into one set: a walk that comes by many of them puts out its own entries.
 */
const farOff = (pick: Pick): bigint => (pick(4) === 0 ? BigInt(2 * pick(4)) << 21n : 0n);

/** The same of a guest's. */
function guestEntry(pick: Pick, odds: number, level: number, index: number): bigint {
  const odd = (): boolean => pick(odds) === 0;
  const usual = 0x67n | (pick(8) === 0 ? 0x100n : 0n) | (odd() ? 1n << 63n : 0n);
  const bits = odd() ? oneOf(pick, 0x63n, 0x65n, 0x47n, 0x27n, 0x07n, 0x66n) : usual;
  if (level === 1) return pageFor(pick, index) | bits;
  if (!odd()) return (frameOf(pick, GUEST_POOLS[level - 1] ?? PAGES) + farOff(pick)) | bits;
  const misaligned = pick(4) === 0 ? 0n : (1n << BigInt(12 + 9 * (level - 1))) - 1n;
  return (pageFor(pick, index) & ~misaligned) | bits | 0x80n;
}

/** What is to be written where. */
export type Store = readonly [pa: number, word: bigint];

/** An entry of any table, by its frame's place in the pools. */
export function tableStore(pick: Pick, odds: number, at: number, index: number): Store {
  const level = (pools: readonly { at: number; count: number }[]): number =>
    pools.findIndex((pool) => at >= pool.at && at < pool.at + pool.count);
  const [host, guest] = [level(HOST_POOLS), level(GUEST_POOLS)];
  const likely =
    guest > 0 ? guestEntry(pick, odds, guest, index) : hostEntry(pick, odds, Math.max(host, 1), index);
  const word = pick(4 * odds) === 0 ? likely ^ (1n << BigInt(pick(64))) : pick(3 * odds) === 0 ? 0n : likely;
  return [(FIRST_PFN + at) * 4096 + index * 8, word];
}

export const TABLES = { first: 8, end: 41 };

/** A device table entry: any tables, one bit wrong now and then. */
export function deviceStores(pick: Pick, rid: number): readonly Store[] {
  const guest = pick(4) > 0;
  const mode = guest && pick(3) === 0 ? 0 : oneOf(pick, 0, 2, 3, 4, 4, 4, 4, 4, 5, 6);
  const root = frameOf(pick, HOST_POOLS[mode === 2 || mode === 3 ? mode : 4] ?? PAGES);
  const glx = pick(4) === 0 ? 1n : 0n;
  const gcr3 = BigInt(glx === 1n ? GCR3_TOP : GCR3) << 12n;
  const had = oneOf(pick, 0n, 0n, 1n, 3n) << 7n;
  const perms = (pick(12) === 0 ? BigInt(pick(4)) : 3n) << 61n;
  // GV, GIoV, GLX, and the table's address in three parts.
  const giov = pick(2) === 0 ? 1n << 54n : 0n;
  const guestBits = (1n << 55n) | giov | (glx << 56n) | (((gcr3 >> 12n) & 7n) << 58n);
  const valid = pick(16) === 0 ? BigInt(pick(4)) : 3n;
  // I, SE, SA, EX.
  const flags = (BigInt(pick(2)) << 32n) | (pick(6) === 0 ? oneOf(pick, 2n, 4n, 0x80n) << 32n : 0n);
  const words = [
    valid | had | (BigInt(mode) << 9n) | root | perms | (guest ? guestBits : 0n),
    BigInt(pick(3)) | (((gcr3 >> 15n) & 0xffffn) << 16n) | ((gcr3 >> 31n) << 43n) | flags,
    (pick(6) === 0 ? 1n : 0n) << 54n,
    0n,
  ];
  const wrong = pick(20) === 0 ? ([pick(3), 1n << BigInt(pick(64))] as const) : null;
  return words.map((word, n) => [
    DEVTAB * 4096 + rid * 32 + n * 8,
    wrong !== null && wrong[0] === n ? word ^ wrong[1] : word,
  ]);
}

/** An entry of the GCR3 table. */
export function processStore(pick: Pick, pasid: number): Store {
  const root = frameOf(pick, GUEST_POOLS[pick(6) === 0 ? 5 : 4] ?? PAGES);
  const word = root | (pick(16) === 0 ? BigInt(pick(16)) : 1n);
  return [GCR3 * 4096 + pasid * 8, word];
}

const CONTROL = 0x18;
/** IommuEn, EventLogEn, CmdBufEn, GTEn. */
const ON = 1n | 4n | (1n << 12n) | (1n << 16n);

export class Twin {
  readonly memory = new PhysicalMemory([{ startPfn: FIRST_PFN, lastPfn: FIRST_PFN + FRAMES - 1 }]);
  readonly unit: AmdIommu;
  private commands = 0;

  constructor(config: Partial<AmdConfig>, trace: Trace) {
    this.unit = new AmdIommu(config, { memory: this.memory, trace });
    const { registers } = this.unit;
    registers.write64(0x00, BigInt(DEVTAB) << 12n);
    registers.write64(0x08, (BigInt(COMMANDS) << 12n) | (8n << 56n));
    registers.write64(0x10, (BigInt(EVENTS) << 12n) | (8n << 56n));
    this.control(0n);
    this.memory.writeU64(GCR3_TOP * 4096, (BigInt(GCR3) << 12n) | 1n);
  }

  control(extra: bigint): void {
    this.unit.registers.write64(CONTROL, ON ^ extra);
  }

  /** Nothing, or a range of addresses that pass without translation. */
  exclude(base: bigint, limit: bigint): void {
    this.unit.registers.write64(0x28, limit);
    this.unit.registers.write64(0x20, base);
  }

  /** Software has read the events. */
  clearEvents(): void {
    const { registers } = this.unit;
    registers.write64(0x2010, registers.read64(0x2018));
    registers.write64(0x2020, 3n);
  }

  put([pa, word]: Store): void {
    this.memory.writeU64(pa, word);
  }

  command(low: bigint, high: bigint): void {
    const at = COMMANDS * 4096 + (this.commands % 256) * 16;
    this.memory.writeU64(at, low);
    this.memory.writeU64(at + 8, high);
    this.unit.registers.write64(0x2008, BigInt((++this.commands % 256) * 16));
  }

  /** Registers, every cache, and memory. */
  state(): Readonly<Record<string, Buffer>> {
    const { regs, iotlb, dtes, pasids, pdes } = this.unit.state;
    const words = (array: Int32Array): Buffer => Buffer.from(array.slice().buffer);
    return {
      registers: words(regs),
      iotlb: words(iotlb.entries),
      devices: words(dtes.entries),
      processes: words(pasids.entries),
      tables: words(pdes.entries),
      memory: Buffer.from(this.memory.read(FIRST_PFN * 4096, FRAMES * 4096) ?? []),
    };
  }
}
