import { FRAME_BYTES } from '../../memory/frame-store';
import type { Area } from '../../iommufd/area';
import type { HwptPaging } from '../../iommufd/hwpt';
import type { Ioas } from '../../iommufd/ioas';
import { leafIsDirty } from '../../pt/dirty';
import type { PageTable } from '../../pt/page-table';
import { eachLeaf } from '../../pt/walk';
import type { Machine } from '../machine';
import type { AreaFrames, HwptLeaves, LeafRun } from '../physical-map';
import { pageTableOf } from './page-table-of';

/** More than these are not told one by one: nobody could tell them apart. */
const MOST_RUNS = 4096;
const MOST_FRAMES = 64;

/** The page sizes that tables really use, read back out of them. */
export function projectLeaves(machine: Machine): readonly HwptLeaves[] {
  const all: HwptLeaves[] = [];
  for (const ctx of machine.iommufd.contexts)
    for (const object of ctx.objects.list()) {
      const table = object.kind === 'hwpt-paging' ? pageTableOf(object.domain) : null;
      if (object.kind === 'hwpt-paging' && table !== null) all.push(leavesOf(object, table));
    }
  return all;
}

function leavesOf(hwpt: HwptPaging, table: PageTable): HwptLeaves {
  const { format } = table;
  const tracked = hwpt.domain?.paging?.dirty != null && format.tracksDirty;
  const areas = hwpt.ioas.iopt.areas.all;
  const runs: LeafRun[] = [];
  let cut = false;
  let area = 0;
  eachLeaf(table, ({ vpn, sizeLg2, lo, hi }) => {
    const iova = BigInt(vpn) << BigInt(format.granuleLg2);
    const pageBytes = 2 ** sizeLg2;
    const dirty = tracked ? (leafIsDirty(format, lo, hi) ? 1 : 0) : null;
    const before = runs.at(-1);
    while ((areas[area]?.last ?? iova) < iova) area++;
    const begins = areas[area]?.start === iova;
    const goesOn =
      before !== undefined &&
      !begins &&
      before.pageBytes === pageBytes &&
      before.iova + before.bytes === iova;
    // Written and unwritten pages stand apart for as long as somebody could see it.
    const alike = goesOn && ((before.dirty ?? 0) > 0 === (dirty ?? 0) > 0 || runs.length > MOST_RUNS / 2);
    if (goesOn && alike)
      runs[runs.length - 1] = {
        ...before,
        bytes: before.bytes + BigInt(pageBytes),
        dirty: dirty === null ? null : (before.dirty ?? 0) + dirty,
      };
    else if (runs.length < MOST_RUNS) runs.push({ iova, bytes: BigInt(pageBytes), pageBytes, dirty });
    else cut = true;
  });
  return { hwptId: hwpt.worldId, runs, cut };
}

/** Where the pinned pages of areas are. */
export const projectAreaFrames = (machine: Machine): readonly AreaFrames[] =>
  [...machine.iommufd.contexts].flatMap((ctx) =>
    ctx.objects
      .list()
      .flatMap((object) =>
        object.kind === 'ioas' ? object.iopt.areas.all.map((area) => framesOf(object, area)) : [],
      ),
  );

function framesOf(ioas: Ioas, { start, span, pages }: Area): AreaFrames {
  const found: { start: number; bytes: number }[] = [];
  for (let at = span.start; pages !== null && at <= span.last; at++)
    // Past the last one taken comes a page that is not pinned.
    at = pages.frames.eachRun(at, span.last, (pfn, count) => {
      found.push({ start: pfn * FRAME_BYTES, bytes: count * FRAME_BYTES });
      return true;
    });
  const frames: { start: number; bytes: number }[] = [];
  for (const run of found.sort((a, b) => a.start - b.start)) {
    const before = frames.at(-1);
    if (before !== undefined && before.start + before.bytes === run.start) before.bytes += run.bytes;
    else frames.push(run);
  }
  return {
    ioasId: ioas.worldId,
    iova: start,
    frames: frames.slice(0, MOST_FRAMES),
    cut: frames.length > MOST_FRAMES,
  };
}
