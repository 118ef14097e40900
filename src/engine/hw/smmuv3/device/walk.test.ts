import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXECUTE, LEAF_LEVEL, LEAF_PERMS, PRIVILEGED, READ, WALKED, WRITE } from '../../port';
import {
  AA64,
  AF,
  AFFD,
  AP_EL0,
  AP_RO,
  CD_A,
  CONTIGUOUS,
  Fixture,
  GRANULES,
  LEAF1,
  NG,
  NO_RAM,
  PAGE,
  PAN,
  PXN,
  S1,
  TBI0,
  TBI1,
  USUAL,
  UXN,
  WXN,
  type CdFields,
  type Granule,
} from './fixture.conformance';
import { walk1, type Stage1, type Wanted } from './reference.conformance';

const ALL: readonly Granule[] = [12, 14, 16];
const stride = (granule: number): number => granule - 3;
const t0szOf = (bits: number): bigint => BigInt(64 - bits);

/** A unit with one table of these dimensions. */
function shaped(granule: Granule, inputBits: number, cd: Partial<CdFields> = {}, config = {}): Fixture {
  return new Fixture(config).putSte().putCd({ tg0: GRANULES[granule], t0sz: t0szOf(inputBits), ...cd });
}

describe('SMMUv3 stage 1', () => {
  /** Every granule, every start level, every leaf level: DDI 0487, table "Translation granule sizes". */
  const sizes = ALL.flatMap((granule) =>
    [25, 28, 30, 32, 34, 36, 39, 42, 43, 47, 48].flatMap((inputBits) => {
      const start = 4 - Math.ceil((inputBits - granule) / stride(granule));
      const leaves = granule === 12 ? [1, 2, 3] : [2, 3];
      return leaves.filter((level) => level >= start).map((level) => ({ granule, inputBits, start, level }));
    }),
  );

  it.each(sizes)(
    '$granule-bit pages, $inputBits bits of input from level $start: a leaf at level $level',
    ({ granule, inputBits, level }) => {
      const f = shaped(granule, inputBits);
      const shift = BigInt(granule + (3 - level) * stride(granule));
      // The highest address that there is, and one in the middle.
      for (const iova of [(1n << BigInt(inputBits)) - 8n, (1n << BigInt(inputBits - 1)) + 0x2468n]) {
        const pa = (PAGE >> shift) << shift;
        const entries = f.map(iova, pa, { granule, inputBits, level });
        f.on().flush();
        expect(f.translate(iova)).toBe(WALKED);
        expect(f.outcome(iova)).toBe(pa | (iova & ((1n << shift) - 1n)));
        f.flush();
        f.translate(iova);
        expect(f.device.result[LEAF_LEVEL]).toBe(3 - level);
        // Each descriptor taken out in turn: a translation fault of stage 1, class IN.
        for (const entry of entries) {
          const word = f.memory.readU64(entry) ?? 0n;
          f.put(entry, word & ~1n)
            .flush()
            .drain();
          expect(f.outcome(iova)).toBe('F_TRANSLATION');
          expect(f.events()).toEqual([[0x10n | (0x100n << 32n), (1n << 35n) | (2n << 40n), iova, 0n]]);
          f.put(entry, word);
        }
        f.flush();
      }
    },
  );

  it.each(ALL.map((granule) => ({ granule })))(
    'test_walk_iova_out_of_range, $granule-bit pages',
    ({ granule }) => {
      const f = shaped(granule, 36).on();
      expect(f.outcome(1n << 36n)).toBe('F_TRANSLATION');
      expect(f.outcome(1n << 63n)).toBe('F_TRANSLATION');
    },
  );

  it('blocks exist at levels that the granule has them for', () => {
    for (const [granule, level] of [
      [12, 0],
      [14, 0],
      [14, 1],
      [16, 1],
    ] as const) {
      const f = shaped(granule, 48);
      f.map(0n, 0n, { granule, level });
      f.on();
      expect([granule, level, f.outcome(0x1000n)]).toEqual([granule, level, 'F_TRANSLATION']);
    }
  });

  it('with 52-bit addresses 64 KiB tables have blocks of 4 TiB, and bits 51:48 in bits 15:12', () => {
    const f = shaped(16, 52, { t0sz: 12n, ips: 6n }, { vax: true, oas: 52 });
    f.map(0xf_8000_0000_0000n, 0x5000n, { granule: 16, inputBits: 52, level: 1 });
    f.on();
    expect(f.outcome(0xf_8000_0001_2345n)).toBe(0x5_0000_0001_2345n);
    f.map(0x1_0000n, 0x7000n | 0x1_0000_0000n, { granule: 16, inputBits: 52 });
    f.flush();
    expect(f.outcome(0x1_0008n)).toBe(0x7_0001_0000_0008n);
  });

  it('reserved type 01 at level 3 is no page', () => {
    const f = new Fixture().usual();
    const at = f.map(0x5000n, PAGE)[3] ?? 0;
    f.put(at, PAGE | LEAF1 | 1n);
    expect(f.outcome(0x5000n)).toBe('F_TRANSLATION');
  });

  it('test_walk_4k_page_with_offset, test_walk_4k_block_with_offset', () => {
    const f = new Fixture().usual();
    expect(f.outcome(0x1abcn)).toBe(PAGE | 0xabcn);
    f.map(0x4020_0000n, 0x8000_0000n, { level: 2 });
    expect(f.outcome(0x4021_2345n)).toBe(0x8001_2345n);
  });

  it('a table that is no memory: F_WALK_EABT, recorded whatever CD.R says, with the address of the fetch', () => {
    const f = new Fixture().putSte().putCd({ flags: AA64 | CD_A });
    const entries = f.map(0x1000n, PAGE);
    f.put(entries[1] ?? 0, BigInt(NO_RAM) | 3n);
    f.on();
    expect(f.writes(0x1234n)).toBe('F_WALK_EABT');
    expect(f.events()).toEqual([[0x0bn | (0x100n << 32n), 1n << 40n, 0x1234n, BigInt(NO_RAM)]]);
  });

  it('a table that does not answer', () => {
    const f = new Fixture().usual();
    f.hazard((pfn) => (pfn === (S1 + 0x4_0000) / 4096 ? 1 : 0));
    expect(f.outcome(0x1000n)).toBe('F_WALK_EABT');
    expect(f.events()[0]?.[3]).toBe(BigInt(S1 + 0x4_0000));
  });

  it('test_walk_fault_addr_size: tables and pages beyond IPS, or beyond OAS', () => {
    for (const [ips, oas] of [
      [2n, 48],
      [5n, 40],
    ] as const) {
      const f = shaped(12, 39, { ips }, { oas });
      const entries = f.map(0x1000n, 1n << 40n, { inputBits: 39 });
      f.on();
      expect(f.outcome(0x1000n)).toBe('F_ADDR_SIZE');
      f.put(entries[1] ?? 0, (1n << 40n) | 3n);
      f.flush();
      expect(f.outcome(0x1000n)).toBe('F_ADDR_SIZE');
      expect(f.eventNames()).toEqual(['F_ADDR_SIZE', 'F_ADDR_SIZE']);
    }
  });

  it('test_walk_fault_access_flag: AF clear faults, unless CD.AFFD', () => {
    const f = new Fixture().usual(0x1000n, NG | AP_EL0);
    expect(f.outcome(0x1000n)).toBe('F_ACCESS');
    f.putCd({ flags: USUAL | AFFD }).flush();
    expect(f.outcome(0x1000n)).toBe(PAGE);
    expect(f.eventNames()).toEqual(['F_ACCESS']);
  });

  it('the order at a leaf: output size before access flag before permission', () => {
    const f = shaped(12, 48, { ips: 2n });
    const at = f.map(0x1000n, 1n << 40n, { attributes: 0n })[3] ?? 0;
    f.on();
    expect(f.writes(0x1000n)).toBe('F_ADDR_SIZE');
    f.put(at, PAGE | AP_RO | 3n);
    expect(f.writes(0x1000n)).toBe('F_ACCESS');
    f.put(at, PAGE | AP_RO | AF | 3n);
    expect(f.writes(0x1000n)).toBe('F_PERMISSION');
  });

  /** DDI 0487, table "Data access permissions for stage 1", and execute permissions; AP × UXN × PXN × privilege. */
  it.each([0n, AP_EL0, AP_RO, AP_RO | AP_EL0])('permissions with AP %s', (ap) => {
    for (const xn of [0n, UXN, PXN, UXN | PXN]) {
      const f = new Fixture().usual(0x1000n, AF | NG | ap | xn);
      const may = (access: number): boolean => typeof f.outcome(0x1000n, access) === 'bigint';
      const user = (ap & AP_EL0) !== 0n;
      const writable = (ap & AP_RO) === 0n;
      expect([may(READ), may(WRITE), may(EXECUTE)]).toEqual([user, user && writable, (xn & UXN) === 0n]);
      expect([READ, WRITE, EXECUTE].map((access) => may(access | PRIVILEGED))).toEqual([
        true,
        writable,
        (xn & PXN) === 0n && !(user && writable),
      ]);
      // From the walk and from the TLB alike.
      expect(may(READ | PRIVILEGED)).toBe(true);
    }
  });

  it('a permission fault tells the access: privileged, instruction, read', () => {
    const f = new Fixture().usual(0x1000n, AF | NG | AP_RO | UXN | PXN);
    f.outcome(0x1000n, EXECUTE | PRIVILEGED);
    f.writes(0x1000n);
    expect(f.events()).toEqual([
      [0x13n | (0x100n << 32n), (1n << 33n) | (1n << 34n) | (1n << 35n) | (2n << 40n), 0x1000n, 0n],
      [0x13n | (0x100n << 32n), 2n << 40n, 0x1000n, 0n],
    ]);
  });

  it('what a walk grants is told', () => {
    const f = new Fixture().usual(0x1000n, AF | NG | AP_EL0 | AP_RO | PXN);
    f.translate(0x1000n);
    expect(f.device.result[LEAF_PERMS]).toBe(READ | EXECUTE);
    f.flush();
    f.translate(0x1000n, READ | PRIVILEGED);
    expect(f.device.result[LEAF_PERMS]).toBe(READ);
  });

  it('TTB1 serves addresses with bit 55 set, TTB0 the others; what lies between is a fault', () => {
    const f = shaped(12, 39, { epd1: 0n, t1sz: 16n, tg1: 3n, ttb1: BigInt(S1) + 0x100_0000n });
    f.map(0x1000n, PAGE, { inputBits: 39 });
    const high = 0xffff_8000_0001_0000n;
    f.map(high & 0xffff_ffff_ffffn, PAGE & ~0xffffn, { granule: 16, root: S1 + 0x100_0000 });
    f.on();
    expect(f.outcome(0x1000n)).toBe(PAGE);
    expect(f.outcome(high + 0x1234n)).toBe((PAGE & ~0xffffn) | 0x1234n);
    expect(f.outcome(high + 0x1238n)).toBe((PAGE & ~0xffffn) | 0x1238n);
    for (const iova of [1n << 39n, 0xff7f_8000_0001_0000n, 0xfffe_8000_0001_0000n, 0x00ff_8000_0001_0000n])
      expect(f.outcome(iova)).toBe('F_TRANSLATION');
  });

  it('TBI: the top byte is ignored, and told in the event all the same', () => {
    const f = shaped(12, 48, { epd1: 0n, t1sz: 16n, tg1: 2n, ttb1: BigInt(S1), flags: USUAL | TBI0 | TBI1 });
    f.map(0x1000n, PAGE);
    f.map(0xffff_ffff_f000n, PAGE + 0x1000n);
    f.on();
    expect(f.outcome(0xab00_0000_0000_1000n)).toBe(PAGE);
    expect(f.outcome(0xcd00_0000_0000_1000n)).toBe(PAGE);
    expect(f.outcome(0x12ff_ffff_ffff_f000n)).toBe(PAGE + 0x1000n);
    expect(f.device.state.tlb.list()).toHaveLength(2);
    expect(f.outcome(0xab00_0000_0000_9000n)).toBe('F_TRANSLATION');
    expect(f.events()[0]?.[2]).toBe(0xab00_0000_0000_9000n);
    const without = new Fixture().usual();
    expect(without.outcome(0xab00_0000_0000_1000n)).toBe('F_TRANSLATION');
  });

  it('EL2 has one range of addresses and one privilege', () => {
    const f = new Fixture().putSte({ dw1: 2n << 30n }).putCd();
    f.map(0x1000n, PAGE, { attributes: AF }); // AP[1] means nothing
    f.on();
    expect(f.outcome(0x1000n)).toBe(PAGE);
    expect(f.outcome(0x1000n, EXECUTE)).toBe(PAGE);
    expect(f.outcome(0xffff_0000_0000_1000n)).toBe('F_TRANSLATION');
  });

  it('big-endian tables', () => {
    const f = new Fixture({ ttendian: 0 }).putSte().putCd({ endi: 1n });
    for (const at of f.map(0x1000n, PAGE)) {
      const word = f.memory.readU64(at) ?? 0n;
      const bytes = new Uint8Array(new BigUint64Array([word]).buffer).reverse();
      f.memory.write(at, bytes);
    }
    expect(f.on().outcome(0x1000n)).toBe(PAGE);
  });

  /** DDI 0487, "The Contiguous bit": 16 entries of 4 KiB tables; 128 pages and 32 blocks of 16 KiB; 32 of 64 KiB. */
  it.each([
    [12, 3, 16],
    [12, 2, 25],
    [12, 1, 34],
    [14, 3, 21],
    [14, 2, 30],
    [16, 3, 21],
    [16, 2, 34],
  ] as const)(
    'contiguous entries of %s-bit pages at level %s are one translation of 2^%s bytes',
    (granule, level, sizeLg2) => {
      const f = shaped(granule, 48);
      const size = 1n << BigInt(sizeLg2);
      const shift = BigInt(granule + (3 - level) * stride(granule));
      const iova = 3n * size + (1n << shift);
      f.map(iova, 5n * size + (1n << shift), { granule, level, attributes: LEAF1 | CONTIGUOUS });
      f.on();
      expect(f.outcome(iova)).toBe(5n * size + (1n << shift));
      const [entry] = f.device.state.tlb.list();
      expect([entry?.sizeLg2, f.outcome(3n * size + size - 8n)]).toEqual([sizeLg2, 5n * size + size - 8n]);
    },
  );

  it('a contiguous entry that does not lie as its neighbours would counts alone', () => {
    const f = new Fixture().usual(0x1000n, LEAF1 | CONTIGUOUS); // PAGE is 0x…6000: not 0x…1000 of 64 KiB
    expect(f.outcome(0x1000n)).toBe(PAGE);
    expect(f.device.state.tlb.list()[0]?.sizeLg2).toBe(12);
    expect(f.outcome(0x2000n)).toBe('F_TRANSLATION');
  });

  it('random tables of any shape agree with a walk written independently (property)', () => {
    const word = fc.record({
      type: fc.constantFrom(3n, 3n, 3n, 3n, 1n, 1n, 0n, 2n),
      page: fc.integer({ min: 0, max: 7 }),
      far: fc.constantFrom(0n, 0n, 0n, 0n, 0n, 1n << 40n, 1n << 47n, 1n << 50n),
      low: fc.integer({ min: 0, max: 0x3ff }),
      af: fc.constantFrom(AF, AF, AF, 0n),
      high: fc.integer({ min: 0, max: 0xfff }),
    });
    const shape = fc.record({
      granule: fc.constantFrom<Granule>(...ALL),
      inputBits: fc.constantFrom(25, 30, 33, 39, 42, 48),
      ips: fc.constantFrom(2n, 5n),
      wxn: fc.boolean(),
      pan: fc.boolean(),
      affd: fc.boolean(),
      had: fc.boolean(),
      el2: fc.boolean(),
      bigEndian: fc.boolean(),
    });
    const access = fc.record({
      kind: fc.constantFrom<Wanted['kind']>('read', 'write', 'execute'),
      privileged: fc.boolean(),
    });
    const tables = fc.array(fc.array(word, { minLength: 8, maxLength: 8 }), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(
        shape,
        tables,
        fc.array(fc.tuple(fc.bigInt({ min: 0n, max: (1n << 48n) - 1n }), access), {
          minLength: 4,
          maxLength: 4,
        }),
        (s, rows, tries) => {
          const f = new Fixture({ ttendian: 0 });
          const flags = USUAL | (s.wxn ? WXN : 0n) | (s.pan ? PAN : 0n) | (s.affd ? AFFD : 0n);
          f.putSte({ dw1: s.el2 ? 2n << 30n : 0n });
          f.putCd({
            tg0: GRANULES[s.granule],
            t0sz: t0szOf(s.inputBits),
            ips: s.ips,
            flags,
            endi: s.bigEndian ? 1n : 0n,
            ttb0: BigInt(S1) | (s.had ? 2n : 0n),
          });
          // Eight tables of 64 KiB; index n of each is filled with row n by its low three bits.
          rows.forEach((row, table) => {
            const base = S1 + table * 0x1_0000;
            for (let n = 0; n < 2 ** (s.granule - 3); n++) {
              const w = row[n & 7];
              if (w === undefined || n >= 64) continue;
              const made =
                w.type |
                (BigInt(w.low) << 2n) |
                w.af |
                NG |
                BigInt(S1 + w.page * 0x1_0000) |
                w.far |
                (BigInt(w.high) << 52n);
              const bytes = new Uint8Array(new BigUint64Array([made]).buffer);
              f.memory.write(base + n * 8, s.bigEndian ? bytes.reverse() : bytes);
            }
          });
          f.on();
          const stage: Stage1 = { ...s, outputBits: s.ips === 2n ? 40 : 48, root: BigInt(S1) };
          for (const [raw, wanted] of tries) {
            // Small indices, so that something is found: all but the lowest six bits of each index are cleared.
            let iova = raw & 7n;
            for (let level = 0; level <= 3; level++) {
              const shift = BigInt(s.granule + (3 - level) * stride(s.granule));
              iova |= ((raw >> shift) & 63n) << shift;
            }
            iova &= (1n << BigInt(s.inputBits)) - 1n;
            const expected = walk1(f.memory, stage, null, iova, wanted);
            const bits =
              { read: READ, write: WRITE, execute: EXECUTE }[wanted.kind] |
              (wanted.privileged ? PRIVILEGED : 0);
            for (const fresh of [true, false]) {
              if (fresh) f.flush().drain();
              const got = f.translate(iova, bits);
              const [lo = 0, hi = 0, reason = 0] = f.device.result;
              if (expected.ok) {
                expect(got).toBeLessThan(2);
                expect((BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0)).toBe(expected.pa);
              } else expect([got, reason]).toEqual([4, expected.reason]);
            }
            if (expected.ok)
              expect(f.device.state.tlb.list().some((e) => e.sizeLg2 === expected.sizeLg2)).toBe(true);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
