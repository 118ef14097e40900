import { describe, expect, it } from 'vitest';
import type { AreaObject } from '../../engine/sim/world';
import type { PhysicalMap } from '../../engine/sim/physical-map';
import { briefSize, iovaExtents, memoryExtents, pieceWords } from './extents';
import { ALL_ADDRESSES, foldedStrip } from '../../lib/folded-strip';
import { areasOver, framesUnder, ribbonsOf } from './ribbons';
import { stripKey } from './strip-keys';

const area = (iova: bigint, last: bigint, buffer: string): AreaObject => ({
  iova,
  last,
  read: true,
  write: true,
  processId: 'mm:qemu',
  buffer,
  userVa: 0n,
  pinnedPages: 0,
  accessPins: 0,
  locks: 0,
  pages: null,
});
const MSI = { start: 0xfee0_0000n, last: 0xfeef_ffffn, why: 'msi of 0000:02:00.0' };
const IOAS = {
  areas: [area(0x1000n, 0x1fffn, 'ring'), area(0x4000_0000n, 0x401f_ffffn, 'guest')],
  reserved: [MSI, { ...MSI, last: 0xfeff_ffffn }],
};
const run = (start: number, label: string) =>
  ({ start, bytes: 0x1000, use: 'process', ownerId: 'mm:qemu', level: null, label }) as const;
const MAP: PhysicalMap = {
  ram: [
    { start: 0x10_0000, last: 0x1f_ffff },
    { start: 0x100_0000, last: 0x1ff_ffff },
  ],
  runs: [run(0x10_0000, 'ring'), run(0x1ff_f000, 'guest')],
  leaves: [],
  areas: [
    { ioasId: 'ioas:1.1', iova: 0x1000n, frames: [{ start: 0x10_0000, bytes: 0x1000 }], cut: false },
    { ioasId: 'ioas:1.1', iova: 0x4000_0000n, frames: [{ start: 0x1ff_f000, bytes: 0x1000 }], cut: false },
  ],
};

describe('what stands on a strip', () => {
  it('reserved ranges of several devices that overlap never hide what comes after', () => {
    expect(iovaExtents(IOAS).map(({ start, last }) => [start, last])).toEqual([
      [0x1000n, 0x1fffn],
      [0x4000_0000n, 0x401f_ffffn],
      [MSI.start, MSI.last],
      [MSI.last + 1n, 0xfeff_ffffn],
    ]);
  });

  it('where there is no memory stands between', () => {
    expect(memoryExtents(MAP).map(({ kind }) => kind)).toEqual(['hole', 'run', 'hole', 'run']);
  });

  it('is said in words: what it is, from where to where, and how large', () => {
    const extents = iovaExtents(IOAS);
    const pieces = foldedStrip(extents, ALL_ADDRESSES, 400);
    expect(pieceWords(pieces[1]!, extents)).toBe('area ring rw, 0x1000 to 0x1fff, 4 KiB');
    expect(pieceWords(pieces[5]!, extents)).toBe(
      'reserved: msi of 0000:02:00.0, 0xfee0_0000 to 0xfeef_ffff, 1 MiB',
    );
    expect(briefSize({ start: 0n, last: (3n << 39n) - 1n })).toBe('1T');
  });
});

describe('from addresses to memory and back', () => {
  const iova = foldedStrip(iovaExtents(IOAS), ALL_ADDRESSES, 400);
  const memory = foldedStrip(memoryExtents(MAP), { start: 0n, last: 0x1ff_ffffn }, 400);
  const ends = new Map(IOAS.areas.map(({ iova: start, last }) => [start, last]));

  it('each area has a ribbon to where its pages are', () => {
    const ribbons = ribbonsOf(MAP.areas, iova, memory);
    expect(ribbons.map(({ from, to }) => [from.start, to.start])).toEqual([
      [0x1000n, 0x10_0000n],
      [0x4000_0000n, 0x1ff_f000n],
    ]);
  });

  it('an address inside an area leads to the area’s frames; frames lead to the areas', () => {
    expect(framesUnder(MAP.areas, ends, { start: 0x4000_1000n, last: 0x4000_1000n })).toEqual([
      { start: 0x1ff_f000n, last: 0x1ff_ffffn },
    ]);
    expect(areasOver(MAP.areas, { start: 0x10_0800n, last: 0x10_0800n }).map((each) => each.iova)).toEqual([
      0x1000n,
    ]);
  });
});

describe('keys on a strip', () => {
  const pieces = foldedStrip(iovaExtents(IOAS), ALL_ADDRESSES, 400);
  const go = (key: string, from: number, ctrlKey = false) =>
    stripKey({ key, ctrlKey }, pieces, pieces[from]!);

  it('arrows go from area to area, over the gaps; with Ctrl into them', () => {
    expect(go('ArrowRight', 1)).toEqual({ kind: 'go', to: pieces[3] });
    expect(go('ArrowLeft', 3)).toEqual({ kind: 'go', to: pieces[1] });
    expect(go('ArrowRight', 1, true)).toEqual({ kind: 'go', to: pieces[2] });
    expect(go('End', 1)).toEqual({ kind: 'go', to: pieces[6] });
    expect(go('Home', 6)).toEqual({ kind: 'go', to: pieces[1] });
    expect(go('ArrowLeft', 1)).toBeNull();
  });

  it('an empty space is one stop', () => {
    const [only] = foldedStrip([], ALL_ADDRESSES, 400);
    expect(stripKey({ key: 'Home', ctrlKey: false }, [only!], only!)).toEqual({ kind: 'go', to: only });
  });
});
