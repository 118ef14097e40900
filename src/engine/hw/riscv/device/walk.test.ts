import { describe, expect, it } from 'vitest';
import { EXECUTE, PRIVILEGED, READ, WRITE } from '../../port';
import { DEFAULT_CAPABILITIES } from './config';
import {
  Bench,
  FIRST,
  FREE,
  leaf,
  PDT,
  pointer,
  root,
  RWUAD,
  SECOND,
  type Context,
} from './fixture.conformance';

// Expected values: The RISC-V Instruction Set Manual, volume II, sections "Virtual Address Translation Process", "Svnapot",
// "Svpbmt" and "Two-Stage Address Translation"; RISC-V IOMMU specification, "Device-context fields".
const IOVA = 0x1_4060_3000n;
const bit = (n: number): bigint => 1n << BigInt(n);
const [SADE, GADE] = [0x100n, 0x80n];

/** A stage under test: where its tables are, how its faults are called, what marks A and D. */
interface Stage {
  readonly name: string;
  readonly at: bigint;
  readonly faults: { readonly read: string; readonly write: string; readonly execute: string };
  readonly marks: bigint;
  context(levels: number, tc: bigint): Context;
}
const STAGES: readonly Stage[] = [
  {
    name: 'first stage',
    at: FIRST,
    faults: { read: 'cause 13', write: 'cause 15', execute: 'cause 12' },
    marks: SADE,
    context: (levels, tc) => ({ tc: 1n | tc, fsc: root(FIRST, levels) }),
  },
  {
    name: 'second stage',
    at: SECOND,
    faults: { read: 'cause 21', write: 'cause 23', execute: 'cause 20' },
    marks: GADE,
    context: (levels, tc) => ({ tc: 1n | tc, iohgatp: root(SECOND, levels) }),
  },
];

/** Where the entry of a level lies: tables are 16 KiB apart, which is room for the root of a second stage. */
const place = (at: bigint, levels: number, level: number): bigint =>
  at + BigInt(levels - 1 - level) * 0x4000n + ((IOVA >> BigInt(12 + 9 * level)) & 511n) * 8n;

/** Pointers down to a level, and what is there. */
function tables(b: Bench, at: bigint, levels: number, level: number, entry: bigint): Bench {
  for (let n = levels - 1; n > level; n--)
    b.put(place(at, levels, n), pointer(at + BigInt(levels - n) * 0x4000n));
  return b.put(place(at, levels, level), entry);
}

const sizeLg2 = (level: number): bigint => BigInt(12 + 9 * level);
/** Aligned to pages of the level. */
const target = (level: number): bigint => 2n << sizeLg2(level);
const translated = (level: number): bigint => target(level) | (IOVA & ((1n << sizeLg2(level)) - 1n));

/** What becomes of a read and a write when one bit of a good leaf entry is the other way. */
function byOneBit(n: number, level: number): 'good' | 'bad' | 'read-only' | 'moved' {
  if (n === 0 || n === 1) return 'bad'; // V; R, and W without R is reserved
  if (n === 2 || n === 7) return 'read-only'; // W; D
  if (n === 4 || n === 6) return 'bad'; // U; A
  if (n < 10) return 'good'; // X, G, RSW
  if (n < 10 + 9 * level) return 'bad'; // a superpage that is not aligned
  if (n < 54) return 'moved';
  if (n === 61 || n === 62) return 'good'; // PBMT: NC, IO
  return 'bad'; // reserved; N with a PPN that is no NAPOT range
}

const SCHEMES = [3, 4, 5].flatMap((levels) =>
  Array.from({ length: levels }, (_, level) => ({ levels, level })),
);

describe.each(STAGES)('$name', ({ at, faults, marks, context }) => {
  it.each(SCHEMES)('$levels levels, leaf at level $level: every bit of the entry', ({ levels, level }) => {
    const wrong: unknown[] = [];
    for (let n = 0; n < 64; n++) {
      const entry = leaf(target(level)) ^ bit(n);
      const ask = (access: number): unknown =>
        tables(new Bench().start(), at, levels, level, entry)
          .context(0, context(levels, 0n))
          .ask(IOVA, access);
      const kind = byOneBit(n, level);
      const pa = kind === 'moved' ? translated(level) ^ bit(n + 2) : translated(level);
      const read = kind === 'bad' ? faults.read : pa;
      const write = kind === 'bad' || kind === 'read-only' ? faults.write : pa;
      if (ask(READ) !== read || ask(WRITE) !== write) wrong.push([n, kind, ask(READ), ask(WRITE)]);
    }
    expect(wrong).toEqual([]);
  });

  it.each(SCHEMES.filter(({ level }) => level > 0))(
    '$levels levels, pointer at level $level: every bit of the entry',
    ({ levels, level }) => {
      const wrong: unknown[] = [];
      for (const n of [
        ...Array.from({ length: 10 }, (_, low) => low),
        ...Array.from({ length: 10 }, (_, high) => 54 + high),
      ]) {
        const b = tables(new Bench().start(), at, levels, 0, leaf(FREE));
        const where = place(at, levels, level);
        b.put(where, b.get(where) ^ bit(n)).context(0, context(levels, 0n));
        // G and RSW are free. R, W and X make it a leaf without A, or a reserved encoding.
        const good = n === 5 || n === 8 || n === 9;
        const outcome = b.ask(IOVA, READ);
        if (outcome !== (good ? FREE : faults.read)) wrong.push([n, outcome]);
      }
      expect(wrong).toEqual([]);
    },
  );

  it('PBMT 3 is reserved; without Svpbmt all of PBMT is; bits 60:59 are software’s with Svrsw60t59b', () => {
    const ask = (entry: bigint, capabilities = DEFAULT_CAPABILITIES): unknown =>
      tables(new Bench({ capabilities }).start(), at, 3, 0, entry).context(0, context(3, 0n)).ask(IOVA, READ);
    expect(ask(leaf(FREE) | (3n << 61n))).toBe(faults.read);
    expect(ask(leaf(FREE) | (1n << 61n), DEFAULT_CAPABILITIES & ~bit(15))).toBe(faults.read);
    expect(ask(leaf(FREE) | (3n << 59n), DEFAULT_CAPABILITIES | bit(14))).toBe(FREE);
    expect(ask(leaf(FREE) | bit(58), DEFAULT_CAPABILITIES | bit(14))).toBe(faults.read);
  });

  it('N: sixteen pages, and no other range', () => {
    const ask = (low: bigint): unknown =>
      tables(new Bench().start(), at, 3, 0, leaf(FREE + (low << 12n)) | bit(63))
        .context(0, context(3, 0n))
        .ask(IOVA, READ);
    // IOVA is the fourth of its sixteen pages.
    expect(ask(8n)).toBe(FREE + 0x3000n);
    expect(
      Array.from({ length: 16 }, (_, low) => low).filter(
        (low) => low !== 8 && ask(BigInt(low)) !== faults.read,
      ),
    ).toEqual([]);
  });

  it('a pointer at the last level leads nowhere', () => {
    const b = tables(new Bench().start(), at, 3, 0, pointer(FREE)).context(0, context(3, 0n));
    expect(b.ask(IOVA, READ)).toBe(faults.read);
  });

  it.each([3, 4, 5])('%i levels: addresses beyond the scheme', (levels) => {
    const b = tables(new Bench().start(), at, levels, 0, leaf(FREE)).context(0, context(levels, 0n));
    const bits = at === SECOND ? 14 + 9 * levels : 12 + 9 * levels;
    expect(b.ask(IOVA | bit(bits), READ)).toBe(faults.read);
    // Copies of the highest bit are wanted of a first stage: what is wrong about this address is that no entry is there.
    expect(
      b.ask(IOVA | ((0xffff_ffff_ffff_ffffn << BigInt(bits - 1)) & 0xffff_ffff_ffff_ffffn), EXECUTE),
    ).toBe(faults.execute);
  });

  it.each<[string, bigint, number, bigint, bigint]>([
    ['A, by a read', RWUAD & ~0xc0n, READ, 0x57n, RWUAD & ~0xc0n],
    ['A and D, by a write', RWUAD & ~0xc0n, WRITE, 0xd7n, RWUAD & ~0xc0n],
    ['D, by a write', RWUAD & ~0x80n, WRITE, 0xd7n, RWUAD & ~0x80n],
  ])(
    'sets %s, where the context says so, and faults where it does not',
    (_, flags, access, marked, unmarked) => {
      const b = (tc: bigint): Bench =>
        tables(new Bench().start(), at, 3, 0, leaf(FREE, flags)).context(0, context(3, tc));
      const where = place(at, 3, 0);
      const marking = b(marks);
      expect(marking.ask(IOVA, access)).toBe(FREE);
      expect(marking.get(where) & 0xffn).toBe(marked);
      const faulting = b(marks === SADE ? GADE : SADE);
      expect(faulting.ask(IOVA, access)).toBe(access === READ ? faults.read : faults.write);
      expect(faulting.get(where) & 0xffn).toBe(unmarked);
    },
  );

  it('a request that may not pass leaves no mark', () => {
    const b = tables(new Bench().start(), at, 3, 0, leaf(FREE, 0x13n)).context(0, context(3, marks)); // V R U
    expect(b.ask(IOVA, WRITE)).toBe(faults.write);
    expect(b.get(place(at, 3, 0)) & 0xffn).toBe(0x13n);
  });

  it('a page that a read brought into the cache is marked dirty by the first write', () => {
    const b = tables(new Bench().start(), at, 3, 0, leaf(FREE, RWUAD & ~0x80n)).context(0, context(3, marks));
    expect(b.ask(IOVA, READ)).toBe(FREE);
    expect(b.get(place(at, 3, 0)) & 0x80n).toBe(0n);
    expect(b.ask(IOVA, WRITE)).toBe(FREE);
    expect(b.get(place(at, 3, 0)) & 0x80n).toBe(0x80n);
  });

  it.each([
    [1, 'cause 5', 'cause 7', 'cause 1'],
    [2, 'cause 274', 'cause 274', 'cause 274'],
  ] as const)('memory that answers with %i, at each level', (answer, read, write, execute) => {
    for (let level = 0; level < 3; level++) {
      const b = tables(new Bench().start(), at, 3, 0, leaf(FREE, 0xdfn)).context(0, context(3, 0n));
      b.hazard(place(at, 3, level), answer);
      expect([b.ask(IOVA, READ), b.ask(IOVA, WRITE), b.ask(IOVA, EXECUTE)]).toEqual([read, write, execute]);
    }
  });

  it('memory that refuses the mark', () => {
    const b = tables(new Bench().start(), at, 3, 0, leaf(FREE, RWUAD & ~0x80n)).context(0, context(3, marks));
    b.hazard(place(at, 3, 0), 1, true);
    expect(b.ask(IOVA, WRITE)).toBe('cause 7');
  });
});

describe('privilege, of requests with a process', () => {
  // Spec: section "Process-context fields": ENS, SUM; U decides for whom a page is.
  const [ENS, SUM] = [2n, 4n];
  const ask = (ta: bigint, flags: bigint, access: number): unknown =>
    tables(new Bench().start(), FIRST, 3, 0, leaf(FREE, flags))
      .context(0, { tc: 0x21n, fsc: root(PDT, -4) })
      .put(PDT, 1n | ta, root(FIRST, 3))
      .ask(IOVA, access, { pasid: 0 });
  const [USER, KERNEL] = [0xdfn, 0xcfn];

  it.each<[string, bigint, bigint, number, bigint | string]>([
    ['a user reaches user pages', ENS, USER, READ, FREE],
    ['a user does not reach other pages', ENS, KERNEL, READ, 'cause 13'],
    ['a supervisor reaches its own pages', ENS, KERNEL, WRITE | PRIVILEGED, FREE],
    ['a supervisor may execute them', ENS, KERNEL, EXECUTE | PRIVILEGED, FREE],
    ['a supervisor does not reach user pages', ENS, USER, READ | PRIVILEGED, 'cause 13'],
    ['with SUM it does', ENS | SUM, USER, READ | PRIVILEGED, FREE],
    ['with SUM it executes none all the same', ENS | SUM, USER, EXECUTE | PRIVILEGED, 'cause 12'],
    ['without ENS there are no supervisors', 0n, KERNEL, READ | PRIVILEGED, 'cause 260'],
  ])('%s', (_, ta, flags, access, outcome) => {
    expect(ask(ta, flags, access)).toBe(outcome);
  });

  it('without a process nobody is privileged', () => {
    const b = tables(new Bench().start(), FIRST, 3, 0, leaf(FREE, KERNEL)).context(0, {
      fsc: root(FIRST, 3),
    });
    expect(b.ask(IOVA, READ | PRIVILEGED)).toBe('cause 13');
  });
});

describe('two stages', () => {
  const both: Context = { iohgatp: root(SECOND, 3), fsc: root(FIRST, 3) };
  const bench = (tc = 0n): Bench =>
    tables(new Bench().start().identity(), FIRST, 3, 0, leaf(FREE)).context(0, { ...both, tc: 1n | tc });

  it('what either takes away is not there', () => {
    expect(bench().ask(IOVA, WRITE)).toBe(FREE);
    expect(
      bench()
        .put(SECOND + 16n, leaf(0x8000_0000n, 0xd3n))
        .ask(IOVA, WRITE),
    ).toBe('cause 23');
    expect(
      bench()
        .put(place(FIRST, 3, 0), leaf(FREE, 0xd3n))
        .ask(IOVA, WRITE),
    ).toBe('cause 15');
    expect(bench().ask(IOVA, EXECUTE)).toBe('cause 12');
  });

  it('marking an entry of the first stage is a write to its table', () => {
    const unmarked = (b: Bench): Bench => b.put(place(FIRST, 3, 0), leaf(FREE, RWUAD & ~0x80n));
    expect(unmarked(bench(SADE)).ask(IOVA, WRITE)).toBe(FREE);
    // The second stage maps all at once, and lets nothing be written: neither the page nor the table.
    const refused = unmarked(bench(SADE)).put(SECOND + 16n, leaf(0x8000_0000n, 0xd3n));
    expect(refused.ask(IOVA, WRITE)).toBe('cause 23');
    const [fault] = refused.faults();
    expect(fault!.iotval2 & 3n).toBe(3n);
    expect(refused.get(place(FIRST, 3, 0)) & 0x80n).toBe(0n);
  });

  it('the range of an answer is the smaller of the two', () => {
    const b = tables(new Bench().start().identity(), FIRST, 3, 1, leaf(0x8020_0000n)).context(0, both);
    expect(b.ask(IOVA, READ)).toBe(0x8020_3000n);
  });
});

describe('Sv32 and Sv32x4', () => {
  const capabilities = DEFAULT_CAPABILITIES | bit(8) | bit(16);
  const IOVA32 = 0x40c0_5678n; // indices 0x103 and 0x005
  /** 32-bit entries, two of them in a doubleword. */
  const put32 = (b: Bench, pa: bigint, entry: bigint): Bench => {
    const [at, shift] = [pa & ~7n, (pa & 4n) * 8n];
    return b.put(at, (b.get(at) & ~(0xffff_ffffn << shift)) | (entry << shift));
  };
  const bench = (): Bench => new Bench({ capabilities, gxlWritable: true }).wr(8, 6);
  const mapped = (b: Bench, at: bigint): Bench =>
    put32(put32(b, at + 0x103n * 4n, pointer(at + 0x4000n)), at + 0x4000n + 5n * 4n, leaf(FREE));
  const started = (): Bench => {
    const b = bench().wr8(0x28, (0x8_0090n << 10n) | 3n);
    return b.wr(0x4c, 1).wr8(0x10, (0x8_0010n << 10n) | 2n);
  };

  it('map pages through two levels', () => {
    const first = mapped(started(), FIRST).context(0, { tc: 0x801n, fsc: root(FIRST, 3) });
    expect(first.ask(IOVA32, READ)).toBe(FREE + 0x678n);
    const second = mapped(started(), SECOND).context(0, { tc: 0x801n, iohgatp: root(SECOND, 3) });
    expect(second.ask(IOVA32, READ)).toBe(FREE + 0x678n);
  });

  it('take 32 and 34 bits of address', () => {
    const first = mapped(started(), FIRST).context(0, { tc: 0x801n, fsc: root(FIRST, 3) });
    expect(first.ask(IOVA32 | bit(32), READ)).toBe('cause 13');
    const second = put32(started(), SECOND + 0xd03n * 4n, leaf(0x40_0000n)).context(0, {
      tc: 0x801n,
      iohgatp: root(SECOND, 3),
    });
    expect(second.ask(IOVA32 | bit(33) | bit(32), READ)).toBe(0x40_5678n);
    expect(second.ask(IOVA32 | bit(34), READ)).toBe('cause 21');
  });

  it('fctl.GXL = 1 makes DC.tc.SXL = 0 a misconfiguration', () => {
    expect(started().context(0, { tc: 1n }).ask(0n, READ)).toBe('cause 259');
  });
});

describe('big endian', () => {
  const swap = (word: bigint): bigint =>
    BigInt(`0x${(word.toString(16).padStart(16, '0').match(/../g) ?? []).reverse().join('')}`);
  it('fctl.BE turns the directory and the second stage, SBE the first stage', () => {
    for (const [fctl, sbe] of [
      [0, 0n],
      [0, 0x400n],
      [3, 0n],
      [3, 0x400n],
    ] as const) {
      const b = new Bench().wr(8, fctl).wr8(0x10, (0x8_0010n << 10n) | 2n);
      tables(b, FIRST, 3, 0, leaf(FREE)).context(0, { tc: 1n | sbe, fsc: root(FIRST, 3) });
      if (fctl !== 0)
        for (let n = 0n; n < 64n; n += 8n) b.put(0x8001_0000n + n, swap(b.get(0x8001_0000n + n)));
      if (sbe !== 0n)
        for (const level of [2, 1, 0]) b.put(place(FIRST, 3, level), swap(b.get(place(FIRST, 3, level))));
      expect([fctl, sbe, b.ask(IOVA, READ)]).toEqual([fctl, sbe, FREE]);
    }
  });
});
