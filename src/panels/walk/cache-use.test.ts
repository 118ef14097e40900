import { expect, it } from 'vitest';
import type { CacheEntryView, CacheView } from '../../engine/hw/common/view';
import type { LookupPart, WalkStep } from '../../engine/sim/batch';
import { fixtureLookup } from '../../testing/fixture-world';
import { cacheUses } from './cache-use';

const [walked] = fixtureLookup.parts;
const table = walked!.steps.find(({ structure }) => structure === 'table')!;
const asked = (structure: string, outcome: 'hit' | 'miss'): WalkStep => ({
  ...table,
  kind: 'cache',
  structure,
  outcome,
  title: '',
  pa: null,
});
const part = (...steps: readonly WalkStep[]): LookupPart => ({
  ...walked!,
  iova: 0x21_2340n,
  pa: 0x8000_0340,
  steps,
});
const cache = (id: string, entry: Partial<CacheEntryView>): CacheView => ({
  id,
  name: id,
  sets: 1,
  ways: 4,
  entries: [{ set: 0, way: 0, tags: [], gives: '', stale: false, ...entry }],
});
const page = cache('iotlb', { iova: 0x21_2000n, sizeLg2: 12, pa: 0x8000_0000 });

it('a hit names the entry that answered', () => {
  expect(cacheUses(part(asked('iotlb', 'hit')), [page], 1)).toEqual([
    { cacheId: 'iotlb', how: 'hit', entry: page.entries[0], index: 0 },
  ]);
});

it('what was missing is filled when the walk is over, not before', () => {
  const steps = part(asked('iotlb', 'miss'), { ...table, pa: 0x10_c090, index: 0x12 });
  expect(cacheUses(steps, [page], 1).map(({ how }) => how)).toEqual(['miss']);
  expect(cacheUses(steps, [page], 2).map(({ how }) => how)).toEqual(['filled']);
});

it('a table that was read may stand in the cache of tables now', () => {
  const steps = part({ ...table, pa: 0x10_c090, index: 0x12 });
  const uses = cacheUses(steps, [cache('paging-structure', { pa: 0x10_c000 })], 1);
  expect(uses.map(({ cacheId, how }) => [cacheId, how])).toEqual([['paging-structure', 'filled']]);
});
