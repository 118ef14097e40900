import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ATS_TRANSLATED, EXECUTE, PRIVILEGED, READ, WRITE } from '../../port';
import {
  AF,
  ATSCHK,
  CDTAB,
  CFG,
  CONTIGUOUS,
  cd,
  Fixture,
  GRANULES,
  LEAF1,
  LEAF2,
  NO_RAM,
  NORMAL,
  PAGE,
  S1,
  S2,
  S2_READ,
  S2_WRITE,
  S2AA64,
  S2R,
  type Granule,
  type SteFields,
} from './fixture.conformance';
import { walk1, walk2, type Stage2, type Wanted } from './reference.conformance';

const stride = (granule: number): number => granule - 3;
const SL0: Readonly<Record<number, readonly number[]>> = { 12: [2, 1, 0], 14: [3, 2, 1], 16: [3, 2, 1] };

function stage2(
  granule: Granule,
  inputBits: number,
  startLevel: number,
  more: Partial<SteFields> = {},
  config = {},
): Fixture {
  const sl0 = BigInt((SL0[granule] ?? []).indexOf(startLevel));
  const t0sz = BigInt(64 - inputBits);
  return new Fixture(config).putSte({ config: CFG.s2, tg: GRANULES[granule], sl0, t0sz, vmid: 7n, ...more });
}

/** event, flags with S2, CLASS, InputAddr, IPA */
const record = (id: bigint, cls: bigint, iova: bigint, ipa: bigint, access = 1n << 35n): bigint[] => [
  id | (0x100n << 32n),
  access | (1n << 39n) | (cls << 40n),
  iova,
  ipa,
];

describe('SMMUv3 stage 2', () => {
  /** DDI 0487, "Concatenated translation tables": up to 16 tables at the start level. */
  const shapes = ([12, 14, 16] as const).flatMap((granule) =>
    (SL0[granule] ?? []).flatMap((start) => {
      const least = granule + (3 - start) * stride(granule) + 1;
      const bits = [least, least + stride(granule) - 1, least + stride(granule), least + stride(granule) + 3];
      return bits.filter((n) => n >= 25 && n <= 48).map((inputBits) => ({ granule, start, inputBits }));
    }),
  );

  it.each(shapes)(
    '$granule-bit pages, $inputBits bits of IPA from level $start',
    ({ granule, start, inputBits }) => {
      const f = stage2(granule, inputBits, start);
      const page = (PAGE >> BigInt(granule)) << BigInt(granule);
      // The root may be 16 tables of 64 KiB: the next ones lie behind it.
      for (const ipa of [0x18n, (1n << BigInt(inputBits)) - 8n, (1n << BigInt(inputBits - 1)) | 0x10n]) {
        f.map(ipa, page, { granule, inputBits, startLevel: start, root: S2, attributes: LEAF2 });
        f.on().flush();
        expect(f.outcome(ipa)).toBe(page | (ipa & ((1n << BigInt(granule)) - 1n)));
      }
      if (inputBits < 48) {
        expect(f.outcome(1n << BigInt(inputBits))).toBe('F_TRANSLATION');
        expect(f.events()).toEqual([record(0x10n, 2n, 1n << BigInt(inputBits), 1n << BigInt(inputBits))]);
      }
    },
  );

  it('an input beyond IAS is an address size fault of stage 1, beyond S2T0SZ a translation fault of stage 2', () => {
    const f = stage2(12, 36, 1, { ps: 2n }, { oas: 40 }).on();
    expect([f.outcome(1n << 40n), f.outcome(1n << 36n)]).toEqual(['F_ADDR_SIZE', 'F_TRANSLATION']);
    expect(f.events().map((event) => event[1])).toEqual([
      (1n << 35n) | (2n << 40n),
      (1n << 35n) | (1n << 39n) | (2n << 40n),
    ]);
  });

  it('S2AP: read and write apart', () => {
    for (const ap of [0n, S2_READ, S2_WRITE, S2_READ | S2_WRITE]) {
      const f = stage2(12, 48, 0);
      f.map(0x1000n, PAGE, { root: S2, attributes: AF | NORMAL | ap });
      f.on();
      const got = [f.outcome(0x1000n), f.writes(0x1000n)].map((outcome) => outcome === PAGE);
      expect(got).toEqual([(ap & S2_READ) !== 0n, (ap & S2_WRITE) !== 0n]);
    }
  });

  /** DDI 0487, FEAT_XNX: XN[1:0]. */
  it.each([
    [0n, true, true],
    [1n, true, false],
    [2n, false, false],
    [3n, false, true],
  ])('XN %s: executable unprivileged %s, privileged %s', (xn, user, privileged) => {
    const f = stage2(12, 48, 0);
    f.map(0x1000n, PAGE, { root: S2, attributes: LEAF2 | (xn << 53n) });
    f.on();
    const got = [EXECUTE, EXECUTE | PRIVILEGED].map((access) => f.outcome(0x1000n, access) === PAGE);
    expect(got).toEqual([user, privileged]);
    const without = stage2(12, 48, 0, {}, { xnx: false });
    without.map(0x1000n, PAGE, { root: S2, attributes: LEAF2 | (xn << 53n) });
    expect(without.on().outcome(0x1000n, EXECUTE) === PAGE).toBe(xn < 2n);
  });

  it('AF clear faults, unless S2AFFD; faults are silent without S2R', () => {
    const f = stage2(12, 48, 0);
    f.map(0x1000n, PAGE, { root: S2, attributes: LEAF2 & ~AF });
    f.on();
    expect(f.outcome(0x1000n)).toBe('F_ACCESS');
    expect(f.events()).toEqual([record(0x12n, 2n, 0x1000n, 0x1000n)]);
    const silent = stage2(12, 48, 0, { flags2: S2AA64 });
    expect(silent.on().outcome(0x1000n)).toBe('F_TRANSLATION');
    expect(silent.events()).toEqual([]);
    const affd = stage2(12, 48, 0, { flags2: S2AA64 | S2R | (1n << 53n) });
    affd.map(0x1000n, PAGE, { root: S2, attributes: LEAF2 & ~AF });
    expect(affd.on().outcome(0x1000n)).toBe(PAGE);
  });

  it('outputs beyond S2PS', () => {
    const f = stage2(12, 39, 1, { ps: 2n });
    const entries = f.map(0x1000n, 1n << 40n, { root: S2, inputBits: 39, attributes: LEAF2 });
    f.on();
    expect(f.outcome(0x1000n)).toBe('F_ADDR_SIZE');
    f.put(entries[0] ?? 0, (1n << 40n) | 3n).flush();
    expect(f.outcome(0x1000n)).toBe('F_ADDR_SIZE');
    expect(f.events().map((event) => (event[1] ?? 0n) >> 39n)).toEqual([5n, 5n]);
  });

  it('contiguous entries', () => {
    const f = stage2(12, 48, 0);
    f.map(0x2_1000n, 0x1_0003_1000n, { root: S2, attributes: LEAF2 | CONTIGUOUS });
    f.on();
    f.outcome(0x2_1000n);
    expect(f.outcome(0x2_f000n)).toBe(0x1_0003_f000n);
  });

  it('a table that is no memory', () => {
    const f = stage2(12, 48, 0, { flags2: S2AA64 });
    const entries = f.map(0x1000n, PAGE, { root: S2, attributes: LEAF2 });
    f.put(entries[0] ?? 0, BigInt(NO_RAM) | 3n);
    expect(f.on().outcome(0x1000n)).toBe('F_WALK_EABT');
    expect(f.events()).toEqual([record(0x0bn, 2n, 0x1000n, BigInt(NO_RAM))]);
  });
});

/** IPAs are PAs plus this; so a table pointer that was not translated leads nowhere. */
const SHIFT = 0x1_0000_0000n;

/** Stage 1 in IPA space: everything that it needs is mapped by stage 2 at IPA = PA + SHIFT. */
function nested(more: Partial<SteFields> = {}, config = {}): Fixture {
  const f = new Fixture(config).putSte({
    config: CFG.nested,
    ctxptr: BigInt(CDTAB) + SHIFT,
    vmid: 7n,
    ...more,
  });
  f.putCd({ ttb0: BigInt(S1) + SHIFT });
  return f;
}

const mapIpa = (f: Fixture, ipa: bigint, pa: bigint, attributes = LEAF2): number =>
  tables(f, ipa, pa, attributes)[3] ?? 0;
const tables = (f: Fixture, ipa: bigint, pa: bigint, attributes = LEAF2): number[] =>
  f.map(ipa, pa, { root: S2, attributes });

/** One page at VA 0x5000, IPA 0x9000, PA PAGE: stage-1 tables as they would be at their IPAs. */
function usual(more: Partial<SteFields> = {}, config = {}): { f: Fixture; entries: number[] } {
  const f = nested(more, config);
  const entries = f.map(0x5000n, 0x9000n, { root: S1 });
  // Next-table pointers are IPAs.
  for (const entry of entries.slice(0, 3)) f.put(entry, (f.memory.readU64(entry) ?? 0n) + SHIFT);
  mapIpa(f, BigInt(CDTAB) + SHIFT, BigInt(CDTAB));
  for (const entry of entries) mapIpa(f, (BigInt(entry) & ~0xfffn) + SHIFT, BigInt(entry) & ~0xfffn);
  mapIpa(f, 0x9000n, PAGE);
  return { f: f.on(), entries };
}

describe('SMMUv3 nested', () => {
  it('through both stages', () => {
    const { f } = usual();
    expect(f.outcome(0x5123n)).toBe(PAGE | 0x123n);
    expect(f.outcome(0x5456n)).toBe(PAGE | 0x456n);
    expect(f.events()).toEqual([]);
  });

  it('a fault of stage 2 on the fetch of the context descriptor: CLASS = CD, IPA of the descriptor', () => {
    const { f } = usual();
    const at = mapIpa(f, BigInt(CDTAB) + SHIFT, BigInt(CDTAB));
    f.put(at, 0n);
    expect(f.outcome(0x5000n)).toBe('F_TRANSLATION');
    expect(f.events()).toEqual([record(0x10n, 0n, 0x5000n, BigInt(CDTAB) + SHIFT)]);
  });

  it.each([0, 1, 2, 3])(
    'a fault of stage 2 on the stage-1 table of level %s: CLASS = TT, IPA of the table',
    (level) => {
      const { f, entries } = usual();
      const table = BigInt(entries[level] ?? 0) & ~0xfffn;
      f.put(mapIpa(f, table + SHIFT, table), 0n);
      expect(f.outcome(0x5000n)).toBe('F_TRANSLATION');
      expect(f.events()).toEqual([record(0x10n, 1n, 0x5000n, table + SHIFT)]);
    },
  );

  it('a fault of stage 2 on what stage 1 came to: CLASS = IN, IPA of the page', () => {
    const { f } = usual();
    f.put(mapIpa(f, 0x9000n, PAGE), 0n);
    expect(f.writes(0x5000n)).toBe('F_TRANSLATION');
    expect(f.events()).toEqual([record(0x10n, 2n, 0x5000n, 0x9000n, 0n)]);
  });

  it('stage 1 faults are stage 1 faults, and come before stage 2 looks at the output', () => {
    const { f, entries } = usual();
    f.put(mapIpa(f, 0x9000n, PAGE), 0n);
    f.put(entries[3] ?? 0, 0x9000n | (LEAF1 & ~AF) | 3n);
    expect(f.outcome(0x5000n)).toBe('F_ACCESS');
    f.put(entries[3] ?? 0, 0n);
    expect(f.outcome(0x5000n)).toBe('F_TRANSLATION');
    expect(f.events().map((event) => event[1])).toEqual([
      (1n << 35n) | (2n << 40n),
      (1n << 35n) | (2n << 40n),
    ]);
  });

  it('stage 2 needs read permission on tables', () => {
    const { f, entries } = usual();
    const table = BigInt(entries[2] ?? 0) & ~0xfffn;
    mapIpa(f, table + SHIFT, table, LEAF2 & ~S2_READ);
    expect(f.writes(0x5000n)).toBe('F_PERMISSION');
    // TTRnW: a table was read.
    expect(f.events()).toEqual([record(0x13n, 1n, 0x5000n, table + SHIFT, 1n << 44n)]);
  });

  it('permissions of both stages count', () => {
    const { f } = usual();
    mapIpa(f, 0x9000n, PAGE, LEAF2 & ~S2_WRITE);
    expect([f.outcome(0x5000n), f.writes(0x5000n)]).toEqual([PAGE, 'F_PERMISSION']);
    expect(f.events()).toEqual([record(0x13n, 2n, 0x5000n, 0x9000n, 0n)]);
  });

  it('a translation covers no more than the smaller of its two', () => {
    const { f, entries } = usual();
    // A block of stage 1, pages of stage 2.
    f.put(entries[2] ?? 0, 0x20_0000n | LEAF1 | 1n);
    mapIpa(f, 0x20_5000n, PAGE);
    mapIpa(f, 0x20_6000n, PAGE + 0x10_0000n);
    expect([f.outcome(0x5000n), f.outcome(0x6000n)]).toEqual([PAGE, PAGE + 0x10_0000n]);
    expect(f.outcome(0x7000n)).toBe('F_TRANSLATION');
    // And a page of stage 1 in a block of stage 2.
    const { f: other, entries: walk } = usual();
    other.map(0x40_0000n, 0x8000_0000n, { root: S2, level: 2, attributes: LEAF2 });
    other.put(walk[3] ?? 0, 0x40_3000n | LEAF1 | 3n).put((walk[3] ?? 0) + 8, 0x40_1000n | LEAF1 | 3n);
    expect([other.outcome(0x5000n), other.outcome(0x6000n)]).toEqual([0x8000_3000n, 0x8000_1000n]);
  });

  it('STE.S2PTW: tables in device memory are refused', () => {
    const device = AF | S2_READ | S2_WRITE;
    const { f, entries } = usual({ flags2: S2AA64 | S2R | (1n << 54n) });
    expect(f.outcome(0x5000n)).toBe(PAGE);
    f.flush();
    const table = BigInt(entries[3] ?? 0) & ~0xfffn;
    mapIpa(f, table + SHIFT, table, device);
    expect(f.outcome(0x5000n)).toBe('F_PERMISSION');
    expect(f.events()[0]?.[3]).toBe(table + SHIFT);
    mapIpa(f, table + SHIFT, table);
    // The page itself may be a device.
    mapIpa(f, 0x9000n, PAGE, device);
    f.flush();
    expect(f.outcome(0x5000n)).toBe(PAGE);
    const { f: lenient, entries: others } = usual();
    const other = BigInt(others[3] ?? 0) & ~0xfffn;
    mapIpa(lenient, other + SHIFT, other, device);
    expect(lenient.outcome(0x5000n)).toBe(PAGE);
  });

  it('with S2FWB it is descriptor bit 4 that tells a device', () => {
    const { f, entries } = usual({ dw1: 1n << 25n, flags2: S2AA64 | S2R | (1n << 54n) });
    const table = BigInt(entries[3] ?? 0) & ~0xfffn;
    mapIpa(f, table + SHIFT, table, AF | S2_READ | S2_WRITE | (6n << 2n));
    expect(f.outcome(0x5000n)).toBe(PAGE);
    f.flush();
    mapIpa(f, table + SHIFT, table, AF | S2_READ | S2_WRITE | (1n << 2n));
    expect(f.outcome(0x5000n)).toBe('F_PERMISSION');
  });

  it('S1DSS bypass leaves stage 2 alone', () => {
    const { f } = usual({ cdmax: 4n, dw1: 1n });
    expect(f.outcome(0x9008n)).toBe(PAGE + 8n);
    expect(f.outcome(0x5000n)).toBe('F_TRANSLATION');
    expect(f.outcome(0x5008n, READ, 0)).toBe(PAGE + 8n);
  });

  it('substreams in two levels lie in IPA space', () => {
    const leaf = CDTAB + 0x1_0000;
    const { f } = usual({ cdmax: 8n, s1fmt: 1n, dw1: 2n });
    f.put(CDTAB + 8, (BigInt(leaf) + SHIFT) | 1n).put(leaf, ...cd({ ttb0: BigInt(S1) + SHIFT }));
    expect(f.outcome(0x5000n, READ, 64)).toBe('F_TRANSLATION');
    expect(f.events()).toEqual([
      [
        0x10n | (1n << 11n) | (64n << 12n) | (0x100n << 32n),
        (1n << 35n) | (1n << 39n),
        0x5000n,
        BigInt(leaf) + SHIFT,
      ],
    ]);
    mapIpa(f, BigInt(leaf) + SHIFT, BigInt(leaf));
    expect(f.outcome(0x5000n, READ, 64)).toBe(PAGE);
  });

  it('split-stage ATS: translated requests carry an IPA, and go through stage 2', () => {
    const { f } = usual({ dw1: 2n << 28n });
    f.on(ATSCHK);
    expect(f.outcome(0x9010n, READ | ATS_TRANSLATED)).toBe(PAGE + 0x10n);
    expect(f.outcome(0x5000n, WRITE | ATS_TRANSLATED)).toBe('F_TRANSLATION');
    expect(f.events()).toEqual([record(0x10n, 2n, 0x5000n, 0x5000n, 0n)]);
  });

  it('random nested tables agree with walks written independently (property)', () => {
    const word = fc.record({
      type: fc.constantFrom(3n, 3n, 3n, 3n, 3n, 1n, 0n),
      table: fc.integer({ min: 0, max: 7 }),
      bits: fc.integer({ min: 0, max: 0xff }),
      high: fc.constantFrom(0n, 0n, 0n, UXN_OR_XN, 1n << 52n),
      shifted: fc.constantFrom(true, true, true, true, false),
    });
    const rows = fc.array(fc.array(word, { minLength: 4, maxLength: 4 }), { minLength: 8, maxLength: 8 });
    const shape = fc.record({
      granule1: fc.constantFrom<Granule>(12, 14, 16),
      granule2: fc.constantFrom<Granule>(12, 16),
      fwb: fc.boolean(),
    });
    const access = fc.record({
      kind: fc.constantFrom<Wanted['kind']>('read', 'write', 'execute'),
      privileged: fc.boolean(),
    });
    fc.assert(
      fc.property(
        shape,
        rows,
        fc.array(fc.tuple(fc.integer({ min: 0, max: 255 }), access), { minLength: 4, maxLength: 4 }),
        (s, one, tries) => {
          const f = nested({ tg: GRANULES[s.granule2], sl0: s.granule2 === 12 ? 2n : 2n, t0sz: 16n });
          const inputBits = 48;
          f.putCd({ tg0: GRANULES[s.granule1], ttb0: BigInt(S1) + SHIFT });
          // Stage 2 maps the first 64 MiB above SHIFT, in whole blocks where the granule has them, and everything else is a hole.
          const second: Stage2 = {
            granule: s.granule2,
            inputBits,
            outputBits: 48,
            root: BigInt(S2),
            startLevel: s.granule2 === 12 ? 0 : 1,
          };
          const block = s.granule2 === 12 ? 0x20_0000n : 0x2000_0000n;
          for (let pa = 0n; pa < 0x800_0000n; pa += block)
            f.map(pa + SHIFT, pa, {
              granule: s.granule2,
              startLevel: second.startLevel ?? 0,
              inputBits,
              level: 2,
              root: S2,
              attributes: LEAF2,
            });
          one.forEach((row, table) => {
            const base = S1 + table * 0x1_0000;
            row.forEach((w, n) => {
              const to = BigInt(S1 + w.table * 0x1_0000) + (w.shifted ? SHIFT : 0n);
              f.put(base + n * 8, w.type | ((BigInt(w.bits) << 4n) & 0xffcn) | to | w.high);
            });
          });
          f.on();
          const first = { granule: s.granule1, inputBits, outputBits: 48, root: BigInt(S1) + SHIFT };
          for (const [pick, wanted] of tries) {
            let iova = 0x18n;
            for (let level = 0; level <= 3; level++) {
              const shift = BigInt(s.granule1 + (3 - level) * stride(s.granule1));
              iova |= BigInt((pick >> (2 * level)) & 3) << shift;
            }
            iova &= (1n << 47n) - 1n;
            const expected = walk1(f.memory, first, second, iova, wanted);
            const bits =
              { read: READ, write: WRITE, execute: EXECUTE }[wanted.kind] |
              (wanted.privileged ? PRIVILEGED : 0);
            for (const fresh of [true, false]) {
              if (fresh) f.flush();
              f.drain();
              const status = f.translate(iova, bits);
              const [lo = 0, hi = 0, reason = 0] = f.device.result;
              if (expected.ok)
                expect([status < 2, (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0)]).toEqual([
                  true,
                  expected.pa,
                ]);
              else {
                expect([status, reason]).toEqual([4, expected.reason]);
                const [event] = f.events();
                expect([((event?.[1] ?? 0n) >> 39n) & 1n, ((event?.[1] ?? 0n) >> 40n) & 3n]).toEqual([
                  BigInt(expected.stage - 1),
                  BigInt(expected.cls),
                ]);
                if (expected.stage === 2) expect(event?.[3]).toBe(expected.ipa & ~0xfffn);
              }
            }
          }
        },
      ),
      { numRuns: 250 },
    );
  });

  it('stage 2 alone agrees too (property)', () => {
    const word = fc.record({
      type: fc.constantFrom(3n, 3n, 3n, 1n, 0n),
      bits: fc.integer({ min: 0, max: 0x3ff }),
      af: fc.constantFrom(AF, AF, AF, 0n),
      table: fc.integer({ min: 0, max: 7 }),
      high: fc.integer({ min: 0, max: 0xff }),
      far: fc.constantFrom(0n, 0n, 0n, 1n << 41n),
    });
    const rows = fc.array(fc.array(word, { minLength: 8, maxLength: 8 }), { minLength: 8, maxLength: 8 });
    const shape = fc.constantFrom(...shapesFor());
    const access = fc.record({
      kind: fc.constantFrom<Wanted['kind']>('read', 'write', 'execute'),
      privileged: fc.boolean(),
    });
    fc.assert(
      fc.property(
        shape,
        rows,
        fc.boolean(),
        fc.array(fc.tuple(fc.bigInt({ min: 0n, max: (1n << 48n) - 1n }), access), {
          minLength: 3,
          maxLength: 3,
        }),
        (s, words, xnx, tries) => {
          const f = stage2(s.granule, s.inputBits, s.start, { ps: 2n }, { xnx });
          words.forEach((row, table) => {
            const base = S2 + table * 0x10_0000;
            for (let n = 0; n < 64; n++) {
              const w = row[n & 7];
              if (w !== undefined)
                f.put(
                  base + n * 8,
                  w.type |
                    ((BigInt(w.bits) << 2n) & 0xbfcn) |
                    w.af |
                    BigInt(S2 + w.table * 0x10_0000) |
                    w.far |
                    (BigInt(w.high) << 51n),
                );
            }
          });
          f.on();
          const stage: Stage2 = { ...s, startLevel: s.start, outputBits: 40, root: BigInt(S2), xnx };
          for (const [raw, wanted] of tries) {
            let ipa = raw & 0xff8n;
            for (let level = s.start; level <= 3; level++) {
              const shift = BigInt(s.granule + (3 - level) * stride(s.granule));
              ipa |= ((raw >> shift) & 63n) << shift;
            }
            ipa &= (1n << BigInt(s.inputBits)) - 1n;
            const expected = walk2(f.memory, stage, ipa, wanted);
            const bits =
              { read: READ, write: WRITE, execute: EXECUTE }[wanted.kind] |
              (wanted.privileged ? PRIVILEGED : 0);
            f.flush();
            const status = f.translate(ipa, bits);
            const [lo = 0, hi = 0, reason = 0] = f.device.result;
            if (expected.ok)
              expect([status, (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0)]).toEqual([1, expected.pa]);
            else expect([status, reason]).toEqual([4, expected.reason]);
          }
        },
      ),
      { numRuns: 250 },
    );
  });
});

const UXN_OR_XN = 1n << 54n;

function shapesFor(): readonly { granule: Granule; start: number; inputBits: number }[] {
  return [
    { granule: 12, start: 1, inputBits: 40 },
    { granule: 12, start: 0, inputBits: 48 },
    { granule: 12, start: 2, inputBits: 34 },
    { granule: 14, start: 2, inputBits: 40 },
    { granule: 14, start: 1, inputBits: 48 },
    { granule: 16, start: 2, inputBits: 42 },
    { granule: 16, start: 2, inputBits: 46 },
  ];
}
