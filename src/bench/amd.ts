import type { AmdConfig } from '../engine/hw/amd/device/config';
import { AmdIommu } from '../engine/hw/amd/device/device';
import { NO_PASID, READ, TRANSLATED, WALKED } from '../engine/hw/port';
import { PhysicalMemory } from '../engine/memory/physical-memory';
import { silent, type Trace } from '../engine/trace/trace';
import { dmaRate } from './listening';
import { timed, type Clock } from './measure';
import { PAGES, shuffled } from './patterns';
import type { Measurement } from './vtd';

/**
 * The AMD-Vi device as it is: its tables are written here by hand, so that only the silicon is measured. Access patterns
 * are those of limit.c, so that its numbers can stand beside.
 */
const VA0 = 0x4000_0000;
const FIRST_PFN = 0x10_0001;
const RID = 0x0100;
const DOMAIN = 5n;
const DEVTAB = 0x200_0000;
const MAPPED = 3n << 61n;

/** Every walk begins at the root, as in the native loop. */
const FULL_WALKS: Partial<AmdConfig> = { pdeCache: { sets: 0, ways: 1 } };

/** Writes tables of 4 KiB pages in either format. */
class Tables {
  readonly memory = new PhysicalMemory();

  frame(): number {
    const pfn = this.memory.allocateFrames(1, { from: 'top' });
    if (!pfn.ok) throw new Error(pfn.why);
    return pfn.value;
  }

  /** Enters one page; `entry` makes an entry of a level, from 1, that points at a frame. */
  map(
    root: number,
    levels: number,
    va: number,
    pfn: number,
    entry: (level: number, pfn: number) => bigint,
  ): void {
    let table = root;
    for (let level = levels; level > 1; level--) {
      const at = table * 4096 + (Math.floor(va / 2 ** (12 + 9 * (level - 1))) % 512) * 8;
      let word = this.memory.readU64(at) ?? 0n;
      if (word === 0n) {
        word = entry(level, this.frame());
        this.memory.writeU64(at, word);
      }
      table = Number((word >> 12n) & 0xff_ffff_ffffn);
    }
    this.memory.writeU64(table * 4096 + (Math.floor(va / 4096) % 512) * 8, entry(1, pfn));
  }
}

const host = (level: number, pfn: number): bigint =>
  (BigInt(pfn) << 12n) | (BigInt(level - 1) << 9n) | MAPPED | 1n;
/** P RW US A D */
const guest = (_level: number, pfn: number): bigint => (BigInt(pfn) << 12n) | 0x67n;

interface Machine {
  readonly iommu: AmdIommu;
  readonly memory: PhysicalMemory;
  readonly pasid: number;
}

/** A device whose requests take the host's tables, a process's, or a process's over the host's. */
function machine(
  kind: 'host' | 'guest' | 'nested',
  config: Partial<AmdConfig> = {},
  trace: Trace = silent,
): Machine {
  const tables = new Tables();
  const { memory } = tables;
  const iommu = new AmdIommu(config, { memory, trace });
  const root = tables.frame();
  const hostRoot = tables.frame();
  const gcr3 = tables.frame();
  if (kind === 'host')
    for (let n = 0; n < PAGES; n++) tables.map(root, 4, VA0 + n * 4096, FIRST_PFN + n, host);
  else for (let n = 0; n < PAGES; n++) tables.map(root, 4, VA0 + n * 4096, FIRST_PFN + n, guest);
  memory.writeU64(gcr3 * 4096 + 8, (BigInt(root) << 12n) | 1n);
  if (kind === 'nested') {
    // Guest physical addresses are physical ones: every frame that the guest's tables name, in pages of 4 KiB.
    const bottom = tables.frame();
    for (let pfn = bottom; pfn <= gcr3 + 3; pfn++) tables.map(hostRoot, 4, pfn * 4096, pfn, host);
    for (let n = 0; n < PAGES; n++) tables.map(hostRoot, 4, (FIRST_PFN + n) * 4096, FIRST_PFN + n, host);
  }
  const mode = kind === 'guest' ? 0n : (4n << 9n) | (BigInt(kind === 'host' ? root : hostRoot) << 12n);
  const at = BigInt(gcr3) << 12n;
  const usesGuest = kind !== 'host';
  const words = [
    3n | mode | MAPPED | (usesGuest ? (1n << 55n) | (((at >> 12n) & 7n) << 58n) : 0n),
    DOMAIN | (usesGuest ? (((at >> 15n) & 0xffffn) << 16n) | ((at >> 31n) << 43n) : 0n),
    0n,
    0n,
  ];
  words.forEach((word, n) => memory.writeU64(DEVTAB + RID * 32 + n * 8, word));
  iommu.registers.write64(0x00, BigInt(DEVTAB) | 0x1ffn);
  iommu.registers.write64(0x18, 1n | (1n << 16n));
  return { iommu, memory, pasid: usesGuest ? 1 : NO_PASID };
}

/**
 * Runs the requests and checks every answer. The clock is read elsewhere: a loop with that around it is compiled anew in
 * each run.
 */
function translations(
  { iommu, pasid }: Machine,
  pages: readonly number[],
  count: number,
  expected: number,
): () => void {
  const iovas = Int32Array.from(pages, (page, n) => VA0 + page * 4096 + (n & 0xfff));
  const pas = Int32Array.from(pages, (page, n) => ((FIRST_PFN + page) << 12) | (n & 0xfff));
  return () => {
    let unexpected = 0;
    let wrong = 0;
    for (let n = 0; n < count; n++) {
      const at = n & (PAGES - 1);
      if (iommu.translate(RID, 0, iovas[at] as number, READ, pasid) !== expected) unexpected++;
      wrong |= (iommu.result[0] as number) ^ (pas[at] as number);
    }
    // The first round of a run of hits fills the IOTLB.
    if (unexpected > 256 || wrong !== 0)
      throw new Error(`${unexpected} answers from elsewhere, or wrong ones`);
  };
}

interface Scenario {
  readonly name: string;
  /** Label of the loop in limit.c. */
  readonly native: string;
  readonly aim: number | null;
  readonly machine: () => Machine;
  readonly what: 'one' | 'hot' | 'random';
}

const ONE = 'IOTLB 64x4, one hot page';
const HOT = 'IOTLB 64x4, 256 hot pages, all hits';
const WALK = '3-level walk, V/leaf/perm/align checks, random';
const scenario = (
  name: string,
  native: string,
  aim: number | null,
  machine: () => Machine,
  what: Scenario['what'] = 'random',
): Scenario => ({ name: `AMD-Vi translation${name}`, native, aim, machine, what });

const SCENARIOS: readonly Scenario[] = [
  scenario(', IOTLB hit, one page', ONE, null, () => machine('host'), 'one'),
  scenario(', IOTLB hit, 256 hot pages', HOT, 1 / 3.2, () => machine('host'), 'hot'),
  scenario(' of a process, IOTLB hit, 256 hot pages', HOT, null, () => machine('guest'), 'hot'),
  scenario(', miss, v1, 4 levels, random', WALK, 1 / 27, () => machine('host', FULL_WALKS)),
  scenario(', miss, v1, with PDE cache, random', WALK, null, () => machine('host')),
  scenario(', miss, v2, 4 levels, random', WALK, 1 / 27, () => machine('guest', FULL_WALKS)),
  scenario(', miss, v2 over v1, random', WALK, null, () => machine('nested', FULL_WALKS)),
  scenario(', miss, v2 over v1, with PDE cache, random', WALK, null, () => machine('nested')),
];

export const amdScenarios = SCENARIOS.length;

/** One scenario. To be run in a copy of this module of its own: as on a page, there is one unit then. */
export function measureAmdScenario(now: Clock, index: number): Measurement {
  const chosen = SCENARIOS[index];
  if (chosen === undefined) throw new Error(`no scenario ${index}`);
  const { name, native, aim, what } = chosen;
  const order = shuffled();
  const pages = what === 'random' ? order : order.map((page) => (what === 'hot' ? page & 255 : 7));
  const [count, expected] = what === 'random' ? [5_000_000, WALKED] : [20_000_000, TRANSLATED];
  const run = translations(chosen.machine(), pages, count, expected);
  return { name, native, aim, perSecond: count / timed(now, run) };
}

/** DMAs of 64 bytes a second, listened to in the way with that index. */
export const measureAmdTrace = (now: Clock, index: number): number =>
  dmaRate(now, index, (trace) => {
    const { iommu, memory } = machine('host', {}, trace);
    return { iommu, memory, rid: RID, firstIova: BigInt(VA0) };
  });
