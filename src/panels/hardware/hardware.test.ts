import { describe, expect, it } from 'vitest';
import type { CacheEntryView, RegisterView } from '../../engine/hw/common/view';
import { gpu } from '../../testing/fixture-world';
import { aroundAddress, filterEntries, tagsSayAddress } from './cache-entries';
import { deviceTlbs } from './device-tlbs';
import { findRegisters, operandsOf } from './find';

const entry = (rest: Partial<CacheEntryView>): CacheEntryView => ({
  set: 0,
  way: 0,
  tags: [{ name: 'DID', value: '4' }],
  gives: 'PA 0x80000000, 2 MiB, read',
  stale: false,
  ...rest,
});

describe('entries of a cache', () => {
  const translation = entry({ iova: 0x20_0000n, sizeLg2: 21, pa: 0x8000_0000 });
  const other = entry({ tags: [{ name: 'DID', value: '5' }], iova: 0x40_0000n, sizeLg2: 12, stale: true });
  const find = (text: string, staleOnly = false) => filterEntries([translation, other], { text, staleOnly });

  it('are found by a tag, by an address that they cover, and by what they give', () => {
    expect(find('did 5')).toEqual([other]);
    expect(find('0x3f_ff00')).toEqual([translation]);
    expect(find('0x80000000')).toContain(translation);
    expect(find('0x400fff')).toContain(other);
    expect(find('nothing like that')).toEqual([]);
  });

  it('can be only the stale ones', () => {
    expect(find('', true)).toEqual([other]);
    expect(find('did 4', true)).toEqual([]);
  });

  it('are cut at the physical address that they give, at no longer number', () => {
    expect(aroundAddress(translation)).toEqual(['PA ', ', 2 MiB, read']);
    expect(aroundAddress(entry({ pa: 0x8000 }))).toBeNull();
  });

  it('say their address once', () => {
    expect(tagsSayAddress(translation)).toBe(false);
    expect(tagsSayAddress(entry({ iova: 4n, tags: [{ name: 'Address', value: '0x4' }] }))).toBe(true);
  });
});

it('a register is found by its name, by a field, or by its offset', () => {
  const register = (name: string, offset: number, field: string): RegisterView => ({
    name,
    offset,
    bytes: 4,
    value: 0n,
    writable: true,
    fields: [{ bits: '0', name: field, value: 0n, meaning: '' }],
  });
  const all = [register('GCMD', 0x18, 'TE'), register('GSTS', 0x1c, 'TES')];
  const names = (filter: string) => findRegisters(all, filter).map(({ name }) => name);
  expect([names(''), names('gs'), names('te'), names('0x18'), names('018')]).toEqual([
    ['GCMD', 'GSTS'],
    ['GSTS'],
    ['GCMD', 'GSTS'],
    ['GCMD'],
    ['GCMD'],
  ]);
});

it('a command shows the operands that are not zero', () => {
  const field = (name: string, value: bigint) => ({ bits: '0', name, value, meaning: '' });
  const fields = [
    field('TYPE', 2n),
    field('G', 3n),
    field('DID', 4n),
    field('AM', 0n),
    field('ADDR', 0x21_2000n),
  ];
  expect(operandsOf({ fields })).toBe('G 3 · DID 4 · ADDR 0x21_2000');
});

describe('what devices keep', () => {
  const kept = { pasid: 5, iova: 0x21_2000n, sizeLg2: 12, pa: 0x8000, read: true, write: false, stale: true };
  const of = (unitId: string, more = {}) =>
    deviceTlbs({ [gpu.id]: { ...gpu, services: ['ATS'], deviceTlb: [kept], ...more } }, unitId);

  it('is a cache of the unit that they asked, with what is stale of it', () => {
    expect(of(gpu.iommuId ?? '')).toMatchObject([
      {
        name: 'Device TLB of 0000:01:00.0',
        entries: [{ way: 0, iova: 0x21_2000n, gives: 'PA 0x8000, read', stale: true }],
      },
    ]);
    expect(of('iommu:another')).toEqual([]);
  });

  it('is not there without ATS', () => {
    expect(of(gpu.iommuId ?? '', { services: [], deviceTlb: [] })).toEqual([]);
  });
});
