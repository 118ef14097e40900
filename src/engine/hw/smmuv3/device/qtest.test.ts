import { describe, expect, it } from 'vitest';
import { PhysicalMemory } from '../../../memory/physical-memory';
import { ITD_MISMATCH, ITD_OK, ITD_TX_FAIL, TestMachine } from '../../common/iommu-testdev.conformance';
import { SmmuV3 } from './device';

/**
 * QEMU's qtests of SMMUv3, as black boxes: the words that they write, the results that they expect.
 *
 * Sources: tests/qtest/iommu-smmuv3-test.c (7220c1a0), tests/qtest/libqos/qos-smmuv3.[ch] (489812e3, 2339d0a1).
 *
 * All tables, of both stages, are the same four pages: stage 2 is an identity, written for each page that it is needed for.
 */
const RAM = 0x4000_0000n;
const COMMANDS = 0x0e16_b000n + RAM;
const EVENTS = 0x0e17_0000n + RAM;
const STREAMS = 0x0e17_9000n + RAM;
const CONTEXT = STREAMS - 0x40n;
const TOP = 0x0e4d_0000n + RAM;
const TABLES = [TOP, 0x0e4d_1000n + RAM, 0x0e4d_2000n + RAM, 0x0e4d_3000n + RAM] as const;
const TARGET = 0x0ecb_a000n + RAM;
const IOVA = 0x80_8060_4567n;
const TABLE_BITS = (1n << 63n) | 3n; // NSTable
/** AF, inner shareable; bits 7:6 are 11: of stage 2 to be read and written. */
const S2_LEAF = (1n << 58n) | 0x7e3n;
/** The same with 01: of stage 1 to be read and written by all, of stage 2 (for tables) to be read alone. */
const S1_LEAF = (1n << 58n) | 0x763n;

type Mode = 'ns-s1-only' | 'ns-s2-only' | 'ns-nested';

const entryAt = (level: number, address: bigint): bigint =>
  TABLES[level]! + ((address >> BigInt(39 - 9 * level)) & 511n) * 8n;

class Machine extends TestMachine {
  constructor(readonly mode: Mode) {
    const first = Number(RAM / 4096n);
    const memory = new PhysicalMemory([{ startPfn: first, lastPfn: first + 0x1_ffff }]); // -m 512
    super(memory, new SmmuV3({ oas: 44 }, { memory }));
  }

  /** A walk to a page; the tables above the last are shared by all of them. */
  private walk(address: bigint, leaf: bigint): void {
    for (const level of [0, 1, 2]) this.put(entryAt(level, address), TABLES[level + 1]! | TABLE_BITS);
    this.put(entryAt(3, address), leaf);
  }

  /** qsmmu_setup_s2_walk_for_ipa() */
  private identity(ipa: bigint, leaf: bigint): void {
    this.walk(ipa, (ipa & 0xffff_ffff_f000n) | leaf);
  }

  /** qsmmu_build_translation() */
  build(): this {
    const config = { 'ns-s1-only': 5n, 'ns-s2-only': 6n, 'ns-nested': 7n }[this.mode];
    this.put(
      STREAMS + BigInt(this.devfn) * 64n,
      1n | (config << 1n) | CONTEXT,
      0n,
      (0x14n << 32n) | (2n << 38n) | (5n << 48n) | (1n << 51n),
      TOP,
      ...[0n, 0n, 0n, 0n],
    );
    // T0SZ 16, EPD1, V, IPS 44 bits, AA64, R, A, ASID 0x1e20; TTB0.
    const first =
      0x10n | (1n << 30n) | (1n << 31n) | (4n << 32n) | (1n << 41n) | (3n << 45n) | (0x1e20n << 48n);
    if (this.mode !== 'ns-s2-only') this.put(CONTEXT, first, TOP | 1n, 1n, 0n, 0n, 0n, 0n, 0n);
    this.walk(IOVA, TARGET | (this.mode === 'ns-s2-only' ? S2_LEAF : S1_LEAF));
    if (this.mode !== 'ns-nested') return this;
    for (const ipa of [CONTEXT, ...TABLES]) this.identity(ipa, S1_LEAF);
    this.identity(TARGET, S2_LEAF);
    return this;
  }

  /** qsmmu_program_bank() */
  program(): this {
    this.writel(0x44, 0x8000_0000);
    this.writel(0x20, 0);
    this.writel(0x28, 0xd75);
    this.writeq(0x90, COMMANDS | 0xan);
    this.writel(0x9c, 0);
    this.writel(0x98, 0);
    this.writeq(0xa0, EVENTS | 0xan);
    this.writel(0x1_00a8, 0);
    this.writel(0x1_00ac, 0);
    this.writel(0x88, 5);
    this.writeq(0x80, STREAMS);
    this.writel(0x20, 0xd);
    expect(this.readl(0x24)).toBe(0xd);
    return this;
  }
}

describe('iommu-smmuv3-test.c', () => {
  it.each<Mode>(['ns-s1-only', 'ns-s2-only', 'ns-nested'])('/iommu-testdev/translation/%s', (mode) => {
    const s = new Machine(mode).build().program();
    const gpa = TARGET + (IOVA & 0xfffn);
    s.clear(gpa, 4);
    expect(s.triggerDma(IOVA, gpa)).toBe(ITD_OK);
    // What the qtest takes for granted: that the test device can tell, and that it is the tables that lead there.
    expect(s.triggerDma(IOVA, gpa + 8n)).toBe(ITD_MISMATCH);
    expect(s.triggerDma(IOVA + 0x1000n, gpa)).toBe(ITD_TX_FAIL);
  });

  it.each<[Mode, bigint]>([
    ['ns-s2-only', IOVA],
    ['ns-nested', TARGET],
  ])('%s: with the leaf of the tables the page would be read-only', (mode, ipa) => {
    const s = new Machine(mode).build().program();
    s.put(entryAt(3, ipa), TARGET | S1_LEAF);
    expect(s.triggerDma(IOVA, TARGET + (IOVA & 0xfffn))).toBe(ITD_TX_FAIL);
  });
});
