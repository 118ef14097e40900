import { describe, expect, it } from 'vitest';
import type { Field } from '../common/fields';
import {
  classifyDescriptor,
  decodeCd,
  decodeCommand,
  decodeDescriptor,
  decodeEvent,
  decodeL1Cd,
  decodeL1Std,
  decodePageRequest,
  decodeSte,
  leafSize,
} from './describe';
import { decodeRegister } from './describe-registers';
import * as r from './regs';

const of = (fields: readonly Field[], name: string): Field | undefined =>
  fields.find((field) => field.name === name);
const says = (fields: readonly Field[], name: string): string => of(fields, name)?.meaning ?? '-';
const names = (fields: readonly Field[]): string[] => fields.map((field) => field.name);

/** Words spelled out by hand. Spec: IHI 0070, chapters 4 to 8 */
describe('structures in words', () => {
  it('a level 1 stream table descriptor', () => {
    const fields = decodeL1Std([0x1_2340_0009n]);
    expect([says(fields, 'Span'), says(fields, 'L2Ptr')]).toEqual([
      'a table of 256 entries',
      'stream table entries at 0x123400000',
    ]);
    expect(says(decodeL1Std([0n]), 'Span')).toBe('no table: its streams do not exist');
  });

  it('a stream table entry has the fields of what it does', () => {
    const s1 = decodeSte([1n | (5n << 1n) | 0x20_0000n | (8n << 59n), (2n << 30n) | 2n, 7n, 0n]);
    expect(says(s1, 'Config')).toBe('stage 1');
    expect(says(s1, 'S1ContextPtr')).toBe('context descriptors at 0x200000');
    expect([says(s1, 'S1CDMax'), says(s1, 'S1DSS'), says(s1, 'STRW')]).toEqual([
      '256 CDs',
      'use the CD of SubstreamID 0',
      'EL2',
    ]);
    expect(names(s1)).not.toContain('S2TTB');
    const s2 = decodeSte([
      1n | (6n << 1n),
      2n << 28n,
      0xbeefn | (24n << 32n) | (1n << 38n) | (5n << 48n) | (1n << 51n) | (1n << 58n),
      0x60_0000n,
    ]);
    expect([says(s2, 'S2VMID'), says(s2, 'S2T0SZ'), says(s2, 'S2PS'), says(s2, 'S2TTB')]).toEqual([
      'VMID 48879',
      'addresses of 40 bits',
      '48 bits',
      'stage-2 table at 0x600000',
    ]);
    expect([says(s2, 'S2R'), says(s2, 'S2S'), says(s2, 'EATS')]).toEqual([
      'faults are recorded',
      'faults terminate',
      'split-stage ATS',
    ]);
    expect(names(s2)).not.toContain('S1ContextPtr');
    expect(names(decodeSte([1n]))).toEqual(['V', 'Config']);
    expect(says(decodeSte([9n]), 'Config')).toBe('bypass');
  });

  it('context descriptors', () => {
    expect(says(decodeL1Cd([0x5001n]), 'L2Ptr')).toBe('context descriptors at 0x5000');
    const words = [
      16n | (1n << 30n) | (1n << 31n) | (5n << 32n) | (1n << 41n) | (1n << 45n) | (0xcafen << 48n),
      0x9000n,
      0n,
      0xffn,
    ];
    const cd = decodeCd(words);
    expect([
      says(cd, 'T0SZ'),
      says(cd, 'TG0'),
      says(cd, 'TTB0'),
      says(cd, 'ASID'),
      says(cd, 'R'),
      says(cd, 'A'),
    ]).toEqual([
      'addresses of 48 bits',
      '4 KiB',
      'stage-1 table at 0x9000',
      'ASID 51966',
      'faults are recorded',
      'terminated requests read zeroes',
    ]);
    expect(names(cd)).not.toContain('TTB1');
    expect(says(cd, 'EPD1')).toBe('TTB1 is not walked: faults');
    expect(names(decodeCd([0n]))).toEqual(['V']);
  });

  it('descriptors by level and granule', () => {
    expect([0n, 3n, 1n].map((word) => classifyDescriptor(2, 12, word))).toEqual([0, 1, 2]);
    expect([0n, 3n, 1n].map((word) => classifyDescriptor(3, 12, word))).toEqual([0, 2, 3]);
    expect([
      classifyDescriptor(0, 12, 1n),
      classifyDescriptor(1, 14, 1n),
      classifyDescriptor(1, 12, 1n),
    ]).toEqual([3, 3, 2]);
    expect([
      leafSize(3, 12),
      leafSize(2, 12),
      leafSize(1, 12),
      leafSize(2, 14),
      leafSize(2, 16),
      leafSize(1, 16),
    ]).toEqual([...['4 KiB', '2 MiB', '1 GiB', '32 MiB', '512 MiB', '4 TiB']]);
    const page = decodeDescriptor(1, 3, 12, 0x1_2345_6000n | (3n << 6n) | (1n << 10n) | 3n);
    expect([says(page, 'type'), says(page, 'address'), says(page, 'AP'), says(page, 'nG')]).toEqual([
      'page',
      '4 KiB page at 0x123456000',
      'read',
      'of every ASID',
    ]);
    const block = decodeDescriptor(2, 2, 12, 0x4000_0000n | (3n << 6n) | (15n << 2n) | (2n << 53n) | 1n);
    expect([says(block, 'address'), says(block, 'S2AP'), says(block, 'MemAttr'), says(block, 'XN')]).toEqual([
      '2 MiB block at 0x40000000',
      'read, write',
      'normal memory',
      'not executable',
    ]);
    expect(says(decodeDescriptor(1, 0, 12, 0x9000n | (1n << 62n) | 3n), 'APTable')).toBe('read only');
    expect(says(decodeDescriptor(2, 3, 12, 1n), 'type')).toBe('reserved: not valid');
  });

  it('commands', () => {
    const va = decodeCommand([
      0x12n | (7n << 12n) | (2n << 20n) | (3n << 32n) | (9n << 48n),
      0x5000n | (1n << 10n) | (3n << 8n) | 1n,
    ]);
    expect(va.map(({ meaning }) => meaning)).toEqual([
      'CMD_TLBI_NH_VA',
      'VMID 3',
      'ASID 9',
      '8 units',
      'of 4 granules',
      'leaves alone',
      'leaves of level 3',
      '4 KiB',
      'from 0x5000',
    ]);
    expect(says(decodeCommand([0x46n | (1n << 12n) | (0x77n << 32n), 0x33_0000n]), 'MSIAddress')).toBe(
      'written to 0x330000',
    );
    expect(says(decodeCommand([0xeen, 0n]), 'Opcode')).toBe('opcode 0xee');
    // All that there are have a name.
    const known = [
      1, 2, 3, 4, 5, 6, 7, 0x10, 0x11, 0x12, 0x13, 0x18, 0x1a, 0x20, 0x21, 0x22, 0x23, 0x28, 0x2a, 0x30,
    ];
    for (const op of [...known, 0x40, 0x41, 0x44, 0x45, 0x46])
      expect(says(decodeCommand([BigInt(op), 0n]), 'Opcode')).toMatch(/^CMD_/);
  });

  it('events and page requests', () => {
    const event = decodeEvent([
      0x13n | (1n << 11n) | (5n << 12n) | (0x100n << 32n),
      (1n << 35n) | (1n << 39n) | (1n << 40n) | (1n << 44n),
      0x1000n,
      0x2000n,
    ]);
    expect([
      says(event, 'EventID'),
      says(event, 'SubstreamID'),
      says(event, 'CLASS'),
      says(event, 'TTRnW'),
      says(event, 'IPA'),
    ]).toEqual(['F_PERMISSION', 'substream 5', 'walk of a stage-1 table', 'a table was read', 'IPA 0x2000']);
    expect(says(decodeEvent([0x09n, 0n, 0n, 0x8018n]), 'FetchAddr')).toBe('read at 0x8018');
    const request = decodePageRequest([0x100n | (5n << 32n) | (1n << 62n) | (1n << 63n), 0x5003n]);
    expect([says(request, 'Last'), says(request, 'PRGIndex'), says(request, 'Address')]).toEqual([
      'last of its group',
      'group 3',
      'page 0x5000',
    ]);
  });

  it('every register has fields, and they cover no bit twice', () => {
    for (const { offset, name } of r.REGISTERS) {
      const fields = decodeRegister(offset, 0x0123_4567_89ab_cdefn);
      // VATOS, what a maker likes, and dormancy: nothing of it is here.
      if (!['IDR2', 'IDR4', 'STATUSR'].includes(name)) expect(fields.length, name).toBeGreaterThan(0);
      const seen = new Set<number>();
      for (const { bits } of fields) {
        const [high = 0, low = high] = bits.split(':').map(Number);
        for (let bit = low; bit <= high; bit++) {
          expect(seen.has(bit), `${name} bit ${bit}`).toBe(false);
          seen.add(bit);
        }
      }
    }
  });

  it('registers in words', () => {
    expect(says(decodeRegister(0x20, 0xdn), 'SMMUEN')).toBe('requests are translated');
    expect(says(decodeRegister(0x20, 0xdn), 'PRIQEN')).toBe('page requests are refused');
    expect(says(decodeRegister(0x90, 0x30_0008n), 'LOG2SIZE')).toBe('2^8 entries');
    expect(says(decodeRegister(0x90, 0x30_0008n), 'ADDR')).toBe('queue at 0x300000');
  });
});
