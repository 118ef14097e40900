import { describe, expect, it } from 'vitest';
import { EXECUTE, PRIVILEGED } from '../../port';
import type { MemoryReadEvent } from '../../../trace/event';
import {
  FIRST,
  nested,
  NO_RAM,
  ScalableFixture,
  SECOND,
  type PasidWords,
} from './scalable-fixture.conformance';

/**
 * Nested translation by tables worked out by hand.
 *
 * Expected values: rev. 4.1 of the VT-d document, section 3.8 "Nested Translation" and 7.1.3 (SFS.4 to SFS.8, SSS, SGN).
 *
 * The guest's tables lie at guest-physical G + n * 4 KiB, its page at GP; the second stage maps each of them apart.
 */
const G = 0x7_0000_0000n;
const GP = 0x9_0000_0000n;
const PAGE = 0x5_6789_a000n;
const IOVA = 0x12_3456_7abcn;

interface Nest {
  readonly f: ScalableFixture;
  /** First-stage entries, top first. */
  readonly first: readonly number[];
  /** Second-stage leaves: of the four first-stage tables, top first, and of the page. */
  readonly leaves: readonly number[];
}

/** Second-stage tables get a page each from here on. */
const POOL = 0x30_0000;

/** `level`: of the first-stage leaf, 1 to 3. */
function nest(level = 1, page = GP, entry: PasidWords = nested()): Nest {
  const f = new ScalableFixture().attach([entry[0], entry[1], (entry[2] ?? 0n) - BigInt(FIRST) + G]);
  const tables = new Map<string, number>();
  let next = POOL;
  /** Maps a guest-physical page; returns the address of its leaf entry. */
  const map = (gpa: bigint, pa: bigint): number => {
    let table = SECOND;
    for (let n = 4; n > 1; n--) {
      const key = `${n} ${gpa >> BigInt(12 + 9 * (n - 1))}`;
      const at = table + Number((gpa >> BigInt(12 + 9 * (n - 1))) & 511n) * 8;
      let below = tables.get(key);
      if (below === undefined) {
        below = next;
        next += 4096;
        tables.set(key, below);
        f.put(at, BigInt(below) | 3n);
      }
      table = below;
    }
    const leaf = table + Number((gpa >> 12n) & 511n) * 8;
    f.put(leaf, pa | 3n);
    return leaf;
  };
  const leaves: number[] = [];
  const first: number[] = [];
  for (let n = 4; n >= level; n--) {
    const host = FIRST + (4 - n) * 4096;
    leaves.push(map(G + BigInt(4 - n) * 4096n, BigInt(host)));
    const at = host + Number((IOVA >> BigInt(12 + 9 * (n - 1))) & 511n) * 8;
    const down = G + BigInt(5 - n) * 4096n;
    f.put(at, n === level ? page | 0x67n | (level > 1 ? 0x80n : 0n) : down | 0x27n);
    first.push(at);
  }
  const size = 1n << BigInt(12 + 9 * (level - 1));
  leaves.push(map((page & ~(size - 1n)) | (IOVA & (size - 1n) & ~0xfffn), PAGE));
  return { f, first, leaves };
}

it('a request goes through both stages, at every first-stage page size; the smaller page is cached', () => {
  for (const level of [1, 2, 3]) {
    const { f } = nest(level, 0x40_0000_0000n);
    expect(f.outcome(IOVA, true)).toBe(PAGE | 0xabcn);
    expect(f.device.state.iotlb.list()).toMatchObject([{ sizeLg2: 12, did: 0xbeef }]);
    expect(f.translate(IOVA)).toBe(0);
    expect(f.outcome(IOVA)).toBe(PAGE | 0xabcn);
  }
});

it('large pages of the second stage stay as large as the first stage lets them be', () => {
  for (const [firstLeaf, secondLeaf, sizeLg2] of [
    [1, 2, 12],
    [2, 2, 21],
    [2, 3, 21],
    [3, 2, 21],
    [3, 3, 30],
  ] as const) {
    const f = new ScalableFixture().attach(nested());
    // The guest's tables and page lie in its first 2 GiB; the second stage maps those in pages of its own size.
    f.second(4, secondLeaf, BigInt(FIRST), 0n);
    const large = secondLeaf === 3;
    f.second(4, secondLeaf, 0x4020_0000n, large ? 0x1_c000_0000n : 0x1_c020_0000n);
    f.first(4, firstLeaf, 0x8020_0000n, firstLeaf === 3 ? 0x4000_0000n : 0x4020_0000n);
    expect(f.outcome(0x8020_0abcn)).toBe(0x1_c020_0abcn);
    expect(f.device.state.iotlb.list().map((entry) => entry.sizeLg2)).toEqual([sizeLg2]);
  }
});

it('tells its 24 reads in order: each first-stage table by way of the second stage, then the page', () => {
  const { f } = nest();
  f.outcome(IOVA);
  const reads = f.trace
    .take()
    .filter((event): event is MemoryReadEvent => event.kind === 'read' && event.structure === 'table')
    .map((event) => [event.stage, event.level, event.forLevel]);
  const expected: (number | undefined)[][] = [];
  for (let level = 3; level >= 0; level--) {
    // What an earlier table's walk left in the paging-structure cache is not read again.
    const from = level === 3 ? 3 : 0;
    for (let second = from; second >= 0; second--) expected.push([2, second, level]);
    expected.push([1, level, undefined]);
  }
  // The page lies 8 GiB further on: its own way from the level-2 table (index 2) of the second stage.
  expected.push([2, 2, undefined], [2, 1, undefined], [2, 0, undefined]);
  expect(reads).toEqual(expected);
});

it('without caches every one of the 24 reads is made', () => {
  const off = { sets: 0, ways: 0 };
  const f = new ScalableFixture(0x0100, { iotlb: off, walkCache: off }).attach(nested());
  // Everything in the guest's first 2 MiB, in pages of 4 KiB: five second-stage walks of four reads.
  for (const gpa of [0, 1, 2, 3].map((n) => BigInt(FIRST + n * 4096))) f.second(4, 1, gpa, gpa);
  f.second(4, 1, 0x5000n, PAGE);
  f.first(4, 1, 0xabcn, 0x5000n);
  for (let n = 0; n < 2; n++) {
    f.trace.take();
    expect(f.outcome(0xabcn)).toBe(PAGE | 0xabcn);
    const tables = f.trace.take().filter((event) => event.kind === 'read' && event.structure === 'table');
    expect(tables).toHaveLength(24);
  }
});

describe('what the second stage refuses', () => {
  it('75 and 76: a first-stage table that may not be read', () => {
    for (let n = 0; n < 4; n++) {
      const { f, leaves } = nest();
      f.put(leaves[n] ?? 0, f.word(leaves[n] ?? 0) & ~1n);
      expect(f.outcome(IOVA)).toBe(n === 0 ? 'fault 0x75' : 'fault 0x76');
    }
  });

  it('75 and 76: with SSADE reading a table needs permission to write it too', () => {
    for (let n = 0; n < 4; n++) {
      const { f, leaves } = nest(1, GP, nested(1n, 0n, 1n << 23n, 1n << 9n));
      expect(f.outcome(IOVA)).toBe(PAGE | 0xabcn);
      f.flush();
      f.put(leaves[n] ?? 0, f.word(leaves[n] ?? 0) & ~2n);
      expect(f.outcome(IOVA)).toBe(n === 0 ? 'fault 0x75' : 'fault 0x76');
    }
  });

  it('79, 7a, 78: absent, malformed or missing tables of its own, whosever address it is about', () => {
    for (let n = 0; n < 5; n++) {
      const { f, leaves } = nest();
      const leaf = leaves[n] ?? 0;
      const good = f.word(leaf);
      f.put(leaf, good & ~3n);
      expect(f.outcome(IOVA)).toBe('fault 0x79');
      f.flush();
      f.put(leaf, good | (1n << 62n));
      expect(f.outcome(IOVA)).toBe('fault 0x7a');
    }
    const { f } = nest();
    f.put(SECOND, NO_RAM | 3n);
    expect(f.outcome(IOVA)).toBe('fault 0x78');
    f.put(f.pasidEntry, (f.word(f.pasidEntry) & 0xfffn) | NO_RAM);
    f.flush();
    expect(f.outcome(IOVA)).toBe('fault 0x7b');
  });

  it('73 and 70: a first-stage table that the second stage leads to no memory for', () => {
    for (let n = 0; n < 4; n++) {
      const { f, leaves } = nest();
      f.put(leaves[n] ?? 0, NO_RAM | 3n);
      expect(f.outcome(IOVA)).toBe(n === 0 ? 'fault 0x73' : 'fault 0x70');
    }
  });

  it('85 and 86: the page itself; the first stage has its say first', () => {
    const { f, first, leaves } = nest();
    const page = leaves[4] ?? 0;
    f.put(page, PAGE | 1n);
    expect([f.outcome(IOVA), f.outcome(IOVA, true)]).toEqual([PAGE | 0xabcn, 'fault 0x85']);
    f.flush();
    f.put(page, PAGE | 2n);
    expect([f.outcome(IOVA), f.outcome(IOVA, true)]).toEqual(['fault 0x86', PAGE | 0xabcn]);
    f.flush();
    f.put(first[3] ?? 0, f.word(first[3] ?? 0) & ~4n);
    expect(f.outcome(IOVA)).toBe('fault 0x81');
  });

  it('87: the end of both stages lies in the interrupt range', () => {
    const { f, leaves } = nest();
    f.put(leaves[4] ?? 0, 0xfee0_0003n);
    expect(f.outcome(IOVA)).toBe('fault 0x87');
  });

  it('74: an address in a first-stage entry beyond the second stage, of a table or of a page', () => {
    const narrow: PasidWords = [BigInt(SECOND) | (3n << 6n) | (1n << 2n), 1n | (1n << 23n), BigInt(FIRST)];
    for (const level of [0, 1, 2, 3]) {
      const f = new ScalableFixture().attach(narrow);
      f.second(3, 2, BigInt(FIRST), 0n);
      f.second(3, 2, 0x40_0000n, 0x80_0000n);
      const first = f.first(4, 1, 0xabcn, 0x40_0000n);
      expect(f.outcome(0xabcn)).toBe(0x80_0abcn);
      f.flush();
      f.put(first[level] ?? 0, f.word(first[level] ?? 0) | (1n << 39n));
      expect(f.outcome(0xabcn)).toBe('fault 0x74');
    }
  });
});

it('privilege and execution are the first stage’s to judge', () => {
  const { f, first } = nest(1, GP, nested(1n, 1n));
  f.put(f.contextEntry, f.word(f.contextEntry) | 8n);
  f.put(f.contextEntry + 8, 1n);
  f.put(first[3] ?? 0, f.word(first[3] ?? 0) & ~4n);
  f.flush();
  expect(f.outcome(IOVA, false, 0)).toBe('fault 0x81');
  expect(f.outcome(IOVA, false, 0, PRIVILEGED)).toBe(PAGE | 0xabcn);
  expect(f.outcome(IOVA, false, 0, PRIVILEGED | EXECUTE)).toBe('fault 0x5c');
});
