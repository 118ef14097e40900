import { describe, expect, it } from 'vitest';
import { NO_PASID, READ, WRITE } from '../../port';
import type { AmdConfig } from './config';
import { ALL_ON, DEVTAB, Fixture, PAGE, TABLE } from './fixture.conformance';

// Expected values: AMD's document, table 8 "Feature Enablement", as OpenVMM's and VirtualBox's models have it; reserved
// bits as QEMU hw/i386/amd_iommu.h AMDVI_DTE_QUAD*_RESERVED lists them.

describe('what an entry makes of a request', () => {
  it('[dte] the unit is off: everything passes', () => {
    const f = new Fixture().dte({ ir: false, iw: false });
    expect(f.translate(0x1234n, WRITE)).toBe(2);
    expect(f.write(0x1234n)).toBe(0x1234n);
  });

  it('[dte] V = 0: everything passes, whatever else the entry holds', () => {
    const f = new Fixture().dte({ v: false, mode: 7, ir: false, iw: false }).on();
    expect(f.translate(0x1234n, WRITE)).toBe(2);
    f.put(f.dtePa, 0xffff_ffff_ffff_fffen, (1n << 64n) - 1n);
    expect(f.translate(0x1234n, WRITE)).toBe(2);
  });

  it('[dte] TV = 0: a request is aborted', () => {
    const f = new Fixture().dte({ tv: false, mode: 0 }).on();
    expect(f.read(0x1000n)).toBe('event 2 flags 0x0000');
    expect(f.write(0x1000n)).toBe('event 2 flags 0x0020');
  });

  it('[dte] Mode = 0: addresses pass as IR and IW permit', () => {
    const f = new Fixture().dte().on();
    expect(f.read(0x5_4321n)).toBe(0x5_4321n);
    expect(f.translate(0x5_4321n, WRITE)).toBe(2);
    const blocked = new Fixture().dte({ ir: false, iw: false }).on();
    expect(blocked.read(0x5_4321n)).toBe('event 2 flags 0x0050');
    expect(blocked.write(0x5_4321n)).toBe('event 2 flags 0x0070');
  });

  it('[dte] a device beyond the table is no page: there is nothing to tell more', () => {
    const f = new Fixture(0x0100).dte();
    f.on(0n);
    // 4 KiB of table: 128 entries.
    f.set(0x00, BigInt(DEVTAB));
    f.set(0x18, ALL_ON);
    expect(f.read(0x1000n)).toBe('event 2 flags 0x0000');
    expect(f.events()).toEqual([[(0x2000n << 48n) | 0x100n, 0x1000n]]);
  });

  it('[dte] a table that is no memory is a hardware error at the address of the entry', () => {
    const f = new Fixture(0x0003);
    f.on(0n);
    f.set(0x00, 0x8000n);
    f.set(0x18, ALL_ON);
    expect(f.write(0x1000n)).toBe('event 3 flags 0x0220');
    expect(f.events()).toEqual([[(0x3220n << 48n) | 3n, 0x8060n]]);
  });

  it('[dte] segments: the top bits of the device id choose a table', () => {
    const f = new Fixture(0x4001);
    f.on(0n);
    // 4 segments of 16 Ki devices: bus 0x40 begins the second.
    const segment = 0x60_0000;
    f.set(0x100, BigInt(segment) | 0x7fn);
    f.set(0x18, ALL_ON | (2n << 34n));
    f.put(segment + 0x20, 3n | (3n << 61n), 0n);
    expect(f.translate(0x1000n)).toBe(2);
    f.put(segment + 0x20, 3n, 0n);
    f.flush();
    expect(f.read(0x1000n)).toBe('event 2 flags 0x0050');
  });

  it('[dte] more segments than the unit has are refused', () => {
    const f = new Fixture(0, { segments: 1 });
    f.set(0x18, 2n << 34n);
    expect(f.reg(0x18)).toBe(0n);
    f.set(0x18, 1n << 34n);
    expect(f.reg(0x18)).toBe(1n << 34n);
  });
});

describe('reserved bits', () => {
  const illegal = (bits: readonly bigint[], config: Partial<AmdConfig> = {}): bigint | string => {
    const f = new Fixture(0x0100, config).attach(1, { extra: bits });
    f.walk(1, 1, 0n, BigInt(PAGE));
    return f.read(0n);
  };
  const RESERVED: Readonly<Record<number, readonly number[]>> = { 0: [2, 3, 4, 5, 6, 63], 1: [] };

  for (const [word, bits] of Object.entries(RESERVED)) {
    it(`[dte] word ${word}: the sweep of all 64 bits`, () => {
      // Those that change what the entry means, and are not reserved, are left out.
      const meaning = word === '0' ? [0, 1, 7, 8, 9, 10, 11, 55, 56, 57, 58, 59, 60, 61, 62] : [35, 36];
      for (let bit = 0; bit < 64; bit++) {
        if (meaning.includes(bit) || (word === '0' && bit >= 12 && bit < 52)) continue;
        const value = 1n << BigInt(bit);
        const outcome = illegal(word === '0' ? [value] : [0n, value]);
        expect(outcome, `bit ${bit}`).toBe(bits.includes(bit) ? 'event 1 flags 0x0080' : BigInt(PAGE));
      }
    });
  }

  it('[dte] bits 255:128 do not concern DMA', () => {
    expect(illegal([0n, 0n, (1n << 64n) - 1n - (3n << 54n), (1n << 64n) - 1n])).toBe(BigInt(PAGE));
  });

  it('[dte] HAD = 10b and IoCtl = 11b are reserved', () => {
    expect(illegal([2n << 7n])).toBe('event 1 flags 0x0080');
    expect(illegal([0n, 3n << 35n])).toBe('event 1 flags 0x0080');
    expect(illegal([3n << 7n])).toBe(BigInt(PAGE));
  });

  it('[dte] what the unit lacks is reserved', () => {
    expect(illegal([1n << 55n], { guestTranslation: false })).toBe('event 1 flags 0x0080');
    expect(illegal([0n, 1n << 31n], { guestTranslation: false })).toBe('event 1 flags 0x0080');
    expect(illegal([0n, 1n << 63n], { guestTranslation: false })).toBe('event 1 flags 0x0080');
    expect(illegal([1n << 54n], { guestIo: false })).toBe('event 1 flags 0x0080');
    expect(illegal([1n << 52n], { enhancedPpr: false })).toBe('event 1 flags 0x0080');
    expect(illegal([1n << 53n], { enhancedPpr: false })).toBe('event 1 flags 0x0080');
    expect(illegal([1n << 7n], { hostAccess: false })).toBe('event 1 flags 0x0080');
    expect(illegal([3n << 7n], { hostDirty: false })).toBe('event 1 flags 0x0080');
    expect(illegal([1n << 7n], { hostDirty: false })).toBe(BigInt(PAGE));
  });

  it('[dte] levels that are reserved, or more than the unit has', () => {
    expect(new Fixture().attach(7).read(0n)).toBe('event 1 flags 0x0000');
    expect(new Fixture(0x100, { hostLevels: 4 }).attach(5).write(0n)).toBe('event 1 flags 0x0020');
    const guest = Fixture.guest(2, 5);
    expect(new Fixture(0x100, { glx: 1 }).attach(1, { extra: guest }).read(0n)).toBe('event 1 flags 0x0000');
    expect(new Fixture(0x100, { guestLevels: 4 }).attach(1, { extra: guest }).read(0n)).toBe(
      'event 1 flags 0x0000',
    );
  });

  it('[dte] the record of an illegal entry: device, flags and the address asked for', () => {
    const f = new Fixture(0x0a08).attach(7);
    f.write(0xabcd_1234n);
    expect(f.events()).toEqual([[(0x1020n << 48n) | 0x0a08n, 0xabcd_1234n]]);
  });
});

describe('suppression', () => {
  const SE = 1n << 33n;
  const SA = 1n << 34n;
  /** What can go wrong, by event code. */
  const FAULTS: Readonly<Record<string, (extra: bigint) => Fixture>> = {
    'not present': (extra) => new Fixture().attach(2, { extra: [0n, extra] }),
    denied: (extra) => new Fixture().dte({ ir: false, iw: false, extra: [0n, extra] }).on(),
    'TV = 0': (extra) => new Fixture().dte({ tv: false, extra: [0n, extra] }).on(),
    reserved: (extra) => {
      const f = new Fixture().attach(1, { extra: [0n, extra] });
      f.put(TABLE, 1n | (1n << 52n));
      return f;
    },
    'illegal entry': (extra) => new Fixture().attach(7, { extra: [0n, extra] }),
    hardware: (extra) => new Fixture().dte({ mode: 1, root: 0x8000, extra: [0n, extra] }).on(),
  };

  for (const [name, make] of Object.entries(FAULTS)) {
    const silenced = !['illegal entry', 'hardware'].includes(name);
    it(`[dte] ${name}: SE logs the first, SA none; page faults alone are silenced`, () => {
      const logged = (bits: bigint): number => {
        const f = make(bits);
        for (let n = 0; n < 3; n++) expect(typeof f.write(BigInt(n) << 12n)).toBe('string');
        return f.events().length;
      };
      expect(logged(0n)).toBe(3);
      expect(logged(SE)).toBe(silenced ? 1 : 3);
      expect(logged(SA)).toBe(silenced ? 0 : 3);
      expect(logged(SE | SA)).toBe(silenced ? 0 : 3);
    });
  }

  it('[dte] SE counts anew when the entry is read anew', () => {
    const f = new Fixture().attach(2, { extra: [0n, SE] });
    f.read(0n);
    f.read(0n);
    expect(f.events()).toHaveLength(1);
    f.command([(2n << 60n) | 0x100n, 0n]);
    f.read(0n);
    expect(f.events()).toHaveLength(2);
  });

  it('[dte] the trace says whether a fault was recorded', () => {
    const f = new Fixture().attach(2, { extra: [0n, SA] });
    f.read(0n);
    expect(f.trace.take().find((event) => event.kind === 'fault')).toMatchObject({
      name: 'IO_PAGE_FAULT',
      recorded: false,
      device: '0000:01:00.0',
    });
  });
});

describe('the exclusion range', () => {
  const range = (f: Fixture, flags: bigint): void => {
    f.set(0x20, 0x10_0000n | flags);
    f.set(0x28, 0x1f_f000n);
  };

  it('[excl] passes untranslated for devices with EX', () => {
    const f = new Fixture().attach(2, { extra: [0n, 1n << 39n] });
    range(f, 1n);
    expect(f.translate(0x10_0000n)).toBe(2);
    expect(f.read(0x1f_ffffn)).toBe(0x1f_ffffn);
    expect(f.read(0x20_0000n)).toBe('event 2 flags 0x0000');
    expect(f.read(0xf_ffffn)).toBe('event 2 flags 0x0000');
  });

  it('[excl] for all of them with Allow, and for none without ExEn', () => {
    const f = new Fixture().attach(2);
    range(f, 1n);
    expect(f.read(0x10_0000n)).toBe('event 2 flags 0x0000');
    range(f, 3n);
    expect(f.translate(0x10_0000n)).toBe(2);
    range(f, 2n);
    expect(f.read(0x10_0000n)).toBe('event 2 flags 0x0000');
  });
});

describe('special addresses', () => {
  it('[special] a write to 0xfee00000-0xfeefffff is an interrupt message, whatever the tables say', () => {
    const f = new Fixture().attach(4);
    expect(f.translate(0xfee0_0000n, WRITE)).toBe(3);
    expect(f.translate(0xfeef_fffcn, WRITE)).toBe(3);
    expect(f.translate(0xfef0_0000n, WRITE)).toBe(4);
    expect(f.translate(0x1_fee0_0000n, WRITE)).toBe(4);
  });

  it('[special] a read there is an invalid request; with a PASID a write is a fault', () => {
    const f = new Fixture().attach(4, { extra: Fixture.guest(0, 4) });
    expect(f.read(0xfee0_0000n)).toBe('event 8 flags 0x0000');
    expect(f.outcome(0xfee0_0000n, WRITE, 1)).toBe('event 2 flags 0x002d');
    const forwards = new Fixture().dte({ v: false }).on();
    expect(forwards.translate(0xfee0_0000n, READ, NO_PASID)).toBe(2);
  });

  it('[special] HyperTransport’s range is not memory', () => {
    // The kernel of a PC with IntCtl = 0 prints: INVALID_DEVICE_REQUEST address=0xfffffffdf8000000 flags=0x0a00
    const f = new Fixture().attach(6);
    expect(f.write(0xfd_f800_0000n)).toBe('event 8 flags 0x0a00');
    expect(f.write(0xfd_f910_0000n)).toBe('event 8 flags 0x0600');
    expect(f.read(0xfd_f910_0000n)).toBe('event 8 flags 0x0e00');
    expect(f.write(0xfd_fc00_0000n)).toBe('event 8 flags 0x0400');
    expect(f.write(0xfd_0000_0000n)).toBe('event 8 flags 0x0c00');
    expect(f.write(0xff_ffff_ffffn)).toBe('event 8 flags 0x0c00');
    expect(f.write(0x100_0000_0000n)).toBe('event 2 flags 0x0020');
    expect(f.write(0xfc_ffff_ffffn)).toBe('event 2 flags 0x0020');
    const ports = new Fixture().attach(6, { extra: [0n, (1n << 35n) | (1n << 40n)] });
    expect(ports.translate(0xfd_fc00_0000n, WRITE)).toBe(2);
    expect(ports.translate(0xfd_f910_0000n, WRITE)).toBe(2);
  });

  it('[special] or is, where the unit ignores it', () => {
    const f = new Fixture(0x100, { htRangeIgnore: true }).attach(6);
    expect(f.write(0xfd_f800_0000n)).toBe('event 2 flags 0x0020');
  });
});
