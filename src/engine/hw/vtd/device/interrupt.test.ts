import { describe, expect, it } from 'vitest';
import { Fixture, FRCD, GCMD, GSTS } from './fixture.conformance';

/**
 * Interrupt remapping: whether a message passes. Expected values: rev. 4.1 of the VT-d document, section 5.1.3 and 9.10;
 * cases as in OpenVMM's intel_vtd tests; SID layout of a bus range as in Linux set_irte_verify_bus().
 */
const TABLE = 0x12_0000;
const REMAPPABLE = 0x10;

function remapping(eime = false): Fixture {
  const f = new Fixture(0x0100);
  f.device.registers.write64(0xb8, BigInt(TABLE) | (eime ? 0x800n : 0n) | 3n); // 16 entries
  f.device.registers.write32(GCMD, 1 << 24);
  f.device.registers.write32(GCMD, 1 << 25);
  return f;
}

function send(f: Fixture, address: number, data = 0): string {
  expect(f.translate(BigInt(address), true)).toBe(3);
  const bytes = new Uint8Array(new Int32Array([data]).buffer);
  if (f.device.interrupt(f.rid, address, bytes)) return 'passed';
  return `0x${(f.device.result[2] ?? 0).toString(16)}`;
}

const message = (handle: number, more = 0): number =>
  0xfee0_0000 + ((handle & 0x7fff) << 5) + ((handle >> 15) << 2) + REMAPPABLE + more;

describe('interrupt messages', () => {
  it('pass while remapping is off, whether or not DMA is translated', () => {
    const f = new Fixture().attach(4);
    expect(send(f, 0xfee0_1000, 0x41)).toBe('passed');
  });

  it('in compatibility format are blocked, unless CFI allows them; never with EIME', () => {
    for (const eime of [false, true]) {
      const f = remapping(eime);
      expect(send(f, 0xfee0_1000)).toBe('0x25');
      f.device.registers.write32(GCMD, (1 << 25) | (1 << 23));
      expect(f.device.registers.read32(GSTS) & (1 << 23)).not.toBe(0);
      expect(send(f, 0xfee0_1000)).toBe(eime ? '0x25' : 'passed');
    }
  });

  it('name an entry by handle and subhandle', () => {
    const f = remapping();
    f.put(TABLE + 5 * 16, 0x42_0001n, 0n);
    expect(send(f, message(5))).toBe('passed');
    expect(send(f, message(3, 8), 2)).toBe('passed');
    expect(send(f, message(4))).toBe('0x22');
    expect(send(f, message(16))).toBe('0x21');
    expect(send(f, message(0x8005))).toBe('0x21');
    expect(send(f, message(5, 8), 0x1_0000)).toBe('0x20');
  });

  it('fault with the index in bits 63:48; the entry can silence it', () => {
    const f = remapping();
    send(f, message(4));
    expect(f.device.registers.read64(FRCD)).toBe(4n << 48n);
    expect(f.device.registers.read64(FRCD + 8)).toBe((1n << 63n) | (0x22n << 32n) | 0x0100n);
    f.clearFaults();
    f.put(TABLE + 4 * 16, 2n, 0n);
    expect(send(f, message(4))).toBe('0x22');
    expect(f.records()).toEqual([]);
  });

  it.each<[string, bigint, string]>([
    ['any source', 0n, 'passed'],
    ['this source', (1n << 18n) | 0x0100n, 'passed'],
    ['another source', (1n << 18n) | 0x0101n, '0x26'],
    ['another function, ignored by SQ', (1n << 18n) | (3n << 16n) | 0x0107n, 'passed'],
    ['a bus range with it', (2n << 18n) | 0x0001n, 'passed'],
    ['a bus range beside it', (2n << 18n) | 0x0203n, '0x26'],
    ['reserved bits', 1n << 20n, '0x24'],
  ])('from %s', (_, hi, expected) => {
    const f = remapping();
    f.put(TABLE, 0x42_0001n, hi);
    expect(send(f, message(0))).toBe(expected);
  });

  it('are one aligned dword: anything else is dropped', () => {
    const f = remapping();
    expect(f.device.interrupt(f.rid, 0xfee0_0000, new Uint8Array(8))).toBe(false);
    expect(f.trace.take().some((e) => e.kind === 'guest-error')).toBe(true);
  });
});
