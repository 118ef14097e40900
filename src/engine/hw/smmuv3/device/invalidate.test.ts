import { describe, expect, it } from 'vitest';
import { NO_PASID, READ } from '../../port';
import {
  CDTAB,
  CFG,
  CONTIGUOUS,
  cd,
  CR0,
  CR2,
  EVENTQEN,
  CMDQEN,
  Fixture,
  GRANULES,
  LEAF1,
  LEAF2,
  NG,
  PAGE,
  S1,
  S2,
} from './fixture.conformance';

type Command = readonly [bigint, bigint];
const OTHER = PAGE + 0x10_0000n;

/** Spec: chapter 4; VMID in dword 0 bits 47:32, ASID in 63:48, StreamID in 63:32, SubstreamID in 31:12. */
const cfgi = {
  ste: (sid: number, leaf = 1): Command => [0x03n | (BigInt(sid) << 32n), BigInt(leaf)],
  range: (sid: number, range: number): Command => [0x04n | (BigInt(sid) << 32n), BigInt(range)],
  cd: (sid: number, ssid: number): Command => [0x05n | (BigInt(ssid) << 12n) | (BigInt(sid) << 32n), 1n],
  cdAll: (sid: number): Command => [0x06n | (BigInt(sid) << 32n), 0n],
};
interface Range {
  readonly num?: number;
  readonly scale?: number;
  readonly tg?: number;
  readonly ttl?: number;
  readonly leaf?: boolean;
}
function tlbi(
  op: number,
  vmid: number,
  asid: number,
  address = 0n,
  { num = 0, scale = 0, tg = 0, ttl = 0, leaf = false }: Range = {},
): Command {
  const first =
    BigInt(op) |
    (BigInt(num) << 12n) |
    (BigInt(scale) << 20n) |
    (BigInt(vmid) << 32n) |
    (BigInt(asid) << 48n);
  return [first, address | (BigInt(tg) << 10n) | (BigInt(ttl) << 8n) | (leaf ? 1n : 0n)];
}
const NH_ALL = 0x10;
const NH_ASID = 0x11;
const NH_VA = 0x12;
const NH_VAA = 0x13;
const EL2_ALL = 0x20;
const EL2_VA = 0x22;
const EL2_ASID = 0x21;
const EL2_VAA = 0x23;
const S12_VMALL = 0x28;
const S2_IPA = 0x2a;
const NSNH_ALL = 0x30;

describe('SMMUv3 configuration caches', () => {
  /** The stream's table leads elsewhere: which invalidation makes the unit see it. */
  const all: readonly (readonly [string, Command, boolean, boolean])[] = [
    // name, command, sees a new STE, sees a new CD
    ['CFGI_STE', cfgi.ste(0x100), true, true],
    ['CFGI_STE, not only leaves', cfgi.ste(0x100, 0), true, true],
    ['CFGI_STE of another', cfgi.ste(0x101), false, false],
    ['CFGI_STE_RANGE around it', cfgi.range(0x107, 7), true, true],
    ['CFGI_STE_RANGE beside it', cfgi.range(0x110, 3), false, false],
    ['CFGI_ALL', cfgi.range(0, 31), true, true],
    ['CFGI_CD', cfgi.cd(0x100, 0), false, true],
    ['CFGI_CD of another substream', cfgi.cd(0x100, 1), false, false],
    ['CFGI_CD_ALL', cfgi.cdAll(0x100), false, true],
    ['CFGI_CD_ALL of another', cfgi.cdAll(0x101), false, false],
    ['TLBI_NSNH_ALL', tlbi(NSNH_ALL, 0, 0), false, false],
  ];

  it.each(all)('%s', (_name, command, seesSte, seesCd) => {
    const f = new Fixture().usual();
    f.map(0x1000n, OTHER, { root: S1 + 0x100_0000 });
    expect(f.outcome(0x1000n)).toBe(PAGE);
    f.putCd({ ttb0: BigInt(S1 + 0x100_0000) }).command(tlbi(NSNH_ALL, 0, 0));
    expect(f.outcome(0x1000n)).toBe(PAGE);
    f.command(tlbi(NSNH_ALL, 0, 0), command);
    expect(f.outcome(0x1000n)).toBe(seesCd ? OTHER : PAGE);
    f.putSte({ config: CFG.bypass });
    expect(f.outcome(0x1000n)).not.toBe(0x1000n);
    f.command(command);
    expect(f.outcome(0x1000n) === 0x1000n).toBe(seesSte);
  });

  it('an entry that was invalid is not cached', () => {
    const f = new Fixture().putSte({ v: 0n }).on();
    expect(f.outcome(0x1000n)).toBe('C_BAD_STE');
    f.putSte().putCd({ v: 0n }).map(0x1000n, PAGE);
    expect(f.outcome(0x1000n)).toBe('C_BAD_CD');
    f.putCd();
    expect(f.outcome(0x1000n)).toBe(PAGE);
  });

  it.each(['steCache', 'cdCache', 'iotlb', 'walkCache', 'stage2Cache'] as const)('%s of no sets', (cache) => {
    const f = new Fixture({ [cache]: { sets: 0, ways: 1 } }).usual();
    expect([f.outcome(0x1000n), f.outcome(0x1008n)]).toEqual([PAGE, PAGE + 8n]);
    expect(f.device.state[cache === 'iotlb' ? 'tlb' : cache].list()).toEqual([]);
  });

  it('without any cache everything is seen at once', () => {
    const none = { sets: 0, ways: 1 };
    const f = new Fixture({
      steCache: none,
      cdCache: none,
      iotlb: none,
      walkCache: none,
      stage2Cache: none,
    }).usual();
    expect(f.outcome(0x1000n)).toBe(PAGE);
    f.map(0x1000n, OTHER, { root: S1 + 0x100_0000 });
    f.putCd({ ttb0: BigInt(S1 + 0x100_0000) });
    expect(f.outcome(0x1000n)).toBe(OTHER);
    f.putSte({ config: CFG.bypass });
    expect(f.outcome(0x1000n)).toBe(0x1000n);
  });
});

/** Contexts side by side: each its own tables, whose leaves then all lead elsewhere. */
interface Place {
  readonly name: string;
  readonly sid: number;
  readonly ssid?: number;
  readonly iova: bigint;
  readonly leaf: number;
}

/** VMIDs 1 and 2 through stage 1 with ASIDs 1 and 2, VMID 1 through stage 2 alone, EL2; a global page in VMID 1, ASID 1. */
function world(config = {}): { f: Fixture; places: readonly Place[]; change: () => void } {
  const f = new Fixture({ iotlb: { sets: 64, ways: 8 }, ...config });
  const places: Place[] = [];
  const add = (
    name: string,
    sid: number,
    ssid: number,
    iova: bigint,
    root: number,
    attributes: bigint,
  ): void => {
    places.push({ name, sid, ssid, iova, leaf: f.map(iova, PAGE, { root, attributes })[3] ?? 0 });
  };
  const context = (vmid: number, asid: number, strw: bigint, slot: number): void => {
    const sid = 0x100 + slot;
    const at = CDTAB + slot * 0x1000;
    f.putSte({ vmid: BigInt(vmid), ctxptr: BigInt(at), dw1: strw << 30n }, sid);
    f.put(at, ...cd({ asid: BigInt(asid), ttb0: BigInt(S1 + slot * 0x40_0000) }));
  };
  context(1, 1, 0n, 0);
  add('vm1 asid1', 0x100, -1, 0x1000n, S1, LEAF1);
  add('vm1 asid1 far', 0x100, -1, 0x4000_0000n, S1, LEAF1);
  add('vm1 global', 0x100, -1, 0x2000n, S1, LEAF1 & ~NG);
  context(1, 2, 0n, 1);
  add('vm1 asid2', 0x101, -1, 0x1000n, S1 + 0x40_0000, LEAF1);
  context(2, 1, 0n, 2);
  add('vm2 asid1', 0x102, -1, 0x1000n, S1 + 0x80_0000, LEAF1);
  context(0, 1, 2n, 3);
  add('el2', 0x103, -1, 0x1000n, S1 + 0xc0_0000, LEAF1);
  f.putSte({ config: CFG.s2, vmid: 1n }, 0x104);
  add('vm1 stage2', 0x104, -1, 0x1000n, S2, LEAF2);
  return {
    f: f.on(),
    places,
    change: () => {
      for (const { leaf } of places) f.put(leaf, (f.memory.readU64(leaf) ?? 0n) + (OTHER - PAGE));
    },
  };
}

describe('SMMUv3 TLB invalidation', () => {
  const stale = ({ f, places }: ReturnType<typeof world>): string[] =>
    places
      .filter(({ sid, iova }) => {
        f.translate(iova, READ, NO_PASID, sid);
        return f.device.result[0] === Number(PAGE & 0xffff_ffffn);
      })
      .map(({ name }) => name);
  const names = ['vm1 asid1', 'vm1 asid1 far', 'vm1 global', 'vm1 asid2', 'vm2 asid1', 'el2', 'vm1 stage2'];
  const without = (...gone: string[]): string[] => names.filter((name) => !gone.includes(name));

  const EL1S = ['vm1 asid1', 'vm1 asid1 far', 'vm1 global', 'vm1 asid2'];
  it.each<[string, Command, string[]]>([
    ['none', cfgi.ste(0x100), names],
    ['NH_ALL of VMID 1', tlbi(NH_ALL, 1, 0), without(...EL1S)],
    ['NH_ALL of VMID 2', tlbi(NH_ALL, 2, 0), without('vm2 asid1')],
    ['NH_ASID 1 of VMID 1', tlbi(NH_ASID, 1, 1), without('vm1 asid1', 'vm1 asid1 far')],
    ['NH_ASID 2 of VMID 2', tlbi(NH_ASID, 2, 2), names],
    ['NH_VA of ASID 1', tlbi(NH_VA, 1, 1, 0x1000n), without('vm1 asid1')],
    ['NH_VA of a global page, any ASID', tlbi(NH_VA, 1, 7, 0x2000n), without('vm1 global')],
    ['NH_VA elsewhere', tlbi(NH_VA, 1, 1, 0x5000n), names],
    ['NH_VAA', tlbi(NH_VAA, 1, 0, 0x1000n), without('vm1 asid1', 'vm1 asid2')],
    ['EL2_ALL', tlbi(EL2_ALL, 0, 0), without('el2')],
    ['EL2_VA', tlbi(EL2_VA, 0, 0, 0x1000n), without('el2')],
    ['EL2_VAA', tlbi(EL2_VAA, 0, 0, 0x1000n), without('el2')],
    ['EL2_VA elsewhere', tlbi(EL2_VA, 0, 0, 0x2000n), names],
    ['EL2_ASID: E2H only', tlbi(EL2_ASID, 0, 1), names],
    ['S12_VMALL of VMID 1', tlbi(S12_VMALL, 1, 0), without(...EL1S, 'vm1 stage2')],
    ['S2_IPA', tlbi(S2_IPA, 1, 0, 0x1000n), without('vm1 stage2')],
    ['S2_IPA of another VMID', tlbi(S2_IPA, 2, 0, 0x1000n), names],
    ['NSNH_ALL', tlbi(NSNH_ALL, 0, 0), without(...EL1S, 'vm2 asid1', 'vm1 stage2')],
    ['a range of 2 pages', tlbi(NH_VA, 1, 1, 0n, { num: 1, tg: 1 }), without('vm1 asid1')],
    [
      'a range of 4 pages',
      tlbi(NH_VA, 1, 1, 0n, { num: 1, scale: 1, tg: 1 }),
      without('vm1 asid1', 'vm1 global'),
    ],
    [
      'a range of 2^19 pages',
      tlbi(NH_VA, 1, 1, 0n, { num: 1, scale: 18, tg: 1 }),
      without('vm1 asid1', 'vm1 asid1 far', 'vm1 global'),
    ],
    ['a range of 16 KiB pages: none of these', tlbi(NH_VA, 1, 1, 0n, { num: 7, scale: 18, tg: 2 }), names],
    ['TTL 3', tlbi(NH_VA, 1, 1, 0x1000n, { tg: 1, ttl: 3 }), without('vm1 asid1')],
    ['TTL 2: no such block', tlbi(NH_VA, 1, 1, 0x1000n, { tg: 1, ttl: 2 }), names],
  ])('%s', (_name, command, expected) => {
    const w = world();
    expect(stale(w)).toEqual(names);
    w.change();
    expect(stale(w)).toEqual(names);
    w.f.command(command);
    expect(w.f.commandError).toBe(0);
    expect(stale(w)).toEqual(expected);
  });

  it('without RIL the fields of a range are not there', () => {
    const w = world({ ril: false });
    stale(w);
    w.change();
    w.f.command(tlbi(NH_VA, 1, 1, 0x1000n, { num: 7, scale: 18, tg: 2, ttl: 1 }));
    expect(stale(w)).toEqual(without('vm1 asid1'));
  });

  it('a global translation serves every ASID of its VMID, and of no other', () => {
    const f = new Fixture();
    [1n, 1n, 2n].forEach((vmid, n) => {
      f.putSte({ vmid, ctxptr: BigInt(CDTAB + n * 0x1000) }, 0x100 + n);
      f.put(CDTAB + n * 0x1000, ...cd({ asid: BigInt(n + 1), ttb0: BigInt(S1 + n * 0x80_0000) }));
    });
    f.map(0x1000n, PAGE, { attributes: LEAF1 & ~NG });
    f.on();
    expect([0x100, 0x101, 0x102].map((sid) => f.translate(0x1000n, READ, NO_PASID, sid))).toEqual([1, 0, 4]);
  });

  it('EL2-E2H has ASIDs', () => {
    const f = new Fixture();
    f.write(CR0, EVENTQEN | CMDQEN);
    f.write(CR2, 3);
    const leaves = [0, 1].map((n) => {
      f.putSte({ ctxptr: BigInt(CDTAB + n * 0x1000), dw1: 2n << 30n }, 0x100 + n);
      f.put(CDTAB + n * 0x1000, ...cd({ asid: BigInt(n + 1), ttb0: BigInt(S1 + n * 0x100_0000) }));
      return f.map(0x1000n, PAGE, { root: S1 + n * 0x100_0000 })[3] ?? 0;
    });
    f.on();
    const seen = (): boolean[] =>
      [0, 1].map((n) => {
        f.translate(0x1000n, READ, NO_PASID, 0x100 + n);
        return f.device.result[0] === Number(OTHER & 0xffff_ffffn);
      });
    seen();
    for (const leaf of leaves) f.put(leaf, OTHER | LEAF1 | 3n);
    expect(seen()).toEqual([false, false]);
    f.command(tlbi(EL2_ASID, 0, 1));
    expect(seen()).toEqual([true, false]);
    f.command(tlbi(EL2_VA, 0, 1, 0x1000n));
    expect(seen()).toEqual([true, false]);
    f.command(tlbi(EL2_VA, 0, 2, 0x1000n));
    expect(seen()).toEqual([true, true]);
  });

  it.each([12, 14, 16] as const)('a command names any page of a block, %s-bit pages', (granule) => {
    const f = new Fixture().putSte().putCd({ tg0: GRANULES[granule] });
    const size = 1n << BigInt(2 * granule - 3);
    const entries = f.map(0n, size, { granule, level: 2 });
    f.on();
    expect(f.outcome(0x40n)).toBe(size + 0x40n);
    f.put(entries.at(-1) ?? 0, (2n * size) | LEAF1 | 1n);
    f.command(tlbi(NH_VA, 0, 1, size));
    expect(f.outcome(0x40n)).toBe(size + 0x40n);
    f.command(tlbi(NH_VA, 0, 1, size - 0x1000n));
    expect(f.outcome(0x40n)).toBe(2n * size + 0x40n);
  });

  it('all of a contiguous run goes with one of its pages', () => {
    const f = new Fixture().putSte().putCd();
    const leaves = [0n, 1n].map(
      (n) => f.map(n << 12n, 0x1_0000_0000n + (n << 12n), { attributes: LEAF1 | CONTIGUOUS })[3] ?? 0,
    );
    f.on();
    f.outcome(0n);
    expect(f.outcome(0x5000n)).toBe(0x1_0000_5000n);
    f.put(leaves[0] ?? 0, 0n).command(tlbi(NH_VA, 0, 1, 0x5000n));
    expect(f.outcome(0n)).toBe('F_TRANSLATION');
  });

  it('Leaf spares pointers to tables', () => {
    for (const leaf of [true, false]) {
      const f = new Fixture().usual();
      const entries = f.map(0x1000n, PAGE);
      expect(f.outcome(0x1000n)).toBe(PAGE);
      // Another last table takes the place of the first.
      const table = S1 + 0x180_0000;
      f.put(table + 8, OTHER | LEAF1 | 3n).put(entries[2] ?? 0, BigInt(table) | 3n);
      f.command(tlbi(NH_VA, 0, 1, 0x1000n, { leaf }));
      expect(f.outcome(0x1000n)).toBe(leaf ? PAGE : OTHER);
    }
  });

  it('S2_IPA leaves what went through both stages: that needs NH as well', () => {
    const f = new Fixture().putSte({ config: CFG.nested, vmid: 7n }).putCd();
    for (const at of [CDTAB, ...f.map(0x1000n, 0x5000n)]) {
      const page = BigInt(at) & ~0xfffn;
      f.map(page, page, { root: S2, attributes: LEAF2 });
    }
    const leaf = f.map(0x5000n, PAGE, { root: S2, attributes: LEAF2 })[3] ?? 0;
    f.on();
    expect(f.outcome(0x1000n)).toBe(PAGE);
    f.put(leaf, OTHER | LEAF2 | 3n);
    f.command(tlbi(S2_IPA, 7, 0, 0x5000n));
    expect(f.outcome(0x1000n)).toBe(PAGE);
    f.command(tlbi(NH_ALL, 7, 0));
    expect(f.outcome(0x1000n)).toBe(OTHER);
  });

  it('stage 2 of a table is cached by itself', () => {
    const f = new Fixture({ walkCache: { sets: 0, ways: 1 } })
      .putSte({ config: CFG.nested, vmid: 7n })
      .putCd();
    const entries = f.map(0x1000n, 0x5000n);
    for (const at of [CDTAB, ...entries, 0x5000]) {
      const page = BigInt(at) & ~0xfffn;
      f.map(page, at === 0x5000 ? PAGE : page, { root: S2, attributes: LEAF2 });
    }
    f.on();
    expect(f.outcome(0x1000n)).toBe(PAGE);
    // The last table of stage 1 moves, in physical memory alone.
    const ipa = BigInt(entries[3] ?? 0) & ~0xfffn;
    const moved = S1 + 0x180_0000;
    f.put(moved + 8, 0x6000n | LEAF1 | 3n);
    f.map(0x6000n, OTHER, { root: S2, attributes: LEAF2 });
    f.map(ipa, BigInt(moved), { root: S2, attributes: LEAF2 });
    f.command(tlbi(NH_ALL, 7, 0));
    expect(f.outcome(0x1000n)).toBe(PAGE);
    f.command(tlbi(NH_ALL, 7, 0), tlbi(S2_IPA, 7, 0, ipa));
    expect(f.outcome(0x1000n)).toBe(OTHER);
  });

  it('without BBML, two sizes for one address are a conflict; with it, one of them serves', () => {
    for (const bbml of [0, 2] as const) {
      const f = new Fixture({ bbml, walkCache: { sets: 0, ways: 1 } }).putSte().putCd();
      const entries = f.map(0x1000n, PAGE);
      f.on();
      expect(f.outcome(0x1000n)).toBe(PAGE);
      // A block takes the place of the table, without break-before-make.
      f.put(entries[2] ?? 0, 0x4000_0000n | LEAF1 | 1n);
      expect(f.outcome(0x2000n)).toBe(0x4000_2000n);
      expect(f.outcome(0x1000n)).toBe(bbml === 0 ? 'F_TLB_CONFLICT' : PAGE);
      if (bbml === 0)
        expect(f.events()).toEqual([[0x20n | (0x100n << 32n), (1n << 35n) | (2n << 40n), 0x1000n, 0n]]);
      f.command(tlbi(NH_VA, 0, 1, 0x1000n));
      expect(f.outcome(0x1000n)).toBe(0x4000_1000n);
    }
  });

  it('a small TLB evicts in turn', () => {
    const f = new Fixture({ iotlb: { sets: 1, ways: 2 } }).usual();
    const leaves = [0x1000n, 0x2000n, 0x3000n].map((iova) => f.map(iova, PAGE)[3] ?? 0);
    for (const iova of [0x1000n, 0x2000n, 0x3000n]) f.outcome(iova);
    for (const leaf of leaves) f.put(leaf, OTHER | LEAF1 | 3n);
    expect([0x2000n, 0x3000n, 0x1000n].map((iova) => f.outcome(iova))).toEqual([PAGE, PAGE, OTHER]);
  });

  it('a fault is not cached', () => {
    const f = new Fixture().putSte().putCd().on();
    expect(f.outcome(0x1000n)).toBe('F_TRANSLATION');
    f.map(0x1000n, PAGE);
    expect(f.outcome(0x1000n)).toBe(PAGE);
  });
});
