import { describe, expect, it } from 'vitest';
import { ATS_GRANTS, ATS_REQUEST, NO_PASID, READ, WRITE } from '../../port';
import {
  AF,
  AP_RO,
  CDTAB,
  CFG,
  cd,
  DBM,
  Fixture,
  HA,
  HD,
  LEAF1,
  LEAF2,
  NG,
  PAGE,
  S1,
  S2,
  S2_WRITE,
  S2AA64,
  S2R,
  USUAL,
} from './fixture.conformance';

const S2HD = 1n << 55n;
const S2HA = 1n << 56n;

/** Spec: section 3.13 "Translation tables and Access flag/Dirty state" */
describe('SMMUv3 hardware access flags and dirty state, stage 1', () => {
  function unit(flags: bigint, attributes: bigint): { f: Fixture; leaf: () => bigint } {
    const f = new Fixture().putSte().putCd({ flags: USUAL | flags });
    const at = f.map(0x1000n, PAGE, { attributes })[3] ?? 0;
    return { f: f.on(), leaf: () => (f.memory.readU64(at) ?? 0n) & ~PAGE };
  }

  it('HA: the first access sets AF', () => {
    const { f, leaf } = unit(HA, LEAF1 & ~AF);
    expect(f.outcome(0x1000n)).toBe(PAGE);
    expect(leaf()).toBe(LEAF1 | 3n);
  });

  it('without HA it is F_ACCESS, and nothing changes', () => {
    const { f, leaf } = unit(0n, LEAF1 & ~AF);
    expect([f.outcome(0x1000n), leaf()]).toEqual(['F_ACCESS', (LEAF1 & ~AF) | 3n]);
  });

  it('HD: the first write to a clean page clears AP[2]; a read does not, nor opens it to writes unseen', () => {
    const { f, leaf } = unit(HA | HD, LEAF1 | AP_RO | DBM);
    expect([f.outcome(0x1000n), leaf()]).toEqual([PAGE, LEAF1 | AP_RO | DBM | 3n]);
    expect([f.writes(0x1008n), leaf()]).toEqual([PAGE + 8n, LEAF1 | DBM | 3n]);
    // What was cached while it was clean is replaced.
    expect(f.device.state.tlb.list()).toHaveLength(1);
    expect(f.events()).toEqual([]);
  });

  it('a cached dirty page is not written again', () => {
    const { f, leaf } = unit(HA | HD, LEAF1 | AP_RO | DBM);
    f.writes(0x1000n);
    const at = f.map(0x1000n, PAGE, { attributes: LEAF1 | AP_RO | DBM })[3] ?? 0;
    f.writes(0x1000n);
    expect([leaf(), f.memory.readU64(at)]).toEqual([
      LEAF1 | AP_RO | DBM | 3n,
      PAGE | LEAF1 | AP_RO | DBM | 3n,
    ]);
  });

  it.each([
    ['without DBM', HA | HD, LEAF1 | AP_RO],
    ['without HD', HA, LEAF1 | AP_RO | DBM],
  ])('%s a page stays read only', (_name, flags, attributes) => {
    const { f, leaf } = unit(flags, attributes);
    expect([f.writes(0x1000n), f.outcome(0x1000n), leaf()]).toEqual(['F_PERMISSION', PAGE, attributes | 3n]);
  });

  it('a write that is refused sets no flags', () => {
    const { f, leaf } = unit(HA | HD, (LEAF1 | AP_RO) & ~AF);
    expect([f.writes(0x1000n), leaf()]).toEqual(['F_PERMISSION', ((LEAF1 | AP_RO) & ~AF) | 3n]);
  });

  it('the tables above may forbid writes, whatever DBM says', () => {
    const { f } = unit(HA | HD, LEAF1);
    const entries = f.map(0x1000n, PAGE, { attributes: LEAF1 | AP_RO | DBM, tableAttributes: 1n << 62n });
    expect(f.writes(0x1000n)).toBe('F_PERMISSION');
    expect((f.memory.readU64(entries[3] ?? 0) ?? 0n) & AP_RO).toBe(AP_RO);
  });

  it('blocks have flags too, and big-endian tables', () => {
    const f = new Fixture({ ttendian: 0 }).putSte().putCd({ flags: USUAL | HA | HD, endi: 1n });
    const swapped = (n: bigint): bigint => {
      const view = new DataView(new ArrayBuffer(8));
      view.setBigUint64(0, n, true);
      return view.getBigUint64(0, false);
    };
    const entries = f.map(0x1000n, 0x4000_0000n, { level: 2, attributes: (LEAF1 | AP_RO | DBM) & ~AF });
    for (const at of entries) f.put(at, swapped(f.memory.readU64(at) ?? 0n));
    f.on();
    expect(f.writes(0x1000n)).toBe(0x4000_1000n);
    expect(swapped(f.memory.readU64(entries.at(-1) ?? 0) ?? 0n)).toBe(0x4000_0000n | LEAF1 | DBM | 1n);
  });

  it('a flag that cannot be written: F_WALK_EABT', () => {
    const { f } = unit(HA, LEAF1 & ~AF);
    f.hazard((pfn, _offset, _bytes, write) => (write && pfn < 0x6000 && pfn >= 0x4000 ? 1 : 0));
    expect(f.outcome(0x1000n)).toBe('F_WALK_EABT');
    expect(f.events()[0]?.[1]).toBe((1n << 35n) | (1n << 40n));
  });

  it('an ATS request for reading alone (NW) leaves a page clean; one for writing makes it dirty', () => {
    const f = new Fixture().putSte({ dw1: 1n << 28n }).putCd({ flags: USUAL | HA | HD });
    const at = f.map(0x1000n, PAGE, { attributes: LEAF1 | AP_RO | DBM })[3] ?? 0;
    f.on();
    f.translate(0x1000n, ATS_REQUEST | READ, NO_PASID);
    expect([f.device.result[ATS_GRANTS], (f.memory.readU64(at) ?? 0n) & AP_RO]).toEqual([READ, AP_RO]);
    f.translate(0x1000n, ATS_REQUEST | READ | WRITE, NO_PASID);
    expect([f.device.result[ATS_GRANTS], (f.memory.readU64(at) ?? 0n) & AP_RO]).toEqual([READ | WRITE, 0n]);
  });
});

describe('SMMUv3 hardware access flags and dirty state, stage 2', () => {
  const CLEAN2 = (LEAF2 & ~S2_WRITE) | DBM;

  it('S2HA and S2HD', () => {
    const f = new Fixture().putSte({ config: CFG.s2, flags2: S2AA64 | S2R | S2HA | S2HD });
    const at = f.map(0x1000n, PAGE, { root: S2, attributes: CLEAN2 & ~AF })[3] ?? 0;
    f.on();
    expect([f.outcome(0x1000n), f.memory.readU64(at)]).toEqual([PAGE, PAGE | CLEAN2 | 3n]);
    expect([f.writes(0x1000n), f.memory.readU64(at)]).toEqual([PAGE, PAGE | CLEAN2 | S2_WRITE | 3n]);
  });

  it('S2HA alone', () => {
    const f = new Fixture().putSte({ config: CFG.s2, flags2: S2AA64 | S2R | S2HA });
    const at = f.map(0x1000n, PAGE, { root: S2, attributes: CLEAN2 & ~AF })[3] ?? 0;
    f.on();
    expect(f.writes(0x1000n)).toBe('F_PERMISSION');
    expect([f.outcome(0x1000n), f.memory.readU64(at)]).toEqual([PAGE, PAGE | CLEAN2 | 3n]);
  });

  function nested(tableAttributes: bigint): { f: Fixture; leaf: number; table: number } {
    const f = new Fixture().putSte({ config: CFG.nested, vmid: 7n, flags2: S2AA64 | S2R | S2HA | S2HD });
    f.put(CDTAB, ...cd({ flags: USUAL | HA | HD, ttb0: BigInt(S1) }));
    const entries = f.map(0x1000n, 0x9000n, { attributes: (LEAF1 | AP_RO | DBM) & ~AF });
    const identity = (at: number, attributes: bigint): number =>
      f.map(BigInt(at) & ~0xfffn, BigInt(at) & ~0xfffn, { root: S2, attributes })[3] ?? 0;
    identity(CDTAB, LEAF2);
    for (const at of entries.slice(0, 3)) identity(at, LEAF2);
    const table = identity(entries[3] ?? 0, tableAttributes);
    f.map(0x9000n, PAGE, { root: S2, attributes: LEAF2 });
    return { f: f.on(), leaf: entries[3] ?? 0, table };
  }

  it('a flag of stage 1 is a write to its table: that becomes dirty in stage 2', () => {
    const { f, leaf, table } = nested(CLEAN2 & ~AF);
    expect(f.outcome(0x1000n)).toBe(PAGE);
    expect((f.memory.readU64(leaf) ?? 0n) & (AF | NG | AP_RO)).toBe(AF | NG | AP_RO);
    expect((f.memory.readU64(table) ?? 0n) & (AF | S2_WRITE)).toBe(AF | S2_WRITE);
    expect(f.writes(0x1000n)).toBe(PAGE);
    expect((f.memory.readU64(leaf) ?? 0n) & AP_RO).toBe(0n);
  });

  it('a table that stage 2 does not let be written: F_PERMISSION, CLASS = TT, TTRnW = 0', () => {
    const { f, leaf } = nested(LEAF2 & ~S2_WRITE);
    expect(f.outcome(0x1000n)).toBe('F_PERMISSION');
    expect(f.events()).toEqual([
      [0x13n | (0x100n << 32n), (1n << 35n) | (1n << 39n) | (1n << 40n), 0x1000n, BigInt(leaf) & ~0xfffn],
    ]);
    expect((f.memory.readU64(leaf) ?? 0n) & AF).toBe(0n);
  });

  it('a fault of stage 2 on the page comes after the flags of stage 1', () => {
    const { f, leaf } = nested(LEAF2);
    f.put(f.map(0x9000n, PAGE, { root: S2 })[3] ?? 0, 0n);
    expect(f.outcome(0x1000n)).toBe('F_TRANSLATION');
    expect((f.memory.readU64(leaf) ?? 0n) & AF).toBe(AF);
  });
});
