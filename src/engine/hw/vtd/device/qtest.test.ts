import { describe, expect, it } from 'vitest';
import { ITD_MISMATCH, ITD_OK, ITD_TX_FAIL, TestMachine } from '../../common/iommu-testdev.conformance';
import { PhysicalMemory } from '../../../memory/physical-memory';
import { SCALABLE_VTD_CONFIG, type VtdConfig } from './config';
import { VtdDevice } from './device';

/**
 * QEMU's qtests of VT-d, as black boxes: the words that they write, the results that they expect.
 *
 * Sources: tests/qtest/iommu-intel-test.c and intel-iommu-test.c (08dc347e), tests/qtest/libqos/qos-intel-iommu.[ch], and the
 * series "IOTLB invalidation via Invalidation Queue" (qemu-devel, 2026).
 */
const MEM = 0x1000_0000;
const ROOT = MEM;
const CONTEXT = MEM + 0x1000;
const TABLES = [MEM + 0x1_0000, MEM + 0x1_1000, MEM + 0x1_2000, MEM + 0x1_3000] as const;
const QUEUE = MEM + 0x2_0000;
const WAIT_STATUS = MEM + 0x2_8000;
const DIRECTORY = MEM + 0x3_0000;
const PASIDS = MEM + 0x3_1000;
const IOVA = 0x1020_0567n;
const PAGE = BigInt(MEM + 0x10_0000);
const PAGE_B = BigInt(MEM + 0x20_0000);
const PAGE_2 = BigInt(MEM + 0x30_0000);
const at = (page: bigint, iova = IOVA): bigint => page + (iova & 0xfffn);

type Mode = 'legacy-pt' | 'legacy-trans' | 'scalable-pt' | 'scalable-slt' | 'scalable-flt';
const isScalable = (mode: Mode): boolean => mode.startsWith('scalable');
/** First stage: P, RW, US, A, and D of a leaf; second stage: R and W. */
const flags = (mode: Mode, leaf: boolean): bigint => (mode === 'scalable-flt' ? (leaf ? 0x67n : 0x27n) : 3n);
const leafAt = (iova: bigint): number => TABLES[3] + Number((iova >> 12n) & 511n) * 8;

class Machine extends TestMachine {
  private tail = 0;

  constructor(
    readonly mode: Mode,
    config: Partial<VtdConfig> = isScalable(mode) ? SCALABLE_VTD_CONFIG : {},
  ) {
    const memory = new PhysicalMemory([{ startPfn: 0, lastPfn: 0x1_ffff }]); // -m 512
    super(memory, new VtdDevice(config, { memory }));
  }

  /** qvtd_build_translation() */
  build(): this {
    const { mode, devfn } = this;
    this.put(ROOT, BigInt(CONTEXT) | 1n, 0n);
    if (!mode.endsWith('pt')) {
      TABLES.slice(0, 3).forEach((table, n) => {
        const index = Number((IOVA >> BigInt(39 - 9 * n)) & 511n);
        this.put(table + index * 8, BigInt(TABLES[n + 1]!) | flags(mode, false));
      });
      this.map(IOVA, PAGE);
    }
    const table = mode.endsWith('pt') ? 0n : BigInt(TABLES[0]);
    if (!isScalable(mode)) {
      this.put(CONTEXT + devfn * 16, 1n | (mode === 'legacy-pt' ? 2n << 2n : table), 2n);
      return this;
    }
    this.put(CONTEXT + devfn * 32, BigInt(DIRECTORY) | 1n, 0n, 0n, 0n);
    this.put(DIRECTORY, BigInt(PASIDS) | 1n);
    const [first, third] = {
      'scalable-pt': [4n << 6n, 0n] as const,
      'scalable-slt': [(2n << 6n) | (2n << 2n) | table, 0n] as const,
      'scalable-flt': [1n << 6n, table] as const,
    }[mode as 'scalable-pt' | 'scalable-slt' | 'scalable-flt'];
    this.put(PASIDS, first | 1n, 0n, third, 0n, 0n, 0n, 0n, 0n);
    return this;
  }

  map(iova: bigint, page: bigint): void {
    this.put(leafAt(iova), page | flags(this.mode, true));
  }

  /** qvtd_program_regs(); `wide`: descriptors of 256 bits. */
  program(wide = false): this {
    this.writeq(0x20, BigInt(ROOT) | (isScalable(this.mode) ? 0x400n : 0n));
    let gcmd = 1 << 30;
    const command = (status: number): void => {
      this.writel(0x18, gcmd);
      expect(this.readl(0x1c) & status).not.toBe(0);
    };
    command(1 << 30);
    this.writeq(0x90, BigInt(QUEUE) | (wide ? 0x800n : 0n));
    this.writeq(0x80, 0n);
    this.writeq(0x88, 0n);
    gcmd |= 1 << 26;
    command(1 << 26);
    this.writel(0x38, 0);
    this.writel(0x3c, 0);
    this.writel(0x40, 0xfee0_0000);
    gcmd |= 1 << 31;
    command(1 << 31);
    return this;
  }

  /** One descriptor, and a wait behind it. */
  invalidate(lo: bigint, hi: bigint, bytes: 16 | 32): void {
    this.put(WAIT_STATUS, 0n);
    for (const words of [
      [lo, hi],
      [0x25n | (0xcafe_0001n << 32n), BigInt(WAIT_STATUS)],
    ]) {
      this.put(QUEUE + this.tail, ...words, ...(bytes === 32 ? [0n, 0n] : []));
      this.tail += bytes;
      this.writeq(0x88, BigInt(this.tail));
    }
    expect(this.memory.readU64(WAIT_STATUS)).toBe(0xcafe_0001n);
  }
}

describe('iommu-intel-test.c', () => {
  it.each<[Mode, bigint]>([
    ['legacy-pt', IOVA],
    ['legacy-trans', at(PAGE)],
    ['scalable-pt', IOVA],
    ['scalable-slt', at(PAGE)],
    ['scalable-flt', at(PAGE)],
  ])('/iommu-testdev/intel/%s', (mode, gpa) => {
    const s = new Machine(mode).build().program();
    s.clear(gpa, 4);
    expect(s.triggerDma(IOVA, gpa)).toBe(ITD_OK);
    // What the qtest takes for granted: that the test device can tell.
    expect(s.triggerDma(IOVA, gpa + 0x1000n)).toBe(ITD_MISMATCH);
  });

  it.each<Mode>(['legacy-trans', 'scalable-slt', 'scalable-flt'])(
    '%s: beside the page there is nothing',
    (mode) => {
      const s = new Machine(mode).build().program();
      expect(s.triggerDma(IOVA + 0x1000n, at(PAGE))).toBe(ITD_TX_FAIL);
      expect(s.readl(0x34) & 2).toBe(2);
    },
  );
});

describe('intel-iommu-test.c', () => {
  const stage1 = (): Machine => new Machine('scalable-flt');

  it('/q35/intel-iommu/stage-1: capabilities', () => {
    const cap = stage1().readq(0x08);
    const ecap = stage1().readq(0x10);
    const field = (word: bigint, high: number, low: number): number =>
      Number((word >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n));
    // SAGAW: 39 and 48 bits; MGAW: 48; ND: 16-bit domains; PSI, SSLPS 2 MiB and 1 GiB. QEMU's MAMV is 18.
    expect([field(cap, 12, 8), field(cap, 21, 16), field(cap, 2, 0)]).toEqual([6, 47, 6]);
    expect([field(cap, 39, 39), field(cap, 37, 34), field(cap, 53, 48)]).toEqual([1, 3, 18]);
    // QI, IR, MHMV 15, SMTS, FSTS.
    expect([field(ecap, 1, 1), field(ecap, 3, 3), field(ecap, 23, 20)]).toEqual([1, 1, 15]);
    expect([field(ecap, 43, 43), field(ecap, 47, 47)]).toEqual([1, 1]);
  });

  it('where the fault records and the IOTLB registers lie is told, and they are there', () => {
    const s = stage1();
    const [cap, ecap] = [s.readq(0x08), s.readq(0x10)];
    const records = Number((cap >> 24n) & 0x3ffn) * 16;
    s.build().program();
    s.triggerDma(0n, 0n);
    expect(s.readq(records + 8) >> 63n).toBe(1n);
    // The registers invalidate where no queue does.
    const legacy = new Machine('legacy-trans');
    const iotlb = Number((ecap >> 8n) & 0x3ffn) * 16;
    legacy.writeq(iotlb + 8, (1n << 63n) | (1n << 60n));
    expect((legacy.readq(iotlb + 8) >> 57n) & 3n).toBe(1n);
  });

  it('/q35/intel-iommu/stage-1: what a reset leaves', () => {
    // hw/i386/intel_iommu.c vtd_init(): beside what cannot be written, the masks of the three events are all that is set.
    const s = stage1();
    const set = Array.from({ length: 0x230 / 4 }, (_, n) => n * 4).filter((offset) => s.readl(offset) !== 0);
    expect(set.filter((offset) => ![0x00, 0x08, 0x0c, 0x10, 0x14].includes(offset))).toEqual([
      0x38, 0xa0, 0xe0,
    ]);
    for (const offset of [0x38, 0xa0, 0xe0]) expect(s.readl(offset)).toBe(0x8000_0000);
  });
});

describe('IOTLB invalidation by queue', () => {
  // QEMU takes 128-bit descriptors in scalable mode as well; the document wants IQA.DW there (section 11.4.9.5).
  const started = (mode: Mode): Machine => new Machine(mode).build().program(isScalable(mode));
  const size = (mode: Mode) => (isScalable(mode) ? 32 : 16);
  const modes: readonly Mode[] = ['legacy-trans', 'scalable-slt', 'scalable-flt'];
  const granularities: readonly (readonly [string, bigint, bigint])[] = [
    ['global', 0x12n, 0n],
    ['domain', 0x22n, 0n],
    ['page', 0x32n, IOVA & ~0xfffn],
  ];

  it.each(modes.flatMap((mode) => granularities.map(([name, lo, hi]) => ({ mode, name, lo, hi }))))(
    '/iommu-testdev/intel/iotlb-inv/$name-$mode',
    ({ mode, lo, hi }) => {
      const s = started(mode);
      expect(s.triggerDma(IOVA, at(PAGE))).toBe(ITD_OK);
      s.map(IOVA, PAGE_B);
      s.clear(at(PAGE), 4);
      expect(s.triggerDma(IOVA, at(PAGE_B))).toBe(ITD_MISMATCH);
      expect(s.triggerDma(IOVA, at(PAGE))).toBe(ITD_OK);
      s.invalidate(lo, hi, size(mode));
      expect(s.triggerDma(IOVA, at(PAGE_B))).toBe(ITD_OK);
    },
  );

  // Of the first stage a page-selective descriptor takes all of the domain: section 6.5.2.3.
  it.each<[Mode, number]>([
    ['legacy-trans', ITD_OK],
    ['scalable-slt', ITD_OK],
    ['scalable-flt', ITD_MISMATCH],
  ])('/iommu-testdev/intel/iotlb-inv/page-selective/%s', (mode, other) => {
    const s = started(mode);
    const second = IOVA + 0x1000n;
    s.map(second, PAGE_2);
    expect(s.triggerDma(IOVA, at(PAGE))).toBe(ITD_OK);
    expect(s.triggerDma(second, at(PAGE_2, second))).toBe(ITD_OK);
    s.map(IOVA, PAGE_B);
    s.map(second, PAGE_B);
    s.invalidate(0x32n, IOVA & ~0xfffn, size(mode));
    expect(s.triggerDma(IOVA, at(PAGE_B))).toBe(ITD_OK);
    s.clear(at(PAGE_2, second), 4);
    expect(s.triggerDma(second, at(PAGE_2, second))).toBe(other);
  });
});
