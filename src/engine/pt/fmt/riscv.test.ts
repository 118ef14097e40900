import { describe, expect, it } from 'vitest';
import type { PtProt } from '../format';
import { describePtFormat } from '../pt-format.conformance';
import { walkRiscv, walkRiscvX4 } from '../testing/document-walk';
import { TestTable } from '../testing/table';
import { riscv64, riscv64Plain, sv39x4, sv48x4, sv57x4 } from './riscv';

/** W without R is reserved. */
const allows = ({ read, write, noexec }: PtProt) => ({
  read: read || write,
  write,
  exec: noexec !== true,
  user: true,
});

describePtFormat(riscv64, { walk: walkRiscv, allows });
describePtFormat(riscv64Plain, { walk: walkRiscv, allows });
for (const format of [sv39x4, sv48x4, sv57x4]) describePtFormat(format, { walk: walkRiscvX4, allows });

/** Bits as in drivers/iommu/generic_pt/fmt/riscv.h */
describe('riscv64 words', () => {
  const word = (t: TestTable, pfn: number, index: number): bigint =>
    t.memory.readU64(pfn * 4096 + index * 8) ?? -1n;
  const lower = (pte: bigint): number => Number(pte >> 10n);

  it('pointers have V alone; leaves A and U, and D where they may be written', () => {
    const t = new TestTable(riscv64, 2);
    t.map(0n, 0x5000, 4096);
    t.map(0x1000n, 0x7000, 4096, { prot: { read: true, write: false, noexec: true } });
    t.map(0x20_0000n, 0x4020_0000, 2 ** 21);
    const root = word(t, t.table.rootPfn, 0);
    const level1 = word(t, lower(root), 0);
    expect([root & 0x3ffn, level1 & 0x3ffn]).toEqual([1n, 1n]);
    expect([word(t, lower(level1), 0), word(t, lower(level1), 1)]).toEqual([0x14dfn, 0x1c53n]);
    expect(word(t, lower(root), 1)).toBe((0x4_0200n << 10n) | 0xdfn);
  });

  it('a page of 64 KiB is sixteen slots alike, with N and 8 in the low bits of its address', () => {
    const t = new TestTable(riscv64, 2);
    t.map(0x1_0000n, 0x3_0000, 2 ** 16);
    const table = lower(word(t, lower(word(t, t.table.rootPfn, 0)), 0));
    const slots = Array.from({ length: 18 }, (_, n) => word(t, table, n + 15));
    const entry = (1n << 63n) | (0x38n << 10n) | 0xdfn;
    expect(slots).toEqual([0n, ...Array.from({ length: 16 }, () => entry), 0n]);
  });

  it('without Svnapot there are no pages of 64 KiB', () => {
    const t = new TestTable(riscv64Plain, 2);
    t.map(0x1_0000n, 0x3_0000, 2 ** 16);
    expect(t.valids()).toEqual({ 12: 16 });
    expect(t.table.pageSizesLg2).toEqual([12, 21, 30]);
  });
});

/** Hypervisor extension, "Guest physical address translation": two more bits, in a root of 16 KiB that is aligned to that */
describe('second stage', () => {
  it.each([
    [sv39x4, 41],
    [sv48x4, 50],
    [sv57x4, 59],
  ])('%#: the root is four frames', (format, vaLg2) => {
    const t = new TestTable(format, format.maxTopLevel);
    expect([t.table.vaLg2, t.table.tablePages, t.table.rootPfn % 4]).toEqual([vaLg2, 4, 0]);
    expect(t.map(2n ** BigInt(vaLg2) - 4096n, 0x1000, 4096).ok).toBe(true);
    expect(t.memory.readU64((t.table.rootPfn + 3) * 4096 + 511 * 8)).not.toBe(0n);
    expect(t.map(2n ** BigInt(vaLg2), 0x1000, 4096)).toMatchObject({ errno: 'ERANGE' });
  });
});
