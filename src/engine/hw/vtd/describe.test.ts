import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  decodeContextEntry,
  decodeDescriptor,
  decodeFault,
  decodeRootEntry,
  decodeSecondStageEntry,
  splitAddress,
} from './describe';
import { reasonName } from './reasons';

const brief = (fields: readonly { name: string; bits: string; value: bigint }[]) =>
  fields.map((f) => `${f.name} ${f.bits} ${f.value.toString(16)}`);

/** Bit positions: rev. 4.1 of the VT-d document, sections 9.1, 9.3, 9.8, 6.5.2, 11.4.7. */
describe('decoding', () => {
  it('root and context entries', () => {
    expect(brief(decodeRootEntry([0x10_4001n, 0n]))).toEqual(['P 0 1', 'CTP 63:12 104']);
    const context = decodeContextEntry([0x10_3001n, 0x202n]);
    expect(brief(context)).toEqual([
      'P 0 1',
      'FPD 1 0',
      'TT 3:2 0',
      'SSPTPTR 63:12 103',
      'AW 66:64 2',
      'DID 87:72 2',
    ]);
    expect(context.map((f) => f.meaning)).toContain('second-stage table at 0x103000');
    expect(decodeContextEntry([9n, 0x102n]).find((f) => f.name === 'SSPTPTR')?.meaning).toMatch(/ignored/);
  });

  it('second-stage entries: tables, small and large leaves', () => {
    expect(brief(decodeSecondStageEntry(2, 0x10_9003n))).toEqual([
      'R 0 1',
      'W 1 1',
      'PS 7 0',
      'ADDR 51:12 109',
    ]);
    expect(brief(decodeSecondStageEntry(1, 0x20_0883n))).toEqual([
      'R 0 1',
      'W 1 1',
      'PS 7 1',
      'SNP 11 1',
      'ADDR 51:21 1',
    ]);
    expect(brief(decodeSecondStageEntry(0, 0x5001n))).toEqual(['R 0 1', 'W 1 0', 'SNP 11 0', 'ADDR 51:12 5']);
    expect(brief(decodeSecondStageEntry(3, 0x5083n))).toEqual(['R 0 1', 'W 1 1', 'ADDR 51:12 5']);
  });

  it('descriptors', () => {
    expect(brief(decodeDescriptor([0x2_00f2n, 0x10_0042n])).slice(1)).toEqual([
      'G 5:4 3',
      'DW 6 1',
      'DR 7 1',
      'DID 31:16 2',
      'AM 69:64 2',
      'IH 70 1',
      'ADDR 127:76 100',
    ]);
    expect(decodeDescriptor([0x2_0000_0025n, 0x10_1004n]).map((f) => f.meaning)).toContain(
      'written to 0x101004',
    );
    expect(decodeDescriptor([0xfn, 0n])[0]?.meaning).toBe('UNKNOWN');
  });

  it('an address, with what a large page makes of it', () => {
    const iova = 0x12_3456_789an;
    expect(splitAddress(iova, 4).map((p) => [p.label, p.bits, p.value])).toEqual([
      ['level 4', 9, 0],
      ['level 3', 9, 0x48],
      ['level 2', 9, 0x1a2],
      ['level 1', 9, 0x167],
      ['offset', 12, 0x89a],
    ]);
    expect(splitAddress(iova, 3, 2).map((p) => [p.level, p.bits, p.value])).toEqual([
      [3, 9, 0x48],
      [2, 9, 0x1a2],
      [0, 21, 0x16_789a],
    ]);
  });
});

describe('kernel lines', () => {
  const record = (reason: number, rid: number, page: bigint, read: boolean): bigint[] => [
    page,
    (1n << 63n) | (read ? 1n << 62n : 0n) | (BigInt(reason) << 32n) | BigInt(rid),
  ];

  it('as printed by real kernels', () => {
    // A bug report on linux-wireless, 21 Feb 2023, and one on linux-usb, 24 Mar 2026 (line endings apart).
    expect(decodeFault(record(6, 0x7200, 0xfe72_1000n, true), 0).kernelLine).toBe(
      'DMAR: [DMA Read NO_PASID] Request device [72:00.0] fault addr 0xfe721000 [fault reason 0x06] PTE Read access is not set',
    );
    expect(decodeFault(record(0x22, 0x0700, 0x1dn << 48n, false), 0).kernelLine).toBe(
      'DMAR: [INTR-REMAP] Request device [07:00.0] fault index 0x1d [fault reason 0x22] Present field in the IRTE entry is clear',
    );
    expect(reasonName(0xe)).toBe('Unknown');
  });

  const file = new URL('../../../../../shared/conformance/fault-lines.txt', import.meta.url);
  it.skipIf(!existsSync(file))(
    'every legacy reason of the collected lines has the kernel’s name (needs ../shared)',
    () => {
      const lines = readFileSync(file, 'utf8').matchAll(
        /DMAR: \[(?:DMA|INTR).*?\[fault reason (?:0x)?([0-9a-f]+)\] (.+)/g,
      );
      let checked = 0;
      for (const [line, digits = '', name = ''] of lines) {
        // Old kernels print decimal or bare hex; only unambiguous ones are compared.
        const reason = line.includes('fault reason 0x') ? parseInt(digits, 16) : parseInt(digits, 10);
        if (reason >= 0x30 || (!line.includes('fault reason 0x') && reason > 9)) continue;
        expect(name.trim()).toBe(reasonName(reason));
        checked++;
      }
      expect(checked).toBeGreaterThan(3);
    },
  );
});
