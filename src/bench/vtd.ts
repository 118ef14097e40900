import { PhysicalMemory } from '../engine/memory/physical-memory';
import { NO_PASID, READ, TRANSLATED, WALKED, type DmaTranslator } from '../engine/hw/port';
import type { VtdConfig } from '../engine/hw/vtd/device/config';
import { createVtdUnit } from '../engine/hw/vtd/unit';
import type { PagingDomain } from '../engine/iommu/ops';
import type { Result } from '../engine/kernel/errno';
import { silent, type Trace } from '../engine/trace/trace';
import { dmaRate } from './listening';
import { median, timed, type Clock } from './measure';
import { PAGES, shuffled } from './patterns';
import { scalableMachine, type Stages } from './vtd-scalable';

/**
 * The VT-d unit that the page uses, without a trace: driver and device as they are, no loop of their own.
 * Access patterns are those of limit.c, so that its numbers can stand beside.
 */
export interface Measurement {
  readonly name: string;
  /** Label of the loop in limit.c that bounds it. */
  readonly native: string;
  /** Fraction of the native loop to reach; null where none is set. */
  readonly aim: number | null;
  readonly perSecond: number;
}

const VA0 = 0x4000_0000n;
const RID = 0x0100;
const CLIENT = { name: '0000:01:00.0', rid: RID, aliasRids: [RID] };

const must = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(result.why);
  return result.value;
};

interface Machine {
  readonly memory: PhysicalMemory;
  readonly iommu: DmaTranslator;
  readonly paging: PagingDomain;
}

/** A physical address that keeps 64 Ki pages from forming larger ones. */
const PA = 0x1_0000_1000;
const BYTES = PAGES * 4096;
const PROT = { read: true, write: true };
/** Every walk begins at the root, as in the native loop. */
const FULL_WALKS: Partial<VtdConfig> = { walkCache: { sets: 0, ways: 0 } };
/** As many tables as the working set has; the other vendors' caches hold them as they are. */
const LARGE_CACHE: Partial<VtdConfig> = { walkCache: { sets: 128, ways: 4 } };

function machine(config: Partial<VtdConfig> = {}, trace: Trace = silent): Machine {
  const memory = new PhysicalMemory();
  const { device, driver } = must(createVtdUnit({ memory, config, trace }));
  must(driver.probeDevice(CLIENT));
  const domain = must(driver.domainAllocPaging(CLIENT, {}));
  must(domain.attachDev(CLIENT, null));
  driver.enableTranslation();
  if (domain.paging === null) throw new Error('no paging domain');
  return { memory, iommu: device, paging: domain.paging };
}

/** Runs the requests and checks every answer. All addresses lie below 4 GiB. */
function translations(
  iommu: DmaTranslator,
  pages: readonly number[],
  count: number,
  expected: number,
): () => void {
  const iovas = Int32Array.from(pages, (page, n) => Number(VA0) + page * 4096 + (n & 0xfff));
  const pas = Int32Array.from(pages, (page, n) => PA + page * 4096 + (n & 0xfff));
  return () => {
    let unexpected = 0;
    let wrong = 0;
    for (let n = 0; n < count; n++) {
      const at = n & (PAGES - 1);
      if (iommu.translate(RID, 0, iovas[at] as number, READ, NO_PASID) !== expected) unexpected++;
      wrong |= (iommu.result[0] as number) ^ (pas[at] as number);
    }
    // The first round of a run of hits fills the IOTLB.
    if (unexpected > 256 || wrong !== 0)
      throw new Error(`${unexpected} answers from elsewhere, or wrong ones`);
  };
}

/** Legacy tables as the driver writes them. */
function mapped(config: Partial<VtdConfig>): DmaTranslator {
  const { iommu, paging } = machine(config);
  must(paging.map(VA0, PA, BYTES, PROT));
  return iommu;
}

interface Scenario {
  readonly name: string;
  /** Label of the loop in limit.c. */
  readonly native: string;
  readonly aim: number | null;
  readonly iommu: () => DmaTranslator;
  readonly what: 'one' | 'hot' | 'random' | 'sequential';
}

const ONE = 'IOTLB 64x4, one hot page';
const HOT = 'IOTLB 64x4, 256 hot pages, all hits';
const WALK = '3-level walk, V/leaf/perm/align checks, random';
const scalable = (stages: Stages, config: Partial<VtdConfig> = {}): DmaTranslator =>
  scalableMachine(stages, RID, Number(VA0), PA, PAGES, config);
const scenario = (
  name: string,
  native: string,
  aim: number | null,
  iommu: () => DmaTranslator,
  what: Scenario['what'] = 'random',
): Scenario => ({ name: `VT-d ${name}`, native, aim, iommu, what });

const SCENARIOS: readonly Scenario[] = [
  scenario('translation, IOTLB hit, one page', ONE, null, () => mapped({}), 'one'),
  scenario('translation, IOTLB hit, 256 hot pages', HOT, 1 / 3.2, () => mapped({}), 'hot'),
  scenario('translation, miss, 4 levels, random', WALK, 1 / 27, () => mapped(FULL_WALKS)),
  scenario(
    'translation, miss, 4 levels, sequential',
    '3-level walk, V/leaf/perm/align checks, sequential',
    null,
    () => mapped(FULL_WALKS),
    'sequential',
  ),
  scenario('translation, miss, from the paging-structure cache', WALK, null, () => mapped(LARGE_CACHE)),
  scenario('first stage, IOTLB hit, 256 hot pages', HOT, 1 / 3.2, () => scalable('first'), 'hot'),
  scenario('first stage, miss, 4 levels, random', WALK, 1 / 27, () => scalable('first', FULL_WALKS)),
  scenario('first stage, miss, from the paging-structure cache', WALK, null, () =>
    scalable('first', LARGE_CACHE),
  ),
  scenario('second stage in scalable mode, miss, 4 levels, random', WALK, 1 / 27, () =>
    scalable('second', FULL_WALKS),
  ),
  scenario('nested, miss, 4 levels over 4, random', WALK, null, () => scalable('nested', FULL_WALKS)),
  scenario('nested, miss, from the paging-structure cache', WALK, null, () =>
    scalable('nested', LARGE_CACHE),
  ),
];

export const vtdScenarios = SCENARIOS.length;

/** One scenario. To be run in a copy of this module of its own: as on a page, there is one unit then. */
export function measureVtdScenario(now: Clock, index: number): Measurement {
  const chosen = SCENARIOS[index];
  if (chosen === undefined) throw new Error(`no scenario ${index}`);
  const { name, native, aim, what } = chosen;
  const order = shuffled();
  const pages = {
    one: () => order.map(() => 7),
    hot: () => order.map((page) => page & 255),
    random: () => order,
    sequential: () => order.map((_, n) => n),
  }[what]();
  const [count, expected] = what === 'one' || what === 'hot' ? [20_000_000, TRANSLATED] : [5_000_000, WALKED];
  const run = translations(chosen.iommu(), pages, count, expected);
  return { name, native, aim, perSecond: count / timed(now, run) };
}

/** What the driver and its tables cost. */
export function measureVtdMaps(now: Clock): readonly Measurement[] {
  const { paging } = machine();
  must(paging.map(VA0, PA, BYTES, PROT));
  // Alternately: what one makes, the other takes away.
  const mapTimes: number[] = [];
  const unmapTimes: number[] = [];
  for (let n = 0; n < 40; n++) {
    const start = now();
    if (paging.unmap(VA0, BYTES) !== BYTES) throw new Error('unmap stopped early');
    const middle = now();
    must(paging.map(VA0, PA, BYTES, PROT));
    unmapTimes.push(middle - start);
    mapTimes.push(now() - middle);
  }
  const singles = timed(now, () => {
    for (let n = 0; n < PAGES; n++) paging.unmap(VA0 + BigInt(n) * 4096n, 4096);
    for (let n = 0; n < PAGES; n++) must(paging.map(VA0 + BigInt(n) * 4096n, PA + n * 4096, 4096, PROT));
  });
  const row = (name: string, native: string, perSecond: number): Measurement => ({
    name,
    native,
    aim: null,
    perSecond,
  });
  return [
    row('VT-d map, 4 KiB entries, 256 MiB a call', 'map, 64k pages', PAGES / median(mapTimes)),
    row('VT-d unmap with IOTLB flush, 256 MiB a call', 'unmap, 64k pages', PAGES / median(unmapTimes)),
    row('VT-d map or unmap with flush, 4 KiB a call', 'map, 64k pages', (2 * PAGES) / singles),
  ];
}

/** DMAs of 64 bytes a second, listened to in the way with that index. */
export const measureVtdTrace = (now: Clock, index: number): number =>
  dmaRate(now, index, (trace) => {
    const { memory, iommu, paging } = machine({}, trace);
    must(paging.map(VA0, PA, BYTES, PROT));
    return { iommu, memory, rid: RID, firstIova: VA0 };
  });
