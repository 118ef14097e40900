import { describe, expect, it } from 'vitest';
import { READ, WRITE } from '../../port';
import { Fixture, NO_RAM, PAGE, TABLE } from './fixture.conformance';

// Expected values: the layout of AMD's document as Linux generic_pt fmt/amdv1.h writes it; flags of events as
// drivers/iommu/amd/amd_iommu_types.h numbers them, and which apply, as VirtualBox DevIommuAmd.cpp has them.
const MAPPED = 3n << 61n;
const PR = 1n;
const next = (level: number): bigint => BigInt(level) << 9n;
/** The size code of Linux: the low bits of the address are ones, up to half the size. */
const coded = (pa: bigint, lg2: number): bigint => pa | (((1n << BigInt(lg2 - 1)) - 1n) & ~0xfffn) | next(7);

describe('levels', () => {
  for (let levels = 1; levels <= 6; levels++) {
    it(`[host] ${levels} levels, a page of 4 KiB at the last`, () => {
      const f = new Fixture().attach(levels);
      const iova = 0xfedc_ba98_7654_3210n & ((1n << BigInt(Math.min(64, 12 + 9 * levels))) - 1n);
      f.walk(levels, 1, iova, BigInt(PAGE));
      expect(f.read(iova)).toBe(BigInt(PAGE) | (iova & 0xfffn));
      expect(f.translate(iova)).toBe(0);
    });
  }

  for (let levels = 1; levels <= 5; levels++) {
    it(`[host] an address with more bits than ${levels} levels translate is not present`, () => {
      const f = new Fixture().attach(levels);
      f.walk(levels, 1, 0n, BigInt(PAGE));
      const bit = BigInt(12 + 9 * levels);
      expect(f.read((1n << bit) - 1n)).toBe('event 2 flags 0x0000');
      expect(f.read(1n << bit)).toBe('event 2 flags 0x0000');
      expect(f.read(1n << 63n)).toBe('event 2 flags 0x0000');
      expect(f.read(0n)).toBe(BigInt(PAGE));
    });
  }

  for (let levels = 2; levels <= 5; levels++) {
    it(`[host] a leaf at level ${levels} maps the default size of its level`, () => {
      const f = new Fixture().attach(levels);
      const size = 12n + 9n * BigInt(levels - 1);
      const pa = 1n << size;
      const iova = (3n << size) | 0xf_f123n;
      f.walk(levels, levels, iova, pa);
      expect(f.read(iova)).toBe(pa | 0xf_f123n);
      expect(f.read(iova ^ (1n << (size - 1n)))).toBe(pa | 0xf_f123n | (1n << (size - 1n)));
      expect(f.translate(iova)).toBe(0);
    });
  }

  it('[host] the top-most level has no leaves', () => {
    const f = new Fixture().attach(6);
    f.put(TABLE, PR | MAPPED);
    expect(f.read(0n)).toBe('event 2 flags 0x0010');
  });

  it('[host] a table may skip levels; what they would have taken in must be zero', () => {
    const f = new Fixture().attach(6);
    const bottom = TABLE + 0x1000;
    f.put(TABLE + 5 * 8, BigInt(bottom) | PR | next(1) | MAPPED);
    f.put(bottom + 7 * 8, BigInt(PAGE) | PR | MAPPED);
    const iova = (5n << 57n) | (7n << 12n);
    expect(f.read(iova)).toBe(BigInt(PAGE));
    for (const level of [2, 3, 4, 5]) {
      expect(f.read(iova | (1n << BigInt(12 + 9 * (level - 1))))).toBe('event 2 flags 0x0010');
    }
  });

  it('[host] a next level must be lower than its own', () => {
    const f = new Fixture().attach(3);
    for (const level of [3, 4, 5, 6]) {
      f.put(TABLE, BigInt(TABLE) | PR | next(level) | MAPPED);
      expect(f.write(0n), `next level ${level}`).toBe('event 2 flags 0x0030');
    }
    const bottom = new Fixture().attach(1);
    for (const level of [1, 2, 6]) {
      bottom.put(TABLE, BigInt(PAGE) | PR | next(level) | MAPPED);
      expect(bottom.read(0n)).toBe('event 2 flags 0x0010');
    }
  });
});

describe('page sizes', () => {
  for (let lg2 = 13; lg2 <= 51; lg2++) {
    const level = Math.floor((lg2 - 12) / 9) + 1;
    if ((lg2 - 12) % 9 === 0) continue;
    it(`[host] 2^${lg2} bytes, coded in the address, at level ${level}`, () => {
      const f = new Fixture().attach(6);
      const size = 1n << BigInt(lg2);
      const pa = lg2 < 51 ? size : 0n;
      const iova = size * 2n;
      // The entry stands once for each default page of its level.
      const own = 1n << BigInt(12 + 9 * (level - 1));
      for (const at of [0n, size / own - 1n]) {
        f.walk(6, level, iova + at * own, 0n);
        const entries = f.walk(6, level, iova + at * own, coded(pa, lg2));
        expect(entries).toHaveLength(6 - level + 1);
        expect(f.read(iova + at * own + 0x123n)).toBe(pa + at * own + 0x123n);
        f.flush();
      }
    });
  }

  it('[host] a coded size must lie between the default of its level and of the next', () => {
    const f = new Fixture().attach(3);
    const size = (level: number, lg2: number): bigint | string => {
      f.flush();
      f.walk(3, level, 0n, coded(0n, lg2));
      return f.read(0n);
    };
    expect(size(1, 21)).toBe('event 2 flags 0x0010');
    expect(size(1, 20)).toBe(0n);
    expect(size(2, 13)).toBe('event 2 flags 0x0010');
    expect(size(2, 21)).toBe('event 2 flags 0x0010');
    expect(size(2, 22)).toBe(0n);
    expect(size(2, 30)).toBe('event 2 flags 0x0010');
    // All ones: no size at all.
    f.flush();
    f.walk(3, 1, 0n, 0x000f_ffff_ffff_f000n | next(7));
    expect(f.read(0n)).toBe('event 2 flags 0x0010');
  });

  it('[host] neighbours of a coded page stand on their own', () => {
    const f = new Fixture().attach(3);
    for (let n = 0; n < 4; n++) f.walk(3, 1, BigInt(n) << 12n, coded(0x8_0000n, 14));
    for (let n = 4; n < 8; n++) f.walk(3, 1, BigInt(n) << 12n, coded(0x4_0000n, 14));
    expect(f.read(0x3_fffn)).toBe(0x8_3fffn);
    expect(f.read(0x4_000n)).toBe(0x4_0000n);
    expect(f.read(0x7_abcn)).toBe(0x4_3abcn);
  });
});

describe('reserved bits', () => {
  it('[host] bits 58:52 of a leaf and 60:52 of an entry that points at a table must be zero', () => {
    const f = new Fixture().attach(2);
    for (let bit = 1n; bit < 64n; bit++) {
      for (const leaf of [true, false]) {
        f.flush();
        const [top = 0, bottom = 0] = f.walk(2, 1, 0n, BigInt(PAGE));
        const at = leaf ? bottom : top;
        const word = f.get(at);
        // Address and next level change the walk; permissions and the present bit have tests of their own.
        const ignored = bit <= 8n || bit === 63n || (leaf && (bit === 59n || bit === 60n));
        const reserved = bit >= 52n && bit <= (leaf ? 58n : 60n);
        if (!ignored && !reserved) continue;
        f.put(at, word | (1n << bit));
        expect(f.read(0n), `bit ${bit} of a ${leaf ? 'leaf' : 'table'}`).toBe(
          reserved ? 'event 2 flags 0x0090' : BigInt(PAGE),
        );
      }
    }
  });

  it('[host] an entry that is not present may hold anything', () => {
    const f = new Fixture().attach(1);
    f.put(TABLE, 0xffff_ffff_ffff_fffen);
    expect(f.read(0n)).toBe('event 2 flags 0x0000');
    expect(f.write(0n)).toBe('event 2 flags 0x0020');
  });
});

describe('permissions', () => {
  it('[host] add up over the device entry and every level', () => {
    const levels = 3;
    for (let mask = 0; mask < 4 ** (levels + 1); mask++) {
      const at = (n: number): bigint => BigInt((mask >> (2 * n)) & 3);
      const f = new Fixture().attach(levels, { ir: (at(0) & 1n) === 1n, iw: (at(0) & 2n) === 2n });
      f.walk(levels, 1, 0n, BigInt(PAGE)).forEach((pa, n) => {
        f.put(pa, (f.get(pa) & ~MAPPED) | (at(n + 1) << 61n));
      });
      const all = at(0) & at(1) & at(2) & at(3);
      expect(f.read(0n), `read ${mask}`).toBe((all & 1n) === 1n ? BigInt(PAGE) : 'event 2 flags 0x0050');
      expect(f.write(0n), `write ${mask}`).toBe((all & 2n) === 2n ? BigInt(PAGE) : 'event 2 flags 0x0070');
    }
  });

  it('[host] a cached translation without the permission is looked up again', () => {
    const f = new Fixture().attach(1);
    f.put(TABLE, BigInt(PAGE) | PR | (1n << 61n));
    expect(f.translate(0n, READ)).toBe(1);
    expect(f.write(0n)).toBe('event 2 flags 0x0070');
    f.put(TABLE, BigInt(PAGE) | PR | MAPPED);
    expect(f.translate(0n, WRITE)).toBe(1);
    expect(f.translate(0n, WRITE)).toBe(0);
  });
});

describe('accessed and dirty bits', () => {
  const A = 1n << 5n;
  const D = 1n << 6n;
  const had = (value: bigint) => ({ extra: [value << 7n] });

  it('[host] HAD = 00b: none is written', () => {
    const f = new Fixture().attach(3);
    const entries = f.walk(3, 1, 0n, BigInt(PAGE));
    f.write(0n);
    expect(entries.map((pa) => f.get(pa) & (A | D))).toEqual([0n, 0n, 0n]);
  });

  it('[host] HAD = 01b: accessed bits of every entry', () => {
    const f = new Fixture().attach(3, had(1n));
    const entries = f.walk(3, 1, 0n, BigInt(PAGE));
    f.write(0n);
    expect(entries.map((pa) => f.get(pa) & (A | D))).toEqual([A, A, A]);
  });

  it('[host] HAD = 11b: the dirty bit of the leaf, too, once it is written', () => {
    const f = new Fixture().attach(3, had(3n));
    const entries = f.walk(3, 1, 0n, BigInt(PAGE));
    expect(f.translate(0n, READ)).toBe(1);
    expect(entries.map((pa) => f.get(pa) & (A | D))).toEqual([A, A, A]);
    // Read out of the cache; the write has to mark the entry first.
    expect(f.translate(0n, READ)).toBe(0);
    expect(f.translate(0n, WRITE)).toBe(1);
    expect(entries.map((pa) => f.get(pa) & (A | D))).toEqual([A, A, A | D]);
    expect(f.translate(0n, WRITE)).toBe(0);
  });

  it('[host] a cleared dirty bit is set again only after an invalidation', () => {
    const f = new Fixture().attach(1, had(3n));
    const [leaf = 0] = f.walk(1, 1, 0n, BigInt(PAGE));
    f.write(0n);
    f.put(leaf, f.get(leaf) & ~D);
    f.write(0n);
    expect(f.get(leaf) & D).toBe(0n);
    f.command([(3n << 60n) | (0xbeefn << 32n), 0n]);
    f.write(0n);
    expect(f.get(leaf) & D).toBe(D);
  });

  it('[host] a request that is refused marks nothing', () => {
    const f = new Fixture().attach(2, had(3n));
    const entries = f.walk(2, 1, 0n, BigInt(PAGE));
    f.put(entries[1] ?? 0, BigInt(PAGE) | PR | (1n << 61n));
    f.write(0n);
    expect(entries.map((pa) => f.get(pa) & (A | D))).toEqual([0n, 0n]);
  });

  it('[host] memory that refuses the update is a hardware error', () => {
    const f = new Fixture().attach(1, had(1n));
    const [leaf = 0] = f.walk(1, 1, 0n, BigInt(PAGE));
    f.memory.hazards = { at: (_pfn, _offset, _bytes, write) => (write ? 1 : 0) };
    expect(f.read(0n)).toBe('event 4 flags 0x0400');
    expect(f.get(leaf) & A).toBe(0n);
  });
});

describe('tables that do not answer', () => {
  it('[host] a table that is no memory: master abort', () => {
    const f = new Fixture().dte({ mode: 3, root: NO_RAM }).on();
    expect(f.read(0x4000_1000n)).toBe('event 4 flags 0x0200');
    expect(f.events().at(-1)).toEqual([(0x4200n << 48n) | (0xbeefn << 32n) | 0x100n, BigInt(NO_RAM) + 8n]);
  });

  it('[host] an entry that points past all memory names the address that it gave', () => {
    const f = new Fixture().attach(2);
    f.put(TABLE, 0x000f_0000_0000_0000n | PR | next(1) | MAPPED);
    expect(f.write(0x3000n)).toBe('event 4 flags 0x0220');
    expect(f.events().at(-1)?.[1]).toBe(0x000f_0000_0000_0018n);
  });

  it('[host] an access that the bus refuses, and one whose data is corrupt', () => {
    const f = new Fixture().attach(1);
    f.walk(1, 1, 0n, BigInt(PAGE));
    // Once it was read, so that the frame is known.
    expect(f.read(0n)).toBe(BigInt(PAGE));
    f.flush();
    f.memory.hazards = { at: (pfn) => (pfn === TABLE / 4096 ? 1 : 0) };
    expect(f.read(0n)).toBe('event 4 flags 0x0400');
    f.memory.hazards = { at: (pfn) => (pfn === TABLE / 4096 ? 2 : 0) };
    expect(f.read(0n)).toBe('event 4 flags 0x0600');
    f.memory.hazards = null;
    expect(f.read(0n)).toBe(BigInt(PAGE));
  });

  it('[host] a table that was never written is empty', () => {
    const f = new Fixture().dte({ mode: 2, root: 0x30_0000 }).on();
    expect(f.read(0n)).toBe('event 2 flags 0x0000');
  });
});
