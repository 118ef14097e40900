import type { PagingDomain } from '../engine/iommu/ops';
import type { FrameRun } from '../engine/memory/user-memory';
import { Bench, must } from './machine';
import { AIM, median, RUNS, type Clock, type IoasMeasurement } from './measure';

const GIB = 1024 ** 3;
const FRAME = 4096;
const PART = 2 ** 25;
export const SMALL = 4096;
export const LARGE = 2 ** 21;
const FIXED_RW = 7;
const RW = { read: true, write: true };

/** Seconds that a map and an unmap take. */
interface Times {
  readonly map: readonly number[];
  readonly unmap: readonly number[];
}

/** Takes turns after a warm-up: what one makes, the other takes away. */
function alternate(now: Clock, runs: number, map: () => void, unmap: () => void): Times {
  const times = { map: new Array<number>(), unmap: new Array<number>() };
  for (let n = 0; n <= runs; n++) {
    const start = now();
    map();
    const middle = now();
    unmap();
    if (n === 0) continue;
    times.map.push(middle - start);
    times.unmap.push(now() - middle);
  }
  return times;
}

function enter(table: PagingDomain, iova: bigint, runs: readonly FrameRun[]): void {
  let at = iova;
  for (const { pfn, count } of runs) {
    must(table.map(at, pfn * FRAME, count * FRAME, RW));
    at += BigInt(count * FRAME);
  }
}

/**
 * IOAS_MAP and IOAS_UNMAP of 1 GiB in pages of one size, no two of them neighbours in memory. Beside them the same pages,
 * pinned and put in the same tables by the driver with no iommufd about.
 */
export function measureMap(now: Clock, domains: number, pageBytes: number): readonly IoasMeasurement[] {
  const bench = new Bench();
  const { process } = bench;
  const { id: ioas_id, iopt } = bench.ioas(domains);
  const { userVa } = must(process.mmap(GIB, pageBytes === SMALL ? 12 : 21));
  const iova = BigInt(GIB);
  const length = BigInt(GIB);
  // Large pages are few: more runs, or there would be nothing to measure. And an unmap is short beside one collection of
  // garbage, which falls on some runs and not on others.
  const runs = (pageBytes === SMALL ? 3 : 40) * RUNS;
  const through = alternate(
    now,
    runs,
    () => bench.call('IOMMU_IOAS_MAP', { ioas_id, flags: FIXED_RW, user_va: userVa, length, iova }),
    () => bench.call('IOMMU_IOAS_UNMAP', { ioas_id, iova, length }),
  );

  const tables: readonly PagingDomain[] = iopt.domains.flatMap(({ paging }) => paging ?? []);
  if (tables.length !== domains) throw new Error('page tables are missing');
  // A part at a time, as iommufd does. Pinned again, the frames are the same.
  const parts = Array.from({ length: GIB / PART }, (_, n) => n * PART);
  const pin = (at: number): readonly FrameRun[] => must(process.pin(userVa + BigInt(at), PART / FRAME, true));
  const frames = parts.map(pin);
  for (const part of frames) process.unpin(part);
  const alone = alternate(
    now,
    runs,
    () => {
      for (const at of parts) {
        const pinned = pin(at);
        for (const table of tables) enter(table, iova + BigInt(at), pinned);
      }
    },
    () => {
      for (const table of tables) if (table.unmap(iova, GIB) !== GIB) throw new Error('unmap stopped early');
      for (const part of frames) process.unpin(part);
    },
  );

  const entries = (GIB / pageBytes) * domains;
  const words = `1 GiB in ${pageBytes === SMALL ? '4 KiB' : '2 MiB'} pages, ${domains} domain${domains > 1 ? 's' : ''}`;
  const row = (what: keyof Times, reference: string): IoasMeasurement => ({
    name: `IOAS_${what.toUpperCase()} of ${words}`,
    unit: 'entries',
    value: entries / median(through[what]),
    reference: { name: reference, value: entries / median(alone[what]) },
    aim: AIM,
  });
  return [row('map', 'pin, and the driver’s own map'), row('unmap', 'the driver’s own unmap, and unpin')];
}
