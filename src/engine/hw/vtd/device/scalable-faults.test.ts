import { describe, expect, it } from 'vitest';
import { EXECUTE, NO_PASID, PRIVILEGED } from '../../port';
import {
  bits,
  DIRECTORY,
  FIRST,
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
  sweep,
  TE,
  type PasidWords,
} from './scalable-fixture.conformance';

/**
 * Fault reasons of scalable mode, each with every combination of FPD bits on its way.
 *
 * Expected values: rev. 4.1 of the VT-d document, section 7.1.3 (reasons, which of them FPD suppresses) and chapter 9 (which
 * bits are reserved), checked against OpenVMM's scalable_translation tests, read as facts. Second-stage profile without
 * device TLBs and PASIDs where a test names OpenVMM's masks.
 */
const PLAIN = {
  firstStage: false,
  nested: false,
  deviceTlb: false,
  pageRequests: false,
  pasid: false,
  supervisorRequests: false,
};

interface Ask {
  readonly iova?: bigint;
  readonly pasid?: number;
  readonly extra?: number;
}

/** The request must fault with this reason for reads and writes, and be recorded unless suppressed. */
function expectFault(f: ScalableFixture, reason: number, suppressed: boolean, ask: Ask = {}): void {
  const { iova = IOVA, pasid = NO_PASID, extra = 0 } = ask;
  for (const write of [false, true]) {
    f.clearFaults();
    f.flush();
    expect(f.outcome(iova, write, pasid, extra)).toBe(`fault 0x${reason.toString(16)}`);
    const type = write ? 0n : 1n << 62n;
    const carried =
      pasid === NO_PASID
        ? 0n
        : (BigInt(pasid) << 40n) |
          (1n << 31n) |
          ((extra & EXECUTE) === 0 ? 0n : 1n << 30n) |
          ((extra & PRIVILEGED) === 0 ? 0n : 1n << 29n);
    const high = (1n << 63n) | type | carried | (BigInt(reason) << 32n) | BigInt(f.rid);
    expect(f.records().map(([, word]) => word)).toEqual(suppressed ? [] : [high]);
    expect(f.device.registers.read32(0x34) & 3).toBe(suppressed ? 0 : 2);
  }
}

/** All combinations of FPD, and which of them suppress a fault that lies behind so many of the three structures. */
function everyFpd(check: (fpd: number, suppressedBehind: (structures: number) => boolean) => void): void {
  for (let fpd = 0; fpd < 8; fpd++) check(fpd, (structures) => (fpd & ((1 << structures) - 1)) !== 0);
}

describe('finding the tables', () => {
  it('bus, device and PASID select their entries at every boundary', () => {
    for (const rid of [0x0000, 0x007f, 0x0080, 0x00ff, 0xff00, 0xffff]) {
      for (const pasid of [0, 1, 63, 64, 8191, 8192, 0xf_ffff]) {
        const f = new ScalableFixture(rid, {}, pasid).attach(secondStage());
        f.second(4, 1, IOVA, PAGE);
        expect(f.outcome(IOVA)).toBe(PAGE | 0xabcn);
        expect(f.outcome(IOVA, true)).toBe(PAGE | 0xabcn);
      }
    }
  });

  it('every directory size: the last PASID, and the first that is too large', () => {
    for (let pdts = 0; pdts < 7; pdts++) {
      const limit = 1 << (pdts + 13);
      const f = new ScalableFixture(0xffff, {}, limit - 1).attach(secondStage(), { pdts: BigInt(pdts) });
      f.second(4, 1, IOVA, PAGE);
      expect(f.outcome(IOVA)).toBe(PAGE | 0xabcn);
      f.put(f.contextEntry + 8, BigInt(limit));
      expectFault(f, 0x43, false);
      f.put(f.contextEntry, f.word(f.contextEntry) | 2n);
      expectFault(f, 0x43, true);
    }
  });

  it('only the half of the root entry that is used counts', () => {
    for (const rid of [0xff00, 0xff7f, 0xff80, 0xffff]) {
      const f = new ScalableFixture(rid).attach(secondStage());
      f.second(4, 1, IOVA, PAGE);
      f.put(f.rootEntry ^ 8, 0xffff_ffff_ffff_ffffn);
      expect(f.outcome(IOVA)).toBe(PAGE | 0xabcn);
    }
  });

  it('30 and 33: a mode that the unit lacks, or that lets nothing pass: always recorded', () => {
    const f = new ScalableFixture(0xabff).attach(secondStage(), { fpd: 7 });
    for (const mode of [2, 3]) expectFault(f.enable(ROOT | (mode << 10)), 0x30, false);
    const aborts = new ScalableFixture(0xabff, { abortDma: true }).attach(secondStage(), { fpd: 7 });
    expectFault(aborts.enable(ROOT | 0xc00), 0x33, false);
    const legacy = new ScalableFixture(0xabff, { scalable: false });
    expectFault(legacy.enable(ROOT | 0x400), 0x30, false);
  });

  it('31: a PASID in legacy mode: always recorded', () => {
    const f = new ScalableFixture(0x0100);
    f.put(ROOT + 16, BigInt(LOWER) | 1n, 0n);
    f.put(LOWER, BigInt(SECOND) | 3n, 2n | (0xbeefn << 8n));
    expectFault(f.enable(ROOT), 0x31, false, { pasid: 5 });
  });
});

describe('structures that cannot be read, are absent, or have reserved bits', () => {
  it('39, 41, 51, 59: absent, whatever else the entry holds but FPD', () => {
    everyFpd((fpd, behind) => {
      for (let stage = 0; stage < 4; stage++) {
        const f = new ScalableFixture(0xffff, {}, 0xabcde).attach(secondStage(), { fpd });
        const address = f.entries[stage] ?? 0;
        for (let n = 1; n < ([1, 4, 1, 8][stage] ?? 0); n++) f.put(address + n * 8, 0xffff_ffff_ffff_ffffn);
        const own = stage === 0 ? 0n : f.word(address) & 2n;
        f.put(address, 0xffff_ffff_ffff_fffcn | own);
        // The root entry has no FPD, and those behind an absent entry are not read.
        expectFault(f, [0x39, 0x41, 0x51, 0x59][stage] ?? 0, behind(stage));
      }
    });
  });

  it('38, 40, 50, 58: no memory: recorded even behind FPD', () => {
    everyFpd((fpd) => {
      for (const bad of [NO_RAM, 1n << 45n]) {
        for (let stage = 0; stage < 4; stage++) {
          const f = new ScalableFixture(0xffff, {}, 64).attach(secondStage(), { fpd });
          if (stage === 0) f.enable(Number(bad) + 0x400);
          else {
            const parent = f.entries[stage - 1] ?? 0;
            f.put(parent, bad | (f.word(parent) & 0xfffn));
          }
          expectFault(f, [0x38, 0x40, 0x50, 0x58][stage] ?? 0, false);
        }
      }
    });
  });

  it('50: the end of a long directory can be missing too', () => {
    const f = new ScalableFixture(0xffff, {}, 0xf_ffff).attach(secondStage());
    f.put(f.contextEntry, ((1n << 32n) - 4096n) | 1n | (7n << 9n));
    expectFault(f, 0x50, false);
  });

  it('3a, 42, 52, 5a: every reserved bit, in a unit with a second stage alone (OpenVMM’s masks)', () => {
    const far = [63, 46] as [number, number];
    const reserved: [number, number, bigint[]][] = [
      [0, 0x3a, bits([11, 1], far)],
      // DTE, PASIDE, PRE; 8:5; everything above RID_PASID
      [1, 0x42, bits([8, 2], far, [255, 84])],
      [2, 0x52, bits([11, 2], far)],
      // 5, 11:10; 86:80, 127:89; all of the first stage but the ignored bits 134:133
      [3, 0x5a, bits([5, 5], [11, 10], far, [86, 80], [127, 89], [132, 128], [511, 135])],
    ];
    everyFpd((fpd, behind) => {
      for (const [stage, reason, which] of reserved) {
        const f = new ScalableFixture(0xabff, PLAIN, 64).attach(secondStage(), { fpd, pdts: 0n });
        sweep(f, f.entries[stage] ?? 0, which, () => expectFault(f, reason, behind(stage)));
      }
    });
  });

  it('ignored bits of a PASID entry are ignored', () => {
    const f = new ScalableFixture(0xabff, PLAIN).attach(secondStage());
    f.second(4, 1, IOVA, PAGE);
    f.put(f.pasidEntry + 16, 0x60n);
    expect(f.outcome(IOVA)).toBe(PAGE | 0xabcn);
  });

  it.each<[string, Partial<Record<string, boolean>>, number, bigint, number]>([
    ['RPS', { ridPasid: false }, 1, 64n, 0x42],
    ['RPRIVS', { ridPrivilege: false }, 1, 84n, 0x42],
    ['DT', { deviceTlb: false }, 1, 2n, 0x42],
    ['PASID', { pasid: false }, 1, 3n, 0x42],
    ['PRS', { pageRequests: false }, 1, 4n, 0x42],
    ['SSADS', { secondStageAccessDirty: false }, 3, 9n, 0x5a],
    ['SMPWCS', { scalableCoherent: false }, 3, 87n, 0x5a],
    ['SC', { snoopControl: false }, 3, 88n, 0x5a],
    ['SRS', { supervisorRequests: false }, 3, 128n, 0x5a],
    ['ERS', { executeRequests: false }, 3, 129n, 0x5a],
    ['EAFS', { extendedAccessed: false }, 3, 135n, 0x5a],
  ])('a field of a feature that the unit lacks is reserved: ECAP.%s', (_, config, stage, bit, reason) => {
    for (const entry of [secondStage(), passThrough()]) {
      const f = new ScalableFixture(0x00ff, { extendedAccessed: true, ...config }).attach(entry);
      f.second(4, 1, IOVA, PAGE);
      sweep(f, f.entries[stage] ?? 0, [bit], () => expectFault(f, reason, false));
      const able = new ScalableFixture(0x00ff, {
        extendedAccessed: true,
        ridPrivilege: true,
        executeRequests: true,
      }).attach(entry);
      able.second(4, 1, IOVA, PAGE);
      // PRE without DTE contradicts itself, and no table stands behind PASID 1.
      if (bit === 4n || bit === 64n) return;
      sweep(able, able.entries[stage] ?? 0, [bit], () => {
        able.flush();
        const answer = able.outcome(IOVA);
        // RID_PRIV asks for SRE; SSADE needs PWSNP to mark anything.
        if (bit === 84n) expect(answer).toBe('fault 0x5d');
        else if (bit === 9n && entry.length === 2 && (entry[0] & 0x1c0n) === 0x80n)
          expect(answer).toBe('fault 0x7c');
        else expect(typeof answer).toBe('bigint');
      });
    }
  });

  it('domain ids have as many bits as CAP.ND says', () => {
    const f = new ScalableFixture(0x0100, { nd: 2 }).attach(secondStage(0x7fn));
    f.second(4, 1, IOVA, PAGE);
    expect(f.outcome(IOVA)).toBe(PAGE | 0xabcn);
    sweep(f, f.pasidEntry, bits([79, 72]), () => expectFault(f, 0x5a, false));
  });

  it('43: page requests without a device TLB', () => {
    const f = new ScalableFixture().attach(secondStage(), { flags: 1n << 4n });
    expectFault(f, 0x43, false);
  });

  it('reserved bits are judged before ranges', () => {
    const f = new ScalableFixture(0x0100, { ridPasid: false }).attach(secondStage(), { pdts: 0n });
    f.put(f.contextEntry + 8, 8192n);
    expectFault(f, 0x42, false);
  });
});

describe('5b: what a PASID entry asks for and the unit lacks', () => {
  it('translation types and widths', () => {
    for (let type = 0n; type < 8n; type++) {
      for (let aw = 0n; aw < 8n; aw++) {
        for (const fpd of [0, 4]) {
          const f = new ScalableFixture(0x120f, PLAIN).attach(
            [BigInt(SECOND) | (type << 6n) | (aw << 2n), 0xbeefn],
            {
              fpd,
            },
          );
          f.second(aw === 1n ? 3 : 4, 1, 0x1234_5abcn, PAGE);
          const works = type === 4n || (type === 2n && (aw === 1n || aw === 2n));
          if (works) expect(f.outcome(0x1234_5abcn)).toBe(type === 4n ? 0x1234_5abcn : PAGE | 0xabcn);
          else expectFault(f, 0x5b, fpd !== 0, { iova: 0x1234_5abcn });
        }
      }
    }
  });

  it.each<[string, Partial<Record<string, boolean>>, PasidWords]>([
    ['no first stage', { firstStage: false, nested: false }, [1n << 6n, 1n]],
    ['no nesting', { nested: false }, [BigInt(SECOND) | (3n << 6n) | (2n << 2n), 1n, BigInt(FIRST)]],
    ['no pass-through', { passThrough: false }, passThrough()],
    ['no second stage', { secondStage: false, nested: false, secondStageAccessDirty: false }, [2n << 6n, 1n]],
    ['no five levels', { firstStage5Level: false }, firstStage(1n, 1n << 2n)],
    ['a reserved paging mode', {}, firstStage(1n, 2n << 2n)],
    ['the other reserved paging mode', {}, firstStage(1n, 3n << 2n)],
  ])('%s', (_, config, entry) => {
    for (const fpd of [0, 1, 2, 4]) {
      expectFault(new ScalableFixture(0x0100, config).attach(entry, { fpd }), 0x5b, fpd !== 0);
    }
  });

  it('nested: a first-stage pointer beyond the second stage', () => {
    const entry: PasidWords = [BigInt(SECOND) | (3n << 6n) | (1n << 2n), 1n, (1n << 39n) | BigInt(FIRST)];
    expectFault(new ScalableFixture().attach(entry), 0x5b, false);
  });
});

describe('requests with a PASID', () => {
  const PASIDE = 8n;
  const make = (flags = PASIDE, config = {}) =>
    new ScalableFixture(0x0100, config, 70).attach(secondStage(), { flags, ridPasid: 0n });

  it('use the entry of their own PASID, others that of RID_PASID', () => {
    const f = make();
    f.second(4, 1, IOVA, PAGE);
    expect(f.outcome(IOVA, false, 70)).toBe(PAGE | 0xabcn);
    // Nothing stands in the directory for PASID 0.
    expect(f.outcome(IOVA)).toBe('fault 0x51');
  });

  it('45, 46, 48, 89: disabled, beyond the directory, the one of requests without, beyond the unit', () => {
    for (const fpd of [0n, 2n]) {
      const silent = fpd !== 0n;
      expectFault(make(fpd), 0x45, silent, { pasid: 70 });
      const f = new ScalableFixture(0x0100, {}, 70).attach(secondStage(), {
        flags: PASIDE | fpd,
        pdts: 0n,
        ridPasid: 0n,
      });
      expectFault(f, 0x46, silent, { pasid: 8192 });
      expectFault(f, 0x48, silent, { pasid: 0 });
      expectFault(make(PASIDE | fpd, { pasidBits: 10 }), 0x89, silent, { pasid: 1024 });
    }
  });

  it('5c and 5d: executing and privilege must be allowed', () => {
    for (const fpd of [0, 4]) {
      const f = new ScalableFixture(0x0100, { executeRequests: true }, 70).attach(secondStage(), {
        flags: PASIDE,
        ridPasid: 0n,
        fpd,
      });
      f.second(4, 1, IOVA, PAGE);
      expectFault(f, 0x5c, fpd !== 0, { pasid: 70, extra: EXECUTE });
      expectFault(f, 0x5d, fpd !== 0, { pasid: 70, extra: PRIVILEGED });
      f.put(f.pasidEntry + 16, 3n); // SRE, ERE
      for (const extra of [EXECUTE, PRIVILEGED, EXECUTE | PRIVILEGED]) {
        f.flush();
        expect(f.outcome(IOVA, false, 70, extra)).toBe(PAGE | 0xabcn);
      }
    }
  });

  it('a PASID is no interrupt: its writes to that range are translated', () => {
    const f = make();
    f.second(4, 1, 0xfee0_0000n, PAGE);
    expect(f.outcome(0xfee0_0123n, true, 70)).toBe(PAGE | 0x123n);
    f.device.registers.write32(0x18, TE);
    expect(f.translate(0xfee0_0000n, 2)).toBe(3);
  });

  it('RID_PRIV makes requests without a PASID privileged', () => {
    const f = new ScalableFixture(0x0100, { ridPrivilege: true }).attach(firstStage(), {
      ridPasid: 1n << 20n,
    });
    const leaf = f.first(4, 1, 0x1000n, PAGE).at(-1) ?? 0;
    f.put(leaf, f.word(leaf) & ~4n);
    expectFault(f, 0x5d, false, { iova: 0x1000n });
    f.put(f.pasidEntry + 16, f.word(f.pasidEntry + 16) | 1n);
    f.flush();
    expect(f.outcome(0x1000n)).toBe(PAGE);
  });
});

describe('the second stage', () => {
  it('every depth, page size and offset', () => {
    for (const [levels, widthBits] of [
      [3, 48],
      [4, 48],
      [5, 57],
    ] as const) {
      for (const leaf of [1, 2, 3]) {
        const f = new ScalableFixture(0xff80, { widthBits }).attach([
          BigInt(SECOND) | (2n << 6n) | (BigInt(levels - 2) << 2n),
          1n,
        ]);
        const size = 1n << BigInt(12 + 9 * (leaf - 1));
        const base = (1n << BigInt(12 + 9 * levels - 1)) & ~(size - 1n);
        f.second(levels, leaf, base, 1n << 45n);
        for (const offset of [0n, 0xabcn, size - 1n]) {
          for (const write of [false, true])
            expect(f.outcome(base | offset, write)).toBe((1n << 45n) | offset);
          f.flush();
        }
      }
    }
  });

  it('84: an address beyond the tables, or beyond CAP.MGAW', () => {
    for (const [levels, widthBits, width] of [
      [3, 48, 39n],
      [4, 48, 48n],
      [5, 57, 57n],
    ] as const) {
      for (const fpd of [0, 1, 2, 4]) {
        const f = new ScalableFixture(0xabcd, { widthBits, firstStage: true }).attach(
          [BigInt(SECOND) | (2n << 6n) | (BigInt(levels - 2) << 2n), 1n],
          { fpd },
        );
        for (const iova of [1n << width, (1n << 63n) | 0xabcn, 0xffff_ffff_ffff_ffffn]) {
          expectFault(f, 0x84, fpd !== 0, { iova });
        }
      }
    }
  });

  it('7b against 78: the first table is no memory, or a later one', () => {
    everyFpd((fpd) => {
      for (const levels of [3, 4]) {
        for (let failing = levels; failing >= 1; failing--) {
          const entry: PasidWords = [BigInt(SECOND) | (2n << 6n) | (BigInt(levels - 2) << 2n), 1n];
          const f = new ScalableFixture(0x55aa, {}, 63).attach(entry, { fpd });
          const entries = f.second(levels, 1, 0xabcn, PAGE);
          if (failing === levels) f.put(f.pasidEntry, NO_RAM | (f.word(f.pasidEntry) & 0xfffn));
          else f.put(entries[levels - failing - 1] ?? 0, NO_RAM | 3n);
          expectFault(f, failing === levels ? 0x7b : 0x78, fpd !== 0, { iova: 0xabcn });
        }
      }
    });
  });

  it('79, 85, 86: permissions add up over the levels; none at all is a reason of its own', () => {
    for (const leaf of [1, 2, 3]) {
      for (let parent = 0n; parent < 4n; parent++) {
        for (let own = 0n; own < 4n; own++) {
          const f = new ScalableFixture().attach(secondStage());
          const entries = f.second(4, leaf, 0xabcn, 1n << 30n);
          const [top = 0, bottom = 0] = [entries[0], entries.at(-1)];
          f.put(top, (f.word(top) & ~3n) | parent);
          f.put(bottom, (f.word(bottom) & ~3n) | own);
          const allowed = parent & own;
          for (const write of [false, true]) {
            f.flush();
            const expected = allowed === 0n ? 'fault 0x79' : write ? 'fault 0x85' : 'fault 0x86';
            expect(f.outcome(0xabcn, write)).toBe(
              (allowed & (write ? 2n : 1n)) === 0n ? expected : (1n << 30n) | 0xabcn,
            );
          }
        }
      }
    }
  });

  it('7a: every reserved bit of tables and leaves, and misaligned large pages', () => {
    for (const [levels, widthBits] of [
      [3, 48],
      [4, 48],
      [5, 57],
    ] as const) {
      for (const leaf of [1, 2, 3]) {
        const f = new ScalableFixture(0xabcd, { widthBits }).attach([
          BigInt(SECOND) | (2n << 6n) | (BigInt(levels - 2) << 2n),
          1n,
        ]);
        const entries = f.second(levels, leaf, 0xabcn, 1n << 30n);
        entries.forEach((entry, n) => {
          const level = levels - n;
          const reserved = bits([62, 62], [51, 46]);
          if (level !== leaf) reserved.push(11n);
          if (level >= 4) reserved.push(7n);
          if (level === leaf && leaf > 1) reserved.push(...bits([11 + 9 * (leaf - 1), 12]));
          sweep(f, entry, reserved, () => expectFault(f, 0x7a, false, { iova: 0xabcn }));
          const ignored = bits([6, 2], [10, 8], [61, 52], [63, 63]);
          if (level === 1) ignored.push(7n);
          if (level === leaf) ignored.push(11n);
          sweep(f, entry, ignored, () => {
            f.flush();
            expect(f.outcome(0xabcn)).toBe((1n << 30n) | 0xabcn);
          });
        });
      }
    }
  });

  it('87 and 83: the interrupt range and the host width, translated or passed through', () => {
    for (const fpd of [0, 1, 2, 4]) {
      const f = new ScalableFixture(0x0180, {}, 63).attach(secondStage(), { fpd });
      f.second(4, 1, IOVA, 0xfee0_0000n);
      expectFault(f, 0x87, fpd !== 0);
      const through = new ScalableFixture(0x0180, {}, 63).attach(passThrough(), { fpd });
      for (const iova of [0n, (1n << 39n) | 0xabcn, (1n << 46n) - 1n, 0xfedf_ffffn, 0xfef0_0000n]) {
        expect(through.outcome(iova, true)).toBe(iova);
      }
      for (const iova of [1n << 46n, 0xffff_ffff_ffff_ffffn]) expectFault(through, 0x83, fpd !== 0, { iova });
      through.clearFaults();
      expect(through.outcome(0xfee0_0123n)).toBe('fault 0x87');
      expect(through.records()).toHaveLength(fpd === 0 ? 1 : 0);
    }
  });
});

describe('the first stage', () => {
  it('every depth, page size, offset and half of the address space', () => {
    for (const levels of [4, 5]) {
      for (const leaf of [1, 2, 3]) {
        const f = new ScalableFixture(0xff80).attach(firstStage(1n, levels === 5 ? 4n : 0n));
        const size = 1n << BigInt(12 + 9 * (leaf - 1));
        for (const base of [1n << BigInt(12 + 9 * levels - 2), -(1n << 30n)]) {
          f.first(levels, leaf, base, 1n << 45n);
          for (const offset of [0n, 0xabcn, size - 1n]) {
            for (const write of [false, true]) {
              expect(f.outcome(BigInt.asUintN(64, base | offset), write)).toBe((1n << 45n) | offset);
            }
            f.flush();
          }
        }
      }
    }
  });

  it('80: addresses that are not canonical', () => {
    for (const [levels, more] of [
      [4, 0n],
      [5, 4n],
    ] as const) {
      for (const fpd of [0, 1, 2, 4]) {
        const f = new ScalableFixture().attach(firstStage(1n, more), { fpd });
        const width = BigInt(12 + 9 * levels);
        for (const iova of [1n << (width - 1n), 1n << width, 1n << 63n, (1n << 63n) - 1n]) {
          expectFault(f, 0x80, fpd !== 0, { iova });
        }
      }
    }
  });

  it('73 against 70: the first table is no memory, or a later one', () => {
    everyFpd((fpd) => {
      for (let failing = 4; failing >= 1; failing--) {
        const f = new ScalableFixture(0x55aa, {}, 63).attach(firstStage(), { fpd });
        const entries = f.first(4, 1, 0xabcn, PAGE);
        if (failing === 4) f.put(f.pasidEntry + 16, NO_RAM);
        else f.put(entries[3 - failing] ?? 0, NO_RAM | 0x27n);
        expectFault(f, failing === 4 ? 0x73 : 0x70, fpd !== 0, { iova: 0xabcn });
      }
    });
  });

  it('71: an absent entry hides its reserved bits', () => {
    for (const level of [0, 1, 2, 3]) {
      for (const fpd of [0, 1, 2, 4]) {
        const f = new ScalableFixture().attach(firstStage(), { fpd });
        const entries = f.first(4, 1, 0xabcn, PAGE);
        f.put(entries[level] ?? 0, 0xffff_ffff_ffff_fffen);
        expectFault(f, 0x71, fpd !== 0, { iova: 0xabcn });
      }
    }
  });

  it('72: every reserved bit of tables and leaves, and misaligned large pages; the others are ignored', () => {
    for (const levels of [4, 5]) {
      for (const leaf of [1, 2, 3]) {
        const f = new ScalableFixture(0xabcd).attach(firstStage(1n, levels === 5 ? 4n : 0n));
        const entries = f.first(levels, leaf, 0xabcn, 1n << 30n);
        entries.forEach((entry, n) => {
          const level = levels - n;
          const reserved = bits([51, 46]);
          if (level >= 4) reserved.push(7n);
          // Bit 12 of a large page is PAT.
          if (level === leaf && leaf > 1) reserved.push(...bits([11 + 9 * (leaf - 1), 13]));
          sweep(f, entry, reserved, () => expectFault(f, 0x72, false, { iova: 0xabcn }));
          const ignored = bits([4, 3], [11, 8], [63, 52]);
          if (level === 1) ignored.push(7n);
          if (level === leaf && leaf > 1) ignored.push(12n);
          sweep(f, entry, ignored, () => {
            f.flush();
            expect(f.outcome(0xabcn)).toBe((1n << 30n) | 0xabcn);
          });
        });
      }
    }
  });

  it('72: 1 GiB pages need CAP.FS1GP', () => {
    const f = new ScalableFixture(0x0100, { firstStage1G: false }).attach(firstStage());
    f.first(4, 3, 0xabcn, 1n << 30n);
    expectFault(f, 0x72, false, { iova: 0xabcn });
  });

  it('81, 82, 85: U/S, XD and R/W at every level, for every kind of request', () => {
    const SRE = 1n;
    const ERE = 2n;
    const WPE = 1n << 4n;
    for (let level = 0; level < 4; level++) {
      for (const clear of [2n, 4n, 6n]) {
        for (const xd of [false, true]) {
          for (const wpe of [0n, WPE]) {
            const f = new ScalableFixture(0x0100, { executeRequests: true }, 70).attach(
              firstStage(1n, SRE | ERE | wpe),
              { flags: 8n, ridPasid: 0n },
            );
            const entry = f.first(4, 1, 0xabcn, PAGE)[level] ?? 0;
            f.put(entry, (f.word(entry) & ~clear) | (xd ? 1n << 63n : 0n));
            for (const privileged of [0, PRIVILEGED]) {
              for (const execute of [0, EXECUTE]) {
                for (const write of [false, true]) {
                  f.flush();
                  const expected =
                    privileged === 0 && (clear & 4n) !== 0n
                      ? 'fault 0x81'
                      : execute !== 0 && xd
                        ? 'fault 0x82'
                        : write && (clear & 2n) !== 0n && (privileged === 0 || wpe !== 0n)
                          ? 'fault 0x85'
                          : PAGE | 0xabcn;
                  for (const warm of [false, true]) {
                    expect([f.outcome(0xabcn, write, 70, privileged | execute), warm]).toEqual([
                      expected,
                      warm,
                    ]);
                  }
                }
              }
            }
          }
        }
      }
    }
  });

  it('87: the output lies in the interrupt range', () => {
    const f = new ScalableFixture().attach(firstStage());
    f.first(4, 1, 0x1000n, 0xfee0_0000n);
    expectFault(f, 0x87, false, { iova: 0x1000n });
  });

  it('the directory of PASIDs stands where the context entry says', () => {
    expect(new ScalableFixture(0, {}, 64).directoryEntry).toBe(DIRECTORY + 8);
  });
});
