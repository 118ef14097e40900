import { describe, expect, it } from 'vitest';
import { PhysicalMemory } from '../../../memory/physical-memory';
import { ITD_MISMATCH, ITD_OK, ITD_TX_FAIL, TestMachine } from '../../common/iommu-testdev.conformance';
import { DEFAULT_CAPABILITIES } from './config';
import { RiscvIommu } from './device';

/**
 * QEMU's qtests of the RISC-V IOMMU, as black boxes: the words that they write, the results that they expect.
 *
 * Sources: tests/qtest/iommu-riscv-test.c (314f2d7f), riscv-iommu-test.c (40b44316), tests/qtest/libqos/qos-riscv-iommu.[ch]
 * (9d8ffbfc).
 *
 * One bit differs from the qtest's words, for what QEMU does not look at: leaves have U, without which the document lets no
 * device through that is not privileged, nor any at all in the second stage. Not here: pci_config of riscv-iommu-test.c, for the
 * unit is a platform device here.
 */
const RAM = 0x8000_0000n;
const QUEUES = [0x0e16_0000n + RAM, 0x0e17_0000n + RAM] as const;
const DDT = 0x1_4000n + RAM;
const IOVA = 0x8060_4567n;
/** Addresses of the first stage's root, tables and page: guest-physical ones when nested. */
const [S_ROOT, S_L0, S_L1, PAGE] = [0x1_0000n, 0x1_1000n, 0x1_2000n, 0x1_3000n] as const;
const [G_ROOT, G_L0, G_L1] = [0x2_0000n + RAM, 0x2_1000n + RAM, 0x2_2000n + RAM] as const;
const TABLE = 0x01n;
const LEAF = 0xd7n; // V R W U A D
const SV39 = 8n << 60n;
const MSI_FLAT = 1n << 22n;

type Mode = 'bare' | 's-stage-only' | 'g-stage-only' | 'ns-nested';

const pte = (pa: bigint, flags: bigint): bigint => ((pa >> 12n) << 10n) | flags;
const index = (address: bigint, level: number): bigint => ((address >> BigInt(30 - 9 * level)) & 511n) * 8n;

class Machine extends TestMachine {
  constructor(readonly msiFlat = true) {
    const first = Number(RAM / 4096n);
    const memory = new PhysicalMemory([{ startPfn: first, lastPfn: first + 0x1_ffff }]); // -m 512
    const capabilities = DEFAULT_CAPABILITIES & (msiFlat ? ~0n : ~MSI_FLAT);
    super(memory, new RiscvIommu({ capabilities }, { memory }));
  }

  private gMap(gpa: bigint, pa: bigint): void {
    this.put(G_ROOT + index(gpa, 0), pte(G_L0, TABLE));
    this.put(G_L0 + index(gpa, 1), pte(G_L1, TABLE));
    this.put(G_L1 + index(gpa, 2), pte(pa, LEAF));
  }

  /** qriommu_build_translation() */
  build(mode: Mode): this {
    const first = mode === 's-stage-only' || mode === 'ns-nested';
    const second = mode === 'g-stage-only' || mode === 'ns-nested';
    // Where the first stage's own addresses are guest-physical, they are not where the tables lie.
    const at = mode === 'ns-nested' ? 0n : RAM;
    this.put(
      DDT + BigInt(this.devfn) * (this.msiFlat ? 64n : 32n),
      1n,
      second ? (G_ROOT >> 12n) | SV39 : 0n,
      0n,
      first ? ((S_ROOT + at) >> 12n) | SV39 : 0n,
    );
    if (first) {
      this.put(S_ROOT + RAM + index(IOVA, 0), pte(S_L0 + at, TABLE));
      this.put(S_L0 + RAM + index(IOVA, 1), pte(S_L1 + at, TABLE));
      this.put(S_L1 + RAM + index(IOVA, 2), pte(PAGE + at, LEAF));
    }
    if (mode === 'g-stage-only') this.gMap(IOVA, PAGE + RAM);
    if (mode === 'ns-nested') for (const gpa of [S_ROOT, S_L0, S_L1, PAGE]) this.gMap(gpa, gpa + RAM);
    return this;
  }

  /** riscv_iommu_check(), qriommu_program_regs() */
  program(): this {
    expect(this.readq(0) & 0xffn).toBe(0x10n);
    expect((this.readq(0) >> 28n) & 3n).toBeLessThanOrEqual(2n);
    expect((this.readq(0) >> 9n) & 1n).toBe(1n); // Sv39
    expect((this.readq(0) >> 17n) & 1n).toBe(1n); // Sv39x4
    expect(this.readl(0x08) & 7).toBe(0); // BE, WSI, GXL
    for (const [n, base, csr] of [
      [0, 0x18, 0x48],
      [1, 0x28, 0x4c],
    ] as const) {
      this.writeq(base, ((QUEUES[n]! >> 12n) << 10n) | 9n); // 1024 entries
      this.writel(base + 8, 0);
      this.writel(base + 12, 0);
      this.writel(csr, 1);
      expect(this.readl(csr) & (1 << 16)).not.toBe(0);
    }
    const ddtp = ((DDT >> 12n) << 10n) | 2n; // one level
    this.writeq(0x10, ddtp);
    expect(this.readq(0x10)).toBe(ddtp);
    return this;
  }
}

describe('iommu-riscv-test.c', () => {
  // QEMU's unit has the extended format; what the qtest writes serves the base one as well.
  for (const msiFlat of [true, false]) {
    it.each<Mode>(['bare', 's-stage-only', 'g-stage-only', 'ns-nested'])(
      `/iommu-testdev/translation/%s, ${msiFlat ? 'extended' : 'base'} device contexts`,
      (mode) => {
        const s = new Machine(msiFlat).build(mode).program();
        const gpa = mode === 'bare' ? IOVA : PAGE + RAM + (IOVA & 0xfffn);
        s.clear(gpa, 4);
        expect(s.triggerDma(IOVA, gpa)).toBe(ITD_OK);
        // What the qtest takes for granted: that the test device can tell, and that it is the tables that lead there.
        expect(s.triggerDma(IOVA, gpa + 8n)).toBe(ITD_MISMATCH);
        if (mode !== 'bare') expect(s.triggerDma(IOVA + 0x1000n, gpa)).toBe(ITD_TX_FAIL);
      },
    );
  }

  it.each<[Mode, bigint, bigint]>([
    ['s-stage-only', S_L1 + RAM + index(IOVA, 2), 15n],
    ['g-stage-only', G_L1 + index(IOVA, 2), 23n],
    ['ns-nested', G_L1 + index(PAGE, 2), 23n],
  ])('%s: the qtest’s own leaf, without U, is a page fault by the document', (mode, at, cause) => {
    const s = new Machine().build(mode).program();
    s.put(at, pte(PAGE + RAM, LEAF & ~0x10n));
    expect(s.triggerDma(IOVA, PAGE + RAM + (IOVA & 0xfffn))).toBe(ITD_TX_FAIL);
    expect((s.memory.readU64(Number(QUEUES[1])) ?? 0n) & 0xfffn).toBe(cause);
  });
});

describe('riscv-iommu-test.c', () => {
  it('reg_reset', () => {
    const s = new Machine();
    expect(s.readq(0) & 0xffn).toBe(0x10n);
    // Enable, interrupt enable, active, busy: of the command, fault and page request queue.
    for (const csr of [0x48, 0x4c, 0x50]) expect(s.readl(csr) & 0x3_0003).toBe(0);
    expect(s.readl(0x10) & 0x1f).toBe(0);
    expect(s.readl(0x54)).toBe(0);
  });
});
