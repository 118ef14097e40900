import { describe, expect, it } from 'vitest';
import { ALL_ON, Fixture, IRT } from './fixture.conformance';

// Expected values: drivers/iommu/amd/amd_iommu_types.h union irte, struct irte_ga; which event, and when it is silent, as
// VirtualBox DevIommuAmd.cpp and OpenVMM have it.
const REMAP = 2n << 60n;
const IV = 1n;
const length = (lg2: bigint): bigint => lg2 << 1n;
const irte = (vector: bigint, destination: bigint, bits = 0n): bigint =>
  1n | bits | (destination << 8n) | (vector << 16n);

/** Word 2 of the device's entry, and what CONTROL is set to. */
const set = (third: bigint, control = ALL_ON, fourth = 0n, config = {}): Fixture =>
  new Fixture(0x100, config).dte({ extra: [0n, 0n, third | BigInt(IRT), fourth] }).on(control);

const put32 = (f: Fixture, index: number, value: bigint): void => {
  f.memory.store32(IRT + index * 4, Number(BigInt.asIntN(32, value)));
};

const msi = (f: Fixture, data: number, address = 0xfee0_0000): boolean =>
  f.device.interrupt(f.rid, address, new Uint8Array([data & 0xff, (data >> 8) & 0xff, 0, 0]));

/** `event flags` of the one that was logged, or null. */
const logged = (f: Fixture): string | null => {
  const [first] = f.events();
  if (first === undefined) return null;
  return `event ${first[0] >> 60n} flags 0x${((first[0] >> 48n) & 0xfffn).toString(16).padStart(4, '0')}`;
};

describe('32-bit entries', () => {
  it('[irte] index, vector, destination, mode and type', () => {
    const f = set(IV | length(8n) | REMAP);
    put32(f, 0x30, irte(0x40n, 3n));
    expect(msi(f, 0x30)).toBe(true);
    expect(f.device.lastInterrupt).toMatchObject({ destination: 3, vector: 0x40, logical: false, type: 0 });
    put32(f, 0x31, irte(0x50n, 0xffn, (1n << 6n) | (1n << 2n)));
    msi(f, 0x31);
    expect(f.device.lastInterrupt).toMatchObject({ destination: 255, vector: 0x50, logical: true, type: 1 });
  });

  it('[irte] each index has its own', () => {
    const f = set(IV | length(4n) | REMAP);
    for (let n = 0; n < 4; n++) put32(f, n, irte(0x40n + BigInt(n), BigInt(n)));
    for (let n = 0; n < 4; n++) {
      msi(f, n);
      expect(f.device.lastInterrupt).toMatchObject({ destination: n, vector: 0x40 + n });
    }
  });

  it('[irte] an index beyond the table; RemapEn = 0', () => {
    for (const lg2 of [0n, 1n, 2n, 9n, 10n]) {
      const f = set(IV | length(lg2) | REMAP, ALL_ON | (1n << 43n));
      expect(msi(f, 1 << Number(lg2))).toBe(false);
      expect(logged(f)).toBe('event 2 flags 0x0028');
      expect(f.events()[0]).toEqual([(0x2028n << 48n) | (0xbeefn << 32n) | 0x100n, 0xfee0_0000n]);
    }
    const f = set(IV | length(4n) | REMAP);
    expect(msi(f, 3)).toBe(false);
    expect(logged(f)).toBe('event 2 flags 0x0028');
  });

  it('[irte] the index is bits 10:0 of the data: with 512 interrupts the upper two say the type', () => {
    const many = set(IV | length(11n) | REMAP, ALL_ON | (1n << 43n));
    put32(many, 0x7fe, irte(0x61n, 1n));
    expect(msi(many, 0x7fe)).toBe(true);
    expect(many.device.lastInterrupt).toMatchObject({ vector: 0x61, destination: 1 });
    const few = set(IV | length(11n) | REMAP);
    put32(few, 0x1fe, irte(0x62n, 2n));
    put32(few, 0x4fe, irte(0x63n, 3n));
    msi(few, 0x1fe);
    expect(few.device.lastInterrupt).toMatchObject({ vector: 0x62 });
    expect(msi(few, 0x4fe)).toBe(false);
    const lacks = set(IV | length(11n) | REMAP, ALL_ON | (1n << 43n), 0n, { interrupts2k: false });
    put32(lacks, 0x4fe, irte(0x63n, 3n));
    expect(msi(lacks, 0x4fe)).toBe(false);
  });

  it('[irte] reserved bits, reserved types and guest mode', () => {
    for (let bit = 1n; bit < 32n; bit++) {
      const f = set(IV | length(4n) | REMAP);
      put32(f, 0, 1n | (1n << bit));
      const reserved = bit >= 24n || bit === 7n || bit === 3n || bit === 4n;
      expect(msi(f, 0), `bit ${bit}`).toBe(!reserved);
      expect(logged(f), `bit ${bit}`).toBe(reserved ? 'event 2 flags 0x00b8' : null);
    }
  });

  it('[irte] an entry that is not mapped is not kept', () => {
    const f = set(IV | length(4n) | REMAP);
    expect(msi(f, 3)).toBe(false);
    put32(f, 3, irte(0x44n, 0n));
    expect(msi(f, 3)).toBe(true);
  });

  it('[irte] a table length above 11 is an illegal device entry', () => {
    for (const lg2 of [11n, 12n, 15n]) {
      const f = set(IV | length(lg2) | REMAP);
      put32(f, 0, irte(0x40n, 0n));
      expect(msi(f, 0)).toBe(lg2 === 11n);
      expect(logged(f)).toBe(lg2 === 11n ? null : 'event 1 flags 0x0028');
    }
  });

  it('[irte] a table that is no memory: PAGE_TAB_HARDWARE_ERROR at the entry', () => {
    const f = new Fixture().dte({ extra: [0n, 0n, IV | length(4n) | REMAP | 0x8000n] }).on();
    expect(msi(f, 2)).toBe(false);
    expect(f.events()[0]).toEqual([(0x4228n << 48n) | (0xbeefn << 32n) | 0x100n, 0x8008n]);
  });
});

describe('128-bit entries', () => {
  const GA = ALL_ON | (1n << 17n);
  const XT = 1n << 50n;

  it('[irte-ga] vector and destination', () => {
    const f = set(IV | length(8n) | REMAP, GA);
    f.put(IRT + 5 * 16, 1n | (7n << 8n), 0x80n);
    expect(msi(f, 5)).toBe(true);
    expect(f.device.lastInterrupt).toMatchObject({ destination: 7, vector: 0x80, logical: false, type: 0 });
  });

  it('[irte-ga] 32-bit destinations in x2APIC mode, 8-bit ones without', () => {
    for (const [control, destination] of [
      [GA | XT, 0x0a12_3456],
      [GA, 0x56],
    ] as const) {
      const f = set(IV | length(4n) | REMAP, control);
      f.put(IRT + 3 * 16, 1n | (0x12_3456n << 8n), 0x42n | (0x0an << 56n));
      msi(f, 3);
      expect(f.device.lastInterrupt).toMatchObject({ destination, vector: 0x42 });
    }
  });

  it('[irte-ga] the tag is the software’s; reserved bits are not', () => {
    const outcome = (low: bigint, high: bigint): boolean => {
      const f = set(IV | length(4n) | REMAP, GA);
      f.put(IRT, 1n | low, high);
      return msi(f, 0);
    };
    for (let bit = 32n; bit < 64n; bit++) expect(outcome(1n << bit, 0n), `bit ${bit}`).toBe(true);
    for (let bit = 8n; bit < 64n; bit++)
      expect(outcome(0n, 1n << bit), `bit ${64n + bit}`).toBe(!(bit < 12n || (bit >= 52n && bit < 56n)));
    expect(outcome(1n << 7n, 0n)).toBe(false);
  });
});

describe('what is silent', () => {
  const IG = 1n << 5n;
  it('[ig] IG: unmapped interrupts are not logged', () => {
    for (const third of [IV | length(4n) | REMAP | IG, IV | length(1n) | REMAP | IG]) {
      const f = set(third);
      expect(msi(f, 5)).toBe(false);
      expect(logged(f)).toBeNull();
    }
  });

  it('[ig] SupIOPF of the entry: its faults are not logged', () => {
    const f = set(IV | length(4n) | REMAP);
    put32(f, 0, 2n);
    put32(f, 1, 3n | (7n << 2n));
    expect([msi(f, 0), msi(f, 1)]).toEqual([false, false]);
    expect(logged(f)).toBeNull();
  });
});

describe('IntCtl and the pass bits', () => {
  it('[intctl] 00b aborts as an invalid request, 01b forwards, 11b is reserved', () => {
    // flags=0x0a00 is what Linux prints on machines whose firmware leaves IntCtl at 0.
    const abort = set(IV);
    expect(msi(abort, 0x30)).toBe(false);
    expect(logged(abort)).toBe('event 8 flags 0x0a00');
    const forward = set(IV | (1n << 60n));
    expect(msi(forward, 0x30, 0xfee0_5000)).toBe(true);
    expect(forward.device.lastInterrupt).toMatchObject({ destination: 5, vector: 0x30 });
    const reserved = set(IV | (3n << 60n));
    expect(msi(reserved, 0x30)).toBe(false);
    expect(logged(reserved)).toBe('event 1 flags 0x00a8');
  });

  it('[intctl] IV = 0: interrupts pass, whatever the entry holds; and so they do while the unit is off', () => {
    const f = set(0n);
    expect(msi(f, 0x30)).toBe(true);
    const off = set(IV, 0n);
    expect(msi(off, 0x30)).toBe(true);
  });

  it('[intctl] NMI, INIT and ExtInt pass with their bits alone; SMI passes; others do not', () => {
    const bits: Readonly<Record<number, bigint>> = { 4: 1n << 58n, 5: 1n << 56n, 7: 1n << 57n };
    for (const type of [2, 3, 4, 5, 6, 7]) {
      const closed = set(IV | length(4n) | REMAP);
      expect(msi(closed, type << 8), `type ${type}`).toBe(type === 2);
      expect(logged(closed)).toBe(type === 2 ? null : 'event 2 flags 0x0028');
      const bit = bits[type];
      if (bit === undefined) continue;
      expect(msi(set(IV | length(4n) | REMAP | bit), type << 8)).toBe(true);
      // A logical destination is for those that are remapped.
      expect(msi(set(IV | length(4n) | REMAP | bit), type << 8, 0xfee0_0004)).toBe(false);
    }
  });

  it('[intctl] reserved bits of the upper half of the device’s entry', () => {
    for (const bit of [52n, 53n]) {
      const f = set(IV | (1n << 60n) | (1n << bit));
      expect(msi(f, 0)).toBe(false);
      expect(logged(f)).toBe('event 1 flags 0x00a8');
    }
    for (let bit = 0n; bit < 64n; bit++) {
      const f = set(IV | (1n << 60n), ALL_ON, 1n << bit);
      const reserved = bit < 15n || (bit >= 48n && bit <= 53n);
      expect(msi(f, 0), `bit ${192n + bit}`).toBe(!reserved);
    }
  });

  it('[intctl] an illegal lower half does not concern interrupts, and is not kept for DMA', () => {
    for (const npCache of [false, true]) {
      const f = new Fixture(0x100, { npCache }).attach(7, { extra: [0n, 0n, IV | (1n << 60n)] });
      expect(msi(f, 0)).toBe(true);
      expect(f.read(0n)).toBe('event 1 flags 0x0000');
    }
  });

  it('[intctl] a message is one aligned dword', () => {
    const f = set(IV | (1n << 60n));
    expect(f.device.interrupt(0x100, 0xfee0_0000, new Uint8Array(8))).toBe(false);
    expect(f.device.interrupt(0x100, 0xfee0_0002, new Uint8Array(4))).toBe(false);
  });

  it('[intctl] a device beyond the table', () => {
    const f = new Fixture().dte();
    f.on(0n);
    f.set(0x00, 0x20_0000n);
    f.set(0x18, ALL_ON);
    expect(msi(f, 0)).toBe(false);
    expect(logged(f)).toBe('event 2 flags 0x0028');
  });
});
