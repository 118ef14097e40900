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
    ['a source of no known kind', 3n << 18n, '0x24'],
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

describe('entries', () => {
  const sweep = (eime: boolean, bits: readonly number[], expected: string): void => {
    for (const bit of bits) {
      const f = remapping(eime);
      const words = [0x42_0001n, 0n];
      words[bit >> 6] = (words[bit >> 6] ?? 0n) | (1n << BigInt(bit & 63));
      f.put(TABLE, ...words);
      expect(send(f, message(0)), `bit ${bit}`).toBe(expected);
    }
  };
  const range = (high: number, low: number): number[] =>
    Array.from({ length: high - low + 1 }, (_, n) => low + n);

  it('24: every reserved bit; of the destination without x2APIC too', () => {
    sweep(true, [...range(14, 12), ...range(31, 24), ...range(127, 84)], '0x24');
    sweep(false, [...range(39, 32), ...range(63, 48)], '0x24');
    sweep(true, range(63, 32), 'passed');
    sweep(false, range(47, 40), 'passed');
    sweep(true, range(11, 2), 'passed');
  });

  it('23: a table that is no memory', () => {
    const f = remapping();
    f.device.registers.write64(0xb8, 0x8003n);
    f.device.registers.write32(GCMD, (1 << 25) | (1 << 24));
    expect(send(f, message(0))).toBe('0x23');
  });
});

describe('posted interrupts', () => {
  const DESCRIPTOR = 0x15_0040;
  const WHERE = (BigInt(DESCRIPTOR) & ~0x3fn) << 32n;
  const make = (more = 0n, postedInterrupts = true): Fixture => {
    const f = new Fixture(0x0100, { postedInterrupts });
    f.device.registers.write64(0xb8, BigInt(TABLE) | 0x803n);
    f.device.registers.write32(GCMD, 1 << 24);
    f.device.registers.write32(GCMD, 1 << 25);
    f.put(TABLE, 0x42_8001n | WHERE | more, 0n);
    return f;
  };
  const control = (f: Fixture): bigint => f.memory.readU64(DESCRIPTOR + 32) ?? 0n;

  it('enter their vector, and notify once', () => {
    const f = make();
    expect(send(f, message(0))).toBe('passed');
    expect(f.memory.readU64(DESCRIPTOR + 8)).toBe(1n << 2n);
    expect(control(f)).toBe(1n);
    expect(send(f, message(0))).toBe('passed');
    expect(control(f)).toBe(1n);
  });

  it('notify nobody while suppressed, unless urgent', () => {
    for (const [more, expected] of [
      [0n, 2n],
      [1n << 14n, 3n],
    ] as const) {
      const f = make(more);
      f.memory.writeU64(DESCRIPTOR + 32, 2n);
      expect(send(f, message(0))).toBe('passed');
      expect(f.memory.readU64(DESCRIPTOR + 8)).toBe(1n << 2n);
      expect(control(f)).toBe(expected);
    }
  });

  it('24: without the capability, or with a reserved bit', () => {
    expect(send(make(0n, false), message(0))).toBe('0x24');
    for (const bit of [2, 7, 12, 13, 24, 31, 32, 37])
      expect(send(make(1n << BigInt(bit)), message(0))).toBe('0x24');
  });

  it('27: a descriptor that is no memory; 28: a reserved bit of it', () => {
    const f = make();
    f.put(TABLE, 0x42_8001n | (0x8000n << 32n), 0n);
    expect(send(f, message(0))).toBe('0x27');
    for (const [at, bit] of [
      [32, 2n],
      [32, 31n],
      [40, 0n],
      [56, 63n],
    ] as const) {
      const bad = make();
      bad.memory.writeU64(DESCRIPTOR + at, 1n << bit);
      expect(send(bad, message(0))).toBe('0x28');
      expect(bad.memory.readU64(DESCRIPTOR + 8)).toBe(0n);
    }
  });
});
