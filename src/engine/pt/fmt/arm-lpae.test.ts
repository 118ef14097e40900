import { describe, expect, it } from 'vitest';
import type { PtProt } from '../format';
import { describePtFormat } from '../pt-format.conformance';
import { walkArm } from '../testing/document-walk';
import { TestTable } from '../testing/table';
import { armLpae, type ArmLpaeOptions } from './arm-lpae';

/** Whatever may be written may be read, and the other way round there is nothing without reading. */
const stage1 = ({ read, write, noexec, mmio, priv }: PtProt) => ({
  read: true,
  write: write || !read,
  exec: noexec !== true,
  user: priv !== true,
  device: mmio === true,
});
const stage2 = ({ read, write, noexec, mmio }: PtProt) => ({
  read,
  write,
  exec: noexec !== true,
  device: mmio === true,
});

const TABLES: readonly ArmLpaeOptions[] = [
  { stage: 1, granuleLg2: 12, iasLg2: 48, oasLg2: 48 },
  { stage: 1, granuleLg2: 12, iasLg2: 39, oasLg2: 40, dirty: true },
  { stage: 1, granuleLg2: 14, iasLg2: 47, oasLg2: 44, contiguous: true },
  { stage: 1, granuleLg2: 16, iasLg2: 52, oasLg2: 52, dirty: true, contiguous: true },
  { stage: 2, granuleLg2: 12, iasLg2: 40, oasLg2: 40, contiguous: true },
  { stage: 2, granuleLg2: 12, iasLg2: 48, oasLg2: 48 },
  { stage: 2, granuleLg2: 14, iasLg2: 48, oasLg2: 48 },
  { stage: 2, granuleLg2: 16, iasLg2: 42, oasLg2: 42, forceWriteBack: true },
];

for (const options of TABLES) {
  describePtFormat(armLpae(options), {
    walk: walkArm(options.stage, options.granuleLg2, options.iasLg2),
    allows: options.stage === 1 ? stage1 : stage2,
    // With DBM a page that may be written is one whose read-only bit is clear, which is what a written one looks like.
    ...(options.dirty ? { dirtyFromStart: true as const } : {}),
  });
}

/** Linux: drivers/iommu/io-pgtable-arm-selftests.c arm_lpae_do_selftests(), its loops and its steps */
describe('arm_lpae_do_selftests', () => {
  const GIB = 2 ** 30;
  const widths = [32, 36, 40, 42, 44, 48];
  const cases = ([12, 14, 16] as const).flatMap((granuleLg2) =>
    widths.flatMap((oasLg2) =>
      widths
        .filter((iasLg2) => iasLg2 <= oasLg2)
        .flatMap((iasLg2) => ([1, 2] as const).map((stage) => ({ stage, granuleLg2, iasLg2, oasLg2 }))),
    ),
  );

  it.each(cases)('stage $stage, granule 2^$granuleLg2, IAS $iasLg2, OAS $oasLg2', (options) => {
    const format = armLpae(options);
    const t = new TestTable(format, format.maxTopLevel);
    expect([t.phys(42n), t.phys(2n ** 30n + 42n), t.phys(2n ** 31n + 42n)]).toEqual([null, null, null]);
    const sizes = t.table.pageSizesLg2.map((sizeLg2) => 2 ** sizeLg2);
    for (const [n, size] of sizes.entries()) {
      const at = n * GIB;
      expect(t.map(BigInt(at), at, size).ok).toBe(true);
      expect(t.map(BigInt(at), at + size, size).ok).toBe(false);
      expect(t.phys(BigInt(at + 42))).toBe(at + 42);
    }
    for (const [n, size] of sizes.entries()) {
      const at = n * GIB;
      expect(t.unmap(BigInt(at), size)).toBe(size);
      expect(t.phys(BigInt(at + 42))).toBe(null);
      expect(t.map(BigInt(at), at, size, { prot: { read: false, write: true } }).ok).toBe(true);
      expect(t.phys(BigInt(at + 42))).toBe(at + 42);
    }
    // The last page of the input addresses: corner cases of concatenated tables.
    const largest = sizes.at(-1)!;
    const last = 2 ** options.iasLg2 - largest;
    if (last === (sizes.length - 1) * GIB) return;
    expect(t.map(BigInt(last), last, largest).ok).toBe(true);
    expect(t.unmap(BigInt(last), largest)).toBe(largest);
  });
});

/** Linux: arm_lpae_alloc_pgtable(), arm_lpae_concat_mandatory(): levels and root, which the driver's TTBR and SL0 follow */
describe('roots', () => {
  it.each<[ArmLpaeOptions, number, number]>([
    [{ stage: 1, granuleLg2: 12, iasLg2: 48, oasLg2: 48 }, 3, 512],
    [{ stage: 1, granuleLg2: 12, iasLg2: 40, oasLg2: 40 }, 3, 2],
    [{ stage: 1, granuleLg2: 12, iasLg2: 32, oasLg2: 40 }, 2, 4],
    [{ stage: 1, granuleLg2: 16, iasLg2: 52, oasLg2: 52 }, 2, 1024],
    [{ stage: 1, granuleLg2: 14, iasLg2: 48, oasLg2: 48 }, 3, 2],
    // One level fewer, and 2, 8, 16, 2 tables in a row.
    [{ stage: 2, granuleLg2: 12, iasLg2: 40, oasLg2: 40 }, 2, 2 * 512],
    [{ stage: 2, granuleLg2: 12, iasLg2: 42, oasLg2: 42 }, 2, 8 * 512],
    [{ stage: 2, granuleLg2: 14, iasLg2: 40, oasLg2: 40 }, 1, 16 * 2048],
    [{ stage: 2, granuleLg2: 14, iasLg2: 48, oasLg2: 48 }, 2, 2 * 2048],
    // Not where the widths leave a level to spare.
    [{ stage: 2, granuleLg2: 12, iasLg2: 44, oasLg2: 44 }, 3, 32],
    [{ stage: 2, granuleLg2: 12, iasLg2: 39, oasLg2: 40 }, 2, 512],
  ])('%j: top level %i, %i entries', (options, topLevel, entries) => {
    const format = armLpae(options);
    expect([format.maxTopLevel, format.minTopLevel, format.items[topLevel]]).toEqual([
      topLevel,
      topLevel,
      entries,
    ]);
    const t = new TestTable(format, topLevel);
    const frames = Math.ceil((entries * 8) / 4096);
    expect([t.table.tablePages, t.table.rootPfn % frames]).toEqual([frames, 0]);
  });

  it('one format for the same widths, cut to what the granule has', () => {
    const wide = armLpae({ stage: 1, granuleLg2: 12, iasLg2: 52, oasLg2: 52 });
    expect(wide).toBe(armLpae({ stage: 1, granuleLg2: 12, iasLg2: 48, oasLg2: 48 }));
    expect(wide).not.toBe(armLpae({ stage: 2, granuleLg2: 12, iasLg2: 48, oasLg2: 48 }));
  });

  it('page sizes: arm_lpae_restrict_pgsizes(), and the document with the contiguous hint', () => {
    const sizes = (options: ArmLpaeOptions): readonly number[] =>
      new TestTable(armLpae(options), armLpae(options).maxTopLevel).table.pageSizesLg2;
    const s1 = (granuleLg2: 12 | 14 | 16, lg2: number, contiguous = false): readonly number[] =>
      sizes({ stage: 1, granuleLg2, iasLg2: lg2, oasLg2: lg2, contiguous });
    expect([s1(12, 48), s1(14, 48), s1(16, 48), s1(16, 52)]).toEqual([
      [12, 21, 30],
      [14, 25],
      [16, 29],
      [16, 29, 42],
    ]);
    expect([s1(12, 48, true), s1(14, 48, true), s1(16, 48, true)]).toEqual([
      [12, 16, 21, 25, 30, 34],
      [14, 21, 25, 30],
      [16, 21, 29, 34],
    ]);
  });
});

/** Bits as in drivers/iommu/io-pgtable-arm.c */
describe('words', () => {
  const word = (options: ArmLpaeOptions, prot: PtProt, pa = 0x5000): bigint => {
    const format = armLpae(options);
    const attrs = format.attrs(prot, { forceCoherence: false });
    if (!attrs.ok) throw new Error(attrs.why);
    const page = pa / format.granuleBytes;
    const lo = format.leafLo(page, 0, 0, attrs.value);
    return (BigInt(format.leafHi(page, 0, 0, attrs.value) >>> 0) << 32n) | BigInt(lo >>> 0);
  };
  const rw = { read: true, write: true };

  it('stage 1: nG, AF, inner shareable, cached, unprivileged; read-only, execute-never and DBM where meant', () => {
    const s1: ArmLpaeOptions = { stage: 1, granuleLg2: 12, iasLg2: 48, oasLg2: 48 };
    expect(word(s1, rw)).toBe(0x5f47n);
    expect(word(s1, { read: true, write: false })).toBe(0x5fc7n);
    expect(word(s1, { ...rw, noexec: true })).toBe(0x0060_0000_0000_5f47n);
    expect(word(s1, { ...rw, priv: true })).toBe(0x5f07n);
    expect(word(s1, { ...rw, mmio: true })).toBe(0x5e4bn);
    expect(word({ ...s1, dirty: true }, rw)).toBe(0x0008_0000_0000_5f47n);
    expect(word({ ...s1, dirty: true }, { read: true, write: false })).toBe(0x5fc7n);
  });

  it('stage 2: S2AP, memory attributes, with S2FWB the forced ones', () => {
    const s2: ArmLpaeOptions = { stage: 2, granuleLg2: 12, iasLg2: 44, oasLg2: 44 };
    expect(word(s2, rw)).toBe(0x57ffn);
    expect(word(s2, { read: false, write: true })).toBe(0x57bfn);
    expect(word(s2, { ...rw, mmio: true })).toBe(0x56c7n);
    expect(word({ ...s2, forceWriteBack: true }, rw)).toBe(0x57dbn);
  });

  it('64 KiB: address bits 51:48 stand in bits 15:12', () => {
    const s1: ArmLpaeOptions = { stage: 1, granuleLg2: 16, iasLg2: 52, oasLg2: 52 };
    expect(word(s1, rw, 0xa_1234_5678_0000)).toBe(0x1234_5678_af47n);
  });
});
