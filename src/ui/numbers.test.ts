import { expect, it } from 'vitest';
import { byteSize, count, groupedHex, pageSize } from './numbers';

it('groups hex digits in fours from the right', () => {
  expect(groupedHex(0x1_2f40_0040)).toBe('0x1_2f40_0040');
  expect(groupedHex(0x40n)).toBe('0x40');
  expect(groupedHex(0xabcdn)).toBe('0xabcd');
  expect(groupedHex(0x40n, 12)).toBe('0x0000_0000_0040');
});

it('writes sizes with binary prefixes', () => {
  expect([byteSize(512), byteSize(2 << 20), byteSize(1536n << 20n)]).toEqual(['512 B', '2 MiB', '1.5 GiB']);
  expect([pageSize(12), pageSize(21), pageSize(30)]).toEqual(['4K', '2M', '1G']);
});

it('counts things', () => {
  expect([count(1, 'entry', 'entries'), count(1234, 'page')]).toEqual(['1 entry', '1,234 pages']);
});
