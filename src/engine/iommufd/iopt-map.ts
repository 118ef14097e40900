import { invariant } from '../../lib/invariant';
import { done } from '../../lib/result';
import { hex } from '../../lib/u64';
import type { Prot } from '../iommu/ops';
import type { Caller } from '../kernel/caller';
import { err, ok, type Result } from '../kernel/errno';
import { holding, reading, sharing, type Task } from '../kernel/task';
import { Area } from './area';
import type { IommufdCtx } from './ctx';
import { fillDomains, holdArea } from './fill';
import { contiguous } from './iopt-areas';
import { range, type IoPagetable } from './iopt';
import { allocIova } from './iova-alloc';
import { addChecked, PAGE_SIZE } from './page';
import { userPages, type IoptPages } from './pages';
import { unfillDomains } from './unfill';

/**
 * Map and copy.
 *
 * Linux: drivers/iommu/iommufd/io_pagetable.c
 */

/** Where to map: at an IOVA, or where there is room. */
export type Where = { readonly fixed: bigint } | 'anywhere';

export interface MapRequest {
  readonly where: Where;
  readonly length: bigint;
  readonly prot: Prot;
}

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
  ctx: IommufdCtx,
  iopt: IoPagetable,
  caller: Caller,
  request: MapRequest & { readonly userVa: bigint },
): Task<Result<bigint>> {
  const { userVa, length, prot } = request;
  const pages = userPages(iopt.env, caller, userVa, length, prot.write);
  if (!pages.ok) return pages;
  return yield* mapNewPages(ctx, iopt, pages.value, userVa % PAGE_SIZE, request);
}

/** Linux: iopt_map_common() */
export function* mapNewPages(
  ctx: IommufdCtx,
  iopt: IoPagetable,
  pages: IoptPages,
  startByte: bigint,
  request: MapRequest,
): Task<Result<bigint>> {
  if (ctx.accountMode === 'mm' && pages.accountMode === 'user') pages.accountMode = 'mm';
  return yield* mapPieces(iopt, [{ pages, startByte, length: request.length }], request);
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
  request: MapRequest,
): Task<Result<bigint>> {
  const placed: PlacedPiece[] = [];
  const iova = yield* allocAreas(iopt, pieces, request, placed);
  const filled = iova.ok ? yield* reading(iopt.domainsRwsem, () => fillPieces(iopt, placed)) : iova;
  if (iova.ok && filled.ok) return iova;
  yield* abortAreas(iopt, placed);
  for (const { pages } of pieces) yield* pages.put();
  return filled.ok ? iova : filled;
}

/** Linux: iopt_alloc_area_pages() */
function* allocAreas(
  iopt: IoPagetable,
  pieces: readonly Piece[],
  request: MapRequest,
  placed: PlacedPiece[],
): Task<Result<bigint>> {
  for (let index = 0; index < pieces.length; index++) {
    if (!iopt.env.fail.hit('iopt_area_alloc')) continue;
    return err('ENOMEM', 'there is no memory for an area', { rule: 'iopt_area_alloc' });
  }
  return yield* holding(iopt.iovaRwsem, () => placePieces(iopt, pieces, request, placed));
}

function placePieces(
  iopt: IoPagetable,
  pieces: readonly Piece[],
  { where, length, prot }: MapRequest,
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
    placed.push({ area: area.value, ...piece });
    at += piece.length;
  }
  return iova;
}

/** As well aligned as the memory is. */
function findPlace(iopt: IoPagetable, { pages, startByte }: Piece, length: bigint): Result<bigint> {
  const { address } = pages;
  return allocIova(iopt, (address.kind === 'user' ? address.uptr : address.start) + startByte, length);
}

/** What was set aside as allowed does not matter here. Linux: iopt_check_iova() */
function checkIova(iopt: IoPagetable, iova: bigint, length: bigint): Result<bigint> {
  const rule = 'iopt_check_iova';
  if ((iova & (iopt.alignment - 1n)) !== 0n) {
    return err('EINVAL', `iova ${hex(iova)} is not a multiple of ${hex(iopt.alignment)}`, { rule });
  }
  const last = addChecked(iova, length - 1n);
  if (last === null) {
    const why = `iova ${hex(iova)} plus length ${hex(length)} passes the end of the address space`;
    return err('EOVERFLOW', why, { rule });
  }
  const { worldId: culprit, title } = iopt.owner;
  const reserved = iopt.reserved.first(iova, last);
  if (reserved) {
    const why = `${range(reserved)} of ${title} is kept clear for ${reserved.why}`;
    return err('EINVAL', why, { rule, culprit });
  }
  const area = iopt.areas.first(iova, last);
  if (area) return err('EEXIST', `${title} maps ${range(area)} already`, { rule, culprit });
  return ok(iova);
}

/** Linux: iopt_insert_area() */
export function insertArea(
  iopt: IoPagetable,
  { pages, startByte, length }: Piece,
  iova: bigint,
  prot: Prot,
): Result<Area> {
  const rule = 'iopt_insert_area';
  if (prot.write && !pages.writable) {
    return err('EPERM', 'the pages were mapped without WRITEABLE and cannot be made writable', { rule });
  }
  const area = new Area(iova, iova + length - 1n, startByte, prot);
  if ((BigInt(area.pageOffset) & (iopt.alignment - 1n)) !== 0n) {
    const why = `offset ${hex(area.pageOffset)} in the page is not a multiple of ${hex(iopt.alignment)}`;
    return err('EINVAL', why, { rule });
  }
  iopt.areas.insert(area);
  return ok(area);
}

/** Linux: iopt_fill_domains_pages() and the end of iopt_map_pages() */
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

export function* unfillArea(iopt: IoPagetable, area: Area, pages: IoptPages): Task<void> {
  yield* holding(pages.mutex, () => {
    unfillDomains(area, pages, iopt.domains);
  });
}

/** Gives IOVAs back. Linux: iopt_abort_area() */
export function* abortAreas(iopt: IoPagetable, placed: readonly { readonly area: Area }[]): Task<void> {
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
  if (last === null) {
    const why = `src_iova ${hex(iova)} plus length ${hex(length)} passes the end of the address space`;
    return err('EOVERFLOW', why, { rule });
  }
  const pieces = yield* sharing(iopt.iovaRwsem, (): Result<readonly Piece[]> => {
    const found: Piece[] = [];
    const { parts, hole } = contiguous(iopt, iova, last);
    for (const part of parts) {
      if (iopt.env.fail.hit(rule)) return err('ENOMEM', 'there is no memory for the list of pages', { rule });
      found.push({
        pages: part.pages,
        startByte: part.area.startByte(part.start),
        length: part.last - part.start + 1n,
      });
    }
    if (hole !== null) {
      const why = `${iopt.owner.title} maps nothing at ${hex(hole)}`;
      return err('ENOENT', why, { rule, culprit: iopt.owner.worldId });
    }
    for (const { pages } of found) pages.refs++;
    return ok(found);
  });
  return pieces;
}
