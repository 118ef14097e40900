import { describe, expect, it } from 'vitest';
import { MEMORY_FAULT, MEMORY_OK, type MemoryHazards } from '../../../memory/hazards';
import {
  bits,
  FIRST,
  firstStage,
  IOVA,
  nested,
  PAGE,
  passThrough,
  ScalableFixture,
  SECOND,
  secondStage,
  type PasidWords,
} from './scalable-fixture.conformance';

/**
 * Accessed and dirty bits.
 *
 * Expected values: rev. 4.1 of the VT-d document, sections 3.6.2, 3.7.2 and 3.8.1; order, the rule of compare and exchange and
 * the cases as OpenVMM's accessed_dirty tests have them, read as facts.
 */
const A = 1n << 8n;
const D = 1n << 9n;
const SSADE = 1n << 9n;
const PWSNP = 1n << 23n;
const IGNORED = (1n << 63n) | (1n << 52n) | (1n << 10n) | (1n << 6n) | (1n << 2n);

const enabled = (levels = 4, flags = SSADE, snoop = PWSNP): PasidWords => [
  BigInt(SECOND) | (2n << 6n) | (BigInt(levels - 2) << 2n) | flags,
  0xbeefn | snoop,
];

/** Words of all tables, as they are. */
const snapshot = (f: ScalableFixture, base: number, pages: number): bigint[] =>
  Array.from({ length: pages * 512 }, (_, n) => f.word(base + n * 8));

/** A unit whose memory lets something happen whenever the hardware is about to write. */
function onWrite(f: ScalableFixture, happens: (pa: number) => number): void {
  const hazards: MemoryHazards = {
    at: (pfn, offset, _, write) => (write ? happens(pfn * 4096 + offset) : MEMORY_OK) as 0 | 1 | 2,
  };
  f.memory.hazards = hazards;
}

describe('the second stage', () => {
  it('96 cases: depth, page size, access, SSADE and the bits that were set before; nothing else changes', () => {
    let cases = 0;
    for (const levels of [3, 4]) {
      for (const leaf of [1, 2, 3]) {
        for (const write of [false, true]) {
          for (const ssade of [false, true]) {
            for (const before of [0n, A, D, A | D]) {
              cases++;
              const f = new ScalableFixture(0xab80, {}, 64).attach(enabled(levels, ssade ? SSADE : 0n));
              const size = 1n << BigInt(12 + 9 * (leaf - 1));
              const base = 0x12_3456_7000n & ~(size - 1n);
              for (let parents = 0; parents < 1 << (2 * (levels - leaf)); parents++) {
                const entries = f.second(levels, leaf, base, 1n << 45n);
                entries.forEach((entry, n) => {
                  const own = BigInt((parents >> (2 * n)) & 3) << 8n;
                  f.put(entry, f.word(entry) | IGNORED | (n === entries.length - 1 ? before : own));
                });
                const expected = new Map(
                  entries.map((entry, n) => {
                    const dirty = write && n === entries.length - 1 ? D : 0n;
                    return [entry, f.word(entry) | (ssade ? A | dirty : 0n)];
                  }),
                );
                f.flush();
                expect(f.outcome(base | 0xabcn, write)).toBe((1n << 45n) | 0xabcn);
                for (const [entry, word] of expected) expect(f.word(entry)).toBe(word);
              }
            }
          }
        }
      }
    }
    expect(cases).toBe(96);
  });

  it('a denied request marks what it went through, and never the leaf', () => {
    for (const leaf of [1, 2, 3]) {
      for (let restricted = 0; restricted <= 4 - leaf; restricted++) {
        for (let permissions = 0n; permissions < 4n; permissions++) {
          for (const write of [false, true]) {
            const f = new ScalableFixture(0xab80).attach(enabled());
            const entries = f.second(4, leaf, 0xabcn, 1n << 30n);
            const address = entries[restricted] ?? 0;
            f.put(address, (f.word(address) & ~3n) | permissions);
            const before = entries.map((entry) => f.word(entry));
            const permitted = (permissions & (write ? 2n : 1n)) !== 0n;
            const reason = permissions === 0n ? '79' : write ? '85' : '86';
            expect(f.outcome(0xabcn, write)).toBe(permitted ? (1n << 30n) | 0xabcn : `fault 0x${reason}`);
            entries.forEach((entry, n) => {
              const last = n === entries.length - 1;
              const used = permissions === 0n ? n < restricted : permitted || !last;
              const mark = (used ? A : 0n) | (permitted && write && last ? D : 0n);
              expect(f.word(entry)).toBe((before[n] ?? 0n) | mark);
            });
          }
        }
      }
    }
  });

  it('a malformed entry, a table that is no memory and an interrupt address stop the marking where they stand', () => {
    for (const [what, marked, reason] of [
      ['reserved', 2, 0x7a],
      ['table', 1, 0x78],
      ['interrupt', 3, 0x87],
      ['root', 0, 0x7b],
    ] as const) {
      const f = new ScalableFixture().attach(enabled());
      const entries = f.second(4, 1, IOVA, what === 'interrupt' ? 0xfee0_0000n : PAGE);
      if (what === 'reserved') f.put(entries[2] ?? 0, f.word(entries[2] ?? 0) | (1n << 62n));
      if (what === 'table') f.put(entries[0] ?? 0, 0x8003n);
      if (what === 'root') f.put(f.pasidEntry, 0x8000n | (f.word(f.pasidEntry) & 0xfffn));
      const before = entries.map((entry) => f.word(entry));
      expect(f.outcome(IOVA, true)).toBe(`fault 0x${reason.toString(16)}`);
      entries.forEach((entry, n) => expect(f.word(entry)).toBe((before[n] ?? 0n) | (n < marked ? A : 0n)));
    }
  });

  it('7c: without snooping nothing can be set, but what is set already needs no snooping', () => {
    for (const snoop of [0n, PWSNP]) {
      for (const write of [false, true]) {
        for (const missing of [0n, A, D]) {
          for (let target = 0; target < 4; target++) {
            for (const fpd of [0, 1, 2, 4]) {
              const f = new ScalableFixture(0xfe80, {}, 64).attach(enabled(4, SSADE, snoop), { fpd });
              const entries = f.second(4, 1, IOVA, PAGE);
              entries.forEach((entry, n) =>
                f.put(entry, f.word(entry) | ((A | D) & ~(n === target ? missing : 0n))),
              );
              const before = entries.map((entry) => f.word(entry));
              const required = missing === A || (missing === D && target === 3 && write);
              const refused = required && snoop === 0n;
              expect(f.outcome(IOVA, write)).toBe(refused ? 'fault 0x7c' : PAGE | 0xabcn);
              expect(f.records()).toHaveLength(refused && fpd === 0 ? 1 : 0);
              entries.forEach((entry, n) => {
                const set = required && !refused && n === target ? missing : 0n;
                expect(f.word(entry)).toBe((before[n] ?? 0n) | set);
              });
            }
          }
        }
      }
    }
  });

  it('7d: memory that cannot be written', () => {
    for (let target = 0; target < 4; target++) {
      for (const fpd of [0, 1, 2, 4]) {
        const f = new ScalableFixture(0x5a80, {}, 63).attach(enabled(), { fpd });
        const entries = f.second(4, 1, IOVA, PAGE);
        const before = entries.map((entry) => f.word(entry));
        onWrite(f, (pa) => (pa === entries[target] ? MEMORY_FAULT : MEMORY_OK));
        expect(f.outcome(IOVA, true)).toBe('fault 0x7d');
        expect(f.records()).toHaveLength(fpd === 0 ? 1 : 0);
        entries.forEach((entry, n) => expect(f.word(entry)).toBe((before[n] ?? 0n) | (n < target ? A : 0n)));
      }
    }
  });

  it('a walk by entries that are marked already writes nothing', () => {
    const f = new ScalableFixture().attach(enabled());
    const entries = f.second(4, 1, IOVA, PAGE);
    const written: number[] = [];
    onWrite(f, (pa) => (written.push(pa), MEMORY_OK));
    for (const [write, expected] of [
      [false, entries],
      [false, []],
      [true, entries.slice(3)],
      [true, []],
      [false, []],
    ] as const) {
      written.length = 0;
      f.flush();
      expect(f.outcome(IOVA, write)).toBe(PAGE | 0xabcn);
      expect(written).toEqual(expected);
    }
  });

  it('an entry that changes while it is marked starts the walk over, and what it says then counts', () => {
    for (let target = 0; target < 4; target++) {
      for (const [replace, answer] of [
        [(word: bigint) => word | IGNORED, PAGE | 0xabcn],
        [(word: bigint) => word & ~2n, 'fault 0x85'],
        [(word: bigint) => word & ~3n, 'fault 0x79'],
        [(word: bigint) => word | (1n << 62n), 'fault 0x7a'],
      ] as const) {
        const f = new ScalableFixture(0x0180, {}, 64).attach(enabled());
        const entries = f.second(4, 1, IOVA, PAGE);
        const original = entries.map((entry) => f.word(entry));
        let changed = false;
        onWrite(f, (pa) => {
          if (pa === entries[target] && !changed) {
            changed = true;
            f.put(pa, replace(f.word(pa)));
          }
          return MEMORY_OK;
        });
        expect(f.outcome(IOVA, true)).toBe(answer);
        expect(changed).toBe(true);
        // Software's change is not lost.
        const kept = replace(original[target] ?? 0n);
        expect(f.word(entries[target] ?? 0) & ~(A | D)).toBe(kept & ~(A | D));
      }
    }
  });

  it('a leaf that changes makes the levels above be judged again', () => {
    const f = new ScalableFixture().attach(enabled());
    const entries = f.second(4, 1, IOVA, PAGE);
    onWrite(f, (pa) => {
      if (pa === entries[3]) {
        f.put(entries[0] ?? 0, f.word(entries[0] ?? 0) & ~2n);
        f.put(pa, f.word(pa) | (1n << 10n));
      }
      return MEMORY_OK;
    });
    expect(f.outcome(IOVA, true)).toBe('fault 0x85');
  });

  it('7d: entries that never stand still end the walk', () => {
    for (const target of [0, 3]) {
      const f = new ScalableFixture().attach(enabled());
      const entries = f.second(4, 1, IOVA, PAGE);
      let attempts = 0;
      onWrite(f, (pa) => {
        if (pa !== entries[target]) return MEMORY_OK;
        attempts++;
        f.put(pa, f.word(pa) ^ (1n << 10n));
        return MEMORY_OK;
      });
      expect(f.outcome(IOVA, true)).toBe('fault 0x7d');
      expect(attempts).toBe(16);
    }
  });

  it('legacy mode, translation off and pass-through mark nothing', () => {
    const off = new ScalableFixture().attach(enabled());
    const entries = off.second(4, 1, IOVA, PAGE);
    const before = snapshot(off, SECOND, 4);
    off.device.registers.write32(0x18, 0);
    expect(off.outcome(IOVA, true)).toBe(IOVA);
    off.attach(passThrough());
    expect(off.outcome(0x5000n, true)).toBe(0x5000n);
    off.put(off.rootEntry, 0x10_1001n, 0n);
    off.put(0x10_1000, BigInt(SECOND) | 1n, 2n | (0xbeefn << 8n));
    off.device.registers.write32(0x18, 0);
    off.enable(0x10_0000);
    expect(off.outcome(IOVA, true)).toBe(PAGE | 0xabcn);
    expect(snapshot(off, SECOND, 4)).toEqual(before);
    expect(entries).toHaveLength(4);
  });

  it('a cached clean page is walked again for the first write, and not for the second', () => {
    const f = new ScalableFixture().attach(enabled());
    const leaf = f.second(4, 1, IOVA, PAGE).at(-1) ?? 0;
    expect(f.translate(IOVA)).toBe(1); // WALKED
    expect(f.translate(IOVA)).toBe(0); // TRANSLATED
    expect(f.word(leaf) & D).toBe(0n);
    expect(f.translate(IOVA, 2)).toBe(1);
    expect(f.word(leaf) & D).toBe(D);
    expect(f.translate(IOVA, 2)).toBe(0);
    // What software clears is not set again before an invalidation.
    f.put(leaf, f.word(leaf) & ~D);
    expect(f.translate(IOVA, 2)).toBe(0);
    expect(f.word(leaf) & D).toBe(0n);
    f.flush();
    f.translate(IOVA, 2);
    expect(f.word(leaf) & D).toBe(D);
  });
});

describe('the first stage', () => {
  const FA = 1n << 5n;
  const FD = 1n << 6n;
  const EA = 1n << 10n;

  it('A at every level, D in the leaf of a write, EA where the PASID entry asks for it', () => {
    for (const levels of [4, 5]) {
      for (const leaf of [1, 2, 3]) {
        for (const write of [false, true]) {
          for (const eafe of [false, true]) {
            for (const before of [0n, FA, FD, EA, FA | FD | EA]) {
              const more = (levels === 5 ? 4n : 0n) | (eafe ? 1n << 7n : 0n);
              const f = new ScalableFixture(0x0100, { extendedAccessed: true }).attach(firstStage(1n, more));
              const entries = f.first(levels, leaf, 0xabcn, 1n << 30n);
              for (const entry of entries) f.put(entry, (f.word(entry) & ~(FA | FD)) | before);
              const words = entries.map((entry) => f.word(entry));
              expect(f.outcome(0xabcn, write)).toBe((1n << 30n) | 0xabcn);
              entries.forEach((entry, n) => {
                const dirty = write && n === entries.length - 1 ? FD : 0n;
                expect(f.word(entry)).toBe((words[n] ?? 0n) | FA | dirty | (eafe ? EA : 0n));
              });
            }
          }
        }
      }
    }
  });

  it('90 and 91: without snooping, or on memory that cannot be written', () => {
    for (const fpd of [0, 1, 2, 4]) {
      for (const [hi, config] of [
        [0n, {}],
        [0n, { scalableCoherent: false, secondStageAccessDirty: false }],
      ] as const) {
        const f = new ScalableFixture(0x0100, config).attach(firstStage(1n, 0n, hi), { fpd });
        const entries = f.first(4, 1, 0xabcn, PAGE);
        expect(f.outcome(0xabcn, true)).toBe(PAGE | 0xabcn);
        f.put(entries[2] ?? 0, f.word(entries[2] ?? 0) & ~FA);
        f.flush();
        expect(f.outcome(0xabcn, true)).toBe('fault 0x90');
        expect(f.records()).toHaveLength(fpd === 0 ? 1 : 0);
      }
      const f = new ScalableFixture().attach(firstStage(), { fpd });
      const entries = f.first(4, 1, 0xabcn, PAGE);
      f.put(entries[1] ?? 0, f.word(entries[1] ?? 0) & ~FA);
      onWrite(f, () => MEMORY_FAULT);
      expect(f.outcome(0xabcn)).toBe('fault 0x91');
      expect(f.records()).toHaveLength(fpd === 0 ? 1 : 0);
    }
  });

  it('an entry that changes while it is marked starts the walk over', () => {
    const f = new ScalableFixture().attach(firstStage());
    const entries = f.first(4, 1, 0xabcn, PAGE);
    f.put(entries[3] ?? 0, f.word(entries[3] ?? 0) & ~(FA | FD));
    onWrite(f, (pa) => {
      if (pa === entries[3]) f.put(pa, f.word(pa) & ~2n);
      return MEMORY_OK;
    });
    expect(f.outcome(0xabcn, true)).toBe('fault 0x85');
    expect(f.word(entries[3] ?? 0) & (FA | FD)).toBe(0n);
  });

  it('a cached clean page is walked again for the first write', () => {
    const f = new ScalableFixture().attach(firstStage());
    const leaf = f.first(4, 1, IOVA & 0xffff_fffffn, PAGE).at(-1) ?? 0;
    f.put(leaf, f.word(leaf) & ~(FA | FD));
    expect([f.translate(IOVA & 0xffff_fffffn), f.word(leaf) & (FA | FD)]).toEqual([1, FA]);
    expect([f.translate(IOVA & 0xffff_fffffn, 2), f.word(leaf) & (FA | FD)]).toEqual([1, FA | FD]);
    expect(f.translate(IOVA & 0xffff_fffffn, 2)).toBe(0);
  });
});

describe('nested', () => {
  const FA = 1n << 5n;
  const FD = 1n << 6n;

  /** First-stage tables and page of a guest, mapped 1:1 by one second-stage page of 1 GiB, and the page elsewhere. */
  function guest(flags = 0n): { f: ScalableFixture; first: number[]; tables: number; page: number } {
    const f = new ScalableFixture().attach(nested(1n, 0n, PWSNP, flags));
    const tables = f.second(4, 2, BigInt(FIRST), 0n).at(-1) ?? 0; // 2 MiB from 0 on
    const page = f.second(4, 2, 0x20_0000n, 0x4000_0000n).at(-1) ?? 0;
    const first = f.first(4, 1, 0xabcn, 0x20_1000n);
    return { f, first, tables, page };
  }

  it('a write marks the first stage, and with SSADE the pages of its tables and its own', () => {
    for (const ssade of [0n, SSADE]) {
      const { f, first, tables, page } = guest(ssade);
      for (const entry of first) f.put(entry, f.word(entry) & ~(FA | FD));
      expect(f.outcome(0xabcn, true)).toBe(0x4000_1abcn);
      expect(first.map((entry) => f.word(entry) & (FA | FD))).toEqual([FA, FA, FA, FA | FD]);
      const expected = ssade === 0n ? 0n : A | D;
      expect([f.word(tables) & (A | D), f.word(page) & (A | D)]).toEqual([expected, expected]);
    }
  });

  it('a read by marked first-stage tables leaves their pages clean', () => {
    const { f, tables, page } = guest(SSADE);
    expect(f.outcome(0xabcn)).toBe(0x4000_1abcn);
    expect([f.word(tables) & (A | D), f.word(page) & (A | D)]).toEqual([A, A]);
  });

  it('77: first-stage bits to set, but the second stage does not let its tables be written', () => {
    const { f, first, tables } = guest();
    f.put(tables, f.word(tables) & ~2n);
    expect(f.outcome(0xabcn, true)).toBe(0x4000_1abcn);
    for (const [n, write] of [
      [0, false],
      [3, false],
    ] as const) {
      f.flush();
      const entry = first[n] ?? 0;
      f.put(entry, f.word(entry) & ~FA);
      expect(f.outcome(0xabcn, write)).toBe('fault 0x77');
      f.put(entry, f.word(entry) | FA);
    }
    f.flush();
    f.put(first[3] ?? 0, f.word(first[3] ?? 0) & ~FD);
    expect(f.outcome(0xabcn)).toBe(0x4000_1abcn);
    expect(f.outcome(0xabcn, true)).toBe('fault 0x77');
  });

  it('a page that the second stage keeps from being written gets no dirty bit in the first', () => {
    const { f, first, page } = guest(SSADE);
    f.put(page, f.word(page) & ~2n);
    f.put(first[3] ?? 0, f.word(first[3] ?? 0) & ~FD);
    expect(f.outcome(0xabcn, true)).toBe('fault 0x85');
    expect([f.word(first[3] ?? 0) & FD, f.word(page) & D]).toEqual([0n, 0n]);
  });

  it('a walk by a cached table can still mark its entry', () => {
    const { f, first } = guest(SSADE);
    expect(f.outcome(0xabcn, true)).toBe(0x4000_1abcn);
    const other = (first[3] ?? 0) + 8;
    f.put(other, 0x20_2007n);
    expect(f.outcome(0x1abcn, true)).toBe(0x4000_2abcn);
    expect(f.word(other) & (FA | FD)).toBe(FA | FD);
    expect(bits([3, 1])).toEqual([1n, 2n, 3n]);
  });

  it('second stage alone knows no first-stage bits', () => {
    const f = new ScalableFixture().attach(secondStage());
    const leaf = f.second(4, 1, IOVA, PAGE).at(-1) ?? 0;
    const before = f.word(leaf);
    f.outcome(IOVA, true);
    expect(f.word(leaf)).toBe(before);
  });
});
