import { describe, expect, it } from 'vitest';
import { EXECUTE, NO_PASID, PRIVILEGED, READ, WRITE } from '../../port';
import { ALL_ON, Fixture, GCR3, GUEST, NO_RAM, PAGE, TABLE } from './fixture.conformance';

// Expected values: processors' tables (Linux generic_pt fmt/x86_64.h); GCR3 tables as drivers/iommu/amd/iommu.c
// __get_gcr3_pte() indexes them; flags as in the other tests, with GN and US.
const A = 1n << 5n;
const D = 1n << 6n;
const MAPPED = 3n << 61n;

/** A device with guest tables alone: guest physical addresses are physical. */
const guest = (glx = 0, levels: 4 | 5 = 4, giov = false): Fixture =>
  new Fixture(0x100, { pasidBits: 20 }).dte({ extra: Fixture.guest(glx, levels, giov) }).on();

describe('GCR3 tables', () => {
  for (const [glx, pasids] of [
    [0, [0, 1, 511]],
    [1, [0, 512, 0x3_ffff]],
    [2, [0, 0x4_0000, 0xf_ffff]],
  ] as const) {
    for (const pasid of pasids) {
      it(`[gcr3] ${glx + 1} levels, PASID ${pasid}`, () => {
        const f = guest(glx);
        f.process(pasid, glx, 4, 0x12_3456_7000n, BigInt(PAGE));
        expect(f.outcome(0x12_3456_7abcn, READ, pasid)).toBe(BigInt(PAGE) | 0xabcn);
        expect(f.translate(0x12_3456_7abcn, WRITE, pasid)).toBe(1);
        expect(f.translate(0x12_3456_7abcn, WRITE, pasid)).toBe(0);
      });
    }
    it(`[gcr3] ${glx + 1} levels: a PASID with more bits is not there`, () => {
      const f = guest(glx);
      f.process(0, glx, 4, 0n, BigInt(PAGE));
      if (glx < 2) expect(f.outcome(0n, READ, 1 << (9 * (glx + 1)))).toBe('event 2 flags 0x0005');
    });
  }

  it('[gcr3] the unit has fewer PASIDs than the table', () => {
    const f = new Fixture(0x100, { pasidBits: 8 }).dte({ extra: Fixture.guest(0, 4) }).on();
    f.process(0x100, 0, 4, 0n, BigInt(PAGE));
    expect(f.outcome(0n, READ, 0x100)).toBe('event 2 flags 0x0005');
  });

  it('[gcr3] an entry that is not valid, one with reserved bits, and no memory', () => {
    const f = guest();
    f.process(5, 0, 4, 0n, BigInt(PAGE));
    f.put(GCR3 + 5 * 8, BigInt(GUEST));
    expect(f.outcome(0n, WRITE, 5)).toBe('event 2 flags 0x0025');
    expect(f.events().at(-1)).toEqual([(0x2025n << 48n) | (5n << 32n) | 0x100n, 0n]);
    for (const bit of [1n, 5n, 11n, 52n, 63n]) {
      f.put(GCR3 + 5 * 8, BigInt(GUEST) | 1n | (1n << bit));
      expect(f.outcome(0n, READ, 5), `bit ${bit}`).toBe('event 2 flags 0x0095');
    }
    f.put(GCR3 + 5 * 8, BigInt(NO_RAM) | 1n);
    expect(f.outcome(0n, READ, 5)).toBe('event 4 flags 0x0201');
  });

  it('[gcr3] without GV, without GTEn, or with TV = 0 a PASID has no table', () => {
    const plain = new Fixture().attach(2);
    expect(plain.outcome(0n, READ, 1)).toBe('event 2 flags 0x0005');
    const off = new Fixture().dte({ extra: Fixture.guest(0, 4) }).on(ALL_ON & ~(1n << 16n));
    off.process(1, 0, 4, 0n, BigInt(PAGE));
    expect(off.outcome(0n, READ, 1)).toBe('event 2 flags 0x0005');
    const blocked = new Fixture().dte({ tv: false, extra: Fixture.guest(0, 4) }).on();
    expect(blocked.outcome(0n, READ, 1)).toBe('event 2 flags 0x0005');
  });

  it('[gcr3] GIoV: requests without a PASID use PASID 0; without GIoV the host’s table', () => {
    const giov = guest(0, 4, true);
    giov.process(0, 0, 4, 0x1000n, BigInt(PAGE));
    expect(giov.read(0x1234n)).toBe(BigInt(PAGE) | 0x234n);
    expect(giov.read(0x2234n)).toBe('event 2 flags 0x0005');
    const host = new Fixture().dte({ mode: 1, root: TABLE, extra: Fixture.guest(0, 4) }).on();
    host.walk(1, 1, 0x3000n, 0x77_7000n);
    expect(host.read(0x3456n)).toBe(0x77_7456n);
    expect(
      new Fixture()
        .dte({ extra: Fixture.guest(0, 4) })
        .on()
        .translate(0x3456n),
    ).toBe(2);
  });
});

describe('guest tables', () => {
  for (const levels of [4, 5] as const) {
    for (const [leafLevel, lg2] of [
      [1, 12n],
      [2, 21n],
      [3, 30n],
    ] as const) {
      it(`[guest] ${levels} levels, a page of 2^${lg2}`, () => {
        const f = guest(0, levels);
        const iova = (levels === 5 ? 0x00ab_cdef_1234_5678n : 0x7bcd_ef12_3456n) & ((1n << 57n) - 1n);
        const mask = (1n << lg2) - 1n;
        const pa = 7n << 31n;
        f.process(1, 0, levels, iova, pa, leafLevel);
        expect(f.outcome(iova, READ, 1)).toBe(pa | (iova & mask));
      });
    }
  }

  it('[guest] addresses are canonical', () => {
    const four = guest(0, 4);
    const top = 0xffff_8000_0000_0000n;
    four.process(1, 0, 4, top & 0xffff_ffff_ffffn, BigInt(PAGE));
    expect(four.outcome(top, READ, 1)).toBe(BigInt(PAGE));
    expect(four.outcome(top & ~(1n << 60n), READ, 1)).toBe('event 2 flags 0x0005');
    expect(four.outcome(1n << 47n, READ, 1)).toBe('event 2 flags 0x0005');
    const five = guest(0, 5);
    five.process(1, 0, 5, 1n << 47n, BigInt(PAGE));
    expect(five.outcome(1n << 47n, READ, 1)).toBe(BigInt(PAGE));
    expect(five.outcome(1n << 56n, READ, 1)).toBe('event 2 flags 0x0005');
  });

  it('[guest] bit 7 above level 3, address bits below a large page and beyond the unit’s width are reserved', () => {
    const reserved = (change: (entries: number[], f: Fixture) => void, leafLevel = 1): bigint | string => {
      const f = guest(0, 5);
      change(f.process(1, 0, 5, 0n, 1n << 30n, leafLevel), f);
      return f.outcome(0n, READ, 1);
    };
    const or = (n: number, bits: bigint) => (entries: number[], f: Fixture) =>
      f.put(entries[n] ?? 0, f.get(entries[n] ?? 0) | bits);
    expect(reserved(or(0, 0x80n))).toBe('event 2 flags 0x0095');
    expect(reserved(or(1, 0x80n))).toBe('event 2 flags 0x0095');
    expect(reserved(or(4, 0x80n))).toBe(1n << 30n);
    expect(reserved(or(4, 1n << 48n))).toBe('event 2 flags 0x0095');
    expect(reserved(or(2, 1n << 51n))).toBe('event 2 flags 0x0095');
    expect(reserved(or(3, 1n << 13n), 2)).toBe('event 2 flags 0x0095');
    expect(reserved(or(3, 1n << 20n), 2)).toBe('event 2 flags 0x0095');
    expect(reserved(or(3, 1n << 12n), 2)).toBe(1n << 30n);
    expect(reserved(or(2, 1n << 29n), 3)).toBe('event 2 flags 0x0095');
    // 62:52 are the software's.
    expect(reserved(or(4, 0x7ffn << 52n))).toBe(1n << 30n);
  });

  it('[guest] write, user and no-execute add up over the levels', () => {
    const [P, RW, US, NX] = [1n, 2n, 4n, 1n << 63n];
    for (let level = 0; level < 4; level++) {
      const with_ = (clear: bigint, set = 0n): Fixture => {
        const f = guest();
        const at = f.process(1, 0, 4, 0n, BigInt(PAGE))[level] ?? 0;
        f.put(at, (f.get(at) & ~clear) | set);
        return f;
      };
      expect(with_(P).outcome(0n, READ, 1)).toBe('event 2 flags 0x0005');
      const readOnly = with_(RW);
      expect(readOnly.outcome(0n, WRITE, 1)).toBe('event 2 flags 0x0075');
      expect(readOnly.outcome(0n, READ, 1)).toBe(BigInt(PAGE));
      const supervisor = with_(US);
      expect(supervisor.outcome(0n, READ, 1)).toBe('event 2 flags 0x0055');
      expect(supervisor.outcome(0n, READ | PRIVILEGED, 1)).toBe(BigInt(PAGE));
      // Cached by the supervisor: user mode still may not.
      expect(supervisor.outcome(0n, READ, 1)).toBe('event 2 flags 0x0055');
      const data = with_(0n, NX);
      expect(data.outcome(0n, READ | EXECUTE, 1)).toBe('event 2 flags 0x0057');
      expect(data.outcome(0n, READ, 1)).toBe(BigInt(PAGE));
    }
  });

  it('[guest] IR and IW of the device’s entry come first', () => {
    const f = new Fixture().dte({ iw: false, extra: Fixture.guest(0, 4) }).on();
    f.process(1, 0, 4, 0n, BigInt(PAGE));
    expect(f.outcome(0n, WRITE, 1)).toBe('event 2 flags 0x0075');
    expect(f.outcome(0n, READ, 1)).toBe(BigInt(PAGE));
  });

  it('[guest] accessed bits are always written, the dirty bit with the first write', () => {
    const f = guest();
    const entries = f.process(1, 0, 4, 0n, BigInt(PAGE));
    const bits = (): bigint[] => entries.map((pa) => f.get(pa) & (A | D));
    f.outcome(0n, READ, 1);
    expect(bits()).toEqual([A, A, A, A]);
    expect(f.translate(0n, READ, 1)).toBe(0);
    expect(f.translate(0n, WRITE, 1)).toBe(1);
    expect(bits()).toEqual([A, A, A, A | D]);
    expect(f.translate(0n, WRITE, 1)).toBe(0);
  });

  it('[guest] GAUpdateDis and GDUpdateDis leave them alone', () => {
    const f = new Fixture().dte({ extra: Fixture.guest(0, 4) });
    f.on(ALL_ON | (1n << 54n) | (1n << 48n));
    const entries = f.process(1, 0, 4, 0n, BigInt(PAGE));
    f.outcome(0n, WRITE, 1);
    expect(entries.map((pa) => f.get(pa) & (A | D))).toEqual([0n, 0n, 0n, 0n]);
    expect(f.translate(0n, WRITE, 1)).toBe(0);
  });

  it('[guest] processes have translations of their own', () => {
    const f = guest();
    f.process(1, 0, 4, 0n, BigInt(PAGE));
    f.put(GCR3 + 2 * 8, BigInt(GUEST + 0x10_000) | 1n);
    expect(f.outcome(0n, READ, 1)).toBe(BigInt(PAGE));
    expect(f.outcome(0n, READ, 2)).toBe('event 2 flags 0x0005');
    expect(f.outcome(0n, READ, NO_PASID)).toBe(0n);
  });
});

describe('nested tables', () => {
  const HOST = 0x20_0000_0000n; // Guest physical addresses are host addresses plus this.
  /** Guest tables at guest physical addresses; the host maps each frame of them, and the page, by entries of 4 KiB. */
  const nested = (host: bigint = MAPPED, had = 0n): Fixture => {
    const f = new Fixture(0x100, { gcr3TrpMode: true });
    const extra = Fixture.guest(0, 4);
    f.dte({
      mode: 4,
      root: TABLE,
      extra: [(extra[0] ?? 0n) | (had << 7n), extra[1] ?? 0n, extra[2] ?? 0n],
    }).on();
    f.process(1, 0, 4, 0x5000n, 0n);
    // Pointers become guest physical ones.
    f.put(GCR3 + 8, (BigInt(GUEST) + HOST) | 1n);
    for (let level = 0; level < 3; level++)
      f.put(GUEST + level * 4096, (BigInt(GUEST + (level + 1) * 4096) + HOST) | 7n);
    f.put(GUEST + 3 * 4096 + 5 * 8, (0x66_6000n + HOST) | 7n);
    for (const frame of [GUEST, GUEST + 4096, GUEST + 8192, GUEST + 12288])
      map(f, BigInt(frame), BigInt(frame), host);
    map(f, 0x66_6000n, BigInt(PAGE), host);
    return f;
  };
  let tables = 0;
  function map(f: Fixture, gpa: bigint, pa: bigint, bits: bigint): number {
    // Four levels; all lie in the same upper tables.
    const iova = gpa + HOST;
    const bottom = TABLE + 0x3000 + Number((iova >> 21n) & 7n) * 4096;
    const put = (table: number, level: number, word: bigint): number => {
      const at = table + Number((iova >> BigInt(12 + 9 * (level - 1))) & 511n) * 8;
      f.put(at, word);
      return at;
    };
    put(TABLE, 4, BigInt(TABLE + 0x1000) | 1n | (3n << 9n) | MAPPED);
    put(TABLE + 0x1000, 3, BigInt(TABLE + 0x2000) | 1n | (2n << 9n) | MAPPED);
    put(TABLE + 0x2000, 2, BigInt(bottom) | 1n | (1n << 9n) | MAPPED);
    tables = put(bottom, 1, pa | 1n | bits);
    return tables;
  }

  it('[nested] every table address and the result go through the host’s tables', () => {
    const f = nested();
    expect(f.outcome(0x5abcn, READ, 1)).toBe(BigInt(PAGE) | 0xabcn);
    const reads = f.trace
      .take()
      .flatMap((e) =>
        e.kind === 'read' && e.structure === 'table'
          ? [`${e.stage}${e.stage === 2 ? `/${e.forLevel ?? 'result'}` : ''}:${e.level}`]
          : [],
      );
    // 4 guest levels, each with a host walk before it, and one for the result; the walks after the first begin at the
    // cached pointer to the lowest table.
    expect(reads).toEqual([
      '2/3:3',
      '2/3:2',
      '2/3:1',
      '2/3:0',
      '1:3',
      '2/2:0',
      '1:2',
      '2/1:0',
      '1:1',
      '2/0:0',
      '1:0',
      '2/result:3',
      '2/result:2',
      '2/result:1',
      '2/result:0',
    ]);
    expect(f.translate(0x5abcn, WRITE, 1)).toBe(1);
    expect(f.translate(0x5abcn, WRITE, 1)).toBe(0);
  });

  it('[nested] a host page that is missing under a guest table or under the result', () => {
    for (const gpa of [BigInt(GUEST), BigInt(GUEST + 8192), 0x66_6000n]) {
      const f = nested();
      map(f, gpa, 0n, 0n);
      f.put(tables, 0n);
      expect(f.outcome(0x5000n, WRITE, 1)).toBe('event 2 flags 0x0025');
      expect(f.events().at(-1)?.[1]).toBe(0x5000n);
    }
  });

  it('[nested] the host permits what it permits', () => {
    const f = nested();
    map(f, 0x66_6000n, BigInt(PAGE), 1n << 61n);
    expect(f.outcome(0x5000n, READ, 1)).toBe(BigInt(PAGE));
    expect(f.outcome(0x5000n, WRITE, 1)).toBe('event 2 flags 0x0075');
    const unreadable = nested();
    map(unreadable, BigInt(GUEST + 4096), BigInt(GUEST + 4096), 1n << 62n);
    expect(unreadable.outcome(0x5000n, READ, 1)).toBe('event 2 flags 0x0055');
  });

  it('[nested] accessed bits need a host page that may be written', () => {
    const f = nested();
    map(f, BigInt(GUEST + 4096), BigInt(GUEST + 4096), 1n << 61n);
    expect(f.outcome(0x5000n, READ, 1)).toBe('event 2 flags 0x0055');
    f.put(GUEST + 4096, f.get(GUEST + 4096) | A);
    for (const at of [GUEST, GUEST + 8192]) f.put(at, f.get(at) | A);
    f.put(GUEST + 12288 + 40, f.get(GUEST + 12288 + 40) | A);
    expect(f.outcome(0x5000n, READ, 1)).toBe(BigInt(PAGE));
  });

  it('[nested] both tables’ dirty bits are written', () => {
    const f = nested(MAPPED, 3n);
    const leaf = map(f, 0x66_6000n, BigInt(PAGE), MAPPED);
    f.outcome(0x5000n, READ, 1);
    expect(f.get(leaf) & (A | D)).toBe(A);
    expect(f.get(GUEST + 12288 + 40) & (A | D)).toBe(A);
    expect(f.translate(0x5000n, WRITE, 1)).toBe(1);
    expect(f.get(leaf) & (A | D)).toBe(A | D);
    expect(f.get(GUEST + 12288 + 40) & (A | D)).toBe(A | D);
    expect(f.translate(0x5000n, WRITE, 1)).toBe(0);
  });

  it('[nested] a GCR3 table lies at a guest physical address with GCR3TRPMode alone', () => {
    const f = nested();
    expect(f.outcome(0x5000n, READ, 1)).toBe(BigInt(PAGE));
    f.set(0x18, ALL_ON | (1n << 58n));
    f.flush();
    // Now the host has no page for the GCR3 table's address.
    expect(f.outcome(0x5000n, READ, 1)).toBe('event 2 flags 0x0005');
    const bottom = map(f, BigInt(GCR3) - HOST, BigInt(GCR3), MAPPED);
    expect(f.outcome(0x5000n, READ, 1), `entry ${bottom.toString(16)}`).toBe(BigInt(PAGE));
  });

  it('[nested] requests without a PASID take the host’s tables alone', () => {
    const f = nested();
    expect(f.read(0x66_6123n + HOST)).toBe(BigInt(PAGE) | 0x123n);
  });

  it('[nested] the smaller of both pages is cached', () => {
    const f = nested();
    // A guest page of 2 MiB over host pages of 4 KiB.
    f.put(GUEST + 2 * 4096, (0x60_0000n + HOST) | 0x87n);
    map(f, 0x60_5000n, 0x99_9000n, MAPPED);
    expect(f.outcome(0x5000n, READ, 1)).toBe(0x99_9000n);
    expect(f.outcome(0x6000n, READ, 1)).toBe('event 2 flags 0x0005');
    map(f, 0x60_6000n, 0x88_8000n, MAPPED);
    expect(f.outcome(0x6000n, READ, 1)).toBe(0x88_8000n);
  });
});
