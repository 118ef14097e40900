import { describe, expect, it } from 'vitest';
import type { CacheEntryView, CacheView } from '../../engine/hw/common/view';
import type { LookupPart, WalkStep } from '../../engine/sim/batch';
import { fixtureLookup } from '../../testing/fixture-world';
import { staleHits } from './stale';

const [walked] = fixtureLookup.parts;
const table = walked!.steps.find(({ structure }) => structure === 'table')!;
const hit = (structure: string, title = ''): WalkStep => ({
  ...table,
  kind: 'cache',
  structure,
  outcome: 'hit',
  title,
  pa: null,
});
const part = (...steps: readonly WalkStep[]): LookupPart => ({
  ...walked!,
  iova: 0x21_2340n,
  pa: 0x8000_0340,
  steps,
});
const cache = (id: string, ...entries: readonly Partial<CacheEntryView>[]): CacheView => ({
  id,
  name: id,
  sets: 1,
  ways: 4,
  entries: entries.map((entry) => ({ set: 0, way: 0, tags: [], gives: '', stale: true, ...entry })),
});
const found = (of: LookupPart, ...caches: readonly CacheView[]) => [...staleHits(of, caches)];

describe('a hit is stale', () => {
  const entry = { iova: 0x21_2000n, sizeLg2: 12, pa: 0x8000_0000 };

  it('when the translation that gave the address is', () => {
    expect(found(part(hit('iotlb')), cache('iotlb', entry))).toEqual([0]);
    expect(found(part(hit('iotlb')), cache('iotlb', { ...entry, stale: false }))).toEqual([]);
  });

  it('not when it is another domain’s, of the same IOVA', () => {
    expect(found(part(hit('iotlb')), cache('iotlb', { ...entry, pa: 0x9000_0000 }))).toEqual([]);
  });

  it('when the table that was read next is the one that the entry gives', () => {
    const next = { ...table, pa: 0x10_c090 };
    const steps = part(hit('iotlb'), hit('paging-structure'), next);
    expect(found(steps, cache('paging-structure', { pa: 0x10_c000 }))).toEqual([1]);
    expect(found(steps, cache('paging-structure', { pa: 0x10_d000 }))).toEqual([]);
    // Some say so in words alone.
    expect(found(part(hit('walk'), next), cache('walk', { gives: 'level 3 table at 0x10c000' }))).toEqual([
      0,
    ]);
  });

  it('of a device’s entry by requester and PASID', () => {
    const of = (pasid: string) => ({
      tags: [
        { name: 'SID', value: '0000:02:00.0' },
        { name: 'PASID', value: pasid },
        { name: 'DID', value: '4' },
      ],
    });
    const step = hit('pasid', 'PASID cache hit: 0000:02:00.0 pasid 0x9');
    expect(found(part(step), cache('pasid', of('0x9')))).toEqual([0]);
    expect(found(part(step), cache('pasid', of('0x8')))).toEqual([]);
  });

  it('of a device that is called by its number', () => {
    const entry = { rid: 0x0200, tags: [{ name: 'device_id', value: '0000:02:00.0' }] };
    const step = hit('ddt', 'Device directory cache hit: device_id 200');
    expect(found(part(step), cache('ddt', entry))).toEqual([0]);
    expect(found(part(step), cache('ddt', { ...entry, rid: 0x0201 }))).toEqual([]);
  });

  it('when the device itself was told something else once', () => {
    const step = hit('device-tlb', 'Device TLB hit: 0000:02:00.0 iova 0x212000');
    const own = { pasid: null, iova: 0x21_2000n, sizeLg2: 12, pa: 0x8000_0000, read: true, write: true };
    const told = (more: object, pasid: number | null = null) => [
      ...staleHits(part(step), [], { deviceTlb: [{ ...own, stale: true, ...more }], pasid }),
    ];
    expect(told({})).toEqual([0]);
    expect(told({ stale: false })).toEqual([]);
    expect(told({ iova: 0x21_3000n })).toEqual([]);
    expect(told({ pasid: 5 })).toEqual([]);
    expect(told({ pasid: 5 }, 5)).toEqual([0]);
  });

  it('never where the cache missed', () => {
    expect(found(part({ ...hit('iotlb'), outcome: 'miss' }), cache('iotlb', entry))).toEqual([]);
  });
});
