import { describe, expect, it } from 'vitest';
import { ATS_REQUEST, ATS_TRANSLATED, NO_PASID, PRIVILEGED, READ, WRITE } from '../../port';
import {
  firstStage,
  IOVA,
  LOWER,
  NO_RAM,
  PAGE,
  passThrough,
  ROOT,
  ScalableFixture,
  SECOND,
  secondStage,
  TE,
} from './scalable-fixture.conformance';

/**
 * ATS: requests for translations, translated requests, and what they are answered.
 *
 * Expected values: VT-d document, section 4.2.3 "Handling of Translation Requests", 4.2.5 "Handling of Translated Requests",
 * and the columns of section 7.1.3 for those requests; PCIe 6.0, section 10.2.
 */
const DTE = 4n;
const BOTH = READ | WRITE;
const UNSUPPORTED = 1;
const ABORT = 4;
const U = 0x80;

const make = (entry = secondStage(), config = {}, flags = DTE) =>
  new ScalableFixture(0x0100, config).attach(entry, { flags });

/** What a device is told: the address, log2 of the size and the grants; or the completion's status. */
function ask(f: ScalableFixture, iova: bigint, access = BOTH, pasid = NO_PASID) {
  const status = f.translate(iova, access | ATS_REQUEST, pasid);
  const [lo = 0, hi = 0, reason = 0, , , size = 0, grants = 0, completion = 0] = f.device.result;
  if (status === 4) return { reason, completion };
  if (grants === 0) return { grants, size };
  return { pa: (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0), size, grants };
}

describe('requests for translations', () => {
  it('the size of the page, and its permissions', () => {
    for (const leaf of [1, 2, 3]) {
      for (const permissions of [1n, 2n, 3n]) {
        const f = make();
        const entry = f.second(4, leaf, 0x4000_0000n, 1n << 32n).at(-1) ?? 0;
        f.put(entry, (f.word(entry) & ~3n) | permissions);
        const expected = { pa: (1n << 32n) | 0xabcn, size: 12 + 9 * (leaf - 1), grants: Number(permissions) };
        expect(ask(f, 0x4000_0abcn)).toEqual(expected);
        // From the IOTLB too.
        expect(ask(f, 0x4000_0abcn)).toEqual(expected);
      }
    }
  });

  it('a device that says it will not write is granted no write, where the unit listens to that', () => {
    for (const noWriteFlag of [true, false]) {
      const f = make(secondStage(), { noWriteFlag });
      f.second(4, 1, IOVA, PAGE);
      expect(ask(f, IOVA, READ)).toMatchObject({ grants: noWriteFlag ? READ : BOTH });
      expect(ask(f, IOVA, BOTH)).toMatchObject({ grants: BOTH });
    }
  });

  it('what is not mapped is an answer without permissions, and no fault', () => {
    const f = make();
    expect(ask(f, IOVA)).toEqual({ grants: 0, size: 12 });
    expect(ask(f, 1n << 48n)).toEqual({ grants: 0, size: 12 });
    const first = make(firstStage());
    expect(ask(first, IOVA)).toEqual({ grants: 0, size: 12 });
    expect(ask(first, 1n << 47n)).toEqual({ grants: 0, size: 12 });
    const entries = first.first(4, 1, IOVA & 0xffff_fffffn, PAGE);
    for (const [level, change] of [
      [3, 4n],
      [2, 1n << 46n],
    ] as const) {
      const entry = entries[level] ?? 0;
      first.put(entry, first.word(entry) ^ change);
      expect(ask(first, IOVA & 0xffff_fffffn)).toEqual({ grants: 0, size: 12 });
    }
    expect([f.records(), first.records()]).toEqual([[], []]);
    expect(f.trace.take().some((event) => event.kind === 'fault')).toBe(false);
  });

  it('broken tables abort the completion, and are recorded', () => {
    const f = make();
    const entries = f.second(4, 1, IOVA, PAGE);
    f.put(entries[3] ?? 0, f.word(entries[3] ?? 0) | (1n << 62n));
    expect(ask(f, IOVA)).toEqual({ reason: 0x7a, completion: ABORT });
    f.put(entries[2] ?? 0, NO_RAM | 3n);
    f.flush();
    expect(ask(f, IOVA)).toEqual({ reason: 0x78, completion: ABORT });
    // AT 01 in bits 125:124, T1 for a read: section 11.4.7.6.
    expect(f.records().map(([, high]) => high)).toEqual(
      [0x7an, 0x78n].map((reason) => (0b1101n << 60n) | (reason << 32n) | 0x0100n),
    );
  });

  it('91 is told to both: the device recovers, software is told that it cannot', () => {
    const f = make(firstStage());
    const entry = f.first(4, 1, 0x1000n, PAGE)[3] ?? 0;
    f.put(entry, f.word(entry) & ~0x60n);
    f.memory.hazards = { at: (_pfn, _offset, _bytes, write) => (write ? 1 : 0) };
    expect(ask(f, 0x1000n)).toEqual({ grants: 0, size: 12 });
    expect(f.records().map(([, high = 0n]) => (high >> 32n) & 0xffn)).toEqual([0x91n]);
  });

  it.each<[string, (f: ScalableFixture) => void, number, number]>([
    ['39: the root entry is absent', (f) => f.put(f.rootEntry, 0n), 0x39, UNSUPPORTED],
    ['3a: the root entry is malformed', (f) => f.put(f.rootEntry, BigInt(LOWER) | 3n), 0x3a, ABORT],
    ['41: the context entry is absent', (f) => f.put(f.contextEntry, 0n), 0x41, UNSUPPORTED],
    ['42: the context entry is malformed', (f) => f.put(f.contextEntry + 16, 1n), 0x42, ABORT],
    ['5a: the PASID entry is malformed', (f) => f.put(f.pasidEntry + 24, 1n), 0x5a, ABORT],
    ['5b: the PASID entry is invalid', (f) => f.put(f.pasidEntry, 1n), 0x5b, ABORT],
    ['58: the PASID table is no memory', (f) => f.put(f.directoryEntry, NO_RAM | 1n), 0x58, ABORT],
  ])('%s', (_, spoil, reason, completion) => {
    const f = make();
    spoil(f);
    expect(ask(f, IOVA)).toEqual({ reason, completion });
    expect(f.records()).toHaveLength(1);
  });

  it('51 and 59: a PASID that is not there is an answer without permissions', () => {
    for (const spoil of ['directoryEntry', 'pasidEntry'] as const) {
      const f = make();
      f.put(f[spoil], 0n);
      expect(ask(f, IOVA)).toEqual({ grants: 0, size: 12 });
      expect(f.records()).toEqual([]);
    }
  });

  it('44: blocked without DTE, translated requests too; FPD silences it', () => {
    for (const fpd of [0, 1]) {
      const f = new ScalableFixture().attach(secondStage(), { fpd });
      f.second(4, 1, IOVA, PAGE);
      expect(ask(f, IOVA)).toEqual({ reason: 0x44, completion: UNSUPPORTED });
      expect(f.outcome(PAGE, false, NO_PASID, ATS_TRANSLATED)).toBe('fault 0x44');
      expect(f.records()).toHaveLength(fpd === 0 ? 2 : 0);
      expect(f.outcome(IOVA)).toBe(PAGE | 0xabcn);
    }
  });

  it('dirty bits are set for a device that may write, not for one that will not', () => {
    const f = make(firstStage());
    const leaf = f.first(4, 1, 0x1000n, PAGE).at(-1) ?? 0;
    f.put(leaf, f.word(leaf) & ~0x60n);
    ask(f, 0x1000n, READ);
    expect(f.word(leaf) & 0x60n).toBe(0x20n);
    ask(f, 0x1000n, BOTH);
    expect(f.word(leaf) & 0x60n).toBe(0x60n);
  });

  it('privilege: refused without SRE, and told back', () => {
    for (const sre of [0n, 1n]) {
      const f = new ScalableFixture(0x0100, {}, 70).attach(firstStage(1n, sre), {
        flags: DTE | 8n,
        ridPasid: 0n,
      });
      const leaf = f.first(4, 1, 0x1000n, PAGE).at(-1) ?? 0;
      f.put(leaf, f.word(leaf) & ~4n);
      expect(ask(f, 0x1000n, BOTH, 70)).toEqual({ grants: 0, size: 12 });
      expect(ask(f, 0x1000n, BOTH | PRIVILEGED, 70)).toMatchObject({
        grants: sre === 0n ? PRIVILEGED : PRIVILEGED | BOTH,
      });
      expect(f.records()).toEqual([]);
    }
  });

  it('pass-through answers with the largest page, but keeps off the interrupt range', () => {
    const f = make(passThrough());
    expect(ask(f, 0x1_2345_6789n)).toEqual({ pa: 0x1_2345_6789n, size: 30, grants: BOTH });
    expect(ask(f, 0xc000_0000n)).toMatchObject({ size: 21 });
    expect(ask(f, 1n << 46n)).toEqual({ grants: 0, size: 12 });
  });

  it('interrupt addresses: to be written untranslated; nothing where the device will not write', () => {
    for (const f of [make(), make(passThrough())]) {
      expect(ask(f, 0xfee0_0000n)).toMatchObject({ grants: WRITE | U, size: 12 });
      expect(ask(f, 0xfee0_0000n, READ)).toEqual({ grants: 0, size: 12 });
    }
  });

  it('an output in the interrupt range aborts', () => {
    const f = make();
    f.second(4, 1, IOVA, 0xfee0_0000n);
    expect(ask(f, IOVA)).toEqual({ reason: 0x87, completion: ABORT });
  });

  it('while translation is off nothing knows ATS', () => {
    const f = make();
    f.device.registers.write32(0x18, 0);
    expect(ask(f, IOVA)).toEqual({ reason: 0, completion: UNSUPPORTED });
    expect(f.translate(PAGE, READ | ATS_TRANSLATED)).toBe(4);
    expect(f.records()).toEqual([]);
  });
});

describe('translated requests', () => {
  it('pass untranslated, within the host width and outside of the interrupt range', () => {
    const f = make();
    const translated = (pa: bigint, write = false) => f.outcome(pa, write, NO_PASID, ATS_TRANSLATED);
    expect(translated(PAGE, true)).toBe(PAGE);
    expect(translated(1n << 46n)).toBe('fault 0x83');
    expect(translated(0xfee0_0000n, true)).toBe('fault 0x87');
    // AT 10.
    expect(f.records().map(([, high = 0n]) => (high >> 60n) & 3n)).toEqual([2n, 2n]);
    // They need no table, and touch none.
    f.put(f.directoryEntry, 0n);
    f.flush();
    expect(translated(PAGE)).toBe(PAGE);
  });

  it('with a PASID they are unsupported', () => {
    const f = make(secondStage(), {}, DTE | 8n);
    expect(f.translate(PAGE, READ | ATS_TRANSLATED, 5)).toBe(4);
    expect(f.device.result[7]).toBe(UNSUPPORTED);
  });
});

describe('legacy mode', () => {
  function legacy(tt: bigint, deviceTlb = true): ScalableFixture {
    const f = new ScalableFixture(0x0100, { deviceTlb });
    f.put(ROOT + 16, BigInt(LOWER) | 1n, 0n);
    f.put(LOWER, BigInt(SECOND) | (tt << 2n) | 1n, 2n | (0xbeefn << 8n));
    f.second(4, 1, IOVA, PAGE);
    return f.enable(ROOT);
  }

  it('TT = 01 serves them, and translates other requests as ever', () => {
    const f = legacy(1n);
    expect(ask(f, IOVA)).toEqual({ pa: PAGE | 0xabcn, size: 12, grants: BOTH });
    expect(f.outcome(PAGE, true, NO_PASID, ATS_TRANSLATED)).toBe(PAGE);
    expect(f.outcome(IOVA)).toBe(PAGE | 0xabcn);
    expect(ask(f, 0x5000n)).toEqual({ grants: 0, size: 12 });
    expect(f.outcome(1n << 46n, false, NO_PASID, ATS_TRANSLATED)).toBe('fault 0x4');
    expect(f.outcome(0xfee0_0000n, true, NO_PASID, ATS_TRANSLATED)).toBe('fault 0xe');
  });

  it('d: TT = 00 and pass-through block them', () => {
    for (const tt of [0n, 2n]) {
      const f = legacy(tt);
      expect(ask(f, IOVA)).toEqual({ reason: 0xd, completion: UNSUPPORTED });
      expect(f.outcome(PAGE, false, NO_PASID, ATS_TRANSLATED)).toBe('fault 0xd');
      expect(f.records()).toHaveLength(2);
      f.clearFaults();
      f.put(LOWER, f.word(LOWER) | 2n);
      f.flush();
      ask(f, IOVA);
      expect(f.records()).toEqual([]);
    }
  });

  it('3: TT = 01 in a unit without device TLBs', () => {
    expect(legacy(1n, false).outcome(IOVA)).toBe('fault 0x3');
    expect(TE).toBe(-(2 ** 31));
  });
});
