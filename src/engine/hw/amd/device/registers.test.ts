import { describe, expect, it } from 'vitest';
import { WRITE } from '../../port';
import { ALL_ON, COMMANDS, EVENTS, Fixture, PPRS } from './fixture.conformance';

// Expected values: OpenVMM's and VirtualBox's register models; field positions of drivers/iommu/amd/amd_iommu_types.h.
const ONES = (1n << 64n) - 1n;

describe('the register file', () => {
  it('[regs] is zero after reset but for the feature registers', () => {
    const f = new Fixture();
    for (let offset = 0; offset < 0x4000; offset += 8) {
      if (offset === 0x30 || offset === 0x1a0) continue;
      expect(f.reg(offset), offset.toString(16)).toBe(0n);
    }
  });

  it('[regs] EFR says what the unit has', () => {
    const efr = new Fixture().reg(0x30);
    const field = (high: bigint, low: bigint): bigint => (efr >> low) & ((1n << (high - low + 1n)) - 1n);
    expect([0n, 1n, 2n, 3n, 4n, 6n, 7n, 48n, 49n, 50n, 52n].map((bit) => field(bit, bit))).toEqual(
      Array.from({ length: 11 }, () => 1n),
    );
    expect([field(11n, 10n), field(13n, 12n), field(15n, 14n), field(36n, 32n)]).toEqual([2n, 1n, 2n, 15n]);
    expect(new Fixture(0, { hostLevels: 4, guestTranslation: false }).reg(0x30) & 0xfc10n).toBe(0n);
    expect(new Fixture().reg(0x1a0)).toBe((1n << 3n) | (1n << 8n));
  });

  it('[regs] what is read-only stays', () => {
    const f = new Fixture();
    const before = [0x30, 0x1a0].map((offset) => f.reg(offset));
    f.set(0x30, ONES);
    f.set(0x1a0, 0n);
    f.set(0x3000, ONES);
    expect([0x30, 0x1a0].map((offset) => f.reg(offset))).toEqual(before);
    expect(f.reg(0x3000)).toBe(0n);
    expect(f.trace.take().filter((event) => event.kind === 'guest-error')).toHaveLength(3);
  });

  it('[regs] reserved bits read as zero', () => {
    const f = new Fixture();
    const masks: readonly (readonly [number, bigint])[] = [
      [0x00, 0x000f_ffff_ffff_f1ffn],
      [0x08, 0x0f0f_ffff_ffff_f000n],
      [0x10, 0x0f0f_ffff_ffff_f000n],
      [0x38, 0x0f0f_ffff_ffff_f000n],
      [0x20, 0x000f_ffff_ffff_f003n],
      [0x28, 0x000f_ffff_ffff_f000n],
      [0x100, 0x000f_ffff_ffff_f0ffn],
      [0x130, 0x000f_ffff_ffff_f0ffn],
      [0x2000, 0x7fff0n],
      [0x2008, 0x7fff0n],
      [0x2010, 0x7fff0n],
      [0x2018, 0x7fff0n],
      [0x2030, 0x7fff0n],
      [0x2038, 0x7fff0n],
    ];
    for (const [offset, mask] of masks) {
      f.set(offset, ONES);
      expect(f.reg(offset), offset.toString(16)).toBe(mask);
    }
  });

  it('[regs] halves may be written and read alone', () => {
    const f = new Fixture();
    f.device.registers.write32(0x00, 0x1234_51ff);
    f.device.registers.write32(0x04, 0x000d_beef);
    expect(f.reg(0x00)).toBe(0x000d_beef_1234_51ffn);
    expect(f.device.registers.read32(0x04)).toBe(0x000d_beef);
    f.device.registers.write32(0x15c, 0xfee0_0000 | 0);
    f.device.registers.write32(0x164, 0x41);
    expect(f.device.registers.read32(0x164)).toBe(0x41);
    expect(f.device.registers.read32(0x15c) >>> 0).toBe(0xfee0_0000);
  });

  it('[regs] x2APIC interrupt registers hold what is written', () => {
    const f = new Fixture();
    for (const offset of [0x170, 0x178, 0x180]) {
      const value = (0x0an << 56n) | (0x80n << 32n) | (0x12_3456n << 8n) | 4n;
      f.set(offset, value);
      expect(f.reg(offset)).toBe(value);
    }
    f.set(0x18, (1n << 50n) | (1n << 51n));
    expect(f.reg(0x18)).toBe((1n << 50n) | (1n << 51n));
  });

  it('[regs] a base resets its pointers, and keeps still while its buffer runs', () => {
    const f = new Fixture();
    f.set(0x2010, 0x50n);
    f.set(0x2018, 0x50n);
    f.set(0x10, BigInt(EVENTS) | (8n << 56n));
    expect([f.reg(0x2010), f.reg(0x2018)]).toEqual([0n, 0n]);
    f.on();
    for (const offset of [0x00, 0x08, 0x10, 0x38, 0x100]) {
      const before = f.reg(offset);
      f.set(offset, 0x55_5000n | (9n << 56n));
      expect(f.reg(offset), offset.toString(16)).toBe(before);
    }
    for (const offset of [0x2000, 0x2018, 0x2038]) {
      f.set(offset, 0x50n);
      expect(f.reg(offset), offset.toString(16)).toBe(0n);
    }
    f.set(0x18, 0n);
    f.set(0x00, 0x55_5000n);
    expect(f.reg(0x00)).toBe(0x55_5000n);
  });

  it('[regs] buffers run with their own and the unit’s enable bit, and a length that is none of the reserved ones', () => {
    const RUN = 8n | 16n | 0x80n;
    const f = new Fixture().on(ALL_ON & ~1n);
    expect(f.reg(0x2020) & RUN).toBe(0n);
    f.set(0x18, ALL_ON);
    expect(f.reg(0x2020) & RUN).toBe(RUN);
    f.set(0x18, ALL_ON & ~4n);
    expect(f.reg(0x2020) & RUN).toBe(RUN & ~8n);
    f.set(0x18, 0n);
    expect(f.reg(0x2020) & RUN).toBe(0n);
    const short = new Fixture();
    for (const [offset, base] of [
      [0x08, COMMANDS],
      [0x10, EVENTS],
      [0x38, PPRS],
    ] as const)
      short.set(offset, BigInt(base) | (7n << 56n));
    short.set(0x18, ALL_ON);
    expect(short.reg(0x2020) & RUN).toBe(0n);
  });
});

describe('the event log', () => {
  const broken = (): Fixture => new Fixture().attach(1);

  it('[log] entries follow each other, and interrupt once until the bit is cleared', () => {
    const f = broken();
    f.read(0x1000n);
    f.read(0x2000n);
    expect(f.reg(0x2018)).toBe(32n);
    expect(f.interrupts).toEqual(['faults']);
    f.set(0x2020, 2n);
    f.read(0x3000n);
    expect(f.interrupts).toEqual(['faults', 'faults']);
    expect(f.events().map(([, address]) => address)).toEqual([0x1000n, 0x2000n, 0x3000n]);
  });

  it('[log] EventLogInt is set without EventIntEn; the interrupt comes when it is set', () => {
    const f = new Fixture().dte({ mode: 1, root: 0x11_0000 }).on(ALL_ON & ~8n);
    f.read(0x1000n);
    expect(f.interrupts).toEqual([]);
    expect(f.reg(0x2020) & 2n).toBe(2n);
    f.set(0x18, ALL_ON);
    expect(f.interrupts).toEqual(['faults']);
  });

  it('[log] nothing is logged while the log is off', () => {
    const f = new Fixture().dte({ mode: 1, root: 0x11_0000 }).on(ALL_ON & ~4n);
    expect(f.read(0x1000n)).toBe('event 2 flags 0x0000');
    expect(f.reg(0x2018)).toBe(0n);
    expect(f.reg(0x2020) & 3n).toBe(0n);
  });

  it('[log] a full log overflows: one slot stays empty, nothing more comes until it was restarted', () => {
    const f = broken();
    for (let n = 0; n < 255; n++) f.read(BigInt(n) << 12n);
    expect(f.reg(0x2018)).toBe(255n * 16n);
    expect(f.reg(0x2020) & 9n).toBe(8n);
    f.set(0x2020, 2n);
    f.interrupts.length = 0;
    f.read(0n);
    expect(f.reg(0x2020) & 0xbn).toBe(1n);
    expect(f.interrupts).toEqual(['faults']);
    expect(f.reg(0x2018)).toBe(255n * 16n);
    // Room alone does not help.
    f.set(0x2010, 160n);
    f.read(0n);
    expect(f.reg(0x2018)).toBe(255n * 16n);
    // Linux amd_iommu_restart_log(): log off, overflow cleared, log on.
    f.set(0x18, ALL_ON & ~12n);
    f.set(0x2020, 1n);
    f.set(0x18, ALL_ON);
    expect(f.reg(0x2020) & 9n).toBe(8n);
    f.read(0n);
    expect(f.reg(0x2018)).toBe(0n);
  });

  it('[log] a head that moves makes room', () => {
    const f = broken();
    for (let n = 0; n < 255; n++) f.read(0n);
    f.set(0x2010, 16n);
    f.read(0n);
    expect(f.reg(0x2018)).toBe(0n);
    expect(f.reg(0x2020) & 1n).toBe(0n);
  });

  it('[log] a head beyond the log counts modulo its size', () => {
    const f = broken();
    f.set(0x2010, 300n * 16n);
    f.read(0n);
    expect(f.reg(0x2018)).toBe(16n);
  });

  it('[log] a log that is no memory loses its entries', () => {
    const f = new Fixture().dte({ mode: 1, root: 0x11_0000 });
    f.on(0n);
    f.set(0x10, 0x8000n | (8n << 56n));
    f.set(0x18, ALL_ON);
    expect(f.write(0n)).toBe('event 2 flags 0x0020');
    expect(f.reg(0x2018)).toBe(0n);
  });

  it('[log] STATUS: what is write-one-to-clear, and what is read-only', () => {
    const f = broken();
    f.read(0n);
    f.command([(1n << 60n) | 2n, 0n]);
    expect(f.reg(0x2020) & 0x1fn).toBe(2n | 4n | 8n | 16n);
    f.set(0x2020, 0n);
    f.device.registers.write32(0x2024, -1);
    expect(f.reg(0x2020) & 6n).toBe(6n);
    f.set(0x2020, 2n);
    expect(f.reg(0x2020) & 6n).toBe(4n);
    f.set(0x2020, (1n << 64n) - 1n);
    expect(f.reg(0x2020) & 0x1fn).toBe(8n | 16n);
  });

  it('[log] the record of a page fault, word by word', () => {
    const f = new Fixture(0xabcd).attach(1, { domain: 0x42n });
    f.translate(0x1_0000_0123n, WRITE);
    expect(f.events()).toEqual([[0x2020_0042_0000_abcdn, 0x1_0000_0123n]]);
    const process = new Fixture(0xabcd, { pasidBits: 20 }).dte({ extra: Fixture.guest(2, 4) }).on();
    process.outcome(0x1234n, WRITE, 0xc_dcba);
    expect(process.events()).toEqual([[0x2025_dcba_000c_abcdn, 0x1234n]]);
  });
});
