import { NO_PASID, READ, TRANSLATED, WALKED } from '../engine/hw/port';
import type { SmmuConfig } from '../engine/hw/smmuv3/device/config';
import { SmmuV3 } from '../engine/hw/smmuv3/device/device';
import { PhysicalMemory } from '../engine/memory/physical-memory';
import { silent, type Trace } from '../engine/trace/trace';
import { dmaRate } from './listening';
import { timed, type Clock } from './measure';
import { PAGES, shuffled } from './patterns';
import type { Measurement } from './vtd';

/**
 * The SMMUv3 device as it is, without a trace: its tables are written here by hand, so that only the silicon is measured.
 * Access patterns are those of limit.c, so that its numbers can stand beside.
 */

const VA0 = 0x4000_0000;
const PA0 = 0x1_0000_1000;
const SID = 0x0100;

const STRTAB = 0x100_0000;
const CD = 0x180_0000;
/** Roots of a stage-1 and a stage-2 table; the next tables lie behind each. */
const S1 = 0x1000_0000;
const S2 = 0x2000_0000;

/** Writes 4 KiB descriptors under tables that it makes as it goes, one level after the other. */
class TableWriter {
  private next: number;
  private readonly tables = new Map<string, number>();

  constructor(
    private readonly memory: PhysicalMemory,
    private readonly root: number,
    private readonly startLevel: number,
    private readonly leaf: bigint,
  ) {
    this.next = root + 0x1_0000;
  }

  map(address: number, pa: number): void {
    let table = this.root;
    for (let level = this.startLevel; level < 3; level++) {
      const below = Math.floor(address / 2 ** (12 + 9 * (3 - level)));
      const key = `${level} ${below}`;
      let child = this.tables.get(key);
      if (child === undefined) {
        child = this.next;
        this.next += 4096;
        this.tables.set(key, child);
        this.memory.writeU64(table + (below % 512) * 8, BigInt(child) | 3n);
      }
      table = child;
    }
    this.memory.writeU64(table + (Math.floor(address / 4096) % 512) * 8, BigInt(pa) | this.leaf);
  }

  /** Every page of table memory that is in use. */
  *pages(): Iterable<number> {
    for (let pa = this.root; pa < this.next; pa += 4096) yield pa;
  }
}

type Kind = 's1' | 's2' | 'nested';

/** From the root each time. */
const FULL_WALKS: Partial<SmmuConfig> = { walkCache: { sets: 0, ways: 1 } };

function machine(
  kind: Kind,
  levels: 3 | 4,
  shapes: Partial<SmmuConfig> = {},
  memory = new PhysicalMemory(),
  trace: Trace = silent,
): SmmuV3 {
  const device = new SmmuV3(shapes, { memory, trace });
  const config = { s1: 5n, s2: 6n, nested: 7n }[kind];
  const inputBits = levels === 4 ? 48 : 39;
  const put = (pa: number, ...words: bigint[]): void =>
    words.forEach((word, n) => memory.writeU64(pa + n * 8, word));
  const t0sz = BigInt(64 - inputBits);
  const sl0 = levels === 4 ? 2n : 1n;
  // S2TG 4 KiB, S2PS 48 bits, S2AA64, S2R.
  const vtcr = t0sz | (sl0 << 6n) | (5n << 16n) | (1n << 19n) | (1n << 26n);
  put(STRTAB + SID * 64, 1n | (config << 1n) | BigInt(CD), 0n, 1n | (vtcr << 32n), BigInt(S2));
  // EPD1, V, IPS 48 bits, AA64, R, A, ASID 1.
  put(
    CD,
    t0sz | (1n << 30n) | (1n << 31n) | (5n << 32n) | (1n << 41n) | (3n << 45n) | (1n << 48n),
    BigInt(S1),
  );
  const start = 4 - levels;
  const one = new TableWriter(memory, S1, start, 0xc43n); // AF, not global, AP: user
  const two = new TableWriter(memory, S2, start, 0x4ffn); // AF, read, write, normal memory
  for (let n = 0; n < PAGES; n++) {
    const va = VA0 + n * 4096;
    const pa = PA0 + n * 4096;
    if (kind !== 's2') one.map(va, pa);
    else two.map(va, pa);
    if (kind === 'nested') two.map(pa, pa);
  }
  if (kind === 'nested') for (const pa of [CD, ...one.pages()]) two.map(pa, pa);
  device.registers.write64(0x80, BigInt(STRTAB));
  device.registers.write32(0x88, 16);
  device.registers.write32(0x20, 1);
  return device;
}

/** Low words of addresses; all lie below 4 GiB. */
const addresses = (pages: readonly number[]): Int32Array =>
  Int32Array.from(pages, (page, n) => VA0 + page * 4096 + (n & 0xfff));

function translations(device: SmmuV3, iovas: Int32Array, count: number, expected: number): () => void {
  return () => {
    let sink = 0;
    let unexpected = 0;
    for (let n = 0; n < count; n++) {
      if (device.translate(SID, 0, iovas[n & (PAGES - 1)] as number, READ, NO_PASID) !== expected)
        unexpected++;
      sink = (sink + (device.result[0] as number)) | 0;
    }
    // The first round of a run of hits fills the IOTLB; a miss in 64 Ki pages has a few hits.
    if (unexpected > count / 100 || sink === 1)
      throw new Error(`${unexpected} translations did not come from where they should`);
  };
}

interface Scenario {
  readonly name: string;
  /** Label of the loop in limit.c. */
  readonly native: string;
  readonly aim: number | null;
  readonly machine: () => SmmuV3;
  readonly hits: boolean;
}

const HITS = 'IOTLB 64x4, 256 hot pages, all hits';
const WALK = '3-level walk, V/leaf/perm/align checks, random';
const missed = (name: string, aim: number | null, machine: () => SmmuV3): Scenario => ({
  name: `SMMUv3 ${name}`,
  native: WALK,
  aim,
  machine,
  hits: false,
});

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'SMMUv3 translation, TLB hit, 256 hot pages',
    native: HITS,
    aim: 1 / 3,
    machine: () => machine('s1', 4),
    hits: true,
  },
  missed('stage 1, miss, 4 levels, random', 1 / 40, () => machine('s1', 4, FULL_WALKS)),
  missed('stage 1, miss, 3 levels, random', 1 / 40, () => machine('s1', 3, FULL_WALKS)),
  missed('stage 1, miss, 4 levels, from the walk cache', null, () => machine('s1', 4)),
  missed('stage 2, miss, 3 levels, random', 1 / 40, () => machine('s2', 3, FULL_WALKS)),
  missed('nested, miss, 3 levels over 3, random', null, () => machine('nested', 3, FULL_WALKS)),
  missed('nested, miss, from the walk cache', null, () => machine('nested', 3)),
];

export const smmuScenarios = SCENARIOS.length;

/** One scenario. To be run in a copy of this module of its own: as on a page, there is one unit then. */
export function measureSmmuScenario(now: Clock, index: number): Measurement {
  const chosen = SCENARIOS[index];
  if (chosen === undefined) throw new Error(`no scenario ${index}`);
  const { name, native, aim, hits, machine: make } = chosen;
  const order = shuffled();
  const iovas = addresses(hits ? order.map((page) => page & 255) : order);
  const count = hits ? 20_000_000 : 5_000_000;
  const run = translations(make(), iovas, count, hits ? TRANSLATED : WALKED);
  return { name, native, aim, perSecond: count / timed(now, run) };
}

/** DMAs of 64 bytes a second, listened to in the way with that index. */
export const measureSmmuTrace = (now: Clock, index: number): number =>
  dmaRate(now, index, (trace) => {
    const memory = new PhysicalMemory();
    return { iommu: machine('s1', 4, {}, memory, trace), memory, rid: SID, firstIova: BigInt(VA0) };
  });
