import { describe, expect, it } from 'vitest';
import { CONTEXT, Fixture, FRCD, FSTS, GCMD, NO_RAM, PAGE, ROOT, TABLE, TE } from './fixture.conformance';

/**
 * Fault reasons of legacy mode, each with FPD clear and set.
 *
 * Expected values: rev. 4.1 of the VT-d document, table 26 as OpenVMM's intel_vtd tests quote it (reasons, which of them
 * FPD suppresses, which bits are reserved), read as facts.
 */
const IOVA = 0x12_3456_7abcn;
const HAW = 46n;

/** The request must fault with this reason, and be recorded unless suppressed. */
function expectFault(f: Fixture, iova: bigint, reason: number, suppressed: boolean): void {
  for (const write of [false, true]) {
    f.clearFaults();
    f.flush();
    expect(f.outcome(iova, write)).toBe(`fault 0x${reason.toString(16)}`);
    const type = write ? 0n : 1n << 62n;
    const record = [iova & 0xffff_ffff_f000n, (1n << 63n) | type | (BigInt(reason) << 32n) | BigInt(f.rid)];
    expect(f.records()).toEqual(suppressed ? [] : [record]);
    expect(f.device.registers.read32(FSTS) & 3).toBe(suppressed ? 0 : 2);
  }
}

const bits = (...ranges: [number, number][]): bigint[] =>
  ranges.flatMap(([high, low]) => Array.from({ length: high - low + 1 }, (_, n) => BigInt(low + n)));

/** Sets one bit of a structure at a time. */
function sweep(f: Fixture, pa: number, sweepBits: bigint[], check: (bit: bigint) => void): void {
  for (const bit of sweepBits) {
    const at = pa + Number(bit / 64n) * 8;
    const original = f.memory.readU64(at) ?? 0n;
    f.memory.writeU64(at, original | (1n << (bit % 64n)));
    check(bit);
    f.memory.writeU64(at, original);
  }
}

describe.each([false, true])('FPD = %s', (fpd) => {
  const attached = (levels = 4): Fixture => new Fixture(0xabcd).attach(levels, { fpd });

  it('1: the root entry is not present, whatever else it holds: always recorded', () => {
    const f = attached();
    f.put(f.rootEntry, ~1n & 0xffff_ffff_ffff_ffffn, 0xffff_ffff_ffff_ffffn);
    expectFault(f, IOVA, 1, false);
  });

  it('2: the context entry is not present, whatever else it holds: its own FPD counts', () => {
    const f = attached();
    f.put(f.contextEntry, (0xffff_ffff_ffff_fffcn | (fpd ? 2n : 0n)) & ~1n, 0xffff_ffff_ffff_ffffn);
    expectFault(f, IOVA, 2, fpd);
  });

  it('3: an address width or translation type that the unit lacks', () => {
    for (const tt of [0n, 2n, 3n]) {
      for (const aw of [0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n]) {
        if (tt !== 3n && (aw === 1n || aw === 2n)) continue;
        const f = attached();
        f.put(f.contextEntry, BigInt(TABLE) | (tt << 2n) | (fpd ? 2n : 0n) | 1n, aw | (0xbeefn << 8n));
        expectFault(f, IOVA, 3, fpd);
      }
    }
    const deviceTlb = attached();
    deviceTlb.put(deviceTlb.contextEntry, BigInt(TABLE) | (1n << 2n) | (fpd ? 2n : 0n) | 1n, 2n);
    expectFault(deviceTlb, IOVA, 3, fpd);
  });

  it('4: an address beyond the tables', () => {
    for (const [levels, width] of [
      [3, 39n],
      [4, 48n],
    ] as const) {
      const f = attached(levels);
      f.walk(levels, 1, (1n << width) - 1n, BigInt(PAGE));
      expect(f.outcome((1n << width) - 1n)).toBe(BigInt(PAGE) | 0xfffn);
      for (const iova of [
        1n << width,
        (1n << width) | 0xabcn,
        (1n << 63n) | 0xabcn,
        0xffff_ffff_ffff_ffffn,
      ]) {
        expectFault(f, iova, 4, fpd);
      }
    }
  });

  it('5 and 6: no write or read permission, added up over the levels', () => {
    for (const leaf of [1, 2, 3]) {
      for (const parent of [0n, 1n, 2n, 3n]) {
        for (const own of [0n, 1n, 2n, 3n]) {
          const f = attached();
          const entries = f.walk(4, leaf, 0xabcn, 1n << 30n);
          const [top = 0, bottom = 0] = [entries[0], entries.at(-1)];
          f.put(top, ((f.memory.readU64(top) ?? 0n) & ~3n) | parent);
          f.put(bottom, ((f.memory.readU64(bottom) ?? 0n) & ~3n) | own);
          for (const write of [false, true]) {
            f.clearFaults();
            f.flush();
            const allowed = (parent & own & (write ? 2n : 1n)) !== 0n;
            const refused = write ? 'fault 0x5' : 'fault 0x6';
            expect(f.outcome(0xabcn, write)).toBe(allowed ? (1n << 30n) | 0xabcn : refused);
            expect(f.records().length).toBe(allowed || fpd ? 0 : 1);
          }
        }
      }
    }
  });

  it('an absent entry hides its reserved bits', () => {
    for (const level of [0, 1, 2, 3]) {
      const f = attached();
      const entries = f.walk(4, 1, IOVA, BigInt(PAGE));
      f.put(entries[level] ?? 0, 0xffff_ffff_ffff_fffcn);
      f.flush();
      expect(f.outcome(IOVA, true)).toBe('fault 0x5');
    }
  });

  it('3 against 7: the first table is no memory, or a later one', () => {
    for (const levels of [3, 4]) {
      for (let failing = levels; failing >= 1; failing--) {
        const f = attached(levels);
        const entries = f.walk(levels, 1, IOVA, BigInt(PAGE));
        const bad = BigInt(NO_RAM);
        if (failing === levels) f.put(f.contextEntry, bad | (fpd ? 2n : 0n) | 1n);
        else f.put(entries[levels - failing - 1] ?? 0, bad | 3n);
        expectFault(f, IOVA, failing === levels ? 3 : 7, fpd);
      }
    }
  });

  it('8 and 9: root or context table is no memory: always recorded', () => {
    for (const pointer of [NO_RAM, 2 ** 45]) {
      const f = attached().enable(pointer);
      expectFault(f, IOVA, 8, false);
      const g = attached();
      g.put(g.rootEntry, BigInt(pointer) | 1n, 0n);
      expectFault(g, IOVA, 9, false);
    }
  });

  it('a: every reserved bit of a root entry: always recorded', () => {
    const f = attached();
    sweep(f, f.rootEntry, bits([11, 1], [63, Number(HAW)], [127, 64]), () =>
      expectFault(f, IOVA, 0xa, false),
    );
  });

  it('b: every reserved bit of a context entry', () => {
    for (const tt of [0, 2]) {
      const f = new Fixture(0xabcd).attach(4, { fpd, tt });
      sweep(f, f.contextEntry, bits([11, 4], [71, 71], [127, 88]), () => expectFault(f, IOVA, 0xb, fpd));
    }
    const f = attached();
    sweep(f, f.contextEntry, bits([63, Number(HAW)]), () => expectFault(f, IOVA, 0xb, fpd));
  });

  it('c: every reserved bit of tables and leaves, and misaligned large pages', () => {
    for (const levels of [3, 4]) {
      for (const leaf of [1, 2, 3]) {
        const f = attached(levels);
        const entries = f.walk(levels, leaf, 0xabcn, 1n << 30n);
        entries.forEach((entry, n) => {
          const level = levels - n;
          const reserved = bits([62, 62], [51, Number(HAW)]);
          if (level !== leaf) reserved.push(11n);
          if (level === 4) reserved.push(7n);
          if (level === leaf && leaf > 1) reserved.push(...bits([11 + 9 * (leaf - 1), 12]));
          sweep(f, entry, reserved, () => expectFault(f, 0xabcn, 0xc, fpd));
        });
      }
    }
  });

  it('c: SNP without ECAP.SC, and large pages that CAP.SLLPS lacks', () => {
    for (const leaf of [1, 2, 3]) {
      const f = new Fixture(0xabcd, { snoopControl: false }).attach(4, { fpd });
      const entries = f.walk(4, leaf, 0xabcn, 1n << 30n);
      sweep(f, entries.at(-1) ?? 0, [11n], () => expectFault(f, 0xabcn, 0xc, fpd));
    }
    for (const [leaf, superpages] of [
      [2, 0b10],
      [3, 0b01],
    ] as const) {
      const f = new Fixture(0xabcd, { superpages }).attach(4, { fpd });
      f.walk(4, leaf, 0xabcn, 1n << 30n);
      expectFault(f, 0xabcn, 0xc, fpd);
    }
  });

  it('ignored bits are ignored, and SNP is allowed in leaves', () => {
    for (const leaf of [1, 2, 3]) {
      const f = attached();
      const entries = f.walk(4, leaf, 0xabcn, 1n << 30n);
      entries.forEach((entry, n) => {
        const own = 4 - n === leaf;
        const ignored = 0xbff0_0000_0000_077cn | (own ? 0x800n : 0n) | (4 - n === 1 ? 0x80n : 0n);
        f.put(entry, (f.memory.readU64(entry) ?? 0n) | ignored);
      });
      expect(f.outcome(0xabcn, true)).toBe((1n << 30n) | 0xabcn);
    }
    const f = attached();
    f.walk(4, 1, 0xabcn, 1n << 30n);
    f.put(f.contextEntry + 8, 2n | (0xfn << 3n) | (0xbeefn << 8n));
    expect(f.outcome(0xabcn)).toBe((1n << 30n) | 0xabcn);
  });

  it('e: the output lies in the interrupt range, by a small page, within a large one, or passed through', () => {
    for (const leaf of [1, 2, 3]) {
      const size = 1n << BigInt(12 + 9 * (leaf - 1));
      const f = attached();
      // From 4 GiB on to the last 2 GiB below it: the input itself is no interrupt.
      for (const pa of [0xfee0_0000n, 0xfeef_ffffn]) {
        const iova = (1n << 32n) + pa;
        f.walk(4, leaf, iova, pa & ~(size - 1n));
        for (const warm of [false, true]) {
          if (warm && leaf === 3) f.outcome(0x1_c000_0000n); // fills the large page outside of the range
          f.clearFaults();
          expect(f.outcome(iova)).toBe('fault 0xe');
          expect(f.records().length).toBe(fpd ? 0 : 1);
        }
      }
      for (const pa of [0xfedf_ffffn, 0xfef0_0000n]) {
        const iova = (1n << 32n) + pa;
        f.walk(4, leaf, iova, pa & ~(size - 1n));
        f.flush();
        expect(f.outcome(iova)).toBe(pa);
      }
    }
    const through = new Fixture(0xabcd).attach(4, { fpd, tt: 2 });
    through.clearFaults();
    expect(through.outcome(0xfee0_0123n)).toBe('fault 0xe');
  });

  it('pass-through knows only the host width, ignores the pointer, and needs a supported width code', () => {
    for (const aw of [1n, 2n]) {
      const f = attached();
      f.put(f.contextEntry, 0xffff_ffff_ffff_f000n | (2n << 2n) | (fpd ? 2n : 0n) | 1n, aw | (0xbeefn << 8n));
      for (const iova of [0n, (1n << 39n) | 0xabcn, (1n << HAW) - 1n, 0xfedf_ffffn, 0xfef0_0000n]) {
        f.flush();
        expect(f.outcome(iova, true)).toBe(iova);
      }
      for (const iova of [1n << HAW, (1n << 63n) | 0xabcn, 0xffff_ffff_ffff_ffffn])
        expectFault(f, iova, 4, fpd);
    }
  });
});

describe('recording', () => {
  const faulty = (): Fixture => new Fixture(0x0208, { faultRecords: 2 }).attach(4);

  it('records go round; FRI names the first, PPF lasts until all are cleared', () => {
    const f = faulty();
    const { registers } = f.device;
    f.outcome(0x1000n);
    expect(registers.read32(FSTS)).toBe(2);
    registers.write32(FRCD + 12, 1 << 31);
    expect(registers.read32(FSTS)).toBe(0);
    f.outcome(0x2000n, true);
    expect(registers.read32(FSTS)).toBe(2 | (1 << 8));
    expect(registers.read64(FRCD + 16)).toBe(0x2000n);
    f.outcome(0x3000n);
    expect(registers.read64(FRCD)).toBe(0x3000n);
    registers.write32(FRCD + 16 + 12, 1 << 31);
    expect(registers.read32(FSTS) & 2).toBe(2);
  });

  it('a fault without a free record sets PFO, and none is recorded until PFO is cleared', () => {
    const f = faulty();
    const { registers } = f.device;
    for (const iova of [0x1000n, 0x2000n, 0x3000n]) f.outcome(iova);
    expect(registers.read32(FSTS) & 3).toBe(3);
    expect(f.records().map(([low]) => low)).toEqual([0x1000n, 0x2000n]);
    registers.write32(FRCD + 12, 1 << 31);
    f.outcome(0x4000n);
    expect(f.records().map(([low]) => low)).toEqual([0x2000n]);
    registers.write32(FSTS, 1);
    f.outcome(0x5000n);
    expect(f.records().map(([low]) => low)).toEqual([0x5000n, 0x2000n]);
    expect(
      f.trace
        .take()
        .filter((e) => e.kind === 'fault')
        .map((e) => e.recorded),
    ).toEqual([true, true, false, false, true]);
  });

  it('F and the sticky bits are write-one-to-clear; zeroes change nothing', () => {
    const f = faulty();
    const { registers } = f.device;
    f.outcome(0x1000n);
    registers.write32(FRCD + 12, 0);
    registers.write32(FRCD, -1);
    registers.write32(FSTS, 2);
    expect(f.records()).toHaveLength(1);
    expect(registers.read32(FSTS) & 2).toBe(2);
  });

  it('one interrupt while faults are pending; masked it waits, and is cancelled when all is cleared', () => {
    const f = faulty();
    const { registers } = f.device;
    f.outcome(0x1000n);
    expect([f.interrupts, registers.read32(0x38) >>> 30]).toEqual([0, 3]);
    registers.write32(0x38, 0);
    expect([f.interrupts, registers.read32(0x38)]).toEqual([1, 0]);
    f.outcome(0x2000n);
    expect(f.interrupts).toBe(1);
    f.clearFaults();
    f.outcome(0x3000n);
    expect(f.interrupts).toBe(2);
    f.clearFaults();
    registers.write32(0x38, 1 << 31);
    f.outcome(0x4000n);
    f.clearFaults();
    registers.write32(0x38, 0);
    expect(f.interrupts).toBe(2);
  });

  it('the first record is used again after all translation was off', () => {
    const f = faulty();
    f.outcome(0x1000n);
    f.clearFaults();
    f.device.registers.write32(GCMD, 0);
    f.device.registers.write32(GCMD, TE);
    f.outcome(0x2000n);
    expect(f.device.registers.read64(FRCD)).toBe(0x2000n);
  });
});

it('a refused context entry is not cached: the next request reads it again', () => {
  const f = new Fixture().attach(4);
  f.walk(4, 1, IOVA, BigInt(PAGE));
  const good = f.memory.readU64(f.contextEntry) ?? 0n;
  f.put(f.contextEntry, good & ~1n);
  expect(f.outcome(IOVA)).toBe('fault 0x2');
  f.put(f.contextEntry, good);
  expect(f.outcome(IOVA)).toBe(BigInt(PAGE) | 0xabcn);
});

it('a raw RTADDR does nothing before SRTP, and another mode than legacy faults with 0x30', () => {
  const f = new Fixture().attach(4);
  f.walk(4, 1, IOVA, BigInt(PAGE));
  f.device.registers.write64(0x20, BigInt(NO_RAM));
  f.flush();
  expect(f.outcome(IOVA)).toBe(BigInt(PAGE) | 0xabcn);
  for (const mode of [1, 2, 3]) {
    f.enable(ROOT | (mode << 10));
    f.flush();
    expect(f.outcome(IOVA)).toBe('fault 0x30');
  }
  expect(CONTEXT).toBe(ROOT + 4096);
});
