import { describe, expect, it } from 'vitest';
import { describePtFormat } from '../pt-format.conformance';
import { walkX86 } from '../testing/document-walk';
import { TestTable } from '../testing/table';
import { x86_64 } from './x86-64';

describePtFormat(x86_64, {
  walk: walkX86,
  // Present is readable.
  allows: ({ write, noexec }) => ({ read: true, write, exec: noexec !== true, user: true }),
});

/** Bits as in drivers/iommu/generic_pt/fmt/x86_64.h */
describe('x86_64 words', () => {
  const down = (t: TestTable, levels: number, index = 0): bigint => {
    let pa = BigInt(t.table.rootPfn) * 4096n;
    for (let n = 0; n < levels; n++) pa = (t.memory.readU64(Number(pa)) ?? 0n) & 0xf_ffff_ffff_f000n;
    return t.memory.readU64(Number(pa) + index * 8) ?? -1n;
  };

  it('tables are present, writable, for users, accessed; leaves are dirty where they may be written', () => {
    const t = new TestTable(x86_64, 3);
    t.map(0n, 0xf_ffff_ffff_f000, 4096);
    t.map(0x1000n, 0x7000, 4096, { prot: { read: true, write: false } });
    t.map(0x2000n, 0x8000, 4096, { prot: { read: true, write: false, noexec: true } });
    t.map(0x20_0000n, 0x4020_0000, 2 ** 21);
    t.map(0x4000_0000n, 0x8000_0000, 2 ** 30);
    expect([0, 1, 2].map((levels) => down(t, levels) & 0xfffn)).toEqual([0x27n, 0x27n, 0x27n]);
    expect([0, 1, 2].map((index) => down(t, 3, index))).toEqual([
      0xf_ffff_ffff_f067n,
      0x7025n,
      0x8000_0000_0000_8025n,
    ]);
    expect([down(t, 2, 1), down(t, 1, 1)]).toEqual([0x4020_00e7n, 0x8000_00e7n]);
  });
});

/** Linux: pt_iter.h pt_check_range(), pt_upper_range(); both halves are in recorded.test.ts too */
describe('sign extension', () => {
  const make = () => new TestTable(x86_64, 3, { signExtend: true });
  const upper = 0xffff_8000_0000_0000n;

  it('addresses are canonical: the lower half, which software is given, and the upper', () => {
    const t = make();
    expect(t.table.apertureLast).toBe(0x7fff_ffff_ffffn);
    expect(t.map(0x7fff_ffff_f000n, 0x1000, 4096).ok).toBe(true);
    expect(t.map(upper, 0x2000, 4096).ok).toBe(true);
    expect(t.map(2n ** 64n - 4096n, 0x3000, 4096).ok).toBe(true);
    expect(t.map(0x8000_0000_0000n, 0, 4096)).toMatchObject({ errno: 'ERANGE' });
    expect(t.map(0xfffe_ffff_ffff_f000n, 0, 4096)).toMatchObject({ errno: 'ERANGE' });
    expect([t.phys(upper + 5n), t.phys(2n ** 64n - 1n), t.phys(0x8000_0000_0005n)]).toEqual([
      0x2005,
      0x3fff,
      null,
    ]);
    expect(t.leaves().map(({ vpn }) => BigInt(vpn) << 12n)).toEqual([
      0x7fff_ffff_f000n,
      upper,
      2n ** 64n - 4096n,
    ]);
    expect([t.unmap(upper, 4096), t.unmap(2n ** 64n - 4096n, 4096)]).toEqual([4096, 4096]);
  });

  it('the upper half is the upper half of the root', () => {
    const t = make();
    t.map(upper, 0x2000, 4096);
    const word = (index: number) => t.memory.readU64(t.table.rootPfn * 4096 + index * 8);
    expect([word(0), word(255), word(256) === 0n]).toEqual([0n, 0n, false]);
    expect(walkX86(t.memory, BigInt(t.table.rootPfn) * 4096n, 3, upper)?.pa).toBe(0x2000n);
  });
});
