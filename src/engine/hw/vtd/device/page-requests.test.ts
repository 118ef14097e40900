import { describe, expect, it } from 'vitest';
import { NO_PASID, type PageRequestMessage } from '../../port';
import {
  firstStage,
  LOWER,
  PAGE,
  PAGE_QUEUE,
  passThrough,
  ROOT,
  ScalableFixture,
  SECOND,
  secondStage,
} from './scalable-fixture.conformance';

/**
 * Page requests: the queue, its event, and answers that the hardware gives itself.
 *
 * Expected values: VT-d document, sections 7.4 to 7.6 (layout of the descriptor, who answers what), 11.4.11, 6.5.3.1.
 */
const PQH = 0xc0;
const PQT = 0xc8;
const PRS = 0xdc;
const PECTL = 0xe0;
const DTE_PRE = 0x14n;
const SUCCESS = 0;
const INVALID_REQUEST = 1;

const message = (more: Partial<PageRequestMessage> = {}): PageRequestMessage => ({
  rid: 0x0100,
  pasid: NO_PASID,
  iova: 0x7fff_1234_5000n,
  read: true,
  write: false,
  execute: false,
  privileged: false,
  group: 5,
  last: true,
  ...more,
});

function make(entry = firstStage(), flags = DTE_PRE | 8n): ScalableFixture {
  const f = new ScalableFixture(0x0100, {}, 0).attach(entry, { flags });
  f.device.registers.write64(0xd0, BigInt(PAGE_QUEUE));
  f.device.registers.write32(PECTL, 0);
  return f;
}

const reg = (f: ScalableFixture, offset: number): number => f.device.registers.read32(offset) >>> 0;

describe('the queue', () => {
  it('a request is written as the document lays it out', () => {
    const f = make();
    const table = f.pasidEntry + 7 * 64;
    for (let n = 0; n < 8; n++) f.put(table + n * 8, f.word(f.pasidEntry + n * 8));
    f.device.pageRequest(
      message({ pasid: 7, write: true, execute: true, privileged: true, group: 0x1a5, last: false }),
    );
    expect([0, 8, 16, 24].map((n) => f.word(PAGE_QUEUE + n))).toEqual([
      0x01n | (1n << 8n) | (0x0100n << 16n) | (7n << 32n) | (1n << 52n) | (1n << 53n),
      0x3n | (0x1a5n << 3n) | 0x7fff_1234_5000n,
      0n,
      0n,
    ]);
    f.device.pageRequest(message());
    expect(f.word(PAGE_QUEUE + 32)).toBe(0x01n | (0x0100n << 16n));
    expect(f.word(PAGE_QUEUE + 40)).toBe(0x5n | (5n << 3n) | 0x7fff_1234_5000n);
    expect([reg(f, PQT), reg(f, PQH)]).toEqual([64, 0]);
    expect(f.responses).toEqual([]);
  });

  it('one interrupt until PPR is cleared; masked it waits, and is cancelled when PPR is', () => {
    const f = make();
    f.device.pageRequest(message());
    f.device.pageRequest(message());
    expect([f.interrupts, reg(f, PRS)]).toEqual([['page-requests'], 1]);
    f.device.registers.write32(PRS, 1);
    f.device.pageRequest(message());
    expect(f.interrupts).toHaveLength(2);
    f.device.registers.write32(PRS, 1);
    f.device.registers.write32(PECTL, 1 << 31);
    f.device.pageRequest(message());
    expect([f.interrupts.length, reg(f, PECTL) >>> 30]).toEqual([2, 3]);
    f.device.registers.write32(PECTL, 0);
    expect([f.interrupts.length, reg(f, PECTL)]).toEqual([3, 0]);
    f.device.registers.write32(PRS, 1);
    f.device.registers.write32(PECTL, 1 << 31);
    f.device.pageRequest(message());
    f.device.registers.write32(PRS, 1);
    f.device.registers.write32(PECTL, 0);
    expect(f.interrupts).toHaveLength(3);
  });

  it.each([0, 1, 4])(
    'PQS = %i: holds one less than its size, wraps, and turns away what does not fit',
    (size) => {
      const f = make();
      f.device.registers.write64(0xd0, BigInt(PAGE_QUEUE | size));
      const entries = (4096 << size) / 32;
      for (let n = 0; n < entries - 1; n++) f.device.pageRequest(message({ group: n % 512 }));
      expect([reg(f, PQT), reg(f, PRS), f.responses]).toEqual([(entries - 1) * 32, 1, []]);
      f.device.pageRequest(message({ last: false }));
      expect([reg(f, PRS), f.responses]).toEqual([3, []]);
      // While PRO stands nothing is entered, room or not; the device is told to try again.
      f.device.registers.write32(PQH, 64);
      f.device.pageRequest(message({ group: 77 }));
      expect(f.responses).toEqual([{ rid: 0x0100, pasid: NO_PASID, group: 77, code: SUCCESS }]);
      expect(reg(f, PQT)).toBe((entries - 1) * 32);
      f.device.registers.write32(PRS, 2);
      f.device.pageRequest(message({ group: 78 }));
      expect([reg(f, PQT), (f.word(PAGE_QUEUE + (entries - 1) * 32 + 8) >> 3n) & 0x1ffn]).toEqual([0, 78n]);
      f.device.pageRequest(message());
      expect(reg(f, PQT)).toBe(32);
    },
  );

  it('a queue that is no memory loses the request', () => {
    const f = make();
    f.device.registers.write64(0xd0, 0x8000n);
    f.device.pageRequest(message());
    expect([reg(f, PQT), f.responses, reg(f, PRS)]).toEqual([0, [], 0]);
  });

  it('a unit without page requests has none of its registers', () => {
    const f = new ScalableFixture(0x0100, { pageRequests: false }).attach(secondStage());
    f.device.registers.write64(0xd0, BigInt(PAGE_QUEUE));
    f.device.registers.write32(PQT, 64);
    expect([reg(f, 0xd0), reg(f, PQT), reg(f, PECTL)]).toEqual([0, 0, 0]);
    f.device.pageRequest(message());
    expect(f.records()).toEqual([]);
  });
});

describe('requests that the tables do not let through', () => {
  it.each<[string, (f: ScalableFixture) => void, Partial<PageRequestMessage>, number]>([
    ['39: no root entry', (f) => f.put(f.rootEntry, 0n), {}, 0x39],
    ['41: no context entry', (f) => f.put(f.contextEntry, 0n), {}, 0x41],
    ['45: PASIDE is clear', (f) => f.put(f.contextEntry, f.word(f.contextEntry) & ~8n), { pasid: 5 }, 0x45],
    ['47: PRE is clear', (f) => f.put(f.contextEntry, f.word(f.contextEntry) & ~16n), {}, 0x47],
    [
      '46: beyond the directory',
      (f) => f.put(f.contextEntry, f.word(f.contextEntry) & ~0xe00n),
      { pasid: 8192 },
      0x46,
    ],
    ['48: the PASID of requests without one', () => undefined, { pasid: 0 }, 0x48],
    ['51: no directory entry', () => undefined, { pasid: 64 }, 0x51],
    ['59: no PASID entry', () => undefined, { pasid: 5 }, 0x59],
    ['5b: an invalid PASID entry', (f) => f.put(f.pasidEntry, 1n), {}, 0x5b],
  ])('%s: recorded, and answered as invalid', (_, spoil, more, reason) => {
    for (const last of [true, false]) {
      for (const fpd of [0n, 2n]) {
        const f = make();
        spoil(f);
        if (f.word(f.contextEntry) !== 0n) f.put(f.contextEntry, f.word(f.contextEntry) | fpd);
        f.flush();
        f.device.pageRequest(message({ ...more, last }));
        const pasid = more.pasid ?? NO_PASID;
        expect(f.responses).toEqual(last ? [{ rid: 0x0100, pasid, group: 5, code: INVALID_REQUEST }] : []);
        const silent = fpd !== 0n && reason !== 0x39 && reason !== 0x41;
        // T2 without T1: a page request.
        const carried = pasid === NO_PASID ? 0n : (BigInt(pasid) << 40n) | (1n << 31n);
        const high = (1n << 63n) | carried | (1n << 28n) | (BigInt(reason) << 32n) | 0x0100n;
        expect(f.records().map(([, word]) => word)).toEqual(silent ? [] : [high]);
        expect(reg(f, PQT)).toBe(0);
      }
    }
  });

  it('32: legacy mode knows none', () => {
    const f = new ScalableFixture();
    f.put(ROOT + 16, BigInt(LOWER) | 1n, 0n);
    f.put(LOWER, BigInt(SECOND) | 3n, 2n | (0xbeefn << 8n));
    f.enable(ROOT);
    f.device.pageRequest(message());
    expect(f.records().map(([, high = 0n]) => (high >> 32n) & 0xffn)).toEqual([0x32n]);
    expect(f.responses[0]?.code).toBe(INVALID_REQUEST);
  });

  it('30 and 33: modes that are none, or let nothing pass', () => {
    for (const abortDma of [false, true]) {
      const f = new ScalableFixture(0x0100, { abortDma }).attach(secondStage(), { flags: DTE_PRE });
      f.enable(ROOT | 0xc00);
      f.device.pageRequest(message());
      expect(f.records().map(([, high = 0n]) => (high >> 32n) & 0xffn)).toEqual([abortDma ? 0x33n : 0x30n]);
    }
  });

  it('a stop marker, which asks for no access, is never answered', () => {
    const f = make();
    f.put(f.pasidEntry, 0n);
    f.flush();
    f.device.pageRequest(message({ read: false, write: false }));
    expect(f.responses).toEqual([]);
  });
});

describe('a page request makes the unit forget what it knows of the page', () => {
  const cached = (f: ScalableFixture): number => f.device.state.iotlb.list().length;

  it('of the first stage that page, of the second that page, nested the whole domain', () => {
    const f = make();
    f.first(4, 1, 0x5000n, PAGE);
    f.first(4, 1, 0x6000n, PAGE);
    f.outcome(0x5000n);
    f.outcome(0x6000n);
    f.device.pageRequest(message({ iova: 0x5000n }));
    expect(f.device.state.iotlb.list().map((entry) => entry.iovaLo)).toEqual([0x6000]);

    const g = make(secondStage());
    g.second(4, 1, 0x5000n, PAGE);
    g.second(4, 1, 0x6000n, PAGE);
    g.outcome(0x5000n);
    g.outcome(0x6000n);
    g.device.pageRequest(message({ iova: 0x6000n }));
    expect(g.device.state.iotlb.list().map((entry) => entry.iovaLo)).toEqual([0x5000]);

    const through = make(passThrough());
    through.device.pageRequest(message());
    expect([cached(through), reg(through, PQT)]).toEqual([0, 32]);
  });
});
