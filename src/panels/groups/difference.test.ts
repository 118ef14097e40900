import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Partition } from '../../engine/sim/partition';
import { differenceOf, isNothing, type Difference } from './difference';

/** `ab c` is two groups, numbered from `first` on. */
const partition = (text: string, first = 0): Partition => ({
  groups: text
    .split(' ')
    .filter(Boolean)
    .map((members, at) => ({ number: first + at, deviceIds: [...members], joins: [] })),
  ungrouped: [],
  problem: null,
});
const words = ({ changes, same }: Difference): string => {
  const side = (groups: Difference['changes'][number]['before']): string =>
    groups.map(({ members }) => members.map(({ deviceId }) => deviceId).join('')).join(' ');
  return [
    ...changes.map(({ kind, before, after }) => `${kind}: ${side(before)} > ${side(after)}`),
    `same ${same}`,
  ].join('; ');
};

describe('the difference of two partitions', () => {
  it.each([
    ['ab c', 'ab c', 'same 2'],
    ['abc', 'a bc', 'split: abc > a bc; same 0'],
    ['ab c d', 'abc d', 'merged: ab c > abc; same 1'],
    ['ab cd', 'ac bd', 'regrouped: ab cd > ac bd; same 0'],
    ['ab cd', 'a bcd', 'regrouped: ab cd > a bcd; same 0'],
    ['ab', 'abc', 'changed: ab > abc; same 0'],
    ['abc', 'ab', 'changed: abc > ab; same 0'],
    ['ab c', 'ab', 'vanished: c > ; same 1'],
    ['ab', 'ab c', 'appeared:  > c; same 1'],
    ['', '', 'same 0'],
  ])('of %s and %s', (before, after, expected) => {
    expect(words(differenceOf(partition(before), partition(after, 7)))).toBe(expected);
  });

  it('says of every device where it is on the other side', () => {
    const [change] = differenceOf(partition('abc'), partition('ac bd')).changes;
    expect(change?.before[0]?.members.map(({ place }) => place)).toEqual([0, 1, 0]);
    expect(change?.after[1]?.members.map(({ deviceId, place }) => [deviceId, place])).toEqual([
      ['b', 0],
      ['d', null],
    ]);
  });

  it('follows a card to its new address, and does not take what came to the old one for it', () => {
    const renamed = new Map([['c', 'x']]);
    expect(words(differenceOf(partition('ab c'), partition('ab x'), renamed))).toBe('changed: c > x; same 1');
    // Another card stands where c was.
    expect(words(differenceOf(partition('ac'), partition('ac x'), renamed))).toBe('split: ac > ac x; same 0');
    const [change] = differenceOf(partition('ac'), partition('ac x'), renamed).changes;
    expect(change?.after[0]?.members.map(({ place }) => place)).toEqual([0, null]);
  });

  it('tells who has a group on one side only', () => {
    const without = { ...partition('a'), ungrouped: [{ deviceId: 'b', why: 'no IOMMU' }] };
    expect(differenceOf(partition('ab'), without).ungrouped).toEqual([
      { deviceId: 'b', grouped: false, why: 'no IOMMU' },
    ]);
    expect(differenceOf(without, partition('ab')).ungrouped).toEqual([
      { deviceId: 'b', grouped: true, why: 'no IOMMU' },
    ]);
  });

  it('leaves out groups without devices', () => {
    const empty: Partition = { ...partition('a'), groups: [{ number: 4, deviceIds: [], joins: [] }] };
    expect(isNothing(differenceOf(empty, partition('')))).toBe(true);
  });
});

/** Partitions of some of the letters. */
const partitions = fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 9 }).map((places) => {
  const groups = new Map<number, string[]>();
  for (const [at, place] of places.entries())
    groups.set(place, [...(groups.get(place) ?? []), 'abcdefghi'.charAt(at)]);
  return partition([...groups.values()].map((members) => members.join('')).join(' '));
});

describe('whatever the partitions are', () => {
  it('one differs from itself in nothing, however its groups are numbered and ordered', () => {
    fc.assert(
      fc.property(partitions, (one) => {
        const shuffled = {
          ...one,
          groups: one.groups
            .toReversed()
            .map((group, at) => ({ ...group, number: 90 - at, deviceIds: group.deviceIds.toReversed() })),
        };
        expect(isNothing(differenceOf(one, shuffled))).toBe(true);
      }),
    );
  });

  it('the way back is the same with both sides exchanged', () => {
    const back: Record<string, string> = {
      split: 'merged',
      merged: 'split',
      appeared: 'vanished',
      vanished: 'appeared',
      changed: 'changed',
      regrouped: 'regrouped',
    };
    fc.assert(
      fc.property(partitions, partitions, (one, other) => {
        const there = differenceOf(one, other);
        const again = differenceOf(other, one);
        expect(again.same).toBe(there.same);
        expect(again.changes.map(({ kind }) => kind).toSorted()).toEqual(
          there.changes.map(({ kind }) => back[kind]).toSorted(),
        );
      }),
    );
  });

  it('every group of either side is in one change, or counted as the same', () => {
    fc.assert(
      fc.property(partitions, partitions, (one, other) => {
        const { changes, same } = differenceOf(one, other);
        expect(changes.flatMap(({ before }) => before).length + same).toBe(one.groups.length);
        expect(changes.flatMap(({ after }) => after).length + same).toBe(other.groups.length);
      }),
    );
  });
});
