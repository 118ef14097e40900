import { invariant } from '../../lib/invariant';
import { hex } from '../../lib/u64';
import { err, ok, type Failure, type Result } from '../kernel/errno';
import { holding, locked, reading, type Task } from '../kernel/task';
import type { Access } from './access';
import type { Area, PageSpan } from './area';
import { contiguous, type AreaPart } from './iopt-areas';
import { range, type IoPagetable } from './iopt';
import { addChecked, PAGE_BYTES } from './page';
import { addAreaAccess, removeAreaAccess } from './pages-access';

/**
 * Pins the pages behind a stretch of IOVAs and returns their frame numbers. They stay until `unpinPages` with the very
 * same stretch, or until the driver's `unmap` says to unpin them.
 *
 * Linux: drivers/iommu/iommufd/device.c iommufd_access_pin_pages()
 */
export function* pinPages(
  access: Access,
  iova: bigint,
  length: bigint,
  write: boolean,
): Task<Result<readonly number[]>> {
  invariant(access.internal || (access.ops?.needsPinPages && access.ops.unmap), `${access.title} cannot pin`);
  const stretch = checkStretch('iommufd_access_pin_pages', iova, length);
  if (!stretch.ok) return stretch;
  return yield* locked(access.ioasLock, function* (): Task<Result<readonly number[]>> {
    const iopt = access.ioas?.iopt;
    if (!iopt) return detached('iommufd_access_pin_pages', access);
    return yield* reading(iopt.iovaRwsem, () => pinParts(access, iopt, iova, stretch.value, write));
  });
}

function* pinParts(
  access: Access,
  iopt: IoPagetable,
  iova: bigint,
  last: bigint,
  write: boolean,
): Task<Result<readonly number[]>> {
  const { parts, hole } = contiguous(iopt, iova, last);
  const frames: number[] = [];
  const pinned: AreaPart[] = [];
  for (const part of parts) {
    const one = yield* pinPart(access, iopt, part, last, write);
    if (!one.ok) {
      yield* unpinParts(access, pinned);
      return one;
    }
    pinned.push(part);
    for (const frame of one.value) frames.push(frame);
  }
  if (hole === null) return ok(frames);
  yield* unpinParts(access, pinned);
  return nothingThere('iommufd_access_pin_pages', iopt, hole);
}

function* pinPart(
  access: Access,
  iopt: IoPagetable,
  part: AreaPart,
  last: bigint,
  write: boolean,
): Task<Result<readonly number[]>> {
  const rule = 'iommufd_access_pin_pages';
  const { area, pages } = part;
  const refused =
    refusal(rule, iopt, area) ?? cutPage(rule, iopt, part, last) ?? checkProt(rule, iopt, area, write);
  if (refused) return refused;
  if (write && !pages.writable) {
    return err('EPERM', 'the pages were mapped without WRITEABLE', { rule: 'iopt_area_add_access' });
  }
  return yield* holding(pages.mutex, () => addAreaAccess(area, pages, spanOf(part), access.internal));
}

/** Ends a pin of the very same stretch. Linux: iommufd_access_unpin_pages() */
export function* unpinPages(access: Access, iova: bigint, length: bigint): Task<void> {
  const stretch = checkStretch('iommufd_access_unpin_pages', iova, length);
  invariant(stretch.ok, 'unpin of no stretch');
  yield* locked(access.ioasLock, function* () {
    // While the access is moved, pins are undone in what it leaves.
    const iopt = access.ioasUnpin?.iopt;
    invariant(iopt, `${access.title} unpins while it is attached to nothing`);
    yield* reading(iopt.iovaRwsem, function* () {
      const { parts, hole } = contiguous(iopt, iova, stretch.value);
      yield* unpinParts(access, parts);
      invariant(hole === null, 'unpin of a stretch with a hole');
    });
  });
}

function* unpinParts(access: Access, parts: readonly AreaPart[]): Task<void> {
  for (const part of parts) {
    yield* holding(part.pages.mutex, () => {
      removeAreaAccess(part.area, part.pages, spanOf(part), access.internal);
    });
  }
}

const spanOf = ({ area, start, last }: AreaPart): PageSpan => ({
  start: area.pageAt(start),
  last: area.pageAt(last),
});

/** The stretch's last byte. */
export function checkStretch(rule: string, iova: bigint, length: bigint): Result<bigint> {
  if (length === 0n) return err('EINVAL', 'the length is zero', { rule });
  const last = addChecked(iova, length - 1n);
  if (last !== null) return ok(last);
  return err(
    'EOVERFLOW',
    `iova ${hex(iova)} plus length ${hex(length)} passes the end of the address space`,
    {
      rule,
    },
  );
}

export const detached = (rule: string, access: Access): Failure =>
  err('ENOENT', `${access.title} is attached to nothing`, { rule, culprit: access.worldId });

export const nothingThere = (rule: string, iopt: IoPagetable, hole: bigint): Failure =>
  err('ENOENT', `${iopt.owner.title} maps nothing at ${hex(hole)}`, { rule, culprit: iopt.owner.worldId });

export function refusal(rule: string, iopt: IoPagetable, area: Area): Failure | null {
  if (!area.preventAccess) return null;
  return err('EINVAL', `${range(area)} of ${iopt.owner.title} is about to be unmapped`, {
    rule,
    culprit: iopt.owner.worldId,
  });
}

/** Whole pages only, which smaller areas may make impossible. Linux: iopt_area_contig_is_aligned() */
function cutPage(
  rule: string,
  iopt: IoPagetable,
  { area, start, last: end }: AreaPart,
  last: bigint,
): Failure | null {
  const page = BigInt(PAGE_BYTES);
  const cut =
    area.startByte(start) % page !== 0n || (end !== last && (area.startByte(area.last) + 1n) % page !== 0n);
  if (!cut) return null;
  return err('EINVAL', `a page is cut at the ends of ${range(area)} of ${iopt.owner.title}`, { rule });
}

/** Linux: check_area_prot() */
export function checkProt(rule: string, iopt: IoPagetable, area: Area, write: boolean): Failure | null {
  if (write ? area.prot.write : area.prot.read) return null;
  return err('EPERM', `${range(area)} of ${iopt.owner.title} is not ${write ? 'writable' : 'readable'}`, {
    rule,
    culprit: iopt.owner.worldId,
  });
}
