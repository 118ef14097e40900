import { invariant } from '../../lib/invariant';
import { done } from '../../lib/result';
import { hex, U64_MAX } from '../../lib/u64';
import type { Prot } from '../iommu/ops';
import { err, ok, type Result } from '../kernel/errno';
import { holding, reading, type Task } from '../kernel/task';
import type { UserMemory } from '../memory/user-memory';
import { Area } from './area';
import { fillDomains, holdArea, unfillDomains } from './fill';
import { range, type IoPagetable } from './iopt';
import { allocIova } from './iova-alloc';
import { addChecked } from './page';
import { IoptPages } from './pages';

/**
 * Map, copy and unmap.
 *
 * Linux: drivers/iommu/iommufd/io_pagetable.c
 */

/** Where to map: at an IOVA, or where there is room. */
export type Where = { readonly fixed: bigint } | 'anywhere';

/** A stretch of a pages object to be mapped; the reference passes to the area. Linux: struct iopt_pages_list */
export interface Piece {
  readonly pages: IoptPages;
  readonly startByte: bigint;
  readonly length: bigint;
}

interface PlacedPiece extends Piece {
  readonly area: Area;
}

/** Linux: iopt_map_user_pages() */
export function* mapUserPages(
  iopt: IoPagetable,
  memory: UserMemory,
  request: { readonly where: Where; readonly userVa: bigint; readonly length: bigint; readonly prot: Prot },
): Task<Result<bigint>> {
  const { where, userVa, length, prot } = request;
  const pages = IoptPages.ofUser(memory, userVa, length, prot.write);
  if (!pages.ok) return pages;
  const piece: Piece = { pages: pages.value, startByte: userVa - pages.value.uptr, length };
  return yield* mapPieces(iopt, [piece], { where, length, prot });
}

/**
 * Takes the IOVAs first, with areas that have no pages yet, then fills the domains, then completes the areas. The
 * references that the pieces carry are used up whatever happens.
 *
 * Linux: iopt_map_pages()
 */
export function* mapPieces(
  iopt: IoPagetable,
  pieces: readonly Piece[],
  request: { readonly where: Where; readonly length: bigint; readonly prot: Prot },
): Task<Result<bigint>> {
  const placed: PlacedPiece[] = [];
  const iova = yield* holding(iopt.iovaRwsem, () => placePieces(iopt, pieces, request, placed));
  const filled = iova.ok ? yield* reading(iopt.domainsRwsem, () => fillPieces(iopt, placed)) : iova;
  if (iova.ok && filled.ok) return iova;
  yield* abortAreas(iopt, placed);
  for (const { pages } of pieces) pages.put();
  return filled.ok ? iova : filled;
}

/** Linux: iopt_alloc_area_pages() */
function placePieces(
  iopt: IoPagetable,
  pieces: readonly Piece[],
  { where, length, prot }: { readonly where: Where; readonly length: bigint; readonly prot: Prot },
  placed: PlacedPiece[],
): Result<bigint> {
  const rule = 'iopt_alloc_area_pages';
  if (length === 0n || (length & (iopt.alignment - 1n)) !== 0n) {
    return err('EINVAL', `length ${hex(length)} is not a multiple of ${hex(iopt.alignment)}`, { rule });
  }
  const first = pieces[0];
  invariant(first, 'nothing to map');
  const iova = where === 'anywhere' ? findPlace(iopt, first, length) : checkIova(iopt, where.fixed, length);
  if (!iova.ok) return iova;
  let at = iova.value;
  for (const piece of pieces) {
    const area = insertArea(iopt, piece, at, prot);
    if (!area.ok) return area;
    placed.push({ ...piece, area: area.value });
    at += piece.length;
  }
  return iova;
}

const findPlace = (iopt: IoPagetable, first: Piece, length: bigint): Result<bigint> =>
  allocIova(iopt, first.pages.uptr + first.startByte, length);

/** What was set aside as allowed does not matter here. Linux: iopt_check_iova() */
function checkIova(iopt: IoPagetable, iova: bigint, length: bigint): Result<bigint> {
  const rule = 'iopt_check_iova';
  if ((iova & (iopt.alignment - 1n)) !== 0n) {
    return err('EINVAL', `iova ${hex(iova)} is not a multiple of ${hex(iopt.alignment)}`, { rule });
  }
  const last = addChecked(iova, length - 1n);
  if (last === null)
    return err(
      'EOVERFLOW',
      `iova ${hex(iova)} plus length ${hex(length)} passes the end of the address space`,
      { rule },
    );
  const { worldId: culprit, title } = iopt.owner;
  const reserved = iopt.reserved.first(iova, last);
  if (reserved) {
    return err('EINVAL', `${range(reserved)} of ${title} is kept clear for ${reserved.why}`, {
      rule,
      culprit,
    });
  }
  const area = iopt.areas.first(iova, last);
  if (area) return err('EEXIST', `${title} maps ${range(area)} already`, { rule, culprit });
  return ok(iova);
}

/** Linux: iopt_insert_area() */
function insertArea(iopt: IoPagetable, piece: Piece, iova: bigint, prot: Prot): Result<Area> {
  const rule = 'iopt_insert_area';
  if (prot.write && !piece.pages.writable) {
    return err('EPERM', 'these pages were first mapped read-only, so a copy cannot write to them', { rule });
  }
  const last = addChecked(iova, piece.length - 1n);
  const area = new Area(iova, last ?? U64_MAX, piece.startByte, prot);
  if ((area.pageOffset & (iopt.alignment - 1n)) !== 0n) {
    return err(
      'EINVAL',
      `the memory starts ${hex(area.pageOffset)} into a page, not a multiple of ${hex(iopt.alignment)}`,
      {
        rule,
      },
    );
  }
  if (last === null) return err('EOVERFLOW', `the mapping would pass the end of the address space`, { rule });
  iopt.areas.insert(area);
  return ok(area);
}

/** Fills the domains with every piece, and completes the areas; or takes out again what was filled. Linux: iopt_fill_domains_pages() */
function* fillPieces(iopt: IoPagetable, placed: readonly PlacedPiece[]): Task<Result<undefined>> {
  for (const [index, { area, pages }] of placed.entries()) {
    const filled = yield* fillArea(iopt, area, pages);
    if (filled.ok) continue;
    for (const each of placed.slice(0, index)) yield* unfillArea(iopt, each.area, each.pages);
    return filled;
  }
  yield* holding(iopt.iovaRwsem, () => {
    for (const { area, pages } of placed) area.pages = pages;
  });
  return done;
}

function* fillArea(iopt: IoPagetable, area: Area, pages: IoptPages): Task<Result<undefined>> {
  const [storage] = iopt.domains;
  if (!storage) return done;
  return yield* holding(pages.mutex, (): Result<undefined> => {
    const filled = fillDomains(area, pages, iopt.domains, iopt.smallPages);
    if (filled.ok) holdArea(area, pages, storage);
    return filled;
  });
}

function* unfillArea(iopt: IoPagetable, area: Area, pages: IoptPages): Task<void> {
  yield* holding(pages.mutex, () => {
    unfillDomains(area, pages, iopt.domains);
  });
}

/** Gives IOVAs back. Linux: iopt_abort_area() */
function* abortAreas(iopt: IoPagetable, placed: readonly { readonly area: Area }[]): Task<void> {
  for (const { area } of placed) {
    yield* holding(iopt.iovaRwsem, () => {
      iopt.areas.remove(area);
    });
  }
}

/** The pages behind a stretch of IOVAs, which may span areas but no hole, with a reference each. Linux: iopt_get_pages() */
export function* getPieces(iopt: IoPagetable, iova: bigint, length: bigint): Task<Result<readonly Piece[]>> {
  const rule = 'iopt_get_pages';
  if (length === 0n) return err('EINVAL', 'length is zero', { rule });
  const last = addChecked(iova, length - 1n);
  if (last === null)
    return err(
      'EOVERFLOW',
      `src_iova ${hex(iova)} plus length ${hex(length)} passes the end of the address space`,
      { rule },
    );
  return yield* holding(iopt.iovaRwsem, (): Result<readonly Piece[]> => {
    const pieces: Piece[] = [];
    for (let at = iova; ;) {
      const area = iopt.areas.first(at, at);
      if (!area?.pages) {
        return err('ENOENT', `${iopt.owner.title} maps nothing at ${hex(at)}`, {
          rule,
          culprit: iopt.owner.worldId,
        });
      }
      const end: bigint = area.last < last ? area.last : last;
      pieces.push({ pages: area.pages, startByte: area.startByte(at), length: end - at + 1n });
      if (end === last) break;
      at = end + 1n;
    }
    for (const { pages } of pieces) pages.refs++;
    return ok(pieces);
  });
}

/** Linux: iopt_unmap_iova() */
export function* unmapIova(iopt: IoPagetable, iova: bigint, length: bigint): Task<Result<bigint>> {
  const rule = 'iopt_unmap_iova';
  if (length === 0n) return err('EINVAL', 'length is zero', { rule });
  const last = addChecked(iova, length - 1n);
  if (last === null)
    return err(
      'EOVERFLOW',
      `iova ${hex(iova)} plus length ${hex(length)} passes the end of the address space`,
      { rule },
    );
  return yield* unmapRange(iopt, iova, last);
}

/** Linux: iopt_unmap_all() */
export const unmapAll = (iopt: IoPagetable): Task<Result<bigint>> => unmapRange(iopt, 0n, U64_MAX);

/**
 * Whole areas only. One that sticks out of the range ends the walk with ENOENT, but those before it are gone by then.
 *
 * Linux: iopt_unmap_iova_range()
 */
function* unmapRange(iopt: IoPagetable, start: bigint, last: bigint): Task<Result<bigint>> {
  return yield* reading(iopt.domainsRwsem, function* (): Task<Result<bigint>> {
    let unmapped = 0n;
    for (let from = start; ;) {
      const taken = yield* holding(iopt.iovaRwsem, () => takeArea(iopt, from, last));
      if (!taken.ok) return taken;
      if (!taken.value) return ok(unmapped);
      const { area, pages } = taken.value;
      yield* unfillArea(iopt, area, pages);
      yield* abortAreas(iopt, [{ area }]);
      pages.put();
      unmapped += area.length;
      if (area.last >= last) return ok(unmapped);
      // What others map behind us from now on is none of our business.
      from = area.last + 1n;
    }
  });
}

/** Finds the next area to go and makes it unusable for others. */
function takeArea(
  iopt: IoPagetable,
  start: bigint,
  last: bigint,
): Result<{ readonly area: Area; readonly pages: IoptPages } | null> {
  const rule = 'iopt_unmap_iova_range';
  const { worldId: culprit, title } = iopt.owner;
  const area = iopt.areas.first(start, last);
  if (!area) return ok(null);
  const { pages } = area;
  if (!pages)
    return err('EBUSY', `${range(area)} of ${title} is being mapped or unmapped`, { rule, culprit });
  if (area.start < start || area.last > last) {
    return err(
      'ENOENT',
      `${range({ start, last })} would cut the mapping ${range(area)} of ${title} in two; only whole mappings can go`,
      {
        rule,
        culprit,
      },
    );
  }
  area.pages = null;
  return ok({ area, pages });
}
