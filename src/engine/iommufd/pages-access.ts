import { invariant } from '../../lib/invariant';
import { done } from '../../lib/result';
import { err, ok, type Result } from '../kernel/errno';
import type { Area, PageSpan } from './area';
import { tempBytes } from './iopt-env';
import type { IoptPages, TierSpan } from './pages';
import { updatePinned, updateUnpinned } from './pages-account';

/**
 * Pages that the kernel itself reads and writes, and so keeps pinned. Runs under pages->mutex.
 *
 * Linux: drivers/iommu/iommufd/pages.c
 */

/**
 * Keeps the pages pinned for an access and returns their frames. `lock`: the area cannot be unmapped meanwhile.
 *
 * Linux: iopt_area_add_access()
 */
export function addAreaAccess(
  area: Area,
  pages: IoptPages,
  { start, last }: PageSpan,
  lock: boolean,
): Result<readonly number[]> {
  const known = pages.accesses.exact(start, last);
  if (known) {
    known.users++;
  } else {
    const rule = 'iopt_area_add_access';
    if (pages.env.fail.hit(rule)) return err('ENOMEM', 'there is no memory for an access', { rule });
    const filled = fillXarray(pages, start, last);
    if (!filled.ok) return filled;
    pages.accesses.insert({ start, last, users: 1 });
  }
  area.numAccesses++;
  if (lock) area.numLocks++;
  return ok(framesOf(pages, start, last));
}

/** Linux: iopt_area_remove_access() */
export function removeAreaAccess(
  area: Area,
  pages: IoptPages,
  { start, last }: PageSpan,
  unlock: boolean,
): void {
  const access = pages.accesses.exact(start, last);
  invariant(access && area.numAccesses > 0, 'unpin of pages that no access has pinned just so');
  if (unlock) area.numLocks--;
  area.numAccesses--;
  if (--access.users > 0) return;
  pages.accesses.remove(access);
  unfillXarray(pages, start, last);
}

/** All pinned and counted, or nothing changed. Linux: iopt_pages_fill_xarray() */
function fillXarray(pages: IoptPages, start: number, last: number): Result<undefined> {
  const pins = new AccessPins(pages);
  for (const span of [...pages.tiers(start, last)]) {
    const filled = fillSpan(pins, span);
    if (filled.ok) continue;
    unfillXarray(pages, start, last);
    return filled;
  }
  const counted = updatePinned(pages);
  if (!counted.ok) unfillXarray(pages, start, last);
  return counted;
}

function fillSpan(pins: AccessPins, { start, last, tier }: TierSpan): Result<undefined> {
  if (tier === 'access') return done;
  const pinned = tier === 'nowhere' ? pins.pin(start, last) : done;
  if (!pinned.ok) return pinned;
  const rule = 'pages_to_xarray';
  return pins.pages.env.fail.hit(rule) ? err('EINVAL', 'this was made to fail', { rule }) : done;
}

/** Linux: struct pfn_reader_user, without a batch */
class AccessPins {
  private chunk = 0;

  constructor(readonly pages: IoptPages) {}

  /** Linux: iopt_pages_fill() */
  pin(start: number, last: number): Result<undefined> {
    for (let at = start; at <= last;) {
      const count = this.atMost(last - at + 1);
      if (count === null) {
        return err('ENOMEM', 'there is no memory for a list of pages', { rule: 'pfn_reader_user_pin' });
      }
      const pinned = this.pages.pin(at, count);
      if (!pinned.ok) return pinned;
      at += count;
    }
    return done;
  }

  /** A process's pages go to the caller's list at once; those of a file by way of a list of folios. */
  private atMost(count: number): number | null {
    if (this.pages.address.kind === 'user') return count;
    if (this.chunk === 0) {
      const bytes = tempBytes(this.pages.env, count * 8);
      if (bytes === null) return null;
      this.chunk = Math.max(1, Math.floor(bytes / 8));
    }
    return Math.min(count, this.chunk);
  }
}

/** Linux: iopt_pages_unfill_xarray() */
function unfillXarray(pages: IoptPages, start: number, last: number): void {
  pages.unpinUnheld(start, last);
  updateUnpinned(pages);
}

/** Linux: iopt_pages_fill_from_xarray() */
function framesOf(pages: IoptPages, start: number, last: number): readonly number[] {
  const frames: number[] = [];
  pages.frames.eachRun(start, last, (pfn, count) => {
    for (let at = 0; at < count; at++) frames.push(pfn + at);
    return true;
  });
  return frames;
}
