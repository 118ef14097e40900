import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXECUTE, NO_PASID, PRIVILEGED, READ, WRITE } from '../../port';
import {
  AP_EL0,
  AP_RO,
  CDTAB,
  CFG,
  CMDQEN,
  CR0,
  cd,
  EVENTQEN,
  Fixture,
  GBPA,
  LEAF1,
  LEAF2,
  PAGE,
  PAN,
  S1,
  S2,
  TBI0,
  USUAL,
} from './fixture.conformance';

/** A stream that was served often enough for every short cut. */
function beaten(config = {}, attributes = LEAF1): Fixture {
  const f = new Fixture(config).usual(0x1000n, attributes);
  for (let n = 0; n < 4; n++) expect(f.outcome(0x1000n)).toBe(PAGE);
  return f;
}

describe('SMMUv3, the stream that was served last', () => {
  it.each<[string, (f: Fixture) => void, bigint | string]>([
    ['the SMMU is switched off', (f) => f.write(CR0, EVENTQEN | CMDQEN), 0x1000n],
    ['all is aborted', (f) => (f.write(CR0, EVENTQEN | CMDQEN), f.write(GBPA, 0x8010_0000 | 0)), 'off'],
    [
      'its entry is dropped',
      (f) => f.putSte({ config: CFG.bypass }).command([0x03n | (0x100n << 32n), 1n]),
      0x1000n,
    ],
    [
      'its descriptor is dropped',
      (f) => f.putCd({ v: 0n }).command([0x05n | (0x100n << 32n), 1n]),
      'C_BAD_CD',
    ],
    ['its translation is dropped', (f) => f.put(S1, 0n).command([0x30n, 0n]), 'F_TRANSLATION'],
  ])('%s', (_name, change, expected) => {
    const f = beaten();
    change(f);
    expect(f.outcome(0x1000n)).toBe(expected);
  });

  it('its rights are looked at each time', () => {
    const f = beaten({}, LEAF1 | AP_RO);
    expect(f.writes(0x1000n)).toBe('F_PERMISSION');
    expect(f.outcome(0x1000n)).toBe(PAGE);
    const user = beaten();
    expect(user.outcome(0x1000n, EXECUTE | PRIVILEGED)).toBe('F_PERMISSION');
    const privileged = new Fixture().usual(0x1000n, LEAF1 & ~AP_EL0);
    for (let n = 0; n < 4; n++) expect(privileged.outcome(0x1000n, READ | PRIVILEGED)).toBe(PAGE);
    expect(privileged.outcome(0x1000n)).toBe('F_PERMISSION');
  });

  it('another stream, or a SubstreamID, is another', () => {
    const f = beaten();
    expect(f.translate(0x1000n, READ, NO_PASID, 0x101)).toBe(4);
    expect(f.outcome(0x1000n)).toBe(PAGE);
    expect(f.outcome(0x1000n, READ, 0)).toBe('C_BAD_SUBSTREAMID');
  });

  it('the top byte counts, unless it is ignored', () => {
    expect(beaten().outcome(0x0100_0000_0000_1000n)).toBe('F_TRANSLATION');
    const f = new Fixture().putSte().putCd({ flags: USUAL | TBI0 });
    f.map(0x1000n, PAGE);
    f.on();
    for (let n = 0; n < 4; n++) expect(f.outcome(0x1000n)).toBe(PAGE);
    expect(f.outcome(0x0100_0000_0000_1000n)).toBe(PAGE);
  });

  it('what an override makes of a request counts', () => {
    const f = new Fixture({ attrPermsOvr: true }).putSte({ dw1: 3n << 48n }).putCd();
    f.map(0x1000n, PAGE, { attributes: LEAF1 & ~AP_EL0 });
    f.on();
    for (let n = 0; n < 4; n++) expect(f.outcome(0x1000n)).toBe(PAGE);
    f.putSte({ dw1: 2n << 48n }).command([0x03n | (0x100n << 32n), 1n]);
    expect(f.outcome(0x1000n)).toBe('F_PERMISSION');
  });

  it('streams with one ASID may differ in how far they reach', () => {
    const f = new Fixture()
      .putSte()
      .putSte({ ctxptr: BigInt(CDTAB + 0x1000) }, 0x101)
      .putCd();
    f.put(CDTAB + 0x1000, ...cd({ t0sz: 25n, ttb0: BigInt(S1 + 0x100_0000) }));
    const far = 1n << 40n;
    f.map(far, PAGE);
    f.map(0x1000n, PAGE, { inputBits: 39, root: S1 + 0x100_0000 });
    f.on();
    for (let n = 0; n < 3; n++) expect(f.outcome(far)).toBe(PAGE);
    for (let n = 0; n < 3; n++) expect(f.translate(0x1000n, READ, NO_PASID, 0x101)).toBe(n === 0 ? 1 : 0);
    expect(f.translate(far, READ, NO_PASID, 0x101)).toBe(4);
  });

  const served = (f: Fixture, sid: number, ...iovas: bigint[]): (bigint | string | number)[] =>
    iovas.map((iova) =>
      f.translate(iova, READ, NO_PASID, sid) === 4 ? 'fault' : (f.device.result[0] ?? 0) >>> 0,
    );
  const low = (pa: bigint): number => Number(pa & 0xffff_ffffn);

  it('a page of another stream at the same address is not its own', () => {
    const f = new Fixture()
      .putSte()
      .putSte({ ctxptr: BigInt(CDTAB + 0x1000) }, 0x101)
      .putCd();
    f.put(CDTAB + 0x1000, ...cd({ asid: 2n, ttb0: BigInt(S1 + 0x100_0000) }));
    for (const iova of [0x1000n, 0x2000n]) {
      f.map(iova, PAGE + iova);
      f.map(iova, PAGE + 0x10_0000n + iova, { root: S1 + 0x100_0000 });
    }
    f.on();
    // By the fourth round the place of the second page points at what the first stream has.
    for (const sid of [0x100, 0x101, 0x100, 0x101]) {
      const first = PAGE + (sid === 0x100 ? 0n : 0x10_0000n);
      expect(served(f, sid, 0x1000n, 0x2000n)).toEqual([low(first + 0x1000n), low(first + 0x2000n)]);
    }
  });

  it('nor is what stage 2 has there', () => {
    const f = new Fixture().putSte().putSte({ config: CFG.s2 }, 0x101).putCd({ asid: 0n });
    for (const iova of [0x1000n, 0x2000n]) {
      f.map(iova, PAGE + iova);
      f.map(iova, PAGE + 0x10_0000n + iova, { root: S2, attributes: LEAF2 });
    }
    f.on();
    for (const sid of [0x100, 0x101, 0x100, 0x101]) {
      const first = PAGE + (sid === 0x100 ? 0n : 0x10_0000n);
      expect(served(f, sid, 0x1000n, 0x2000n)).toEqual([low(first + 0x1000n), low(first + 0x2000n)]);
    }
  });

  it('nor may it what another may, when its requests are overridden', () => {
    const f = new Fixture({ attrPermsOvr: true })
      .putSte({ dw1: 3n << 48n })
      .putSte({}, 0x101)
      .putCd({ flags: USUAL | PAN });
    f.map(0x1000n, PAGE, { attributes: LEAF1 & ~AP_EL0 });
    f.map(0x2000n, PAGE);
    f.on();
    served(f, 0x101, 0x2000n, 0x2000n);
    served(f, 0x100, 0x1000n, 0x1000n, 0x1000n);
    expect(served(f, 0x100, 0x2000n)).toEqual(['fault']);
  });

  it('its entry is thrown out by that of another: what memory says by then counts', () => {
    const f = beaten({ steCache: { sets: 1, ways: 1 } });
    f.putSte({ config: CFG.bypass });
    served(f, 0x101, 0x5000n);
    f.putSte({ config: CFG.bypass }, 0x101);
    served(f, 0x101, 0x5000n);
    expect(f.outcome(0x1000n)).toBe(0x1000n);
  });

  it('stage 2 alone', () => {
    const f = new Fixture().putSte({ config: CFG.s2, vmid: 7n });
    const leaf = f.map(0x1000n, PAGE, { root: S2, attributes: LEAF2 })[3] ?? 0;
    f.on();
    for (let n = 0; n < 4; n++) expect(f.outcome(0x1008n)).toBe(PAGE + 8n);
    f.put(leaf, 0n);
    expect(f.writes(0x1000n)).toBe(PAGE);
    f.command([0x2an | (7n << 32n), 0x1000n]);
    expect(f.outcome(0x1000n)).toBe('F_TRANSLATION');
  });

  /** With a trace every request takes the whole way: both must come to the same. */
  it('short cuts come to what the whole way comes to (property)', () => {
    const step = fc.record({
      what: fc.constantFrom('ask', 'ask', 'ask', 'ask', 'leaf', 'tlbi', 'cfgi', 'cd', 'ste'),
      page: fc.integer({ min: 0, max: 5 }),
      sid: fc.constantFrom(0x100, 0x100, 0x101),
      access: fc.constantFrom(READ, READ, WRITE, EXECUTE, READ | PRIVILEGED),
      attributes: fc.constantFrom(LEAF1, LEAF1, LEAF1 | AP_RO, 0n, LEAF1 & ~(1n << 11n)),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 60 }), fc.boolean(), (steps, small) => {
        const shapes = small
          ? { iotlb: { sets: 1, ways: 2 }, steCache: { sets: 1, ways: 1 }, cdCache: { sets: 1, ways: 1 } }
          : {};
        const units = [false, true].map((traced) => {
          const f = new Fixture(shapes)
            .putSte()
            .putSte({ ctxptr: BigInt(CDTAB + 0x1000) }, 0x101)
            .putCd();
          f.put(CDTAB + 0x1000, ...cd({ asid: 2n, ttb0: BigInt(S1 + 0x100_0000) }));
          f.trace.on = traced;
          return f.on();
        });
        for (const { what, page, sid, access, attributes } of steps) {
          const iova = BigInt(page) << 12n;
          const told = units.map((f) => {
            if (what === 'ask') {
              const status = f.translate(iova, access, NO_PASID, sid);
              return [status, ...f.device.result.slice(0, status === 4 ? 3 : 2)];
            }
            if (what === 'leaf')
              f.map(iova, PAGE + iova, { root: sid === 0x100 ? S1 : S1 + 0x100_0000, attributes });
            if (what === 'tlbi') f.command([0x12n | (BigInt(sid - 0xff) << 48n), iova]);
            if (what === 'cfgi') f.command([0x03n | (BigInt(sid) << 32n), 1n]);
            if (what === 'cd' && sid === 0x100) f.putCd({ asid: BigInt(1 + (page & 1)) });
            if (what === 'ste') f.putSte({ config: (page & 1) === 0 ? CFG.s1 : CFG.bypass });
            return [];
          });
          expect(told[0]).toEqual(told[1]);
        }
      }),
      { numRuns: 100 },
    );
  });
});
