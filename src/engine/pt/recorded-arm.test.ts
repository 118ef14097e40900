import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { armLpae, type ArmLpaeOptions } from './fmt/arm-lpae';
import { checksum } from './testing/checksum';
import { TestTable } from './testing/table';

/**
 * Replays what Linux's own functions did: drivers/iommu/io-pgtable-arm.c of v7.1 (merge window), compiled for user space as it
 * is, with the loops of iommu_map() and iommu_unmap() around it and a random generator on top, recorded in
 * vectors/io-pgtable-arm.txt. Each line is a call, its result, the number of table pages and a checksum as in
 * generic-pt.txt. Only what is free is mapped and only whole mappings are unmapped, as the library's callers do: what it does
 * otherwise is not what generic_pt does, whose functions are used here.
 */
const TABLES: Readonly<Record<string, ArmLpaeOptions>> = {
  s1_4k_48_48: { stage: 1, granuleLg2: 12, iasLg2: 48, oasLg2: 48 },
  s1_4k_39_40_hd: { stage: 1, granuleLg2: 12, iasLg2: 39, oasLg2: 40, dirty: true },
  s1_16k_47_44: { stage: 1, granuleLg2: 14, iasLg2: 47, oasLg2: 44 },
  s1_64k_52_52_hd: { stage: 1, granuleLg2: 16, iasLg2: 52, oasLg2: 52, dirty: true },
  s1_64k_48_48: { stage: 1, granuleLg2: 16, iasLg2: 48, oasLg2: 48 },
  s2_4k_40_40: { stage: 2, granuleLg2: 12, iasLg2: 40, oasLg2: 40 },
  s2_4k_42_42_fwb: { stage: 2, granuleLg2: 12, iasLg2: 42, oasLg2: 42, forceWriteBack: true },
  s2_16k_40_40: { stage: 2, granuleLg2: 14, iasLg2: 40, oasLg2: 40 },
  s2_16k_48_48: { stage: 2, granuleLg2: 14, iasLg2: 48, oasLg2: 48 },
  s2_64k_52_52: { stage: 2, granuleLg2: 16, iasLg2: 52, oasLg2: 52 },
};

const bigOf = (word = ''): bigint => BigInt(`0x${word}`);
const numberOf = (word = ''): number => Number(bigOf(word));

/** What stands right of the equals sign. */
function replay(t: TestTable, [verb, ...words]: readonly string[]): string {
  const iova = bigOf(words[0]);
  switch (verb) {
    case 'map': {
      const may = (what: string): boolean => words[3]!.includes(what);
      const prot = { read: may('r'), write: may('w'), noexec: may('n'), mmio: may('m'), priv: may('p') };
      const result = t.map(iova, numberOf(words[1]), numberOf(words[2]), { prot });
      return `${result.ok ? 'ok' : result.errno} ${t.table.tablePages} ${checksum(t.table)}`;
    }
    case 'unmap':
      return `${t.unmap(iova, numberOf(words[1])).toString(16)} ${t.table.tablePages} ${checksum(t.table)}`;
    case 'phys':
      return (t.phys(iova) ?? 0).toString(16);
    case 'dirty':
      return `${t.setDirty(iova) ? 'ok' : 'ENOENT'} ${checksum(t.table)}`;
    case 'read': {
      const written = t.readDirty(iova, numberOf(words[1]), words[2] === 'keep') ?? [];
      const ranges = written.map(([at, bytes]) => `${at.toString(16)}+${bytes.toString(16)}`);
      return `ok ${ranges.join(',') || '-'} ${checksum(t.table)}`;
    }
    default:
      throw new Error(`unknown line ${verb}`);
  }
}

const sequences = readFileSync(new URL('vectors/io-pgtable-arm.txt', import.meta.url), 'utf8')
  .replace(/^#.*\n/gm, '')
  .split(/^(?=table )/m)
  .map((sequence) => sequence.trimEnd().split('\n'));

describe('recorded calls of io-pgtable-arm', () => {
  it.each(sequences.map((lines, n) => ({ n, name: lines[0]!.split(' ')[1]!, lines })))(
    '$name, sequence $n',
    ({ name, lines }) => {
      const format = armLpae(TABLES[name]!);
      const t = new TestTable(format, format.maxTopLevel);
      const [, , sizes, last, pages] = lines[0]!.split(' ');
      expect(t.table.pageSizesLg2.reduce((bits, size) => bits | (1n << BigInt(size)), 0n)).toBe(bigOf(sizes));
      expect(t.table.apertureLast).toBe(bigOf(last));
      expect(t.table.tablePages).toBe(Number(pages));
      for (const line of lines.slice(1)) {
        const [call, result] = line.split(' = ');
        const words = call!.split(' ');
        if (words[0] === 'fail') t.memory.failNth(Number(words[1]));
        else if (words[0] === 'clear') t.readDirty(bigOf(words[1]), numberOf(words[2]));
        else {
          expect(`${call} = ${replay(t, words)}`).toBe(`${call} = ${result}`);
          t.memory.failNth(0);
          expect(t.memory.allocatedFrames).toBe(t.table.tablePages);
        }
      }
      t.table.free();
      expect(t.memory.allocatedFrames).toBe(0);
    },
  );
});
