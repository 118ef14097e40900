import { describe, expect, it } from 'vitest';
import { COMPLETION, EXECUTE, PRIVILEGED, READ, WRITE } from '../../port';
import {
  AF,
  AA64,
  CD_A,
  CD_R,
  CD_S,
  CFG,
  CMDQEN,
  CR0,
  CR2,
  EVENTQ_CONS,
  EVENTQ_PROD,
  EVENTQEN,
  EVTQ,
  Fixture,
  GERROR,
  GERRORN,
  IRQ_CTRL,
  LEAF1,
  LEAF2,
  MSI,
  NO_RAM,
  PAGE,
  S2,
  S2AA64,
  S2R,
  SMMUEN,
} from './fixture.conformance';

const OVFLG = 0x8000_0000;
const faulting = (config = {}): Fixture => new Fixture(config).putSte().putCd().on();

describe('SMMUv3 event queue', () => {
  it('records lie one after the other, and wrap', () => {
    const f = faulting();
    for (let n = 0; n < 20; n++) {
      f.outcome(BigInt(n) << 12n);
      expect(f.memory.readU64(EVTQ + (n & 7) * 32 + 16)).toBe(BigInt(n) << 12n);
      expect(f.read(EVENTQ_PROD)).toBe((n + 1) & 0xf);
      if ((n & 3) === 3) f.drain();
    }
    expect(f.read(GERROR)).toBe(0);
  });

  it('an interrupt when the queue was empty, none while software has records to read', () => {
    const f = faulting();
    f.outcome(0x1000n);
    f.outcome(0x2000n);
    expect(f.interrupts).toEqual(['faults']);
    f.write(EVENTQ_CONS, 1);
    f.outcome(0x3000n);
    expect(f.interrupts).toEqual(['faults']);
    f.drain().outcome(0x4000n);
    expect(f.interrupts).toEqual(['faults', 'faults']);
  });

  it('a handler within the interrupt finds the record', () => {
    const f = faulting();
    const seen: string[] = [];
    f.onInterrupt = () => {
      seen.push(...f.eventNames());
      f.drain();
    };
    f.outcome(0x1000n);
    f.outcome(0x2000n);
    expect(seen).toEqual(['F_TRANSLATION', 'F_TRANSLATION']);
  });

  it('a full queue overflows: OVFLG toggles once, and again only when it was acknowledged', () => {
    const f = faulting();
    for (let n = 0; n < 8; n++) f.outcome(BigInt(n) << 12n);
    expect(f.read(EVENTQ_PROD)).toBe(8);
    f.outcome(0x9000n);
    expect(f.read(EVENTQ_PROD) >>> 0).toBe(OVFLG + 8);
    f.outcome(0xa000n);
    expect(f.read(EVENTQ_PROD) >>> 0).toBe(OVFLG + 8);
    // Room again, though not acknowledged: events of the EVTQ are recorded all the same.
    f.write(EVENTQ_CONS, 1);
    f.outcome(0xb000n);
    expect(f.events().at(-1)?.[2]).toBe(0xb000n);
    f.outcome(0xc000n);
    expect(f.read(EVENTQ_PROD) >>> 0).toBe(OVFLG + 9);
    f.write(EVENTQ_CONS, OVFLG | 1);
    f.outcome(0xc000n);
    expect(f.read(EVENTQ_PROD) >>> 0).toBe(9);
    f.drain().outcome(0xd000n);
    expect(f.eventNames()).toEqual(['F_TRANSLATION']);
  });

  it('while the queue is off, nothing is recorded and nothing is lost', () => {
    const f = faulting();
    f.write(CR0, SMMUEN | CMDQEN);
    expect(f.outcome(0x1000n)).toBe('F_TRANSLATION');
    expect([f.read(EVENTQ_PROD), f.interrupts]).toEqual([0, []]);
    f.on().outcome(0x1000n);
    expect(f.eventNames()).toEqual(['F_TRANSLATION']);
  });

  it('a queue that is no memory: EVENTQ_ABT_ERR, and no more records until it is acknowledged', () => {
    const f = faulting();
    f.write(CR0, 0);
    f.write64(0xa0, BigInt(NO_RAM) | 3n);
    f.on().outcome(0x1000n);
    expect([f.read(GERROR), f.read(EVENTQ_PROD), f.interrupts]).toEqual([4, 0, ['errors']]);
    f.write(CR0, 0);
    f.write64(0xa0, BigInt(EVTQ) | 3n);
    f.on().outcome(0x1000n);
    expect(f.read(EVENTQ_PROD)).toBe(0);
    f.write(GERRORN, 4);
    f.outcome(0x1000n);
    expect(f.eventNames()).toEqual(['F_TRANSLATION']);
  });

  it('a bus error on a record', () => {
    const f = faulting();
    f.hazard((pfn, _offset, _bytes, write) => (write && pfn === EVTQ / 4096 ? 1 : 0)).outcome(0x1000n);
    expect(f.read(GERROR)).toBe(4);
  });

  it('the message of the queue is written where EVENTQ_IRQ_CFG says', () => {
    const f = new Fixture().putSte().putCd();
    f.write(IRQ_CTRL, 0);
    f.write64(0xb0, BigInt(MSI));
    f.write(0xb8, 0x1234);
    f.write(IRQ_CTRL, 4);
    f.on().outcome(0x1000n);
    expect([Number(f.memory.readU64(MSI)), f.interrupts]).toEqual([0x1234, []]);
  });

  it('a message that goes nowhere: MSI_EVENTQ_ABT_ERR', () => {
    const f = new Fixture().putSte().putCd();
    f.write(IRQ_CTRL, 0);
    f.write64(0xb0, BigInt(NO_RAM));
    f.write(IRQ_CTRL, 7);
    f.on().outcome(0x1000n);
    expect([f.read(GERROR), f.interrupts, f.eventNames()]).toEqual([0x20, ['errors'], ['F_TRANSLATION']]);
  });

  it('a message to the doorbell is an interrupt of the platform', () => {
    const f = new Fixture({ doorbell: MSI }).putSte().putCd();
    f.write(IRQ_CTRL, 0);
    f.write64(0xb0, BigInt(MSI));
    f.write(IRQ_CTRL, 4);
    f.on().outcome(0x1000n);
    expect([Number(f.memory.readU64(MSI)), f.interrupts]).toEqual([0, ['faults']]);
  });

  it('no interrupt where IRQ_CTRL does not enable it', () => {
    const f = faulting();
    f.write(IRQ_CTRL, 0);
    f.outcome(0x1000n);
    expect([f.interrupts, f.eventNames()]).toEqual([[], ['F_TRANSLATION']]);
  });
});

describe('SMMUv3 what of an event is recorded', () => {
  const cdFlags = (a: boolean, r: boolean, s: boolean): bigint =>
    AA64 | (a ? CD_A : 0n) | (r ? CD_R : 0n) | (s ? CD_S : 0n);

  /** Spec: section 5.5. Translation faults of stage 1. */
  const stage1Faults: readonly (readonly [string, (f: Fixture) => void, number, bigint])[] = [
    ['F_TRANSLATION', () => undefined, READ, 0x1000n],
    ['F_ADDR_SIZE', (f) => f.map(0x1000n, 1n << 44n), READ, 0x1000n],
    ['F_ACCESS', (f) => f.map(0x1000n, PAGE, { attributes: LEAF1 & ~AF }), READ, 0x1000n],
    ['F_PERMISSION', (f) => f.map(0x1000n, PAGE, { attributes: LEAF1 | (1n << 7n) }), WRITE, 0x1000n],
  ];
  const bits = [false, true];
  const matrix = stage1Faults.flatMap((fault) =>
    bits.flatMap((a) => bits.map((r) => ({ fault, a, r, name: fault[0] }))),
  );

  it.each(matrix)('$name with CD.A $a, CD.R $r', ({ fault: [name, prepare, access, iova], a, r }) => {
    const f = new Fixture().putSte().putCd({ flags: cdFlags(a, r, false), ips: 2n });
    prepare(f);
    f.on();
    expect(f.outcome(iova, access)).toBe(name);
    // COMPLETION: 4 is a completer abort, 0 reads as zero and ignores writes.
    expect(f.device.result[COMPLETION]).toBe(a ? 4 : 0);
    expect(f.eventNames()).toEqual(r ? [name] : []);
  });

  it.each([true, false])('faults of stage 2 with S2R %s: always an abort', (r) => {
    const f = new Fixture().putSte({ config: CFG.s2, flags2: S2AA64 | (r ? S2R : 0n) });
    for (const [iova, attributes] of [
      [0x1000n, LEAF2],
      [0x2000n, LEAF2 & ~AF],
      [0x3000n, LEAF2 & ~(1n << 7n)],
    ] as const)
      f.map(iova, PAGE, { root: S2, attributes });
    f.on();
    expect(f.outcome(0x4000n)).toBe('F_TRANSLATION');
    expect(f.device.result[COMPLETION]).toBe(4);
    expect([f.outcome(0x2000n), f.writes(0x3000n)]).toEqual(['F_ACCESS', 'F_PERMISSION']);
    expect(f.eventNames()).toEqual(r ? ['F_TRANSLATION', 'F_ACCESS', 'F_PERMISSION'] : []);
  });

  it('configuration errors are recorded whatever A, R and S say', () => {
    const f = new Fixture()
      .putSte()
      .putCd({ v: 0n, flags: cdFlags(false, false, true) })
      .on();
    expect(f.outcome(0x1000n)).toBe('C_BAD_CD');
    f.putSte({ config: CFG.s2, flags2: 0n }).flush();
    expect(f.outcome(0x1000n)).toBe('C_BAD_STE');
    expect(f.eventNames()).toEqual(['C_BAD_CD', 'C_BAD_STE']);
  });

  it('a stream that aborts is silent; C_BAD_STREAMID needs CR2.RECINVSID', () => {
    const f = new Fixture({}).putSte({ config: CFG.abort }).on();
    expect(f.outcome(0x1000n)).toBe('abort');
    const small = new Fixture();
    small.write(0x88, 7);
    small.on();
    expect([small.outcome(0x1000n), small.eventNames()]).toEqual(['C_BAD_STREAMID', ['C_BAD_STREAMID']]);
    const quiet = new Fixture();
    quiet.write(0x88, 7);
    quiet.write(CR2, 0);
    quiet.on();
    expect([quiet.outcome(0x1000n), quiet.eventNames(), f.eventNames()]).toEqual(['C_BAD_STREAMID', [], []]);
  });

  it('STE.MEV merges what is the same but for the offset in its page, while software has not read it', () => {
    const f = new Fixture()
      .putSte({ dw1: 1n << 19n })
      .putCd()
      .on();
    for (const iova of [0x1000n, 0x1008n, 0x1fffn]) f.outcome(iova);
    expect(f.events().map((event) => event[2])).toEqual([0x1000n]);
    f.writes(0x1000n);
    f.outcome(0x1000n, READ | PRIVILEGED);
    f.outcome(0x1000n, EXECUTE);
    f.outcome(0x2000n);
    expect(f.events()).toHaveLength(5);
    f.drain().outcome(0x2000n);
    expect(f.events()).toHaveLength(1);
    // Merged into a full queue: nothing is lost.
    for (let n = 0; n < 7; n++) f.outcome(BigInt(n + 3) << 12n);
    f.outcome(0x9008n);
    expect(f.read(EVENTQ_PROD) >>> 31).toBe(0);
  });

  it('without MEV each is recorded', () => {
    const f = faulting();
    for (const iova of [0x1000n, 0x1008n, 0x1000n]) f.outcome(iova);
    expect(f.events()).toHaveLength(3);
  });

  it("what was merged with is that stream's last, not another's", () => {
    const f = new Fixture()
      .putSte({ dw1: 1n << 19n })
      .putSte({ dw1: 1n << 19n }, 0x101)
      .putCd()
      .on();
    f.outcome(0x1000n);
    f.translate(0x1000n, READ, -1, 0x101);
    f.outcome(0x1000n);
    expect(f.events().map((event) => (event[0] ?? 0n) >> 32n)).toEqual([0x100n, 0x101n, 0x100n]);
  });

  it('an event of a global abort or a missing queue enable is not recorded', () => {
    const f = new Fixture();
    f.write(CR0, EVENTQEN | CMDQEN);
    f.write(0x44, 0x8010_0000 | 0);
    expect([f.outcome(0x1000n), f.eventNames()]).toEqual(['off', []]);
  });
});
