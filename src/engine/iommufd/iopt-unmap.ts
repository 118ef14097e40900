import { hex, U64_MAX } from '../../lib/u64';
import { err, ok, type Failure, type Result } from '../kernel/errno';
import { holding, reading, type Task } from '../kernel/task';
import type { Area } from './area';
import { notifyUnmap } from './access-notify';
import { abortAreas, unfillArea } from './iopt-map';
import { range, type IoPagetable } from './iopt';
import { addChecked } from './page';
import type { IoptPages } from './pages';

/** Bytes that an unmap took out, also when it failed half-way. */
export interface Unmapped {
  bytes: bigint;
}

/** Linux: drivers/iommu/iommufd/io_pagetable.c iopt_unmap_iova() */
export function* unmapIova(
  iopt: IoPagetable,
  iova: bigint,
  length: bigint,
  count: Unmapped = { bytes: 0n },
): Task<Result<bigint>> {
  const rule = 'iopt_unmap_iova';
  if (length === 0n) return err('EINVAL', 'length is zero', { rule });
  const last = addChecked(iova, length - 1n);
  if (last === null) {
    const why = `iova ${hex(iova)} plus length ${hex(length)} passes the end of the address space`;
    return err('EOVERFLOW', why, { rule });
  }
  return yield* unmapRange(iopt, iova, last, count);
}

/** Linux: iopt_unmap_all() */
export const unmapAll = (iopt: IoPagetable, count: Unmapped = { bytes: 0n }): Task<Result<bigint>> =>
  unmapRange(iopt, 0n, U64_MAX, count);

/** How far an unmap has come. */
interface Progress {
  start: bigint;
  readonly last: bigint;
  readonly count: Unmapped;
  /** Times that accesses were asked to let go of the same area. */
  tries: number;
}

/** An area to take out, one that accesses have pinned, or the end. */
type Next =
  | { readonly kind: 'area'; readonly area: Area; readonly pages: IoptPages }
  | { readonly kind: 'pinned'; readonly area: Area }
  | { readonly kind: 'end' };

/** Linux: iopt_unmap_iova_range(), `tries > 100` */
const PATIENCE = 100;

/**
 * Whole areas only. One that sticks out of the range ends the walk with ENOENT, but those before it are gone by then.
 * Accesses that have pages pinned are asked to let go, with none of the locks held.
 *
 * Linux: iopt_unmap_iova_range()
 */
function* unmapRange(iopt: IoPagetable, start: bigint, last: bigint, count: Unmapped): Task<Result<bigint>> {
  const progress: Progress = { start, last, count, tries: 0 };
  for (;;) {
    const pinned = yield* reading(iopt.domainsRwsem, () => unmapAreas(iopt, progress));
    if (!pinned.ok) return pinned;
    if (!pinned.value) return ok(count.bytes);
    const area = pinned.value;
    yield* notifyUnmap(iopt, area.start, area.length);
    if (++progress.tries > PATIENCE) {
      const why = `accesses were asked ${PATIENCE + 1} times to let go of ${range(area)}, and did not`;
      return err('EDEADLOCK', why, { rule: 'iopt_unmap_iova_range', culprit: iopt.owner.worldId });
    }
  }
}

/** Up to the end, or to an area that has to wait for its accesses. */
function* unmapAreas(iopt: IoPagetable, progress: Progress): Task<Result<Area | null>> {
  for (let done = false; ;) {
    const next: Result<Next> = yield* holding(iopt.iovaRwsem, () =>
      done ? ok({ kind: 'end' } as const) : takeArea(iopt, progress),
    );
    if (!next.ok) return next;
    if (next.value.kind === 'end') return ok(null);
    if (next.value.kind === 'pinned') return ok(next.value.area);
    const { area, pages } = next.value;
    yield* unfillArea(iopt, area, pages);
    yield* abortAreas(iopt, [{ area }]);
    yield* pages.put();
    progress.count.bytes += area.length;
    // What others map behind us from now on is none of our business.
    if (area.last >= progress.last) done = true;
    else progress.start = area.last + 1n;
  }
}

/** Finds the next area to go and makes it unusable for others. */
function takeArea(iopt: IoPagetable, progress: Progress): Result<Next> {
  const area = iopt.areas.first(progress.start, progress.last);
  if (!area) return ok({ kind: 'end' });
  const refused = refusal(iopt, area, progress);
  if (refused) return refused;
  if (area.start !== progress.start) progress.tries = 0;
  if (area.numAccesses > 0) {
    progress.start = area.start;
    area.preventAccess = true;
    return ok({ kind: 'pinned', area });
  }
  const { pages } = area;
  if (!pages) return ok({ kind: 'end' });
  area.pages = null;
  return ok({ kind: 'area', area, pages });
}

function refusal(iopt: IoPagetable, area: Area, { start, last }: Progress): Failure | null {
  const rule = 'iopt_unmap_iova_range';
  const { worldId: culprit, title } = iopt.owner;
  if (!area.pages) {
    return err('EBUSY', `${range(area)} of ${title} is being mapped or unmapped`, { rule, culprit });
  }
  if (area.numLocks > 0) {
    return err('EBUSY', `a hardware queue lies in ${range(area)} of ${title}`, { rule, culprit });
  }
  if (area.start < start || area.last > last) {
    const why = `${range({ start, last })} would cut the mapping ${range(area)} of ${title} in two; only whole mappings can go`;
    return err('ENOENT', why, { rule, culprit });
  }
  return null;
}
