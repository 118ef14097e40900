import { PhysicalMemory } from '../engine/memory/physical-memory';
import { NO_PASID, READ, type DmaTranslator } from '../engine/hw/port';
import type { VtdDevice } from '../engine/hw/vtd/device/device';
import { createVtdUnit } from '../engine/hw/vtd/unit';
import type { PagingDomain } from '../engine/iommu/ops';
import type { Result } from '../engine/kernel/errno';
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

/** Seconds of processor time. */
type Clock = () => number;

const PAGES = 65536;
const VA0 = 0x4000_0000n;
const RID = 0x0100;
const CLIENT = { name: '0000:01:00.0', rid: RID, aliasRids: [RID] };
const RUNS = 5;

/** The median of five runs after a warm-up, as in limit.c. */
function measure(count: number, now: Clock, run: () => void): number {
  const rates: number[] = [];
  for (let n = 0; n <= RUNS; n++) {
    const start = now();
    run();
    if (n > 0) rates.push(count / (now() - start));
  }
  return rates.sort((a, b) => a - b)[(RUNS - 1) / 2] ?? 0;
}

const must = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(result.why);
  return result.value;
};

interface Machine {
  readonly iommu: DmaTranslator;
  readonly paging: PagingDomain;
  /** A physical address that keeps 64 Ki pages from forming larger ones. */
  readonly pa: number;
}

function machine(): Machine {
  const memory = new PhysicalMemory();
  const { device, driver } = must(createVtdUnit({ memory }));
  must(driver.probeDevice(CLIENT));
  const domain = must(driver.domainAllocPaging(CLIENT, {}));
  must(domain.attachDev(CLIENT, null));
  driver.enableTranslation();
  if (domain.paging === null) throw new Error('no paging domain');
  return { iommu: device, paging: domain.paging, pa: 0x1_0000_1000 };
}

/** Low words of addresses; all lie below 4 GiB. */
const addresses = (pages: readonly number[]): Int32Array =>
  Int32Array.from(pages, (page, n) => Number(VA0) + page * 4096 + (n & 0xfff));

/** limit.c's xorshift and Fisher-Yates. */
function shuffled(): readonly number[] {
  const order = Array.from({ length: PAGES }, (_, n) => n);
  let x = 88172645463325252n;
  for (let i = PAGES - 1; i > 0; i--) {
    x = BigInt.asUintN(64, x ^ (x << 13n));
    x ^= x >> 7n;
    x = BigInt.asUintN(64, x ^ (x << 17n));
    const j = Number(x % BigInt(i + 1));
    [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
  }
  return order;
}

function translations(iommu: DmaTranslator, iovas: Int32Array, count: number, expected: number): () => void {
  return () => {
    let sink = 0;
    let unexpected = 0;
    for (let n = 0; n < count; n++) {
      if (iommu.translate(RID, 0, iovas[n & (PAGES - 1)] as number, READ, NO_PASID) !== expected)
        unexpected++;
      sink = (sink + (iommu.result[0] as number)) | 0;
    }
    // The first round of a run of hits fills the IOTLB.
    if (unexpected > 256 || sink === 1)
      throw new Error(`${unexpected} translations did not come from where they should`);
  };
}

export function measureVtd(now: Clock): readonly Measurement[] {
  const { iommu, paging, pa } = machine();
  const bytes = PAGES * 4096;
  const prot = { read: true, write: true };
  const order = shuffled();
  must(paging.map(VA0, pa, bytes, prot));

  const identity = Array.from({ length: PAGES }, (_, n) => n);
  const hot = addresses(order.map((page) => page & 255));
  const [HIT, WALK] = [0, 1];
  const hits = 20_000_000;
  const walks = 5_000_000;
  const hit = measure(hits, now, translations(iommu, hot, hits, HIT));
  const sequential = measure(walks, now, translations(iommu, addresses(identity), walks, WALK));
  const random = measure(walks, now, translations(iommu, addresses(order), walks, WALK));

  // Alternately: what one makes, the other takes away.
  const mapTimes: number[] = [];
  const unmapTimes: number[] = [];
  for (let n = 0; n < 40; n++) {
    const start = now();
    if (paging.unmap(VA0, bytes) !== bytes) throw new Error('unmap stopped early');
    const middle = now();
    must(paging.map(VA0, pa, bytes, prot));
    unmapTimes.push(middle - start);
    mapTimes.push(now() - middle);
  }
  const median = (times: number[]): number => times.sort((a, b) => a - b)[times.length >> 1] ?? 0;
  const singles = measure(2 * PAGES, now, () => {
    for (let n = 0; n < PAGES; n++) paging.unmap(VA0 + BigInt(n) * 4096n, 4096);
    for (let n = 0; n < PAGES; n++) must(paging.map(VA0 + BigInt(n) * 4096n, pa + n * 4096, 4096, prot));
  });

  const scalable = (stages: Stages): VtdDevice => scalableMachine(stages, RID, Number(VA0), pa, PAGES);
  const missed = (stages: Stages): number =>
    measure(walks, now, translations(scalable(stages), addresses(order), walks, WALK));
  const firstHit = measure(hits, now, translations(scalable('first'), hot, hits, HIT));

  const row = (name: string, native: string, aim: number | null, perSecond: number): Measurement => ({
    name,
    native,
    aim,
    perSecond,
  });
  const walk = '3-level walk, V/leaf/perm/align checks';
  return [
    row('VT-d translation, IOTLB hit, 256 hot pages', 'IOTLB 64x4, 256 hot pages, all hits', 1 / 10, hit),
    row('VT-d translation, miss, 4 levels, sequential', `${walk}, sequential`, null, sequential),
    row('VT-d translation, miss, 4 levels, random', `${walk}, random`, 1 / 20, random),
    row(
      'VT-d first stage, IOTLB hit, 256 hot pages',
      'IOTLB 64x4, 256 hot pages, all hits',
      1 / 20,
      firstHit,
    ),
    row('VT-d first stage, miss, 4 levels, random', `${walk}, random`, null, missed('first')),
    row(
      'VT-d second stage in scalable mode, miss, 4 levels, random',
      `${walk}, random`,
      1 / 40,
      missed('second'),
    ),
    row('VT-d nested, miss, 4 levels over 4, random', `${walk}, random`, null, missed('nested')),
    row('VT-d map, 4 KiB entries, 256 MiB a call', 'map, 64k pages', null, PAGES / median(mapTimes)),
    row('VT-d unmap with IOTLB flush, 256 MiB a call', 'unmap, 64k pages', null, PAGES / median(unmapTimes)),
    row('VT-d map or unmap with flush, 4 KiB a call', 'map, 64k pages', null, singles),
  ];
}
