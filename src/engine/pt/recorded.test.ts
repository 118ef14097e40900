import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PhysicalMemory } from '../memory/physical-memory';
import { readAndClearDirty, setDirty } from './dirty';
import { amdv1, mockTable } from './fmt/amdv1';
import { riscv64, riscv64Plain } from './fmt/riscv';
import { vtdss } from './fmt/vtdss';
import { x86_64 } from './fmt/x86-64';
import type { PtFeatures } from './format';
import { mapRange } from './map';
import { newGather, PageTable, putTables, type PageTableConfig } from './page-table';
import { checksum } from './testing/checksum';
import { unmapRange } from './unmap';
import { iovaToPhys } from './walk';

/**
 * Replays what Linux's own functions did: drivers/iommu/generic_pt of v7.1 (merge window), its formats amdv1, amdv1_mock,
 * vtdss, x86_64 and riscv64 compiled for user space as they are, driven by a random generator, recorded in
 * vectors/generic-pt*.txt. Each line is a call, its result, the number of table pages and a checksum over every entry of
 * every table, table pointers without their address.
 */
const memory = (): PhysicalMemory => new PhysicalMemory();
const changeTop = (): void => undefined;
const TABLES: Readonly<Record<string, () => PageTableConfig>> = {
  mock: () => mockTable(memory(), 'default'),
  mock_huge: () => mockTable(memory(), 'huge'),
  amdv1: () => ({ memory: memory(), format: amdv1, topLevel: 2, changeTop }),
  amdv1_48: () => ({ memory: memory(), format: amdv1, topLevel: 2, vaLg2: 48, oaLg2: 48, changeTop }),
  vtdss_39: () => ({ memory: memory(), format: vtdss, topLevel: 2 }),
  vtdss_48: () => ({ memory: memory(), format: vtdss, topLevel: 3 }),
  vtdss_57: () => ({ memory: memory(), format: vtdss, topLevel: 4 }),
  x86_64_48s: () => ({ memory: memory(), format: x86_64, topLevel: 3, signExtend: true }),
  x86_64_57s: () => ({ memory: memory(), format: x86_64, topLevel: 4, oaLg2: 46, signExtend: true }),
  x86_64_47: () => ({ memory: memory(), format: x86_64, topLevel: 3, vaLg2: 47 }),
  x86_64_56_2m: () => ({ memory: memory(), format: x86_64, topLevel: 4, vaLg2: 56, pageSizesLg2: [12, 21] }),
  riscv64_39s: () => ({ memory: memory(), format: riscv64, topLevel: 2, signExtend: true }),
  riscv64_48s: () => ({ memory: memory(), format: riscv64, topLevel: 3, signExtend: true }),
  riscv64_57s: () => ({ memory: memory(), format: riscv64, topLevel: 4, oaLg2: 50, signExtend: true }),
  riscv64_48_plain: () => ({ memory: memory(), format: riscv64Plain, topLevel: 3 }),
  vtdss_48_2m: () => ({ memory: memory(), format: vtdss, topLevel: 3, oaLg2: 46, pageSizesLg2: [12, 21] }),
};
/** Tables whose leaves force coherence. */
const COHERENT = ['vtdss_57'];

const text = (n: number): string => n.toString(16);
const iovaOf = (word = ''): bigint => BigInt(`0x${word}`);
const numberOf = (word = ''): number => Number(iovaOf(word));

class Replay {
  readonly table: PageTable;
  private readonly features: PtFeatures;

  constructor(name: string) {
    const made = PageTable.create(TABLES[name]!());
    if (!made.ok) throw new Error(made.why);
    this.table = made.value;
    this.features = { forceCoherence: COHERENT.includes(name) };
  }

  /** What stands right of the equals sign. */
  run([verb, ...words]: readonly string[]): string {
    const { table } = this;
    const gather = newGather();
    const iova = iovaOf(words[0]);
    switch (verb) {
      case 'map': {
        const may = (what: string): boolean => words[3]!.includes(what);
        const prot = { read: may('r'), write: may('w'), noexec: may('n') };
        const bytes = numberOf(words[2]);
        const args = { iova, pa: numberOf(words[1]), bytes, prot, features: this.features };
        const { result, bytes: mapped } = mapRange(table, args, gather);
        table.memory.failNth(0);
        putTables(table, gather);
        return `${result.ok ? 'ok' : result.errno} ${text(mapped)} ${table.tablePages} ${checksum(table)}`;
      }
      case 'unmap': {
        const { bytes } = unmapRange(table, iova, numberOf(words[1]), gather);
        putTables(table, gather);
        return `${text(bytes)} ${table.tablePages} ${checksum(table)}`;
      }
      case 'phys':
        return text(iovaToPhys(table, iova) ?? 0);
      case 'dirty':
        return `${setDirty(table, iova)} ${checksum(table)}`;
      case 'read': {
        const written: string[] = [];
        const record = (at: number, bytes: number): void => void written.push(`${text(at)}+${text(bytes)}`);
        const noClear = words[2] === 'keep';
        const result = readAndClearDirty(table, { iova, bytes: numberOf(words[1]), noClear, record }, gather);
        return `${result.ok ? 'ok' : result.errno} ${written.join(',') || '-'} ${checksum(table)}`;
      }
      default:
        throw new Error(`unknown line ${verb}`);
    }
  }
}

const sequences = ['generic-pt', 'generic-pt-x86-riscv']
  .map((name) => readFileSync(new URL(`vectors/${name}.txt`, import.meta.url), 'utf8'))
  .join('')
  .replace(/^#.*\n/gm, '')
  .split(/^(?=table )/m)
  .map((sequence) => sequence.trimEnd().split('\n'));

describe('recorded calls of generic_pt', () => {
  it.each(sequences.map((lines, n) => ({ n, name: lines[0]!.split(' ')[1]!, lines })))(
    '$name, sequence $n',
    ({ name, lines }) => {
      const replay = new Replay(name);
      const [, , sizes, last] = lines[0]!.split(' ');
      const { table } = replay;
      expect(table.pageSizesLg2.reduce((bits, size) => bits | (1n << BigInt(size)), 0n)).toBe(iovaOf(sizes));
      expect(table.apertureLast).toBe(iovaOf(last));
      for (const line of lines.slice(1)) {
        const [call, result] = line.split(' = ');
        const words = call!.split(' ');
        if (words[0] === 'fail') {
          table.memory.failNth(Number(words[1]));
          continue;
        }
        const expected =
          words[0] === 'dirty' ? result!.replace(/^\w+/, (errno) => String(errno === 'ok')) : result;
        expect(`${call} = ${replay.run(words)}`).toBe(`${call} = ${expected}`);
        expect(table.memory.allocatedFrames).toBe(table.tablePages);
      }
      table.free();
      expect(table.memory.allocatedFrames).toBe(0);
    },
  );
});
