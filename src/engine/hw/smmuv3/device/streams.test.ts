import { describe, expect, it } from 'vitest';
import { BYPASSED, NO_PASID, READ, WRITE } from '../../port';
import type { SmmuConfig } from './config';
import {
  AA64,
  CD_A,
  CD_R,
  CD_S,
  cd,
  CDTAB,
  CFG,
  CR0,
  CR2,
  EVENTQEN,
  Fixture,
  GBPA,
  HA,
  HD,
  NO_RAM,
  PAGE,
  S1,
  S2,
  S2AA64,
  S2R,
  ste,
  STRTAB,
  USUAL,
  type CdFields,
  type SteFields,
} from './fixture.conformance';

const L2 = 0x180_0000;

describe('SMMUv3 stream table', () => {
  it('while off, requests pass, or are aborted silently as GBPA says', () => {
    const f = new Fixture();
    expect(f.translate(0x1234n)).toBe(BYPASSED);
    expect(f.outcome(0x1234n, READ, 5)).toBe(0x1234n);
    f.write(GBPA, (1 << 31) | (1 << 20));
    expect(f.outcome(0x1234n)).toBe('off');
    f.write(GBPA, 1 << 31);
    expect(f.outcome(1n << 48n)).toBe('off'); // wider than OAS
    expect(f.events()).toEqual([]);
  });

  it('test_gbpa_while_enabled_is_future_policy_only', () => {
    const f = new Fixture().putSte({ config: CFG.bypass }).on();
    f.write(GBPA, (1 << 31) | (1 << 20));
    expect(f.outcome(0x1234n)).toBe(0x1234n);
  });

  it('test_ste_lookup_invalid_v0: C_BAD_STE', () => {
    const f = new Fixture().putSte({ v: 0n }).on();
    expect(f.outcome(0x1000n)).toBe('C_BAD_STE');
    expect(f.events()).toEqual([[0x04n | (0x100n << 32n), 0n, 0n, 0n]]);
  });

  it('test_ste_lookup_out_of_range: C_BAD_STREAMID, recorded if CR2.RECINVSID', () => {
    const f = new Fixture({}, 0x400);
    f.write(0x88, 10);
    f.on();
    expect(f.outcome(0n)).toBe('C_BAD_STREAMID');
    expect(f.events()).toEqual([[0x02n | (0x400n << 32n), 0n, 0n, 0n]]);
    const silent = new Fixture({}, 0x400);
    silent.write(0x88, 10);
    silent.write(CR2, 0);
    silent.on();
    expect(silent.outcome(0n)).toBe('C_BAD_STREAMID');
    expect(silent.events()).toEqual([]);
  });

  it('LOG2SIZE is no more than the unit has bits of StreamID', () => {
    const f = new Fixture({ sidsize: 8 }, 0x100);
    f.write(0x88, 16);
    f.on();
    expect(f.outcome(0n)).toBe('C_BAD_STREAMID');
  });

  it.each([
    ['test_ste_config_abort', 0n],
    ['test_ste_config_reserved_aborts', 1n],
    ['test_ste_config_reserved_aborts', 2n],
    ['test_ste_config_reserved_aborts', 3n],
  ])('%s: Config %s aborts without an event', (_, config) => {
    const f = new Fixture().putSte({ config }).on();
    expect(f.outcome(0x1000n)).toBe('abort');
    expect(f.outcome(0x1000n, WRITE, 3)).toBe('abort');
    expect(f.events()).toEqual([]);
  });

  it('test_ste_config_stage2_is_illegal, test_translating_memory_illegal_config_records_event', () => {
    for (const config of [CFG.s2, CFG.nested]) {
      const f = new Fixture({ s2p: false }).putSte({ config }).on();
      expect(f.outcome(0x1000n)).toBe('C_BAD_STE');
      expect(f.eventNames()).toEqual(['C_BAD_STE']);
    }
    for (const config of [CFG.s1, CFG.nested]) {
      const f = new Fixture({ s1p: false }).putSte({ config }).on();
      expect(f.outcome(0x1000n)).toBe('C_BAD_STE');
    }
  });

  it('bypass: the address as it is, if the output is that wide', () => {
    const f = new Fixture({ oas: 44 }).putSte({ config: CFG.bypass }).on();
    expect(f.translate(0xfff_ffff_f123n)).toBe(BYPASSED);
    expect(f.outcome(1n << 44n)).toBe('F_ADDR_SIZE');
    // Stage 1, CLASS = IN. Spec: section 7.3.14
    expect(f.events()).toEqual([[0x11n | (0x100n << 32n), (1n << 35n) | (2n << 40n), 1n << 44n, 0n]]);
  });

  it('an entry that is no memory, or does not answer: F_STE_FETCH with the address of the fetch', () => {
    const f = new Fixture();
    f.write64(0x80, 0x7f00_0000_0000n);
    f.on();
    expect(f.outcome(0x1000n)).toBe('F_STE_FETCH');
    expect(f.events()).toEqual([[0x03n | (0x100n << 32n), 0n, 0n, 0x7f00_0000_4000n]]);
    const g = new Fixture().usual();
    g.hazard((pfn) => (pfn === (STRTAB + 0x4000) / 4096 ? 1 : 0));
    expect(g.outcome(0x1000n)).toBe('F_STE_FETCH');
  });

  it('a linear table is aligned to its size', () => {
    const f = new Fixture();
    f.write64(0x80, BigInt(STRTAB) + 0x40n);
    f.usual();
    expect(f.outcome(0x1000n)).toBe(PAGE);
  });

  /** Two levels with SPLIT 8: a level 2 table of 2^(Span - 1) entries. */
  const twoLevel = (span: bigint, sid: number, split = 8, config: Partial<SmmuConfig> = {}): Fixture => {
    const f = new Fixture(config, sid);
    f.write(0x88, 16 | (split << 6) | (1 << 16));
    f.put(STRTAB + (sid >> split) * 8, BigInt(L2) | span);
    f.put(L2 + (sid & (2 ** split - 1)) * 64, ...ste({ config: CFG.bypass }));
    return f.on();
  };

  it.each([
    [9n, 0x3ff, 0x1000n],
    [9n, 0x300, 0x1000n],
    [8n, 0x37f, 0x1000n],
    [8n, 0x380, 'C_BAD_STREAMID'],
    [1n, 0x300, 0x1000n],
    [1n, 0x301, 'C_BAD_STREAMID'],
    [0n, 0x300, 'C_BAD_STREAMID'],
    [10n, 0x300, 'C_BAD_STREAMID'], // more than SPLIT + 1
    [12n, 0x300, 'C_BAD_STREAMID'],
    [31n, 0x300, 'C_BAD_STREAMID'],
  ])('two levels: Span %s, stream 0x%s', (span, sid, expected) => {
    const f = twoLevel(span, sid);
    expect(f.outcome(0x1000n)).toBe(expected);
    expect(f.eventNames()).toEqual(expected === 0x1000n ? [] : ['C_BAD_STREAMID']);
  });

  it.each([
    [6, 7n],
    [8, 9n],
    [10, 11n],
    [7, 7n], // reserved: as 6
  ])('two levels with SPLIT %s', (split, span) => {
    const f = new Fixture({}, 0x0fff);
    const effective = split === 7 ? 6 : split;
    f.write(0x88, 16 | (split << 6) | (1 << 16));
    f.put(STRTAB + (0xfff >> effective) * 8, BigInt(L2) | span);
    f.put(L2 + (0xfff & (2 ** effective - 1)) * 64, ...ste({ config: CFG.bypass }));
    expect(f.on().outcome(0x1000n)).toBe(0x1000n);
  });

  it('a unit without two-level tables reads them as linear ones', () => {
    const f = new Fixture({ stLevel: false });
    f.write(0x88, 16 | (8 << 6) | (1 << 16));
    f.putSte({ config: CFG.bypass });
    expect(f.on().outcome(0x1000n)).toBe(0x1000n);
  });

  it('a level 1 descriptor that is no memory, or points beyond the physical addresses: F_STE_FETCH', () => {
    const f = twoLevel(9n, 0x300);
    f.hazard((pfn) => (pfn === STRTAB / 4096 ? 1 : 0));
    expect(f.outcome(0n)).toBe('F_STE_FETCH');
    expect(f.events()[0]?.[3]).toBe(BigInt(STRTAB + 3 * 8));
    const g = twoLevel(9n, 0x300);
    g.put(STRTAB + 3 * 8, (1n << 48n) | 9n);
    expect(g.outcome(0n)).toBe('F_STE_FETCH');
  });
});

/** Spec: section 5.2.2 "Validity of STE", SteIllegal(), condition by condition; each case is one field away from a good entry. */
describe('SMMUv3 validity of a stream table entry', () => {
  const s2 = { config: CFG.s2 };
  const bit = (n: number): bigint => 1n << BigInt(n);
  const VALID = 'valid';
  const ILLEGAL = 'C_BAD_STE';

  it.each<readonly [string, Partial<SmmuConfig>, Partial<SteFields>, string]>([
    ['stage 1', {}, {}, VALID],
    ['STRW 1 is reserved', {}, { dw1: 1n << 30n }, ILLEGAL],
    ['STRW 2 is EL2', {}, { dw1: 2n << 30n }, VALID],
    ['STRW 3 is reserved', {}, { dw1: 3n << 30n }, ILLEGAL],
    ['STRW is RES0 without HYP', { hyp: false }, { dw1: 3n << 30n }, VALID],
    ['STRW is ignored where stage 2 is', {}, { ...s2, dw1: 3n << 30n }, VALID],
    ['S1CDMax up to SSIDSIZE', { ssidsize: 8 }, { cdmax: 8n }, VALID],
    ['S1CDMax above SSIDSIZE', { ssidsize: 8 }, { cdmax: 9n }, ILLEGAL],
    ['S1CDMax is ignored without substreams', { ssidsize: 0 }, { cdmax: 9n }, VALID],
    ['two-level CDs', {}, { cdmax: 8n, s1fmt: 1n }, VALID],
    ['two-level CDs without CD2L', { cd2l: false }, { cdmax: 8n, s1fmt: 1n }, ILLEGAL],
    ['two-level CDs without CD2L', { cd2l: false }, { cdmax: 8n, s1fmt: 2n }, ILLEGAL],
    ['S1Fmt 3 behaves as 0', { cd2l: false }, { cdmax: 8n, s1fmt: 3n }, VALID],
    ['S1Fmt is ignored with one CD', { cd2l: false }, { s1fmt: 2n }, VALID],
    ['S1ContextPtr beyond OAS', { oas: 40 }, { ctxptr: 1n << 40n }, ILLEGAL],
    ['S1STALLD where stalls are configurable', {}, { dw1: bit(27) }, VALID],
    ['S1STALLD where there are none', { stallModel: 1 }, { dw1: bit(27) }, ILLEGAL],
    ['S1STALLD where they are forced', { stallModel: 2 }, { dw1: bit(27) }, ILLEGAL],
    ['EATS full', {}, { dw1: 1n << 28n }, VALID],
    ['EATS split needs both stages', {}, { dw1: 2n << 28n }, ILLEGAL],
    ['EATS split with both', {}, { config: CFG.nested, dw1: 2n << 28n }, VALID],
    ['EATS split, NS1ATS', { ns1ats: true }, { config: CFG.nested, dw1: 2n << 28n }, ILLEGAL],
    ['EATS split with S2S', {}, { config: CFG.nested, dw1: 2n << 28n, flags2: S2AA64 | bit(57) }, ILLEGAL],
    ['EATS full with S2S', {}, { ...s2, dw1: 1n << 28n, flags2: S2AA64 | bit(57) }, ILLEGAL],
    ['EATS full with S2S, stage 2 off', {}, { dw1: 1n << 28n, flags2: S2AA64 | bit(57) }, VALID],
    ['EATS 3 behaves as 0', {}, { dw1: 3n << 28n }, VALID],
    ['EATS is ignored without ATS', { ats: false }, { dw1: 2n << 28n }, VALID],
    ['stage 2', {}, s2, VALID],
    ['S2AA64 clear', {}, { ...s2, flags2: S2R }, ILLEGAL],
    ['S2S', {}, { ...s2, flags2: S2AA64 | bit(57) }, VALID],
    ['S2S where there are no stalls', { stallModel: 1 }, { ...s2, flags2: S2AA64 | bit(57) }, ILLEGAL],
    ['S2S clear where stalls are forced', { stallModel: 2 }, s2, ILLEGAL],
    ['S2S where they are forced', { stallModel: 2 }, { ...s2, flags2: S2AA64 | bit(57) }, VALID],
    ['S2HA', {}, { ...s2, flags2: S2AA64 | bit(56) }, VALID],
    ['S2HA without HTTU', { httu: 0 }, { ...s2, flags2: S2AA64 | bit(56) }, ILLEGAL],
    ['S2HD with access flags alone', { httu: 1 }, { ...s2, flags2: S2AA64 | bit(55) | bit(56) }, ILLEGAL],
    ['S2HD alone is reserved, not illegal', {}, { ...s2, flags2: S2AA64 | bit(55) }, VALID],
    ['S2ENDI', {}, { ...s2, flags2: S2AA64 | bit(52) }, ILLEGAL],
    ['S2ENDI in a mixed unit', { ttendian: 0 }, { ...s2, flags2: S2AA64 | bit(52) }, VALID],
    ['S2ENDI clear in a big-endian unit', { ttendian: 3 }, s2, ILLEGAL],
    ['S2TG 3 is reserved', {}, { ...s2, tg: 3n }, ILLEGAL],
    ['S2TG 16 KiB', {}, { ...s2, tg: 2n, sl0: 2n, t0sz: 17n }, VALID],
    ['S2TG 16 KiB not supported', { gran16k: false }, { ...s2, tg: 2n, sl0: 2n, t0sz: 17n }, ILLEGAL],
    ['S2TG 64 KiB', {}, { ...s2, tg: 1n, sl0: 2n }, VALID],
    ['S2TG 64 KiB not supported', { gran64k: false }, { ...s2, tg: 1n, sl0: 2n }, ILLEGAL],
    ['S2T0SZ 15', {}, { ...s2, t0sz: 15n }, ILLEGAL],
    ['S2T0SZ below 64 - IAS', { oas: 44 }, { ...s2, t0sz: 19n, ps: 4n }, ILLEGAL],
    ['S2T0SZ at 64 - IAS', { oas: 44 }, { ...s2, t0sz: 20n, ps: 4n }, VALID],
    ['S2T0SZ 40', {}, { ...s2, t0sz: 40n, sl0: 0n }, ILLEGAL],
    ['S2T0SZ 40 with small tables', { stt: true }, { ...s2, t0sz: 40n, sl0: 0n }, VALID],
    ['S2T0SZ 12 with 64 KiB of 52 bits', { oas: 52 }, { ...s2, tg: 1n, sl0: 2n, t0sz: 12n, ps: 6n }, VALID],
    ['S2T0SZ 12 with 4 KiB', { oas: 52 }, { ...s2, t0sz: 12n, ps: 6n }, ILLEGAL],
    ['S2SL0 3 is reserved', {}, { ...s2, sl0: 3n }, ILLEGAL],
    ['S2SL0 3 with small tables', { stt: true }, { ...s2, sl0: 3n, t0sz: 43n }, VALID],
    ['S2VMID above 8 bits', { vmid16: false }, { ...s2, vmid: 0x100n }, ILLEGAL],
    ['S2VMID above 8 bits, stage 1', { vmid16: false }, { vmid: 0x100n }, ILLEGAL],
    ['S2VMID is ignored by EL2', { vmid16: false }, { vmid: 0x100n, dw1: 2n << 30n }, VALID],
    ['S2VMID is ignored in bypass', { vmid16: false }, { config: CFG.bypass, vmid: 0x100n }, VALID],
    ['S2TTB beyond S2PS', {}, { ...s2, ps: 0n, s2ttb: 1n << 32n }, ILLEGAL],
    ['S2TTB beyond OAS', { oas: 40 }, { ...s2, t0sz: 24n, ps: 5n, s2ttb: 1n << 40n }, ILLEGAL],
    ['S2TTB of 4 KiB tables beyond 48 bits', { oas: 52 }, { ...s2, ps: 6n, s2ttb: 1n << 48n }, ILLEGAL],
    ['S2 fields are ignored by stage 1', {}, { flags2: 0n, tg: 3n, t0sz: 63n }, VALID],
    [
      'S1 fields are ignored by stage 2',
      { stallModel: 1 },
      { ...s2, ctxptr: 1n << 50n, dw1: bit(27) },
      VALID,
    ],
  ])('%s', (_, config, fields, expected) => {
    const f = new Fixture(config).putSte(fields).on();
    // Whatever follows a valid entry is not this error.
    const outcome = f.outcome(0x1000n);
    expect(outcome === ILLEGAL ? ILLEGAL : VALID).toBe(expected);
  });

  /** Spec: DDI 0487, AArch64.S2InconsistentSL(); levels by VTCR_EL2.SL0. Written out: inputs of each start level. */
  const FITS: Readonly<Record<string, readonly (readonly [number, number] | null)[]>> = {
    // sl0: 0, 1, 2, 3 → bits of input from … to …, up to 48
    '4 KiB': [[22, 34], [31, 43], [40, 52], null],
    '16 KiB': [[15, 29], [26, 40], [37, 51], null],
    '64 KiB': [[17, 33], [30, 46], [43, 59], null],
  };
  const TG = { '4 KiB': 0n, '16 KiB': 2n, '64 KiB': 1n } as const;

  it.each(['4 KiB', '16 KiB', '64 KiB'] as const)('S2T0SZ × S2SL0 with %s', (name) => {
    for (let sl0 = 0; sl0 < 4; sl0++) {
      for (let t0sz = 0; t0sz < 64; t0sz++) {
        const bits = 64 - t0sz;
        const fits = FITS[name]?.[sl0] ?? null;
        const good = t0sz >= 16 && t0sz <= 39 && fits !== null && bits >= fits[0] && bits <= fits[1];
        const f = new Fixture().putSte({ ...s2, tg: TG[name], sl0: BigInt(sl0), t0sz: BigInt(t0sz) }).on();
        expect([sl0, t0sz, f.outcome(0n) === ILLEGAL]).toEqual([sl0, t0sz, !good]);
      }
    }
  });
});

/** Spec: section 5.4.2 "Validity of CD", CdIllegal(). */
describe('SMMUv3 validity of a context descriptor', () => {
  const VALID = 'valid';
  const ILLEGAL = 'C_BAD_CD';
  const both = { epd1: 0n, t1sz: 16n, tg1: 2n };

  it.each<readonly [string, Partial<SmmuConfig>, Partial<CdFields>, Partial<SteFields>, string]>([
    ['test_cd_lookup_valid', {}, {}, {}, VALID],
    ['test_cd_lookup_invalid_v0', {}, { v: 0n }, {}, ILLEGAL],
    ['test_cd_lookup_not_aa64', {}, { flags: CD_R | CD_A }, {}, ILLEGAL],
    ['A clear', {}, { flags: AA64 | CD_R }, {}, VALID],
    ['A clear where all terminations abort', { termModel: true }, { flags: AA64 | CD_R }, {}, ILLEGAL],
    ['S', {}, { flags: USUAL | CD_S }, {}, VALID],
    ['S where there are no stalls', { stallModel: 1 }, { flags: USUAL | CD_S }, {}, ILLEGAL],
    ['S with S1STALLD', {}, { flags: USUAL | CD_S }, { dw1: 1n << 27n }, ILLEGAL],
    ['S clear where stalls are forced', { stallModel: 2 }, {}, {}, ILLEGAL],
    ['S where they are forced', { stallModel: 2 }, { flags: USUAL | CD_S }, {}, VALID],
    ['HA', {}, { flags: USUAL | HA }, {}, VALID],
    ['HA without HTTU', { httu: 0 }, { flags: USUAL | HA }, {}, ILLEGAL],
    ['HD with access flags alone', { httu: 1 }, { flags: USUAL | HA | HD }, {}, ILLEGAL],
    ['HD alone is reserved, not illegal', {}, { flags: USUAL | HD }, {}, VALID],
    ['ENDI', {}, { endi: 1n }, {}, ILLEGAL],
    ['ENDI in a mixed unit', { ttendian: 0 }, { endi: 1n }, {}, VALID],
    ['ENDI clear in a big-endian unit', { ttendian: 3 }, {}, {}, ILLEGAL],
    ['ENDI is ignored when nothing is walked', {}, { endi: 1n, epd0: 1n }, {}, VALID],
    ['ASID above 8 bits', { asid16: false }, { asid: 0x100n }, {}, ILLEGAL],
    ['ASID is ignored by EL2', { asid16: false }, { asid: 0x100n }, { dw1: 2n << 30n }, VALID],
    ['test_translation_context_4k', {}, { t0sz: 32n, ips: 2n }, {}, VALID],
    ['test_translation_context_16k', {}, { t0sz: 28n, tg0: 2n }, {}, VALID],
    ['TG0 64 KiB', {}, { t0sz: 16n, tg0: 1n }, {}, VALID],
    ['test_translation_context_bad_granule', {}, { tg0: 3n }, {}, ILLEGAL],
    ['TG0 16 KiB not supported', { gran16k: false }, { tg0: 2n }, {}, ILLEGAL],
    ['TG0 is ignored with EPD0', {}, { tg0: 3n, t0sz: 63n, epd0: 1n }, {}, VALID],
    ['T0SZ 15', {}, { t0sz: 15n }, {}, ILLEGAL],
    ['T0SZ 39', {}, { t0sz: 39n }, {}, VALID],
    ['test_walk_degenerate_t0sz_returns_fault: T0SZ 40', {}, { t0sz: 40n }, {}, ILLEGAL],
    ['T0SZ 48 with small tables', { stt: true }, { t0sz: 48n }, {}, VALID],
    ['T0SZ 48 with small tables of 64 KiB', { stt: true }, { t0sz: 48n, tg0: 1n }, {}, ILLEGAL],
    ['T0SZ 12 with 64 KiB', { vax: true }, { t0sz: 12n, tg0: 1n }, {}, VALID],
    ['T0SZ 12 with 4 KiB', { vax: true }, { t0sz: 12n }, {}, ILLEGAL],
    ['T0SZ 12 without VAX', {}, { t0sz: 12n, tg0: 1n }, {}, ILLEGAL],
    ['TTB0 beyond IPS', {}, { ips: 0n, ttb0: 1n << 32n }, {}, ILLEGAL],
    ['TTB0 beyond OAS', { oas: 40 }, { ttb0: 1n << 40n }, {}, ILLEGAL],
    ['TTB0 of 4 KiB tables beyond 48 bits', { oas: 52 }, { ips: 6n, ttb0: 1n << 48n }, {}, ILLEGAL],
    ['IPS 7 behaves as 6', { oas: 52 }, { ips: 7n }, {}, VALID],
    ['TTB1', {}, both, {}, VALID],
    ['TG1 0 is reserved', {}, { ...both, tg1: 0n }, {}, ILLEGAL],
    ['T1SZ 0', {}, { ...both, t1sz: 0n }, {}, ILLEGAL],
    ['TTB1 beyond IPS', {}, { ...both, ips: 0n, ttb1: 1n << 32n }, {}, ILLEGAL],
    ['TTB1 is ignored with EPD1', {}, { ...both, epd1: 1n, t1sz: 0n, tg1: 0n }, {}, VALID],
    ['TTB1 is nothing to EL2', {}, { ...both, t1sz: 0n, tg1: 0n }, { dw1: 2n << 30n }, VALID],
    ['EPD0 is nothing to EL2', {}, { epd0: 1n, t0sz: 63n }, { dw1: 2n << 30n }, ILLEGAL],
  ])('%s', (_, config, cdFields, steFields, expected) => {
    const f = new Fixture(config).putSte(steFields).putCd(cdFields).on();
    const outcome = f.outcome(0x1000n);
    expect(outcome === ILLEGAL ? ILLEGAL : VALID).toBe(expected);
    const named = f.eventNames().filter((name) => name === ILLEGAL);
    expect(named).toHaveLength(expected === ILLEGAL ? 1 : 0);
  });

  it('a descriptor that is no memory: F_CD_FETCH with the address of the fetch', () => {
    const f = new Fixture().putSte({ ctxptr: BigInt(NO_RAM) }).on();
    expect(f.outcome(0x1000n)).toBe('F_CD_FETCH');
    expect(f.events()).toEqual([[0x09n | (0x100n << 32n), 0n, 0n, BigInt(NO_RAM)]]);
  });

  it('test_translation_context_epd0: walks are off, which is a translation fault of the stage', () => {
    const f = new Fixture().putSte().putCd({ epd0: 1n }).on();
    expect(f.outcome(0x1000n)).toBe('F_TRANSLATION');
    const g = new Fixture()
      .putSte()
      .putCd({ epd0: 1n, flags: AA64 | CD_A })
      .on();
    expect(g.outcome(0x1000n)).toBe('F_TRANSLATION');
    expect(g.events()).toEqual([]); // R clear: what Linux asks for when a process is gone
  });
});

describe('SMMUv3 substreams', () => {
  /** Four substreams; each has a table of its own with one page, at PAGE + its number. */
  const four = (fields: Partial<SteFields>, config: Partial<SmmuConfig> = {}): Fixture => {
    const f = new Fixture(config).putSte({ cdmax: 2n, ...fields });
    for (let ssid = 0; ssid < 4; ssid++) {
      const root = S1 + ssid * 0x10_0000;
      f.putCd({ ttb0: BigInt(root), asid: BigInt(ssid + 1) }, ssid);
      f.map(0x1000n, PAGE + BigInt(ssid) * 4096n, { root });
    }
    return f.on();
  };
  const at = (ssid: number): bigint => PAGE + BigInt(ssid) * 4096n;

  it.each<readonly [string, bigint, number, bigint | string]>([
    ['S1DSS terminate, none', 0n, NO_PASID, 'F_STREAM_DISABLED'],
    ['S1DSS terminate, 0', 0n, 0, at(0)],
    ['S1DSS terminate, 3', 0n, 3, at(3)],
    ['S1DSS terminate, 4', 0n, 4, 'C_BAD_SUBSTREAMID'],
    ['S1DSS bypass, none', 1n, NO_PASID, 0x1000n],
    ['S1DSS bypass, 0', 1n, 0, at(0)],
    ['S1DSS bypass, 1', 1n, 1, at(1)],
    ['S1DSS SSID 0, none', 2n, NO_PASID, at(0)],
    ['S1DSS SSID 0, 0', 2n, 0, 'F_STREAM_DISABLED'],
    ['S1DSS SSID 0, 2', 2n, 2, at(2)],
    ['S1DSS reserved, none', 3n, NO_PASID, 'F_STREAM_DISABLED'],
    ['S1DSS reserved, 1', 3n, 1, at(1)],
  ])('%s', (_, s1dss, pasid, expected) => {
    const f = four({ dw1: s1dss });
    expect(f.outcome(0x1000n, READ, pasid)).toBe(expected);
    expect(f.eventNames()).toEqual(typeof expected === 'string' ? [expected] : []);
  });

  it('records: F_STREAM_DISABLED names the stream, C_BAD_SUBSTREAMID the substream too', () => {
    const f = four({});
    f.outcome(0x1000n);
    f.outcome(0x1000n, READ, 0x54321);
    expect(f.events()).toEqual([
      [0x06n | (0x100n << 32n), 0n, 0n, 0n],
      [0x08n | (0x54321n << 12n) | (0x100n << 32n), 0n, 0n, 0n],
    ]);
  });

  it('S1DSS bypass is as wide as the output', () => {
    const f = four({ dw1: 1n }, { oas: 40 });
    expect(f.outcome(1n << 40n)).toBe('F_ADDR_SIZE');
    expect(f.eventNames()).toEqual(['F_ADDR_SIZE']);
  });

  it.each([
    ['one CD', {}, {}],
    ['a unit without substreams', { cdmax: 2n }, { ssidsize: 0 }],
    ['bypass', { config: CFG.bypass }, {}],
    ['stage 2', { config: CFG.s2 }, {}],
  ])('C_BAD_SUBSTREAMID: %s', (_, fields, config) => {
    const f = new Fixture(config).putSte(fields).putCd().on();
    expect(f.outcome(0x1000n, READ, 0)).toBe('C_BAD_SUBSTREAMID');
    expect(f.eventNames()).toEqual(['C_BAD_SUBSTREAMID']);
  });

  it.each([
    [1n, 6, 0x54321],
    [2n, 10, 0x54321],
    [1n, 6, 0x3f],
    [2n, 10, 0x3ff],
  ])('two levels, S1Fmt %s: substream 0x%s', (s1fmt, split, ssid) => {
    const leaf = CDTAB + 0x10_0000;
    const f = new Fixture().putSte({ s1fmt, cdmax: 20n });
    f.put(CDTAB + (ssid >> split) * 8, BigInt(leaf) | 1n);
    f.put(leaf + (ssid & (2 ** split - 1)) * 64, ...cd());
    f.map(0x1000n, PAGE);
    f.on();
    expect(f.outcome(0x1000n, READ, ssid)).toBe(PAGE);
    expect(f.outcome(0x1000n, READ, ssid ^ 0x40000)).toBe('C_BAD_SUBSTREAMID'); // L1CD.V = 0
  });

  it('a level 1 descriptor that is no memory is F_CD_FETCH, one that points too far C_BAD_SUBSTREAMID', () => {
    const f = new Fixture().putSte({ s1fmt: 2n, cdmax: 20n }).on();
    f.hazard((pfn) => (pfn === CDTAB / 4096 ? 1 : 0));
    expect(f.outcome(0n, READ, 0)).toBe('F_CD_FETCH');
    f.memory.hazards = null;
    f.put(CDTAB, (1n << 48n) | 1n);
    expect(f.outcome(0n, READ, 0)).toBe('C_BAD_SUBSTREAMID');
  });

  it('a table with fewer substreams than a leaf holds uses its first leaf', () => {
    const leaf = CDTAB + 0x10_0000;
    const f = new Fixture().putSte({ s1fmt: 2n, cdmax: 4n });
    f.put(CDTAB, BigInt(leaf) | 1n).put(leaf + 15 * 64, ...cd());
    f.map(0x1000n, PAGE);
    f.on();
    expect(f.outcome(0x1000n, READ, 15)).toBe(PAGE);
    expect(f.outcome(0x1000n, READ, 16)).toBe('C_BAD_SUBSTREAMID');
  });
});

describe('SMMUv3 overrides', () => {
  const PRIVILEGED_PAGE = 1n << 10n; // AF alone: privileged read and write
  it('PRIVCFG and INSTCFG count where the unit can override permissions', () => {
    const f = new Fixture({ attrPermsOvr: true }).putSte({ dw1: 3n << 48n }).putCd();
    f.map(0x1000n, PAGE, { attributes: PRIVILEGED_PAGE });
    expect(f.on().outcome(0x1000n)).toBe(PAGE);
    const g = new Fixture().putSte({ dw1: 3n << 48n }).putCd();
    g.map(0x1000n, PAGE, { attributes: PRIVILEGED_PAGE });
    expect(g.on().outcome(0x1000n)).toBe('F_PERMISSION');
    // INSTCFG = instruction: a read needs execute permission, a write stays a write.
    const h = new Fixture({ attrPermsOvr: true }).putSte({ dw1: 3n << 50n }).putCd();
    h.map(0x1000n, PAGE, { attributes: (1n << 10n) | (1n << 6n) | (1n << 54n) });
    h.on();
    expect([h.outcome(0x1000n), h.writes(0x1000n)]).toEqual(['F_PERMISSION', PAGE]);
    expect(h.events()[0]?.[1]).toBe((1n << 34n) | (1n << 35n) | (2n << 40n)); // InD, RnW, CLASS IN
  });
});

describe('SMMUv3 switched off and on', () => {
  it('cached configuration outlives CR0.SMMUEN', () => {
    const f = new Fixture().usual();
    expect(f.outcome(0x1000n)).toBe(PAGE);
    f.putSte({ v: 0n });
    f.write(CR0, EVENTQEN);
    f.on();
    expect(f.outcome(0x1000n)).toBe(PAGE);
    f.flush();
    expect(f.outcome(0x1000n)).toBe('C_BAD_STE');
  });
  it('stage 2 by itself', () => {
    const f = new Fixture().putSte({ config: CFG.s2 });
    f.map(0x1000n, PAGE, { root: S2, attributes: 0x4fcn });
    expect(f.on().outcome(0x1008n)).toBe(PAGE + 8n);
  });
});
