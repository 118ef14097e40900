import { describe, expect, it } from 'vitest';
import { ATS_REQUEST, ATS_TRANSLATED, EXECUTE, NO_PASID, PRIVILEGED, READ, WRITE } from '../../port';
import { ALL_ON, Fixture, PAGE, TABLE } from './fixture.conformance';

// Expected values: PCI Express Base Specification, section 10.2.3; AMD's document as VirtualBox's and Linux's headers have
// it; PPR entries as drivers/iommu/amd/ppr.c reads them.
const I = 1n << 32n;
const D = 1n << 6n;
const MAPPED = 3n << 61n;
const ats = (f: Fixture, iova: bigint, access: number, pasid = NO_PASID): unknown => {
  const status = f.translate(iova, access | ATS_REQUEST, pasid);
  const [, , reason = 0, , , size = 0, grants = 0, completion = 0] = f.device.result;
  if (status === 4) return { event: reason.toString(16), completion };
  if (grants === 0) return 'nothing';
  const [lo = 0, hi = 0] = f.device.result;
  return { pa: (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0), size, grants };
};

describe('translation requests', () => {
  const attached = (extra: readonly bigint[] = [0n, I]): Fixture => {
    const f = new Fixture().attach(3, { extra });
    f.walk(3, 1, 0x5000n, BigInt(PAGE));
    return f;
  };

  it('[ats] are answered with the page, its size and what is granted', () => {
    const f = attached();
    expect(ats(f, 0x5000n, READ | WRITE)).toEqual({ pa: BigInt(PAGE), size: 12, grants: READ | WRITE });
    expect(ats(f, 0x5000n, READ | WRITE | EXECUTE)).toMatchObject({ grants: READ | WRITE | EXECUTE });
    const large = new Fixture().attach(3, { extra: [0n, I] });
    large.walk(3, 2, 0x20_0000n, 0x40_0000n);
    expect(ats(large, 0x20_5000n, READ)).toMatchObject({ pa: 0x40_5000n, size: 21 });
  });

  it('[ats] what is missing or forbidden is answered without permission, and not logged', () => {
    const f = attached();
    expect(ats(f, 0x6000n, READ)).toBe('nothing');
    expect(ats(f, 1n << 60n, READ)).toBe('nothing');
    f.walk(3, 1, 0x7000n, 1n << 53n);
    expect(ats(f, 0x7000n, READ)).toBe('nothing');
    const none = attached();
    none.put(TABLE + 0x2000 + 40, BigInt(PAGE) | 1n);
    expect(ats(none, 0x5000n, READ)).toBe('nothing');
    expect([...f.events(), ...none.events()]).toEqual([]);
    const readOnly = attached();
    readOnly.put(TABLE + 0x2000 + 40, BigInt(PAGE) | 1n | (1n << 61n));
    expect(ats(readOnly, 0x5000n, READ | WRITE)).toMatchObject({ grants: READ });
  });

  it('[ats] need I, V and TV', () => {
    const refused = { event: '8300', completion: 1 };
    expect(ats(attached([]), 0x5000n, READ)).toEqual(refused);
    expect(ats(new Fixture().dte({ v: false, extra: [0n, I] }).on(), 0x5000n, READ)).toEqual(refused);
    expect(ats(new Fixture().dte({ tv: false, extra: [0n, I] }).on(), 0x5000n, READ)).toEqual(refused);
    expect(ats(attached(), 0xfee0_0000n, READ)).toEqual({ event: '8100', completion: 1 });
    const f = attached([]);
    ats(f, 0x5000n, READ);
    expect(f.events()).toEqual([[(0x8300n << 48n) | (0xbeefn << 32n) | 0x100n, 0x5000n]]);
  });

  it('[ats] pass-through devices get their own address', () => {
    const f = new Fixture().dte({ iw: false, extra: [0n, I] }).on();
    expect(ats(f, 0x1234_5678n, READ | WRITE)).toEqual({ pa: 0x1234_5000n, size: 12, grants: READ });
  });

  it('[ats] write permission is granted with the dirty bit set; to who does not write, only when it is', () => {
    const f = attached([3n << 7n, I]);
    expect(ats(f, 0x5000n, READ)).toMatchObject({ grants: READ });
    expect(f.get(TABLE + 0x2000 + 40) & D).toBe(0n);
    expect(ats(f, 0x5000n, READ | WRITE)).toMatchObject({ grants: READ | WRITE });
    expect(f.get(TABLE + 0x2000 + 40) & D).toBe(D);
    expect(ats(f, 0x5000n, READ)).toMatchObject({ grants: READ | WRITE });
  });

  it('[ats] of processes: user and supervisor, no-execute, global', () => {
    const extra = Fixture.guest(0, 4);
    const f = new Fixture().dte({ extra: [extra[0] ?? 0n, (extra[1] ?? 0n) | I, extra[2] ?? 0n] }).on();
    const leaf = f.process(1, 0, 4, 0x5000n, BigInt(PAGE)).at(-1) ?? 0;
    expect(ats(f, 0x5000n, READ | WRITE | EXECUTE, 1)).toEqual({
      pa: BigInt(PAGE),
      size: 12,
      grants: READ | WRITE | EXECUTE,
    });
    f.put(leaf, BigInt(PAGE) | 0x103n | (1n << 63n));
    expect(ats(f, 0x5000n, READ | EXECUTE, 1)).toBe('nothing');
    expect(ats(f, 0x5000n, READ | EXECUTE | PRIVILEGED, 1)).toMatchObject({
      grants: READ | PRIVILEGED | 0x40,
    });
    expect(ats(f, 0x5000n, READ, 2)).toBe('nothing');
    expect(f.events()).toEqual([]);
  });

  it('[ats] U: the address is for untranslated requests alone', () => {
    const f = attached();
    f.put(TABLE + 0x2000 + 40, BigInt(PAGE) | 1n | MAPPED | (1n << 59n));
    expect(ats(f, 0x5000n, READ)).toMatchObject({ grants: READ | WRITE | 0x80 });
  });

  it('[ats] memory that does not answer is an error after all', () => {
    const f = new Fixture().dte({ mode: 2, root: 0x8000, extra: [0n, I] }).on();
    expect(ats(f, 0n, READ)).toEqual({ event: '4300', completion: 4 });
    expect(f.events()).toHaveLength(1);
  });
});

describe('translated requests', () => {
  it('[ats] pass with I; without it, or with V = 0, they are invalid', () => {
    const f = new Fixture().attach(2, { extra: [0n, I] });
    expect(f.translate(0x99_9000n, WRITE | ATS_TRANSLATED)).toBe(2);
    const closed = new Fixture().attach(2);
    expect(closed.outcome(0x99_9000n, WRITE | ATS_TRANSLATED)).toBe('event 8 flags 0x0200');
    expect(
      new Fixture()
        .dte({ v: false, extra: [0n, I] })
        .on()
        .translate(0n, READ | ATS_TRANSLATED),
    ).toBe(4);
  });
});

describe('page requests', () => {
  const PPR = 1n << 52n;
  const message = (change = {}) => ({
    rid: 0x100,
    pasid: NO_PASID,
    iova: 0x1234_5000n,
    read: true,
    write: false,
    execute: false,
    privileged: false,
    group: 5,
    last: true,
    ...change,
  });
  const allowed = (): Fixture => {
    const extra = Fixture.guest(2, 4);
    return new Fixture(0x100, { pasidBits: 20 })
      .dte({ extra: [(extra[0] ?? 0n) | PPR, (extra[1] ?? 0n) | I, extra[2] ?? 0n] })
      .on();
  };

  it('[ppr] are logged, word by word', () => {
    const f = allowed();
    f.device.pageRequest(message());
    f.device.pageRequest(
      message({ pasid: 0x5_4321, write: true, execute: true, privileged: true, last: false }),
    );
    expect(f.pprs()).toEqual([
      [0x1044_0205_0000_0100n, 0x1234_5000n],
      [0x1126_1405_4321_0100n, 0x1234_5000n],
    ]);
    expect(f.interrupts).toEqual(['page-requests']);
    expect(f.responses).toEqual([]);
  });

  it('[ppr] where they are off: INVALID_PPR_REQUEST, and the device is told', () => {
    const refused = (make: () => Fixture, change = {}): void => {
      const f = make();
      f.device.pageRequest(message(change));
      expect(f.pprs()).toEqual([]);
      expect(f.events()).toHaveLength(1);
      expect((f.events()[0]?.[0] ?? 0n) >> 60n).toBe(9n);
      expect(f.responses).toEqual([{ rid: 0x100, pasid: message(change).pasid, group: 5, code: 1 }]);
    };
    refused(() => new Fixture().dte({ extra: [0n, I] }).on());
    refused(() => new Fixture().dte({ extra: [PPR] }).on());
    refused(() => new Fixture().dte({ v: false, extra: [PPR, I] }).on());
    refused(() => new Fixture().dte({ extra: [PPR, I] }).on(), { pasid: 1 });
    refused(() => new Fixture().dte({ extra: [PPR, I] }).on(ALL_ON & ~(1n << 15n)));
    refused(() => new Fixture(0x100, { pageRequests: false }).dte({ extra: [PPR, I] }).on());
    expect(() => refused(allowed)).toThrow();
  });

  it('[ppr] the record of an invalid one', () => {
    const f = new Fixture().dte().on();
    f.device.pageRequest(message({ pasid: 0x5_4321 }));
    expect(f.events()).toEqual([[0x9144_1605_4321_0100n, 0x1234_5000n]]);
  });

  it('[ppr] a full log overflows; the unit answers by itself where it was told to', () => {
    const f = allowed();
    for (let n = 0; n < 255; n++) f.device.pageRequest(message());
    f.device.pageRequest(message());
    expect(f.reg(0x2020) & 0xa0n).toBe(0x20n);
    expect(f.responses).toEqual([]);
    f.set(0x2080, 0xfn);
    f.set(0x18, ALL_ON | (1n << 39n));
    f.device.pageRequest(message({ last: false }));
    expect(f.responses).toEqual([]);
    f.device.pageRequest(message());
    expect(f.responses).toEqual([{ rid: 0x100, pasid: -1, group: 5, code: 15 }]);
  });
});
