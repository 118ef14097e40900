import { describe, expect, it } from 'vitest';
import {
  classChoices,
  listed,
  listingOf,
  NO_FILTER,
  rowsOf,
  UNGROUPED,
  vendorChoices,
  type Filter,
} from './rows';
import { MACHINE, worldOf } from '../../testing/groups-bench';

const objects = worldOf(
  MACHINE.replace('boot', 'pci 00:1f.0 rciep id=8086:a305 class=060100 iommu=none\nboot'),
);
const found = (filter: Partial<Filter>): string => {
  const { groups, ungrouped } = listingOf(objects, { ...NO_FILTER, ...filter });
  return [
    ...groups.map(({ found: some }) => listed(some, 9)),
    ...ungrouped.map(({ bdf }) => `(${bdf.slice(5)})`),
  ]
    .toSorted()
    .join(' | ');
};
const CARD = '00:01.0, 01:00.0, 01:00.1';

describe('the list of groups', () => {
  it('has every group and every device without one', () => {
    expect(found({})).toBe(`(00:1f.0) | ${CARD} | 00:02.0 | 00:03.0 | 02:00.0`);
  });
  it.each([
    ['geforce', '01:00.0'],
    ['10de:10f0', '01:00.1'],
    ['02:00', '02:00.0'],
    ['IGC', '02:00.0'],
    ['nvidia audio', '01:00.1'],
    ['audio device', '01:00.1'],
    ['nothing like it', ''],
  ])('searched for %s', (text, expected) => {
    expect(found({ text })).toBe(expected);
  });
  it('knows groups by their number, and not every device with that digit', () => {
    const { groups } = listingOf(objects, NO_FILTER);
    for (const { group, members } of groups)
      expect(found({ text: `group ${group.number}` })).toBe(listed(members, 9));
  });
  it('narrows down by class, vendor and company', () => {
    expect(found({ classBase: 0x03 })).toBe('01:00.0');
    expect(found({ vendorId: 0x10de })).toBe('01:00.0, 01:00.1');
    expect(found({ several: true })).toBe(CARD);
    expect(found({ several: true, classBase: 0x02 })).toBe('');
  });
  it('shows all members of a group in which one is found, and which', () => {
    const listing = listingOf(objects, { ...NO_FILTER, text: 'geforce' });
    const rows = rowsOf(listing, () => true);
    expect(
      rows.map((row) => (row.kind === 'device' ? [row.device.bdf.slice(5), row.found] : row.kind)),
    ).toEqual(['group', ['00:01.0', false], ['01:00.0', true], ['01:00.1', false]]);
  });
  it('has one row for a group that is closed, and those without a group last', () => {
    const rows = rowsOf(listingOf(objects, NO_FILTER), (id) => id === UNGROUPED);
    expect(rows.map(({ kind }) => kind)).toEqual(['group', 'group', 'group', 'group', 'ungrouped', 'device']);
    expect(rows.at(-1)).toMatchObject({ place: 1, of: 1, parentId: UNGROUPED });
  });
  it('offers the classes and vendors that there are', () => {
    expect(classChoices(objects).map(({ label, count }) => `${label} ${count}`)).toEqual([
      'bridges 4',
      'display 1',
      'multimedia 1',
      'network 1',
    ]);
    expect(vendorChoices(objects).map(({ label }) => label)).toEqual(['1b36', 'Intel 8086', 'NVIDIA 10de']);
  });
});
