import { describe, expect, it } from 'vitest';
import { PhysicalMemory } from '../../memory/physical-memory';
import { mapRange } from '../map';
import { newGather, PageTable } from '../page-table';
import { describePtFormat } from '../pt-format.conformance';
import { walkVtdss } from '../testing/document-walk';
import { TestTable } from '../testing/table';
import { vtdss } from './vtdss';

describePtFormat(vtdss, {
  walk: walkVtdss,
  allows: ({ read, write }) => ({ read, write, coherent: false }),
});

/** Expected words from the bit definitions in drivers/iommu/generic_pt/fmt/vtdss.h. */
describe('vtdss words', () => {
  const R = 1n;
  const W = 2n;
  const PS = 0x80n;
  const SNP = 0x800n;

  function table(prot: { read: boolean; write: boolean }, forceCoherence: boolean) {
    const memory = new PhysicalMemory();
    const made = PageTable.create({ memory, format: vtdss, topLevel: 3, vaLg2: 48 });
    if (!made.ok) throw new Error();
    const map = (iova: bigint, pa: number, bytes: number): void => {
      const args = { iova, pa, bytes, prot, features: { forceCoherence } };
      expect(mapRange(made.value, args, newGather()).result.ok).toBe(true);
    };
    const word = (tablePa: bigint, index: number): bigint =>
      memory.readU64(Number(tablePa) + index * 8) ?? -1n;
    return { map, word, root: BigInt(made.value.rootPfn) * 4096n };
  }

  it('tables are PA|R|W, a 4 KiB leaf is PA|R|W', () => {
    const { map, word, root } = table({ read: true, write: true }, false);
    map(0x1234_5678_9000n, 0x3_ffff_f000, 4096);
    const l3 = word(root, 0x24);
    const l2 = word(l3 & ~0xfffn, 0xd1);
    const l1 = word(l2 & ~0xfffn, 0xb3);
    expect([l3 & 0xfffn, l2 & 0xfffn, l1 & 0xfffn]).toEqual([R | W, R | W, R | W]);
    expect(word(l1 & ~0xfffn, 0x189)).toBe(0x3_ffff_f000n | R | W);
  });

  it('large leaves carry PS, forced coherence SNP, and tables neither', () => {
    const { map, word, root } = table({ read: true, write: false }, true);
    map(0x4000_0000n, 0x1_4000_0000, 2 ** 30);
    map(0x20_0000n, 0xf_ffff_ffe0_0000, 2 ** 21);
    const l2 = word(root, 0) & ~0xfffn;
    expect(word(root, 0) & 0xfffn).toBe(R | W);
    expect(word(l2, 1)).toBe(0x1_4000_0000n | R | PS | SNP);
    expect(word(word(l2, 0) & ~0xfffn, 1)).toBe(0xf_ffff_ffe0_0000n | R | PS | SNP);
  });

  it('write-only is possible', () => {
    const { map, word, root } = table({ read: false, write: true }, false);
    map(0n, 0x5000, 4096);
    const down = (pa: bigint): bigint => word(pa, 0) & ~0xfffn;
    expect(word(down(down(down(root))), 0)).toBe(0x5000n | W);
  });
});

describe('vtdss page sizes', () => {
  it('test_mixed: 14 of 2 MiB, 3 of 1 GiB, 3 of 2 MiB (Linux: kunit_iommu_pt.h)', () => {
    const t = new TestTable(vtdss, 3);
    const [start, end] = [0x3fe400 * 4096, 0x4c0600 * 4096];
    expect(t.map(BigInt(start), start, end - start).ok).toBe(true);
    expect(t.leaves().map(({ sizeLg2 }) => sizeLg2)).toEqual([
      ...Array.from({ length: 14 }, () => 21),
      30,
      30,
      30,
      21,
      21,
      21,
    ]);
    for (let pa = start; pa < end; pa += 2 ** 20) expect(t.phys(BigInt(pa))).toBe(pa);
  });

  it('only the sizes that the unit has are used', () => {
    const t = new TestTable(vtdss, 3, { pageSizesLg2: [12, 21] });
    t.map(0n, 0, 2 ** 30);
    expect(t.valids()).toEqual({ 21: 512 });
  });
});
