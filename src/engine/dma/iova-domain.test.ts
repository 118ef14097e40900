import { describe, expect, it } from 'vitest';
import { IovaDomain } from './iova-domain';
import { RECORDED } from './testing/iova-recorded';

// Expected values: worked out by hand from drivers/iommu/iova.c of the 7.1 merge window.
const GIB4 = 0xf_ffff; // the last 4 KiB page below 4 GiB
const make = () => new IovaDomain(12, 1);

describe('the IOVA allocator', () => {
  it('hands out from the limit downwards, naturally aligned', () => {
    const iovas = make();
    const sizes = [1, 1, 4, 1, 512];
    expect(sizes.map((pages) => iovas.allocFast(pages, GIB4, true))).toEqual([
      0xf_ffff, 0xf_fffe, 0xf_fff8, 0xf_fff7, 0xf_fc00,
    ]);
  });

  it('a gap that alignment left is not looked at before the search starts anew from the top', () => {
    const iovas = make();
    iovas.allocFast(1, GIB4, true); // fffff
    iovas.allocFast(4, GIB4, true); // ffff8: ffffc-ffffe stay free
    expect(iovas.allocFast(1, GIB4, true)).toBe(0xf_fff7);
  });

  it('three pages take four: what fits a cache is rounded up to a power of two', () => {
    const iovas = make();
    iovas.allocFast(3, GIB4, true);
    expect(iovas.taken).toEqual([{ lo: 0xf_fffc, hi: 0xf_ffff }]);
    iovas.allocFast(33, GIB4, true);
    expect(iovas.taken[0]).toEqual({ lo: 0xf_ffc0, hi: 0xf_ffe0 });
  });

  it('what was freed last is handed out first, for the same size only', () => {
    const iovas = make();
    const [a, b] = [iovas.allocFast(1, GIB4, true), iovas.allocFast(1, GIB4, true)];
    iovas.freeFast(a, 1);
    iovas.freeFast(b, 1);
    expect(iovas.allocFast(2, GIB4, true)).toBe(0xf_fffc);
    expect([iovas.allocFast(1, GIB4, true), iovas.allocFast(1, GIB4, true)]).toEqual([b, a]);
  });

  it('a cached range above the limit is passed over', () => {
    const iovas = make();
    const high = iovas.allocFast(1, 0x1_0000_0000, true);
    iovas.freeFast(high, 1);
    expect(iovas.allocFast(1, GIB4, true)).toBe(GIB4);
    expect(iovas.allocFast(1, 0x1_0000_0000, true)).toBe(high);
  });

  it('reserved ranges are left out; those that overlap are joined', () => {
    const iovas = make();
    iovas.reserve(0xf_ee00, 0xf_eeff);
    iovas.reserve(0xf_ef00, GIB4);
    iovas.reserve(0xf_ed00, 0xf_ee10);
    expect(iovas.taken).toEqual([
      { lo: 0xf_ed00, hi: 0xf_eeff },
      { lo: 0xf_ef00, hi: 0xf_ffff },
    ]);
    expect(iovas.allocFast(1, GIB4, true)).toBe(0xf_ecff);
  });

  it('IOVA 0 is never handed out', () => {
    const iovas = make();
    expect(iovas.allocFast(1, 1, true)).toBe(1);
    expect(iovas.allocFast(1, 1, true)).toBe(0);
  });

  it('caches are emptied before it gives up, and only then', () => {
    const iovas = new IovaDomain(12, 1);
    const all = [1, 2, 3, 4, 5, 6, 7].map(() => iovas.allocFast(1, 7, true));
    expect(all).toEqual([7, 6, 5, 4, 3, 2, 1]);
    for (const pfn of [4, 5, 6, 7]) iovas.freeFast(pfn, 1);
    expect(iovas.allocFast(4, 7, false)).toBe(0);
    expect(iovas.allocFast(4, 7, true)).toBe(4);
  });

  it('below 4 GiB a size that did not fit is not tried again before something was freed there', () => {
    const iovas = new IovaDomain(12, 1);
    iovas.reserve(2, 0xf_ffff);
    expect(iovas.alloc(1, GIB4)).toBe(1);
    expect([iovas.alloc(1, GIB4), iovas.alloc(1, GIB4)]).toEqual([0, 0]);
    iovas.free(1);
    expect(iovas.alloc(1, GIB4)).toBe(1);
  });

  it('two full magazines of 127 send the third to the depot, which a timer trims to one a CPU', () => {
    const iovas = make();
    const count = 127 * 5;
    const taken = Array.from({ length: count }, () => iovas.allocFast(1, GIB4, true));
    for (const pfn of taken) iovas.freeFast(pfn, 1);
    expect([iovas.cachedRanges, iovas.taken.length]).toEqual([count, count]);
    for (let tick = 0; tick < 5; tick++) iovas.trimDepots();
    expect([iovas.cachedRanges, iovas.taken.length]).toEqual([127 * 3, 127 * 3]);
  });
});

describe('against the kernel’s allocator', () => {
  it.each(RECORDED.map((calls, index) => [index, calls] as const))('recorded run %i', (_index, calls) => {
    const iovas = new IovaDomain(12, 1);
    const answers = calls.map((call) => {
      const [op = '', ...words] = call.split(' ');
      const [a = 0, b = 0, flush = 0] = words.map((word) => parseInt(word, 16));
      if (op === 'r') iovas.reserve(a, b);
      else if (op === 't') iovas.trimDepots();
      else if (op === 'f') iovas.freeFast(a, b);
      else return `${words.slice(0, 3).join(' ')} ${iovas.allocFast(a, b, flush === 1).toString(16)}`;
      return words.join(' ');
    });
    expect(answers).toEqual(calls.map((call) => call.slice(2)));
  });
});
