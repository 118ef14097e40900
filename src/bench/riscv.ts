import { NO_PASID, READ, TRANSLATED, WALKED, type DmaTranslator } from '../engine/hw/port';
import type { RiscvConfig } from '../engine/hw/riscv/device/config';
import { RiscvIommu } from '../engine/hw/riscv/device/device';
import { PhysicalMemory } from '../engine/memory/physical-memory';
import { silent, type Trace } from '../engine/trace/trace';
import { dmaRate } from './listening';
import { timed, type Clock } from './measure';
import { PAGES, shuffled } from './patterns';

/** A figure beside the loop of limit.c that bounds it. */
export interface RiscvMeasurement {
  readonly name: string;
  readonly native: string;
  /** Fraction of the native loop to reach; null where none is set. */
  readonly aim: number | null;
  readonly perSecond: number;
}

/** The tables of limit.c: so many pages from here on, each to a frame of its own. */
const VA0 = 0x4000_0000;
const FIRST_PFN = 0x10_0000;
/** V R W X U A D */
const LEAF = 0xdfn;
const POINTER = 1n;
const DEVICES = 512;
const DDTP = 0x10;
const MODE_1LVL = 2n;
const MODE_3LVL = 4n;
/** iosatp and iohgatp: Sv39, Sv39x4. */
const SV39 = 8n << 60n;
/** iosatp: Sv48. */
const SV48 = 9n << 60n;
const TC_VALID = 1n;

const NO_CACHE = { sets: 0, ways: 0 };
/** Every walk begins at the root, as in the native loop. */
const FULL_WALKS: Partial<RiscvConfig> = { walkCache: NO_CACHE };

/** Builds tables as limit.c does, without a driver: what is measured is the hardware. */
class Tables {
  readonly memory = new PhysicalMemory();

  frames(count: number): number {
    const pfn = this.memory.allocateFrames(count, { align: count, from: 'top' });
    if (!pfn.ok) throw new Error(pfn.why);
    return pfn.value;
  }

  put(pfn: number, index: number, value: bigint): void {
    this.memory.writeU64(pfn * 4096 + index * 8, value);
  }

  /** Enters a page in a table; `place`: where memory has a frame number that the table names. */
  map(
    root: number,
    va: number,
    pfn: number,
    place: (table: number) => number,
    fresh: () => number,
    levels = 3,
  ): void {
    let table = root;
    for (let level = levels - 1; level > 0; level--) {
      const index = Math.floor(va / 2 ** (12 + 9 * level)) % (level === levels - 1 ? 2048 : 512);
      const pa = (place(table) + Math.floor(index / 512)) * 4096 + (index % 512) * 8;
      let entry = this.memory.readU64(pa) ?? 0n;
      if (entry === 0n) {
        entry = (BigInt(fresh()) << 10n) | POINTER;
        this.memory.writeU64(pa, entry);
      }
      table = Number(entry >> 10n);
    }
    this.put(place(table), Math.floor(va / 4096) % 512, (BigInt(pfn) << 10n) | LEAF);
  }

  /** 64 Ki pages from VA0 on. */
  pages(
    root: number,
    place = (table: number): number => table,
    fresh = (): number => this.frames(1),
    levels = 3,
  ): void {
    for (let n = 0; n < PAGES; n++) this.map(root, VA0 + n * 4096, FIRST_PFN + n, place, fresh, levels);
  }

  /** A device context of 64 bytes. */
  context(table: number, index: number, iohgatp: bigint, fsc: bigint): void {
    [TC_VALID, iohgatp, 0n, fsc].forEach((word, n) => this.put(table, index * 8 + n, word));
  }
}

interface Machine {
  readonly iommu: DmaTranslator;
  /** What page n translates to. */
  readonly pfnOf: (page: number) => number;
}

function start(tables: Tables, ddtp: bigint, config: Partial<RiscvConfig>, trace: Trace): RiscvIommu {
  const iommu = new RiscvIommu(config, { memory: tables.memory, trace });
  iommu.registers.write64(DDTP, ddtp);
  return iommu;
}

/** One device and one level of directory. */
function oneDevice(
  tables: Tables,
  iohgatp: bigint,
  fsc: bigint,
  config: Partial<RiscvConfig>,
  trace: Trace = silent,
): Machine {
  const ddt = tables.frames(1);
  tables.context(ddt, 0, iohgatp, fsc);
  const iommu = start(tables, (BigInt(ddt) << 10n) | MODE_1LVL, config, trace);
  return { iommu, pfnOf: (page) => FIRST_PFN + page };
}

function sv39(config: Partial<RiscvConfig>, trace?: Trace): Machine {
  const tables = new Tables();
  const root = tables.frames(1);
  tables.pages(root);
  return oneDevice(tables, 0n, SV39 | BigInt(root), config, trace);
}

function sv48(config: Partial<RiscvConfig>): Machine {
  const tables = new Tables();
  const root = tables.frames(1);
  tables.pages(root, undefined, undefined, 4);
  return oneDevice(tables, 0n, SV48 | BigInt(root), config);
}

function sv39x4(config: Partial<RiscvConfig>): Machine {
  const tables = new Tables();
  const root = tables.frames(4);
  tables.pages(root);
  return oneDevice(tables, SV39 | (1n << 44n) | BigInt(root), 0n, config);
}

/** Guest frame n of the guest's tables lies at HOST + n; its data pages are mapped one to one. */
function nested(config: Partial<RiscvConfig>): Machine {
  const tables = new Tables();
  const guestRoot = tables.frames(4);
  const GUEST_TABLES = 0x8_0000;
  let used = 0;
  const host = tables.frames(1024);
  const place = (gpfn: number): number => host + gpfn - GUEST_TABLES;
  const fresh = (): number => GUEST_TABLES + used++;
  const identity = (table: number): number => table;
  const root = fresh();
  tables.pages(root, place, fresh);
  for (let n = 0; n < used; n++) {
    tables.map(guestRoot, (GUEST_TABLES + n) * 4096, host + n, identity, () => tables.frames(1));
  }
  for (let n = 0; n < PAGES; n++) {
    const gpfn = FIRST_PFN + n;
    tables.map(guestRoot, gpfn * 4096, gpfn, identity, () => tables.frames(1));
  }
  return oneDevice(tables, SV39 | (1n << 44n) | BigInt(guestRoot), SV39 | BigInt(root), config);
}

/** Many devices with one address space, and three levels of directory above them. */
function manyDevices(config: Partial<RiscvConfig>): Machine {
  const tables = new Tables();
  const root = tables.frames(1);
  tables.pages(root);
  const [top, middle] = [tables.frames(1), tables.frames(1)];
  tables.put(top, 0, (BigInt(middle) << 10n) | POINTER);
  for (let n = 0; n < DEVICES / 64; n++) {
    const leaf = tables.frames(1);
    tables.put(middle, n, (BigInt(leaf) << 10n) | POINTER);
    for (let index = 0; index < 64; index++) tables.context(leaf, index, 0n, SV39 | BigInt(root));
  }
  const iommu = start(tables, (BigInt(top) << 10n) | MODE_3LVL, config, silent);
  return { iommu, pfnOf: (page) => FIRST_PFN + page };
}

interface Run {
  /** Low words of the IOVAs, 64 Ki of them; all lie below 4 GiB. */
  readonly iovas: Int32Array;
  /** The device of each. */
  readonly rids: Int32Array;
  readonly count: number;
  readonly expected: number;
}

/** What the low words of all answers add up to. */
function expectedSum(run: Run, pfnOf: Machine['pfnOf']): number {
  let sum = 0;
  for (let n = 0; n < PAGES; n++) {
    const iova = (run.iovas[n] as number) >>> 0;
    sum = (sum + pfnOf((iova - VA0) >>> 12) * 4096 + (iova & 0xfff)) | 0;
  }
  return Math.imul(sum, run.count / PAGES);
}

/** Every answer is checked: by its status, and by the sum of the addresses. */
function translations({ iommu, pfnOf }: Machine, run: Run): () => void {
  const { iovas, rids, count, expected } = run;
  const wanted = expectedSum(run, pfnOf);
  return () => {
    let sum = 0;
    let unexpected = 0;
    for (let n = 0; n < count; n++) {
      const at = n & (PAGES - 1);
      const status = iommu.translate(rids[at] as number, 0, iovas[at] as number, READ, NO_PASID);
      if (status !== expected) unexpected++;
      sum = (sum + (iommu.result[0] as number)) | 0;
    }
    // The first round of a run of hits fills the IOATC.
    if (unexpected > 256 || sum !== wanted)
      throw new Error(`${unexpected} unexpected answers, sum ${sum}, not ${wanted}`);
  };
}

/** What a scenario is made of: addresses that are asked for, and who asks. */
interface Patterns {
  readonly one: Run;
  readonly hot: Run;
  readonly random: Run;
  readonly devices: Run;
}

function patterns(): Patterns {
  const order = shuffled();
  const rids = new Int32Array(PAGES);
  const devices = Int32Array.from({ length: PAGES }, (_, n) => Math.imul(n, 2039) & (DEVICES - 1));
  const random = Int32Array.from(order, (page, n) => VA0 + page * 4096 + (n & 0xfff));
  const hot = Int32Array.from(order, (page, n) => VA0 + (page & 255) * 4096 + (n & 0xfff));
  const one = Int32Array.from(order, (_, n) => VA0 + ((order[0] ?? 0) & 255) * 4096 + (n & 0xff8));
  const hits = { rids, count: 300 * PAGES, expected: TRANSLATED };
  const misses = { iovas: random, count: 60 * PAGES, expected: WALKED };
  return {
    one: { ...hits, iovas: one },
    hot: { ...hits, iovas: hot },
    random: { ...misses, rids },
    devices: { ...misses, rids: devices },
  };
}

interface Scenario {
  readonly name: string;
  /** Label of the loop in limit.c. */
  readonly native: string;
  readonly aim: number | null;
  readonly machine: () => Machine;
  readonly what: keyof Patterns;
}

const WALK = '3-level walk, V/leaf/perm/align checks, random';
const scenario = (
  name: string,
  native: string,
  aim: number | null,
  machine: () => Machine,
  what: keyof Patterns = 'random',
): Scenario => ({ name: `RISC-V ${name}`, native, aim, machine, what });

const SCENARIOS: readonly Scenario[] = [
  scenario('Sv39, IOTLB hit, one page', 'IOTLB 64x4, one hot page', 1 / 9, () => sv39({}), 'one'),
  scenario(
    'Sv39, IOTLB hits over 256 pages',
    'IOTLB 64x4, 256 hot pages, all hits',
    1 / 2.1,
    () => sv39({}),
    'hot',
  ),
  scenario('Sv39, miss, 64k pages, random', WALK, 1 / 18, () => sv39(FULL_WALKS)),
  scenario('Sv39x4 only, miss, random', WALK, 1 / 14, () => sv39x4(FULL_WALKS)),
  scenario('Sv39 over Sv39x4, miss, random', WALK, 1 / 36, () => nested(FULL_WALKS)),
  scenario(
    'Sv39 miss and device-context miss, 3-level DDT',
    WALK,
    1 / 21,
    () => manyDevices(FULL_WALKS),
    'devices',
  ),
  // Four levels, as the other vendors' walks have.
  scenario('Sv48, miss, 64k pages, random', WALK, null, () => sv48(FULL_WALKS)),
  scenario('Sv39, miss, tables from the walk cache', WALK, null, () => sv39({})),
  scenario('Sv39 over Sv39x4, miss, from the walk cache', WALK, null, () => nested({})),
];

export const riscvScenarios = SCENARIOS.length;

/** One scenario. To be run in a copy of this module of its own: as on a page, there is one unit then. */
export function measureRiscv(now: Clock, index: number): RiscvMeasurement {
  const chosen = SCENARIOS[index];
  if (chosen === undefined) throw new Error(`no scenario ${index}`);
  const { name, native, aim, machine, what } = chosen;
  const run = patterns()[what];
  return { name, native, aim, perSecond: run.count / timed(now, translations(machine(), run)) };
}

/** DMAs of 64 bytes a second, listened to in the way with that index. */
export function measureRiscvTrace(now: Clock, index: number): number {
  return dmaRate(now, index, (trace) => {
    const tables = new Tables();
    const root = tables.frames(1);
    tables.pages(root);
    const { iommu } = oneDevice(tables, 0n, SV39 | BigInt(root), {}, trace);
    return { iommu, memory: tables.memory, rid: 0, firstIova: BigInt(VA0) };
  });
}
