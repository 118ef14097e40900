import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { U64_MAX } from '../../lib/u64';
import { holes, IntervalList, usedSpans, type Interval } from './interval-list';
import { allocIova } from './iova-alloc';

// Properties follow drivers/iommu/iommufd/io_pagetable.c iopt_alloc_iova(); the models are too simple to be wrong.
const small = (max: number) => fc.integer({ min: 0, max }).map(BigInt);

/** Intervals of up to 8 units somewhere in 64 units. */
const intervals = fc.array(
  fc.tuple(small(60), small(7)).map(([start, more]): Interval => ({ start, last: start + more })),
  { maxLength: 8 },
);

function listOf(items: readonly Interval[]): IntervalList<Interval> {
  const list = new IntervalList<Interval>();
  for (const item of items) list.insert(item);
  return list;
}

const covered = (items: readonly Interval[], at: bigint): boolean =>
  items.some((item) => item.start <= at && at <= item.last);

describe('interval lists', () => {
  it('spans and holes are what a loop over every number finds', () => {
    fc.assert(
      fc.property(intervals, intervals, small(30), small(40), (first, second, start, more) => {
        const last = start + more;
        const lists = [listOf(first), listOf(second)];
        const used = [...usedSpans(lists, start, last)];
        const free = [...holes(lists, start, last)];
        for (let at = start; at <= last; at++) {
          const inside = covered([...first, ...second], at);
          expect([covered(used, at), covered(free, at)]).toEqual([inside, !inside]);
        }
        // Neighbours are joined: between two spans there is a hole.
        for (let index = 1; index < used.length; index++) {
          expect(used[index]!.start).toBeGreaterThan(used[index - 1]!.last + 1n);
        }
      }),
    );
  });
});

const PAGE = 4096n;
const pages = (items: readonly Interval[]): Interval[] =>
  items.map(({ start, last }) => ({ start: start * PAGE, last: (last + 1n) * PAGE - 1n }));

describe('automatic IOVAs', () => {
  it('are free, allowed, aligned as the address is, never in the first page, and the lowest', () => {
    fc.assert(
      fc.property(
        intervals,
        intervals,
        small(64),
        fc.integer({ min: 1, max: 8 }),
        (taken, kept, page, count) => {
          const areas = pages(taken);
          const reserved = pages(kept);
          const [address, length] = [page * PAGE, BigInt(count) * PAGE];
          const space = {
            allowed: listOf([]),
            reserved: listOf(reserved),
            areas: listOf(areas),
            alignment: PAGE,
          };
          const found = allocIova(space, address, length);
          const iova = found.ok ? found.value : 0n;
          const free = (at: bigint): boolean =>
            ![...areas, ...reserved].some((each) => each.start < at + length && at <= each.last);
          let alignment = 1n;
          while (alignment < length) alignment *= 2n;
          while (address % alignment !== 0n) alignment /= 2n;
          expect(iova).toBeGreaterThanOrEqual(PAGE);
          expect(iova % alignment).toBe(0n);
          expect(free(iova)).toBe(true);
          for (let lower = alignment; lower < iova; lower += alignment) expect(free(lower)).toBe(false);
        },
      ),
    );
  });

  it('keep the offset in the page', () => {
    const space = { allowed: listOf([]), reserved: listOf([]), areas: listOf([]), alignment: 1n };
    expect(allocIova(space, 0x1234n, 0x100n)).toEqual({ ok: true, value: 0x1234n });
  });

  it('are aligned to 2 MiB at most, and to the length where the address is 0', () => {
    const space = { allowed: listOf([]), reserved: listOf([]), areas: listOf([]), alignment: 1n };
    expect(allocIova(space, 1n << 40n, 1n << 30n)).toEqual({ ok: true, value: 0x20_0000n });
    expect(allocIova(space, 0n, 0x3000n)).toEqual({ ok: true, value: 0x4000n });
  });

  it('stay within the allowed ranges, may span two that touch, and end in ENOSPC', () => {
    const allowed = listOf([
      { start: 0x1_0000n, last: 0x1_0fffn },
      { start: 0x1_1000n, last: 0x1_1fffn },
    ]);
    const areas = listOf([]);
    const space = { allowed, reserved: listOf([]), areas, alignment: PAGE };
    expect(allocIova(space, 0x2000n, 0x2000n)).toEqual({ ok: true, value: 0x1_0000n });
    areas.insert({ start: 0x1_0000n, last: 0x1_0fffn });
    expect(allocIova(space, 0x1000n, 0x1000n)).toEqual({ ok: true, value: 0x1_1000n });
    expect(allocIova(space, 0x1000n, 0x2000n)).toMatchObject({ errno: 'ENOSPC' });
  });

  it('EOVERFLOW beyond half the space, EINVAL where the address is worse aligned than the IOAS needs', () => {
    const space = { allowed: listOf([]), reserved: listOf([]), areas: listOf([]), alignment: PAGE };
    expect(allocIova(space, 0n, U64_MAX / 2n)).toMatchObject({ errno: 'EOVERFLOW' });
    expect(allocIova(space, 0x800n, 0x1000n)).toMatchObject({ errno: 'EINVAL' });
  });
});
