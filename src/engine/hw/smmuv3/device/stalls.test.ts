import { describe, expect, it } from 'vitest';
import { COMPLETION, NO_PASID, READ, STALLED, type PageRequestMessage } from '../../port';
import {
  CD_R,
  CD_S,
  CFG,
  AA64,
  CR0,
  CMDQEN,
  EVENTQ_PROD,
  EVENTQEN,
  Fixture,
  GERROR,
  GERRORN,
  NO_RAM,
  PRIQ,
  PRIQ_CONS,
  PRIQ_PROD,
  PRIQEN,
  S2AA64,
  S2R,
} from './fixture.conformance';

const STALL = AA64 | CD_R | CD_S;
const stalling = (config = {}): Fixture => new Fixture(config).putSte().putCd({ flags: STALL }).on();
const resume = (stag: number, ac: number, sid = 0x100): readonly [bigint, bigint] => [
  0x44n | (BigInt(ac) << 12n) | (BigInt(sid) << 32n),
  BigInt(stag),
];
const RETRY = 1;
const ABORT = 2;
const term = (sid: number): readonly [bigint, bigint] => [0x45n | (BigInt(sid) << 32n), 0n];

/** Spec: section 3.12.2 "Stall model" */
describe('SMMUv3 stalls', () => {
  it('a stalled transaction: its event has Stall and STAG, and it is not completed', () => {
    const f = stalling();
    expect(f.writes(0x1000n)).toBe('F_TRANSLATION');
    expect([f.device.result[COMPLETION], f.device.result[0]]).toEqual([STALLED, 0]);
    f.outcome(0x2000n);
    expect(f.device.result[0]).toBe(1);
    expect(f.events()).toEqual([
      [0x10n | (0x100n << 32n), (1n << 31n) | (2n << 40n), 0x1000n, 0n],
      [0x10n | (0x100n << 32n), (1n << 31n) | 1n | (1n << 35n) | (2n << 40n), 0x2000n, 0n],
    ]);
  });

  it.each([
    ['retry', RETRY, 0],
    ['terminate', 0, 1],
    ['abort', ABORT, 15],
  ])('CMD_RESUME, %s', (_name, ac, code) => {
    const f = stalling();
    f.outcome(0x1000n);
    f.command(resume(0, ac));
    expect(f.responses).toEqual([{ rid: 0x100, pasid: NO_PASID, group: 0, code }]);
    f.command(resume(0, ac));
    expect([f.responses.length, f.commandError]).toEqual([1, 0]);
  });

  it('of another stream, or by another STAG: nothing', () => {
    const f = stalling();
    f.outcome(0x1000n);
    f.command(resume(0, RETRY, 0x101), resume(1, RETRY));
    expect(f.responses).toEqual([]);
  });

  it('a unit that always aborts does so here too', () => {
    const f = stalling({ termModel: true });
    // A is what such a unit asks for.
    f.putCd({ flags: STALL | (1n << 46n) });
    f.outcome(0x1000n);
    f.command(resume(0, 0));
    expect(f.responses.map(({ code }) => code)).toEqual([15]);
  });

  it('STAGs come back', () => {
    const f = stalling();
    f.outcome(0x1000n);
    f.outcome(0x2000n);
    f.command(resume(0, RETRY));
    f.outcome(0x3000n);
    expect(f.device.result[0]).toBe(0);
    f.outcome(0x4000n);
    expect(f.device.result[0]).toBe(2);
  });

  it('CMD_STALL_TERM ends those of a stream', () => {
    const f = stalling();
    f.putSte({}, 0x101);
    f.outcome(0x1000n);
    f.translate(0x1000n, READ, NO_PASID, 0x101);
    f.outcome(0x2000n);
    f.command(term(0x100));
    expect(f.responses.map(({ rid, group, code }) => [rid, group, code])).toEqual([
      [0x100, 0, 15],
      [0x100, 2, 15],
    ]);
    f.command(term(0x101));
    expect(f.responses).toHaveLength(3);
  });

  it('turning the SMMU off ends all', () => {
    const f = stalling();
    f.outcome(0x1000n);
    f.outcome(0x2000n);
    f.write(CR0, EVENTQEN | CMDQEN);
    expect(f.responses.map(({ code }) => code)).toEqual([15, 15]);
    expect(f.device.stalls.count).toBe(0);
  });

  it('records of stalls wait for room; terminated ones are lost', () => {
    const f = stalling();
    for (let n = 0; n < 9; n++) f.outcome(BigInt(n) << 12n);
    expect([f.events().length, f.read(EVENTQ_PROD)]).toEqual([8, 8]);
    expect(f.device.stalls.count).toBe(9);
    // Not one that software does not know of.
    f.command(resume(8, RETRY));
    expect(f.responses).toEqual([]);
    f.drain();
    expect(f.events().map((event) => event[2])).toEqual([0x8000n]);
    f.command(resume(8, RETRY));
    expect(f.responses).toHaveLength(1);
  });

  it('no more than STALL_MAX are with software', () => {
    const f = stalling({ stallMax: 2 });
    for (let n = 0; n < 4; n++) f.outcome(BigInt(n) << 12n);
    expect(f.events()).toHaveLength(2);
    f.drain();
    expect(f.events()).toHaveLength(0);
    f.command(resume(1, RETRY));
    expect(f.events().map((event) => event[2])).toEqual([0x2000n]);
    f.command(term(0x100));
    expect(f.device.stalls.count).toBe(0);
  });

  it('within the interrupt a handler may resume it', () => {
    const f = stalling();
    f.onInterrupt = () => {
      f.drain();
      f.command(resume(0, RETRY));
    };
    expect(f.outcome(0x1000n)).toBe('F_TRANSLATION');
    expect(f.responses).toHaveLength(1);
    expect(f.device.result[COMPLETION]).toBe(STALLED);
  });

  it('stage 2 stalls by S2S', () => {
    const f = new Fixture().putSte({ config: CFG.s2, flags2: S2AA64 | S2R | (1n << 57n) }).on();
    f.outcome(0x1000n);
    expect(f.device.result[COMPLETION]).toBe(STALLED);
    expect(f.events()[0]?.[1]).toBe((1n << 31n) | (1n << 35n) | (1n << 39n) | (2n << 40n));
  });

  it('a merged event never swallows a stall', () => {
    const f = new Fixture()
      .putSte({ dw1: 1n << 19n })
      .putCd({ flags: STALL })
      .on();
    f.outcome(0x1000n);
    f.outcome(0x1000n);
    expect(f.events()).toHaveLength(2);
  });

  it('a configuration error terminates, S or not', () => {
    const f = stalling();
    f.putCd({ flags: STALL, v: 0n });
    f.outcome(0x1000n);
    expect([f.device.result[COMPLETION], f.device.stalls.count]).toEqual([4, 0]);
  });
});

/** Spec: chapter 8 "Page request queue" */
describe('SMMUv3 page requests', () => {
  const ask = (more: Partial<PageRequestMessage> = {}): PageRequestMessage => ({
    rid: 0x100,
    pasid: NO_PASID,
    iova: 0x1_2345_6000n,
    read: true,
    write: false,
    execute: false,
    privileged: false,
    group: 3,
    last: true,
    ...more,
  });
  const open = (config = {}, more = 0): Fixture =>
    new Fixture(config)
      .putSte()
      .putCd()
      .on(PRIQEN | more);
  const record = (f: Fixture, n = 0): readonly [bigint, bigint] => [
    f.memory.readU64(PRIQ + n * 16) ?? -1n,
    f.memory.readU64(PRIQ + n * 16 + 8) ?? -1n,
  ];

  it('a request is recorded: StreamID, SSID, rights, Last, group', () => {
    const f = open();
    f.device.pageRequest(ask());
    expect(record(f)).toEqual([0x100n | (1n << 60n) | (1n << 62n), 0x1_2345_6003n]);
    f.device.pageRequest(
      ask({ pasid: 0x12345, write: true, execute: true, privileged: true, last: false, group: 511 }),
    );
    expect(record(f, 1)).toEqual([
      0x100n | (0x12345n << 32n) | (1n << 58n) | (1n << 59n) | (1n << 60n) | (1n << 61n) | (1n << 63n),
      0x1_2345_6000n | 511n,
    ]);
    expect([f.read(PRIQ_PROD), f.interrupts]).toEqual([2, ['page-requests']]);
  });

  it('wraps', () => {
    const f = open();
    for (let n = 0; n < 10; n++) {
      f.device.pageRequest(ask({ group: n }));
      expect((record(f, n & 3)[1] & 0x1ffn) === BigInt(n)).toBe(true);
      f.write(PRIQ_CONS, f.read(PRIQ_PROD));
    }
    expect(f.read(PRIQ_PROD)).toBe(10 & 7);
  });

  it('full: the last of a group is answered with success, for the device to ask again', () => {
    const f = open();
    for (let n = 0; n < 4; n++) f.device.pageRequest(ask());
    f.device.pageRequest(ask({ last: false }));
    expect([f.read(PRIQ_PROD) >>> 0, f.responses]).toEqual([0x8000_0004, []]);
    f.device.pageRequest(ask({ group: 9 }));
    expect(f.responses).toEqual([{ rid: 0x100, pasid: NO_PASID, group: 9, code: 0 }]);
    // Room alone is not enough: the overflow must be acknowledged.
    f.write(PRIQ_CONS, 4);
    f.device.pageRequest(ask({ group: 10 }));
    expect(f.responses).toHaveLength(2);
    f.write(PRIQ_CONS, 0x8000_0004 | 0);
    f.device.pageRequest(ask({ group: 11 }));
    expect([f.responses.length, f.read(PRIQ_PROD) >>> 0]).toEqual([2, 0x8000_0005]);
  });

  it.each([
    ['PPAR', {}, 1n << 18n, 5],
    ['no PPAR', {}, 0n, NO_PASID],
    ['IDR3.PPS', { pps: true }, 0n, 5],
  ])('the PASID of such an answer: %s', (_name, config, dw1, pasid) => {
    const f = open(config).putSte({ cdmax: 4n, dw1 });
    for (let n = 0; n < 5; n++) f.device.pageRequest(ask({ pasid: 5 }));
    expect(f.responses).toEqual([{ rid: 0x100, pasid, group: 3, code: 0 }]);
  });

  it('and where the stream has no valid entry: failure, without PASID', () => {
    const f = open().putSte({ v: 0n });
    for (let n = 0; n < 5; n++) f.device.pageRequest(ask({ pasid: 5 }));
    expect(f.responses).toEqual([{ rid: 0x100, pasid: NO_PASID, group: 3, code: 15 }]);
  });

  it('a queue that is off, or a unit: failure', () => {
    const f = new Fixture().putSte().on();
    f.device.pageRequest(ask({ pasid: 5 }));
    f.write(CR0, PRIQEN | EVENTQEN | CMDQEN);
    f.device.pageRequest(ask());
    const failed = { rid: 0x100, pasid: NO_PASID, group: 3, code: 15 };
    expect(f.responses).toEqual([failed, failed]);
    const without = new Fixture({ pri: false });
    without.device.pageRequest(ask());
    expect(without.responses).toEqual([]);
  });

  it('a Stop Marker is not answered', () => {
    const f = new Fixture().on();
    f.device.pageRequest(ask({ read: false, pasid: 5 }));
    expect(f.responses).toEqual([]);
  });

  it('a queue that is no memory: PRIQ_ABT_ERR, and failure until it is acknowledged', () => {
    const f = new Fixture().putSte();
    f.write64(0xc0, BigInt(NO_RAM) | 2n);
    f.on(PRIQEN);
    f.device.pageRequest(ask());
    expect([f.read(GERROR), f.read(PRIQ_PROD), f.responses.length]).toEqual([8, 0, 1]);
    f.device.pageRequest(ask());
    expect(f.responses.map(({ code }) => code)).toEqual([15, 15]);
    f.write(GERRORN, 8);
    f.device.pageRequest(ask());
    expect(f.read(GERROR)).toBe(0);
  });
});
