import { describe, expect, it } from 'vitest';
import { PhysicalMemory } from '../../memory/physical-memory';
import { armLpae } from '../../pt/fmt/arm-lpae';
import { riscv64 } from '../../pt/fmt/riscv';
import { mapRange } from '../../pt/map';
import { newGather, PageTable } from '../../pt/page-table';
import type { PtFormat } from '../../pt/format';
import { addressFieldsOf } from './address-fields';

/**
 * Index fields of the documents. Arm ARM DDI 0487, D8.2 "Translation process": 4 KiB granule 47:39, 38:30, 29:21, 20:12; 64 KiB
 * 47:42, 41:29, 28:16. RISC-V privileged, "Sv57": 56:48, 47:39, 38:30, 29:21, 20:12, sign-extended.
 */
function table(format: PtFormat, topLevel = format.maxTopLevel) {
  const memory = new PhysicalMemory();
  const made = PageTable.create({ memory, format, topLevel });
  if (!made.ok) throw new Error(made.why);
  return { memory, table: made.value };
}
const shown = (fields: ReturnType<typeof addressFieldsOf>): string[] =>
  fields.map(({ label, bits, value }) => `${label}/${bits}=${value.toString(16)}`);

const ARM_4K = armLpae({ stage: 1, granuleLg2: 12, iasLg2: 48, oasLg2: 48 });

describe('addressFieldsOf()', () => {
  it('four levels of nine bits', () => {
    const { memory, table: shape } = table(ARM_4K);
    const iova = (1n << 39n) | (2n << 30n) | (3n << 21n) | (4n << 12n) | 0x567n;
    expect(shown(addressFieldsOf(memory, shape, iova, 1))).toEqual([
      ...['level 4/9=1', 'level 3/9=2', 'level 2/9=3', 'level 1/9=4', 'offset/12=567'],
    ]);
    expect(shown(addressFieldsOf(memory, shape, iova, 2))).toEqual([
      ...['level 4/9=1', 'level 3/9=2', 'level 2/9=3', 'offset/21=4567'],
    ]);
  });

  it('a large granule, and a root of its own size', () => {
    const { memory, table: shape } = table(armLpae({ stage: 1, granuleLg2: 16, iasLg2: 48, oasLg2: 48 }));
    const iova = (5n << 42n) | (6n << 29n) | (7n << 16n) | 0x89abn;
    expect(shown(addressFieldsOf(memory, shape, iova, 1))).toEqual([
      ...['level 3/6=5', 'level 2/13=6', 'level 1/13=7', 'offset/16=89ab'],
    ]);
  });

  it('the upper half of signed addresses', () => {
    const { memory, table: shape } = table(riscv64, 4);
    expect(shown(addressFieldsOf(memory, shape, 0xffff_ffff_ffff_f123n, 1))).toEqual([
      ...[
        'level 5/9=1ff',
        'level 4/9=1ff',
        'level 3/9=1ff',
        'level 2/9=1ff',
        'level 1/9=1ff',
        'offset/12=123',
      ],
    ]);
  });

  it('without being told it looks where the table ends', () => {
    const { memory, table: shape } = table(ARM_4K);
    const args = { iova: 0x40_0000n, pa: 0x20_0000, bytes: 2 ** 21, prot: { read: true, write: true } };
    mapRange(shape, { ...args, features: { forceCoherence: false } }, newGather());
    expect(shown(addressFieldsOf(memory, shape, 0x40_1234n, null)).slice(-2)).toEqual([
      'level 2/9=2',
      'offset/21=1234',
    ]);
    expect(shown(addressFieldsOf(memory, shape, 0x80_1234n, null)).at(-1)).toBe('offset/12=234');
  });
});
