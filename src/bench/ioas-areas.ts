import type { Area } from '../engine/iommufd/area';
import { Bench } from './machine';
import { AIM, timed, type Clock, type IoasMeasurement } from './measure';

const PAGE = 4096n;
const FIXED_RW = 7;
/** Neither up nor down. */
const STEP = 7919;
const SAMPLE = 5000;
const LOOKUPS = 50_000;

/** Bytes in use after a collection. */
export type Heap = () => number;

/** One IOAS without a domain and its areas, each of one page, with a page left out behind each. */
class Areas {
  readonly bytesEach: number;
  private readonly bench = new Bench();
  private readonly ioas = this.bench.ioas(0);

  constructor(
    readonly count: number,
    heap: Heap,
  ) {
    // What the engine notes down about the code itself is there by then.
    for (let round = 0; round < 10; round++) {
      for (let n = 0; n < 1000; n++) this.map(this.iova(n));
      for (let n = 0; n < 1000; n++) this.unmap(this.iova(n));
    }
    const before = heap();
    for (let n = 0; n < count; n++) this.map(this.iova(n));
    this.bytesEach = (heap() - before) / count;
    if (this.all.length !== count) throw new Error('areas are missing');
  }

  get all(): readonly Area[] {
    return this.ioas.iopt.areas.all;
  }

  /** Of the n-th area in an order that jumps about. */
  iova(n: number): bigint {
    return PAGE * BigInt(2 + 2 * ((n * STEP) % this.count));
  }

  map(iova: bigint): void {
    const { id: ioas_id } = this.ioas;
    this.bench.call('IOMMU_IOAS_MAP', { ioas_id, flags: FIXED_RW, user_va: 0x10000n, length: PAGE, iova });
  }

  unmap(iova: bigint): void {
    this.bench.call('IOMMU_IOAS_UNMAP', { ioas_id: this.ioas.id, iova, length: PAGE });
  }

  find(iova: bigint): Area | undefined {
    return this.ioas.iopt.areas.first(iova, iova);
  }
}

/** The least that finding an interval takes. */
class SortedArray {
  private readonly starts: readonly bigint[];
  private readonly lasts: readonly bigint[];

  constructor(areas: readonly Area[]) {
    this.starts = areas.map((area) => area.start);
    this.lasts = areas.map((area) => area.last);
  }

  has(iova: bigint): boolean {
    let low = 0;
    let high = this.lasts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.lasts[middle] ?? 0n) < iova) low = middle + 1;
      else high = middle;
    }
    return (this.starts[low] ?? iova + 1n) <= iova;
  }
}

function measureMapping(now: Clock, areas: Areas): number {
  const seconds = timed(now, () => {
    for (let n = 0; n < SAMPLE; n++) {
      const iova = areas.iova(n) + PAGE;
      areas.map(iova);
      areas.unmap(iova);
    }
  });
  return (2 * SAMPLE) / seconds;
}

function measureLookUp(now: Clock, areas: Areas): IoasMeasurement {
  const wanted = Array.from({ length: LOOKUPS }, (_, n) => areas.iova(n) + 17n);
  const sorted = new SortedArray(areas.all);
  let missed = 0;
  const inTree = timed(now, () => {
    for (const iova of wanted) if (!areas.find(iova)) missed++;
  });
  const inArray = timed(now, () => {
    for (const iova of wanted) if (!sorted.has(iova)) missed++;
  });
  if (missed > 0) throw new Error('look-ups failed');
  return {
    name: `look-up among ${formatted(areas.count)} areas`,
    unit: 'look-ups',
    value: LOOKUPS / inTree,
    reference: { name: 'binary search in sorted arrays', value: LOOKUPS / inArray },
    aim: AIM,
  };
}

/** Bytes of two ends in an array of such. */
function bareInterval(count: number, heap: Heap): number {
  const before = heap();
  const bare = Array.from({ length: count }, (_, n) => ({
    start: PAGE * BigInt(n),
    last: PAGE * BigInt(n + 1) - 1n,
  }));
  const bytes = (heap() - before) / bare.length;
  return bare.length === count ? bytes : 0;
}

const formatted = (count: number): string => count.toLocaleString('en');

/** What a map, a look-up and an area cost when there are few areas and when there are many. */
export function measureAreas(now: Clock, heap: Heap, call: IoasMeasurement): readonly IoasMeasurement[] {
  const rows: IoasMeasurement[] = [];
  let few: { readonly count: number; readonly rate: number } | null = null;
  for (const count of [1000, 10_000, 100_000]) {
    const areas = new Areas(count, heap);
    const rate = measureMapping(now, areas);
    rows.push({
      name: `IOAS_MAP and UNMAP of a page among ${formatted(count)} areas`,
      unit: 'calls',
      value: rate,
      // Among many it may cost as much more as a tree is deeper.
      ...(few
        ? {
            reference: { name: `among ${formatted(few.count)}; may grow like log n`, value: few.rate },
            aim: Math.log(few.count) / Math.log(count),
          }
        : { reference: { name: 'an ioctl that does nothing', value: call.value }, aim: AIM }),
    });
    few ??= { count, rate };
    rows.push(measureLookUp(now, areas), {
      name: `memory of an area, ${formatted(count)} of them`,
      unit: 'bytes',
      value: areas.bytesEach,
      reference: { name: 'two ends in an array', value: bareInterval(count, heap) },
      aim: AIM,
    });
  }
  return rows;
}
