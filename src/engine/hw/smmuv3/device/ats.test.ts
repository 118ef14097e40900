import { describe, expect, it } from 'vitest';
import {
  ATS_GRANTS,
  ATS_REQUEST,
  ATS_SIZE_LG2,
  ATS_TRANSLATED,
  COMPLETER_ABORT,
  COMPLETION,
  EXECUTE,
  NO_PASID,
  PRIVILEGED,
  READ,
  UNSUPPORTED_REQUEST,
  WRITE,
} from '../../port';
import {
  AP_EL0,
  AP_RO,
  ATSCHK,
  CDTAB,
  CFG,
  CMDQEN,
  cd,
  CR0,
  CR2,
  EVENT_NAMES,
  EVENTQEN,
  Fixture,
  LEAF1,
  LEAF2,
  NO_RAM,
  PAGE,
  PXN,
  S2,
  S2_READ,
  S2_WRITE,
  TBI0,
  USUAL,
  UXN,
  type SteFields,
} from './fixture.conformance';

const EATS_FULL = 1n << 28n;
const EATS_SPLIT = 2n << 28n;
const REC_CFG_ATS = 8;

interface Answer {
  readonly pa?: bigint;
  readonly grants?: number;
  readonly size?: number;
  /** Refused: the event, and how it was completed. */
  readonly refused?: string;
  readonly completion?: number;
}

/** An ATS Translation Request. */
function request(f: Fixture, iova: bigint, access = READ | WRITE, pasid = NO_PASID): Answer {
  const status = f.translate(iova, ATS_REQUEST | access, pasid);
  const { result } = f.device;
  if (status === 4)
    return { refused: EVENT_NAMES[result[2] ?? 0] ?? '?', completion: result[COMPLETION] ?? -1 };
  const pa = (BigInt((result[1] ?? 0) >>> 0) << 32n) | BigInt((result[0] ?? 0) >>> 0);
  return { pa, grants: result[ATS_GRANTS] ?? -1, size: result[ATS_SIZE_LG2] ?? -1 };
}
const NOTHING = { pa: 0n, grants: 0, size: 12 };

const stream = (fields: Partial<SteFields> = {}, config = {}): Fixture =>
  new Fixture(config).putSte({ dw1: EATS_FULL, ...fields }).putCd();

/** Both stages; stage 2 maps tables one to one. */
function nested(dw1: bigint): Fixture {
  const f = new Fixture().putSte({ config: CFG.nested, vmid: 7n, dw1 }).putCd();
  for (const at of [CDTAB, ...f.map(0x5000n, 0x9000n)]) {
    const page = BigInt(at) & ~0xfffn;
    f.map(page, page, { root: S2, attributes: LEAF2 });
  }
  f.map(0x9000n, PAGE, { root: S2, attributes: LEAF2 });
  return f;
}

/** Spec: section 3.9.1.2 "Responses to ATS Translation Requests and Translated transactions" */
describe('SMMUv3 ATS requests', () => {
  it('a unit without ATS: unsupported request', () => {
    const f = stream({}, { ats: false });
    f.map(0x1000n, PAGE);
    f.on();
    expect(request(f, 0x1000n)).toEqual({ refused: 'F_UUT', completion: UNSUPPORTED_REQUEST });
  });

  it('the SMMU is off: F_BAD_ATS_TREQ', () => {
    const f = stream();
    f.write(CR0, EVENTQEN | CMDQEN);
    expect(request(f, 0x1000n)).toEqual({ refused: 'F_BAD_ATS_TREQ', completion: UNSUPPORTED_REQUEST });
    expect(f.eventNames()).toEqual(['F_BAD_ATS_TREQ']);
  });

  it.each([
    ['bypass', { config: CFG.bypass, dw1: 0n }],
    ['EATS = 0', { dw1: 0n }],
    ['split-stage without ATSCHK', { config: CFG.nested, dw1: EATS_SPLIT }],
  ])('%s: F_BAD_ATS_TREQ, unsupported request', (_name, fields) => {
    const f = stream(fields).on();
    expect(request(f, 0x1008n, READ)).toEqual({ refused: 'F_BAD_ATS_TREQ', completion: UNSUPPORTED_REQUEST });
    expect(f.events()).toEqual([[0x05n | (0x100n << 32n), 1n << 35n, 0x1008n, 0n]]);
  });

  it('a stream that aborts: unsupported request, and no event', () => {
    const f = stream({ config: CFG.abort }).on();
    expect([request(f, 0x1000n), f.events()]).toEqual([
      { refused: 'abort', completion: UNSUPPORTED_REQUEST },
      [],
    ]);
  });

  it.each([
    ['C_BAD_STE', (f: Fixture) => f.putSte({ v: 0n })],
    ['C_BAD_CD', (f: Fixture) => f.putCd({ v: 0n })],
    ['F_CD_FETCH', (f: Fixture) => f.putSte({ dw1: EATS_FULL, ctxptr: BigInt(NO_RAM) })],
    ['F_WALK_EABT', (f: Fixture) => f.putCd({ ttb0: BigInt(NO_RAM) })],
  ])('%s: completer abort, and an event only with CR2.REC_CFG_ATS', (name, spoil) => {
    for (const recorded of [false, true]) {
      const f = spoil(stream());
      f.write(CR2, 2 | (recorded ? REC_CFG_ATS : 0));
      f.on();
      expect(request(f, 0x1000n)).toEqual({ refused: name, completion: COMPLETER_ABORT });
      expect(f.eventNames()).toEqual(recorded ? [name] : []);
    }
  });

  it('a SubstreamID that there is not: completer abort', () => {
    const f = stream().on();
    expect(request(f, 0x1000n, READ, 5)).toEqual({
      refused: 'C_BAD_SUBSTREAMID',
      completion: COMPLETER_ABORT,
    });
  });

  it('translation faults are answered: nothing is granted', () => {
    const f = stream().putCd({ ips: 2n });
    f.map(0x1000n, PAGE, { attributes: LEAF1 & ~(1n << 10n) });
    f.map(0x2000n, 1n << 41n);
    f.map(0x3000n, PAGE, { attributes: LEAF1 & ~AP_EL0 });
    f.on();
    for (const iova of [0x1000n, 0x2000n, 0x3000n, 0x4000n, 1n << 48n])
      expect(request(f, iova)).toEqual(NOTHING);
    expect(f.events()).toEqual([]);
    f.putCd({ epd0: 1n }).flush();
    expect(request(f, 0x1000n)).toEqual(NOTHING);
  });

  it('answers with address, size and rights, from the tables and then from the TLB', () => {
    const f = stream();
    f.map(0x1000n, PAGE);
    f.map(0x20_0000n, 0x4000_0000n, { level: 2, attributes: LEAF1 | AP_RO });
    f.on();
    for (let n = 0; n < 2; n++) {
      expect(request(f, 0x1010n)).toEqual({ pa: PAGE + 0x10n, grants: READ | WRITE, size: 12 });
      expect(request(f, 0x21_0000n)).toEqual({ pa: 0x4001_0000n, grants: READ, size: 21 });
    }
    expect(f.device.state.tlb.list()).toHaveLength(2);
  });

  it('an ignored top byte is ignored here too', () => {
    const f = stream().putCd({ flags: USUAL | TBI0 });
    f.map(0x1000n, PAGE);
    expect(request(f.on(), 0xab00_0000_0000_1000n)).toEqual({ pa: PAGE, grants: READ | WRITE, size: 12 });
  });

  /** Spec: section 13.7: execute and privilege are granted to requests with a PASID alone. */
  it.each([
    ['user, all', 5, READ | WRITE | EXECUTE, LEAF1, READ | WRITE | EXECUTE],
    ['user, not executable', 5, READ | WRITE | EXECUTE, LEAF1 | UXN, READ | WRITE],
    ['user, execute not asked for', 5, READ | WRITE, LEAF1, READ | WRITE],
    ['user, read only', 5, READ | WRITE | EXECUTE, LEAF1 | AP_RO, READ | EXECUTE],
    ['privileged page, user', 5, READ | WRITE | EXECUTE, LEAF1 & ~AP_EL0, 0],
    [
      'privileged',
      5,
      READ | WRITE | EXECUTE | PRIVILEGED,
      LEAF1 & ~AP_EL0,
      READ | WRITE | EXECUTE | PRIVILEGED,
    ],
    [
      'privileged, PXN',
      5,
      READ | WRITE | EXECUTE | PRIVILEGED,
      (LEAF1 & ~AP_EL0) | PXN,
      READ | WRITE | PRIVILEGED,
    ],
    ['without PASID', NO_PASID, READ | WRITE | EXECUTE | PRIVILEGED, LEAF1, READ | WRITE],
    ['without PASID, privileged page', NO_PASID, READ | WRITE | PRIVILEGED, LEAF1 & ~AP_EL0, 0],
  ])('%s', (_name, pasid, access, attributes, grants) => {
    const f = stream({ cdmax: 4n, dw1: EATS_FULL | 2n });
    f.put(CDTAB + 5 * 64, ...cd({}));
    f.map(0x1000n, PAGE, { attributes });
    f.on();
    expect(request(f, 0x1000n, access, pasid)).toEqual(
      grants === 0 ? NOTHING : { pa: PAGE, grants, size: 12 },
    );
  });

  it('S1DSS = bypass: addresses are their own answer; S1DSS = terminate: completer abort', () => {
    const f = stream({ cdmax: 4n, dw1: EATS_FULL | 1n }).on();
    expect(request(f, 0x7000n)).toEqual({ pa: 0x7000n, grants: READ | WRITE, size: 12 });
    const none = stream({ cdmax: 4n, dw1: EATS_FULL }).on();
    expect(request(none, 0x7000n)).toEqual({ refused: 'F_STREAM_DISABLED', completion: COMPLETER_ABORT });
  });

  it('stage 2 alone', () => {
    const f = new Fixture().putSte({ config: CFG.s2, dw1: EATS_FULL });
    f.map(0x1000n, PAGE, { root: S2, attributes: LEAF2 & ~S2_WRITE });
    f.map(0x2000n, PAGE, { root: S2, attributes: LEAF2 & ~S2_READ });
    f.on();
    expect(request(f, 0x1000n)).toEqual({ pa: PAGE, grants: READ, size: 12 });
    expect(request(f, 0x2000n)).toEqual({ pa: PAGE, grants: WRITE, size: 12 });
    expect(request(f, 0x3000n)).toEqual(NOTHING);
    expect(request(f, 1n << 48n)).toEqual(NOTHING);
  });

  it('nested, full: the answer is a PA with the rights of both', () => {
    const f = nested(EATS_FULL).on();
    f.map(0x9000n, PAGE, { root: S2, attributes: LEAF2 & ~S2_WRITE });
    expect(request(f, 0x5000n)).toEqual({ pa: PAGE, grants: READ, size: 12 });
  });

  it('nested, split: the answer is an IPA, with the rights of both; it does not enter the TLB', () => {
    const f = nested(EATS_SPLIT).on(ATSCHK);
    expect(request(f, 0x5000n)).toEqual({ pa: 0x9000n, grants: READ | WRITE, size: 12 });
    expect(f.outcome(0x5000n)).toBe(PAGE);
    expect(request(f, 0x5000n)).toEqual({ pa: 0x9000n, grants: READ | WRITE, size: 12 });
    expect(f.outcome(0x5000n)).toBe(PAGE);
  });

  it('privilege may be overridden', () => {
    const f = stream({ dw1: EATS_FULL | (3n << 48n) }, { attrPermsOvr: true });
    f.map(0x1000n, PAGE, { attributes: LEAF1 & ~AP_EL0 });
    expect(request(f.on(), 0x1000n)).toEqual({ pa: PAGE, grants: READ | WRITE, size: 12 });
  });
});

/** Spec: section 3.9.1.3, and section 6.3.9.6 "ATSCHK" */
describe('SMMUv3 translated transactions', () => {
  const TRANSLATED = READ | ATS_TRANSLATED;

  it('pass as they are without ATSCHK, whatever the stream says', () => {
    const f = new Fixture().putSte({ v: 0n }).on();
    expect([f.outcome(PAGE, TRANSLATED), f.events()]).toEqual([PAGE, []]);
    expect(f.outcome(1n << 48n, TRANSLATED)).toBe('F_ADDR_SIZE');
    expect(f.events()).toEqual([]);
  });

  it('are forbidden while the SMMU is off', () => {
    const f = new Fixture();
    f.write(CR0, EVENTQEN | CMDQEN);
    expect(f.outcome(PAGE, WRITE | ATS_TRANSLATED)).toBe('F_TRANSL_FORBIDDEN');
    expect(f.events()).toEqual([[0x07n | (0x100n << 32n), 0n, PAGE, 0n]]);
  });

  it('with ATSCHK it is EATS that tells', () => {
    for (const [fields, expected] of [
      [{ dw1: EATS_FULL }, PAGE],
      [{ dw1: 0n }, 'F_TRANSL_FORBIDDEN'],
      [{ config: CFG.bypass, dw1: EATS_FULL }, 'F_TRANSL_FORBIDDEN'],
      [{ config: CFG.abort }, 'abort'],
    ] as const) {
      const f = new Fixture().putSte(fields).on(ATSCHK);
      expect(f.outcome(PAGE, TRANSLATED)).toBe(expected);
      const forbidden = expected === 'F_TRANSL_FORBIDDEN';
      expect(f.events()).toEqual(forbidden ? [[0x07n | (0x100n << 32n), 1n << 35n, PAGE, 0n]] : []);
    }
  });

  it('configuration errors abort, and are recorded only with CR2.REC_CFG_ATS', () => {
    for (const recorded of [false, true]) {
      const f = new Fixture().putSte({ v: 0n });
      f.write(CR2, recorded ? REC_CFG_ATS : 0);
      f.on(ATSCHK);
      expect(f.outcome(PAGE, TRANSLATED)).toBe('C_BAD_STE');
      expect(f.eventNames()).toEqual(recorded ? ['C_BAD_STE'] : []);
    }
  });

  it('a unit without ATS aborts them silently', () => {
    const f = new Fixture({ ats: false }).putSte().on();
    expect([f.outcome(PAGE, TRANSLATED), f.events()]).toEqual(['F_UUT', []]);
  });

  it('split-stage: the IPA goes through stage 2', () => {
    const f = nested(EATS_SPLIT).on(ATSCHK);
    expect(f.outcome(0x9010n, TRANSLATED)).toBe(PAGE + 0x10n);
    expect(f.outcome(0x9010n, TRANSLATED)).toBe(PAGE + 0x10n);
    expect(f.outcome(0xa000n, TRANSLATED)).toBe('F_TRANSLATION');
  });
});
