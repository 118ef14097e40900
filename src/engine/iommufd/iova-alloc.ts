import { hex, U64_MAX } from '../../lib/u64';
import { err, ok, type Result } from '../kernel/errno';
import type { IntervalList } from './interval-list';
import { holes, usedSpans, type Interval } from './interval-list';
import { addChecked, HPAGE_SIZE, PAGE_SIZE } from './page';

/** What an automatic IOVA has to keep clear of, and within. */
export interface IovaSpace {
  readonly allowed: IntervalList<Interval>;
  readonly reserved: IntervalList<Interval>;
  readonly areas: IntervalList<Interval>;
  readonly alignment: bigint;
}

const rule = 'iopt_alloc_iova';

/**
 * The first place upwards that fits, aligned as well as the memory itself is, so that large pages stay possible. Never
 * IOVA 0, nor anything else in the first page.
 *
 * Linux: drivers/iommu/iommufd/io_pagetable.c iopt_alloc_iova()
 */
export function allocIova(space: IovaSpace, address: bigint, length: bigint): Result<bigint> {
  if (length === 0n || length >= U64_MAX / 2n) {
    return err('EOVERFLOW', `no place can be found for ${hex(length)} bytes`, { rule });
  }
  const alignment = alignmentOf(address, length);
  if (alignment < space.alignment) {
    return err(
      'EINVAL',
      `address ${hex(address)} and length ${hex(length)} are aligned to ${hex(alignment)}, but this IOAS needs ${hex(space.alignment)}`,
      { rule },
    );
  }
  const fit: Fit = { length, alignment, offset: address % PAGE_SIZE };
  for (const allowed of allowedSpans(space)) {
    const within = place(allowed, fit);
    if (within === null) continue;
    for (const hole of holes([space.reserved, space.areas], within, allowed.last)) {
      const found = place(hole, fit);
      if (found !== null) return ok(found);
    }
  }
  return err('ENOSPC', `no free stretch of ${hex(length)} bytes is left in the allowed IOVAs`, { rule });
}

/** The lesser of the length's and the address's own alignment, at most one large page. */
function alignmentOf(address: bigint, length: bigint): bigint {
  let alignment = 1n;
  while (alignment < length) alignment <<= 1n;
  const lowestBit = address & -address;
  if (address !== 0n && lowestBit < alignment) alignment = lowestBit;
  return alignment < HPAGE_SIZE ? alignment : HPAGE_SIZE;
}

/** Without a list of allowed ranges everything but the first and the last page is. */
function allowedSpans(space: IovaSpace): Iterable<Interval> {
  const start = PAGE_SIZE;
  const last = U64_MAX - PAGE_SIZE;
  return space.allowed.size === 0 ? [{ start, last }] : usedSpans([space.allowed], start, last);
}

interface Fit {
  readonly length: bigint;
  readonly alignment: bigint;
  /** The address's offset in its page, which the IOVA keeps. */
  readonly offset: bigint;
}

/** Linux: __alloc_iova_check_range() */
function place(span: Interval, { length, alignment, offset }: Fit): bigint | null {
  const up = addChecked(span.start, alignment - 1n);
  if (up === null) return null;
  const start = (up & ~(alignment - 1n)) | offset;
  if (start >= span.last || span.last - start < length - 1n) return null;
  return start;
}
