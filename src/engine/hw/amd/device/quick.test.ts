import { describe, expect, it } from 'vitest';
import { PRIVILEGED, READ, WRITE } from '../../port';
import { ALL_ON, Fixture, GUEST, PAGE, TABLE } from './fixture.conformance';

// Requests that come in rows are looked up in the IOTLB without asking the other caches: what must hold all the same. The
// second look-up of a row is a hit, and sets it up; the third is served by it.

/** A row of reads that is being served. */
function served(make: () => Fixture, iova = 0n, pasid = -1): Fixture {
  const f = make();
  f.trace.on = false;
  expect(f.translate(iova, READ, pasid)).toBe(1);
  expect(f.translate(iova, READ, pasid)).toBe(0);
  expect(f.translate(iova, READ, pasid)).toBe(0);
  return f;
}

const plain = (): Fixture => {
  const f = new Fixture().attach(1);
  f.walk(1, 1, 0n, BigInt(PAGE));
  return f;
};

describe('requests in rows', () => {
  it('[quick] IR and IW of the device’s entry count', () => {
    const f = served(() => {
      const unit = new Fixture().attach(1, { iw: false });
      unit.walk(1, 1, 0n, BigInt(PAGE));
      return unit;
    });
    expect(f.outcome(0n, WRITE)).toBe('event 2 flags 0x0070');
    expect(f.outcome(0n, READ)).toBe(BigInt(PAGE));
  });

  it('[quick] and so do the permissions of the page', () => {
    const f = served(() => {
      const unit = new Fixture().attach(1);
      unit.put(TABLE, BigInt(PAGE) | 1n | (1n << 61n));
      return unit;
    });
    expect(f.outcome(0n, WRITE)).toBe('event 2 flags 0x0070');
  });

  it('[quick] an invalidated device entry is read anew', () => {
    const f = served(plain);
    f.dte({ ir: false, iw: false });
    expect(f.read(0n)).toBe(BigInt(PAGE));
    f.command([(2n << 60n) | 0x100n, 0n]);
    expect(f.read(0n)).toBe('event 2 flags 0x0050');
  });

  it('[quick] an entry that gave way to another device’s is asked about again', () => {
    const f = served(() => {
      const unit = new Fixture(0x100, { dteCache: { sets: 1, ways: 1 } }).attach(1);
      unit.walk(1, 1, 0n, BigInt(PAGE));
      return unit;
    });
    f.device.translate(0x200, 0, 0, READ, -1);
    f.dte({ v: true, ir: false });
    f.put(0x20_0000 + 0x200 * 32, 3n | (1n << 61n), 0n);
    f.device.translate(0x200, 0, 0, READ, -1);
    expect(f.read(0n)).toBe('event 2 flags 0x0050');
  });

  it('[quick] the unit is turned off, or an exclusion range on', () => {
    const off = served(plain);
    off.set(0x18, 0n);
    expect(off.read(0n)).toBe(0n);
    const excluded = served(plain);
    excluded.set(0x28, 0xf_f000n);
    excluded.set(0x20, 3n);
    expect(excluded.read(0n)).toBe(0n);
  });

  it('[quick] other devices, and other PASIDs of the device, are others', () => {
    const f = served(plain);
    expect(f.device.translate(0x101, 0, 0, READ, -1)).toBe(2);
    expect(f.outcome(0n, READ, 1)).toBe('event 2 flags 0x0005');
    expect(f.read(0n)).toBe(BigInt(PAGE));
  });

  it('[quick] pages at the same place of another 4 MiB', () => {
    const f = served(() => {
      const unit = new Fixture().attach(4);
      unit.walk(4, 1, 0n, BigInt(PAGE));
      return unit;
    });
    for (const iova of [1n << 22n, 1n << 32n, 1n << 44n]) expect(f.read(iova)).toBe('event 2 flags 0x0000');
  });

  it('[quick] user mode does not get a supervisor’s page', () => {
    const f = served(
      () => {
        const unit = new Fixture().dte({ extra: Fixture.guest(0, 4) }).on();
        unit.process(1, 0, 4, 0n, BigInt(PAGE));
        unit.put(GUEST + 0x3000 + 8, 0x77_7003n);
        return unit;
      },
      0n,
      1,
    );
    expect(f.outcome(0x1000n, READ | PRIVILEGED, 1)).toBe(0x77_7000n);
    expect(f.translate(0n, READ, 1)).toBe(0);
    expect(f.outcome(0x1000n, READ, 1)).toBe('event 2 flags 0x0055');
  });

  it('[quick] GIoV: with PASID 0 in place of none', () => {
    const f = served(() => {
      const unit = new Fixture().dte({ extra: Fixture.guest(0, 4, true) }).on(ALL_ON);
      unit.process(0, 0, 4, 0n, BigInt(PAGE));
      return unit;
    });
    f.put(GUEST + 0x3000, 0n);
    f.command([(3n << 60n) | (0xbeefn << 32n), 4n]);
    expect(f.read(0n)).toBe('event 2 flags 0x0005');
  });

  it('[quick] a page of the interrupt range is no page, even fetched ahead', () => {
    const f = served(() => {
      const unit = new Fixture().attach(4);
      unit.walk(4, 1, 0n, BigInt(PAGE));
      // Its tables are those of the first page, at other places.
      unit.put(TABLE + 0x1000 + 3 * 8, BigInt(TABLE + 0x2000) | (2n << 9n) | 1n | (3n << 61n));
      unit.put(TABLE + 0x2000 + 0x1f7 * 8, BigInt(TABLE + 0x3000) | (1n << 9n) | 1n | (3n << 61n));
      return unit;
    });
    f.command([(6n << 60n) | 0x100n, 0xfee0_0000n]);
    expect(f.read(0n)).toBe(BigInt(PAGE));
    expect(f.translate(0xfee0_0000n, WRITE)).toBe(3);
  });
});
