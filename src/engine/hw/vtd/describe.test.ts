import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  decodeContextEntry,
  decodeDescriptor,
  decodeFault,
  decodeFirstStageEntry,
  decodeIrte,
  decodePageRequest,
  decodePasidDirectoryEntry,
  decodePasidEntry,
  decodeRegister,
  decodeRootEntry,
  decodeScalableContextEntry,
  decodeScalableRootEntry,
  decodeSecondStageEntry,
  splitAddress,
} from './describe';
import { reasonName, reasonWhy, REASONS } from './reasons';
import { REGISTERS } from './regs';

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

  it('descriptors and page requests of scalable mode', () => {
    expect(brief(decodeDescriptor([0x5_0002_0036n, 0x10_0042n])).slice(1)).toEqual([
      'G 5:4 3',
      'DID 31:16 2',
      'PASID 51:32 5',
      'AM 69:64 2',
      'IH 70 1',
      'ADDR 127:76 100',
    ]);
    expect(decodeDescriptor([0x5_0100_1019n, 0x18n]).map((f) => f.meaning)).toEqual([
      'Page Group Response',
      'with a PASID',
      'invalid request',
      'source 01:00.0',
      'PASID 0x5',
      'group 3',
    ]);
    expect(decodePageRequest([0x5_0100_0101n, 0x7000_001dn]).map((f) => f.meaning)).toEqual([
      'page request',
      'with a PASID',
      'source 01:00.0',
      'PASID 0x5',
      'not to execute',
      'unprivileged',
      'to read',
      'not to write',
      'the last of its group: wants an answer',
      'group 3',
      'page at 0x70000000',
    ]);
  });

  it('structures of scalable mode', () => {
    expect(brief(decodeScalableRootEntry([0x10_1001n, 0x10_2000n]))).toEqual([
      'LP 0 1',
      'LCTP 63:12 101',
      'UP 64 0',
      'UCTP 127:76 102',
    ]);
    const context = decodeScalableContextEntry([0x12_0e1dn, (1n << 20n) | 7n, 0n, 0n]);
    expect(context.map((f) => f.meaning)).toEqual([
      'present',
      'faults are recorded',
      'device TLB allowed',
      'PASIDs allowed',
      'page requests allowed',
      'PASIDs below 0x100000',
      'PASID directory at 0x120000',
      'requests without a PASID use 0x7',
      'requests without a PASID are privileged',
    ]);
    expect(brief(decodePasidDirectoryEntry([0x14_0003n]))).toEqual([
      'P 0 1',
      'FPD 1 1',
      'SMPTBLPTR 63:12 140',
    ]);
    const entry = (type: bigint) =>
      decodePasidEntry([0x18_0209n | (type << 6n), 0x180_beefn, 0x19_0095n, 0n, 0n, 0n, 0n, 0n]);
    expect(brief(entry(3n))).toEqual([
      'P 0 1',
      'FPD 1 0',
      'AW 4:2 2',
      'PGTT 8:6 3',
      'SSADE 9 1',
      'SSPTPTR 63:12 180',
      'DID 79:64 beef',
      'PWSNP 87 1',
      'PGSNP 88 1',
      'SRE 128 1',
      'ERE 129 0',
      'FSPM 131:130 1',
      'WPE 132 1',
      'EAFE 135 1',
      'FSPTPTR 191:140 190',
    ]);
    const meaning = (type: bigint, name: string) => entry(type).find((f) => f.name === name)?.meaning;
    expect(meaning(3n, 'FSPTPTR')).toBe('first-stage table at guest-physical 0x190000');
    expect(meaning(1n, 'FSPTPTR')).toBe('first-stage table at 0x190000');
    expect(meaning(1n, 'SSPTPTR')).toBe('ignored: first stage');
    expect(meaning(2n, 'FSPTPTR')).toBe('ignored: second stage');
    expect(meaning(4n, 'AW')).toBe('ignored: pass-through');
  });

  it('first-stage entries, and second-stage ones with SSADE', () => {
    expect(brief(decodeFirstStageEntry(2, 0x10_9027n))).toEqual([
      'P 0 1',
      'R/W 1 1',
      'U/S 2 1',
      'A 5 1',
      'PS 7 0',
      'EA 10 0',
      'ADDR 51:12 109',
      'XD 63 0',
    ]);
    expect(brief(decodeFirstStageEntry(1, (1n << 63n) | 0x60_01e1n))).toEqual([
      'P 0 1',
      'R/W 1 0',
      'U/S 2 0',
      'A 5 1',
      'D 6 1',
      'PS 7 1',
      'G 8 1',
      'EA 10 0',
      'ADDR 51:21 3',
      'XD 63 1',
    ]);
    expect(brief(decodeSecondStageEntry(0, 0x5301n, true))).toEqual([
      'R 0 1',
      'W 1 0',
      'A 8 1',
      'D 9 1',
      'SNP 11 0',
      'ADDR 51:12 5',
    ]);
  });

  it('interrupt-remapping entries', () => {
    expect(brief(decodeIrte([0x1200_0042_0005n, 0x5_0100n]))).toEqual([
      'P 0 1',
      'FPD 1 0',
      'DM 2 1',
      'RH 3 0',
      'TM 4 0',
      'DLM 7:5 0',
      'IM 15 0',
      'V 23:16 42',
      'DST 63:32 1200',
      'SID 79:64 100',
      'SQ 81:80 1',
      'SVT 83:82 1',
    ]);
    const posted = decodeIrte([0x1680_0042_8001n, 0x1_0004_0100n]);
    expect(posted.find((f) => f.name === 'PDAL')?.meaning).toBe('posted descriptor at, low part 0x1680');
    expect(posted.map((f) => f.name)).not.toContain('DST');
  });

  it('every register has its fields, and every bit belongs to at most one', () => {
    for (const name of [...REGISTERS.map((r) => r.name), 'IVA', 'IOTLB', 'FRCD0_LO', 'FRCD0_HI']) {
      const fields = decodeRegister(name, 0n);
      expect(fields.length, name).toBeGreaterThan(0);
      const seen = new Set<number>();
      for (const { bits } of fields) {
        const [high = 0, low = high] = bits.split(':').map(Number);
        for (let bit = low; bit <= high; bit++) {
          expect(seen.has(bit), `${name} bit ${bit}`).toBe(false);
          seen.add(bit);
        }
      }
    }
    // Linux: DMA_FSTS_PRO is bit 7.
    const named = (value: bigint) => decodeRegister('FSTS', value).find((f) => f.value === 1n)?.meaning;
    expect(named(0x80n)).toBe('page requests were lost');
    expect(decodeRegister('RTADDR', 0x10_0400n).map((f) => f.meaning)).toEqual([
      'scalable mode',
      'root table at 0x100000',
    ]);
    expect(decodeRegister('CAP', 0xc_0000_0000n).find((f) => f.name === 'SSLPS')?.meaning).toBe(
      '4 KiB, 2 MiB, 1 GiB',
    );
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

describe('reasons', () => {
  it('each says why in one sentence, and nothing twice', () => {
    for (const reason of REASONS) {
      const why = reasonWhy(reason);
      expect(why, reason.toString(16)).not.toBe(reasonName(reason));
      expect(why).not.toMatch(/\.( |$)/);
    }
    expect(new Set(REASONS).size).toBe(REASONS.length);
  });

  /** Linux 6.19 dmar.c: what the three arrays hold names for. */
  it('the kernel has names for all but seven', () => {
    expect(REASONS.filter((reason) => reasonName(reason) === 'Unknown')).toEqual([
      0xe, 0x27, 0x28, 0x33, 0x7d, 0x89, 0x91,
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
    // PP (bit 95 of the record) is clear: it carries none.
    expect(decodeFault(record(6, 0x7200, 0n, true), 0)).not.toHaveProperty('pasid');
  });

  it('with a PASID; posted interrupts’ reasons are beyond the kernel’s table', () => {
    const high = (1n << 63n) | (5n << 40n) | (0x71n << 32n) | (1n << 31n) | 0x0100n;
    expect(decodeFault([0x7000_1000n, high], 0)).toMatchObject({
      pasid: 5,
      kernelLine:
        'DMAR: [DMA Write PASID 0x5] Request device [01:00.0] fault addr 0x70001000 [fault reason 0x71] SM: Present bit in first-level paging entry is clear',
    });
    expect(decodeFault(record(0x27, 0x0100, 0n, false), 0).kernelLine).toBe(
      'DMAR: [DMA Write NO_PASID] Request device [01:00.0] fault addr 0x0 [fault reason 0x27] Unknown',
    );
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
