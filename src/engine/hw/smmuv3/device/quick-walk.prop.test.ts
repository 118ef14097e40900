import { describe, expect, it } from 'vitest';
import { chance, oneOf, type Pick } from '../../../../testing/chance';
import { PhysicalMemory } from '../../../memory/physical-memory';
import { TraceBuffer, silent, type Trace } from '../../../trace/trace';
import {
  ATS_GRANTS,
  ATS_REQUEST,
  ATS_SIZE_LG2,
  ATS_TRANSLATED,
  BYPASSED,
  COMPLETION,
  EXECUTE,
  FAULTED,
  LEAF_LEVEL,
  LEAF_PERMS,
  NO_PASID,
  PA_HI,
  PA_LO,
  PRIVILEGED,
  READ,
  REASON,
  TRANSLATED,
  WALKED,
  WRITE,
} from '../../port';
import type { SmmuConfig } from './config';
import { SmmuV3 } from './device';
import { QuickWalk } from './quick-walk';

/**
 * Requests of an untraced unit take quick ways; those of a traced one go as the document has it. Two units with memory of
 * their own get the same words and the same requests: answers, event records, flags in tables and every cache must stay the
 * same, stale entries included. What is right is told by the tests of the walk and of the events, where units with and
 * without a trace are held to the document.
 */
const [CR0, CR2, GBPA, STRTAB_BASE, STRTAB_CFG] = [0x20, 0x2c, 0x44, 0x80, 0x88] as const;
const [CMDQ_BASE, CMDQ_PROD, EVENTQ_BASE] = [0x90, 0x98, 0xa0] as const;
const [EVENTQ_PROD, EVENTQ_CONS] = [0x1_00a8, 0x1_00ac] as const;
/** CR0: SMMUEN, EVENTQEN, CMDQEN, ATSCHK. */
const [SMMUEN, QUEUES_ON, ATSCHK] = [1, 0xc, 0x10] as const;

/** Where memory begins: 4 GiB. Its first frames are data. */
const FIRST = 0x10_0000;
const FRAMES = 64;
const [STES, CDS, TOPS, ROOTS, MIDDLE, LAST] = [8, 9, 10, 12, 18, 26].map((n) => FIRST + n) as [
  number,
  number,
  number,
  number,
  number,
  number,
];
const END = FIRST + FRAMES;
const [COMMANDS, EVENTS] = [END, END + 1] as const;
const STREAMS = 5;

/** A bit, one time in so many. */
const rarely = (pick: Pick, times: number, bit: number): bigint =>
  pick(times) === 0 ? 1n << BigInt(bit) : 0n;

const newMemory = (): PhysicalMemory => new PhysicalMemory([{ startPfn: FIRST, lastPfn: END + 3 }]);

class Twin {
  readonly memory = newMemory();
  readonly unit: SmmuV3;
  private commands = 0;

  constructor(config: Partial<SmmuConfig>, trace: Trace) {
    this.unit = new SmmuV3(config, { memory: this.memory, trace });
    const { registers } = this.unit;
    registers.write64(STRTAB_BASE, BigInt(STES) << 12n);
    registers.write32(STRTAB_CFG, 3);
    registers.write64(CMDQ_BASE, (BigInt(COMMANDS) << 12n) | 8n);
    registers.write64(EVENTQ_BASE, (BigInt(EVENTS) << 12n) | 7n);
    registers.write32(CR2, 2); // RECINVSID
    registers.write32(CR0, SMMUEN | QUEUES_ON);
  }

  command(low: bigint, high: bigint): void {
    const at = COMMANDS * 4096 + (this.commands % 256) * 16;
    this.memory.writeU64(at, low);
    this.memory.writeU64(at + 8, high);
    this.unit.registers.write32(CMDQ_PROD, ++this.commands % 512);
  }

  /** Every cache and register. */
  state(): unknown {
    const { tlb, stage2Cache, walkCache, steCache, cdCache, regs } = this.unit.state;
    const words = [tlb, stage2Cache, steCache, cdCache].map(({ entries }) => bytesOf(entries));
    return { words, tables: walkCache.list(), registers: bytesOf(regs) };
  }
}

const bytesOf = (words: Int32Array): string => Buffer.from(words.buffer).toString('hex');
const contents = (memory: PhysicalMemory): Buffer =>
  Buffer.from(memory.read(FIRST * 4096, (FRAMES + 4) * 4096) ?? []);

/** Tables of even frames are for stage 1, of odd ones for stage 2: what a leaf grants lies in the same bits of both. */
function rights(pick: Pick, table: number): bigint {
  const plain = (table & 1) === 0 ? 0xc40n : 0x4fcn; // AF, nG, EL0; AF, read, write, normal memory
  if (pick(5) > 0) return plain;
  if (pick(3) === 0) return plain & ~0x400n;
  const dbm = 1n << 51n;
  const first = [0x440n, 0xcc0n, 0xcc0n | dbm, 0xc00n, 0xc80n, 0xc40n | (1n << 54n), 0xc40n | (1n << 53n)];
  const second = [
    0x47cn,
    0x47cn | dbm,
    0x4bcn,
    0x43cn,
    0x4c0n,
    0x4c0n,
    0x4c0n,
    0x4fcn | (1n << 54n),
    0x4fcn | (1n << 53n),
  ];
  return oneOf(pick, ...((table & 1) === 0 ? first : second)) | rarely(pick, 4, 52);
}

/** A descriptor for a table: mostly what that level wants there, and sometimes odd in one bit. */
function descriptor(pick: Pick, table: number, index: number): bigint {
  const [from, to] = table < ROOTS ? [ROOTS, MIDDLE] : table < MIDDLE ? [MIDDLE, LAST] : [LAST, END];
  const below = from + ((pick(to - from) & ~1) | (table & 1));
  const limit = rarely(pick, 20, 59 + pick(4));
  const pointer = (BigInt(pick(40) === 0 ? FIRST + pick(8) : below) << 12n) | 3n | limit;
  // IPAs are mostly physical addresses, so that tables are found under stage 2.
  const near = index >= 8 && pick(8) > 0 ? FIRST + (index % FRAMES) : LAST + pick(END - LAST);
  // Some lie where another table of stage 2 translates them.
  const frame = BigInt((table & 1) === 0 && pick(4) === 0 ? near + 512 : near);
  const page = (frame << 12n) | rights(pick, table) | 3n;
  const block = (BigInt(FIRST) << 12n) | rights(pick, table) | 1n;
  const likely = table < LAST ? pointer : page;
  const word = pick(12) > 0 ? likely : table < LAST ? block : oneOf(pick, 0n, block, page);
  return pick(60) === 0 ? word ^ (1n << BigInt(pick(64))) : word;
}

interface Root {
  readonly pa: bigint;
  /** T0SZ, TG0 or S2TG, S2SL0. */
  readonly t0sz: bigint;
  readonly tg: bigint;
  readonly sl0: bigint;
}

/** A root for even or odd tables: 3 or 4 levels of 4 KiB, or 2 levels of a larger granule, for which all are even. */
function root(pick: Pick, parity: 0 | 1): Root {
  const pa = (from: number): bigint => BigInt(from + ((pick(6) & ~1) | parity)) << 12n;
  const what = pick(16);
  if (what === 0) return { pa: pa(ROOTS), t0sz: 28n, tg: 2n, sl0: 1n };
  if (what === 1) return { pa: pa(ROOTS + 4), t0sz: 22n, tg: 1n, sl0: 1n };
  return what < 6
    ? { pa: BigInt(TOPS + parity) << 12n, t0sz: 16n, tg: 0n, sl0: 2n }
    : { pa: pa(ROOTS), t0sz: 25n, tg: 0n, sl0: 1n };
}

/** A stream table entry: any stages, one bit wrong now and then. */
function streamEntry(pick: Pick): readonly bigint[] {
  const config = pick(8) === 0 ? oneOf(pick, 0n, 4n) : oneOf(pick, 5n, 5n, 6n, 7n, 7n, 7n);
  const cdMax = pick(3) > 0 ? 2n : 0n;
  const { pa, t0sz, tg, sl0 } = root(pick, 1);
  // S1DSS, MEV, S2FWB, EATS, STRW; PRIVCFG and INSTCFG.
  const second =
    oneOf(pick, 0n, 1n, 2n, 2n, 2n, 2n) |
    rarely(pick, 8, 19) |
    rarely(pick, 8, 25) |
    rarely(pick, 6, 28) |
    rarely(pick, 12, 31);
  const overrides = (BigInt(pick(16)) << 48n) * BigInt(pick(2));
  // S2T0SZ, S2SL0, S2TG, S2PS 48 bits, S2AA64, HD and HA, R; AFFD, PTW.
  const size = t0sz | (sl0 << 6n) | (tg << 14n);
  const keeps = oneOf(pick, 0n, 2n, 3n, 3n) << 23n;
  const vtcr = size | (5n << 16n) | (1n << 19n) | keeps | (1n << 26n);
  const odd = rarely(pick, 10, 21) | rarely(pick, 2, 22);
  const words = [
    1n | (config << 1n) | (BigInt(CDS) << 12n) | (cdMax << 59n),
    second | overrides,
    BigInt(pick(3)) | ((vtcr | odd) << 32n),
    pa,
  ];
  if (pick(12) === 0) words[pick(4)]! ^= 1n << BigInt(pick(64));
  return words;
}

function contextDescriptor(pick: Pick): readonly bigint[] {
  const { pa, t0sz, tg } = root(pick, 0);
  const keeps = oneOf(pick, 0n, 2n, 3n, 3n) << 42n;
  const odd =
    rarely(pick, 8, 35) |
    rarely(pick, 8, 36) |
    rarely(pick, 8, 38) |
    rarely(pick, 8, 40) |
    rarely(pick, 20, 44);
  // T0SZ, TG0, V, IPS 48 bits, AA64, HD and HA, R, A; TTB1 with 39 bits of 4 KiB, or off.
  const high = pick(2) === 0 ? 1n << 30n : (25n << 16n) | (2n << 22n);
  const first =
    t0sz | (tg << 6n) | high | (1n << 31n) | (5n << 32n) | (1n << 41n) | (3n << 45n) | keeps | odd;
  const had = rarely(pick, 6, 1);
  const words = [first | (BigInt(pick(3)) << 48n), pa | had, root(pick, 0).pa, 0n];
  if (pick(12) === 0) words[pick(3)]! ^= 1n << BigInt(pick(64));
  return words;
}

/** A command that drops something, or brings it in. */
function command(pick: Pick): readonly [bigint, bigint] {
  const op = oneOf(
    pick,
    0x30n,
    0x10n,
    0x11n,
    0x12n,
    0x12n,
    0x13n,
    0x28n,
    0x2an,
    0x2an,
    0x2an,
    0x2an,
    0x20n,
    3n,
    3n,
    4n,
    5n,
    6n,
    1n,
  );
  if (op < 0x10n) {
    const range = op === 4n ? 4n : 1n;
    return [op | (BigInt(pick(4)) << 12n) | (BigInt(pick(STREAMS)) << 32n), range];
  }
  const tags = (BigInt(pick(3)) << 32n) | (BigInt(pick(3)) << 48n);
  const address = BigInt(oneOf(pick, 0, 0, 0x1_0000_0000, 0x1_0000_0000) + pick(FRAMES) * 4096);
  return [op | tags, address | BigInt(pick(2))];
}

type Twins = readonly [Twin, Twin];

/** Something happens to both: software writes, invalidates, or a device asks. */
function step(pick: Pick, twins: Twins, written: PhysicalMemory): void {
  const put = (pa: number, words: readonly bigint[]): void => {
    for (const memory of [written, twins[0].memory, twins[1].memory])
      words.forEach((word, n) => memory.writeU64(pa + n * 8, word));
  };
  const registers = (act: (unit: SmmuV3) => void): void => twins.forEach(({ unit }) => act(unit));
  const what = pick(60);
  if (what === 0) return put(STES * 4096 + pick(STREAMS) * 64, streamEntry(pick));
  if (what === 1) return put(CDS * 4096 + pick(4) * 64, contextDescriptor(pick));
  if (what < 8) {
    const table = TOPS + pick(FRAMES - 10);
    const index = pick(FRAMES);
    return put(table * 4096 + index * 8, [descriptor(pick, table, index)]);
  }
  if (what < 11) {
    const [low, high] = command(pick);
    return twins.forEach((twin) => twin.command(low, high));
  }
  if (what === 11) return registers(({ registers: r }) => r.write32(EVENTQ_CONS, r.read32(EVENTQ_PROD)));
  if (what === 12 && pick(4) === 0) {
    const off = QUEUES_ON | (pick(2) === 0 ? ATSCHK : 0);
    const [gbpa, cr2] = [pick(3) === 0 ? 0x8010_0000 | 0 : 0x8000_0000 | 0, pick(3) === 0 ? 3 : 2];
    registers(({ registers: r }) => {
      r.write32(GBPA, gbpa);
      r.write32(CR0, off);
      r.write32(CR2, cr2);
    });
    for (let n = pick(4); n > 0; n--) ask(pick, twins);
    return registers(({ registers: r }) => r.write32(CR0, off | SMMUEN));
  }
  ask(pick, twins);
}

const SLOTS: Readonly<Record<number, readonly number[]>> = {
  [TRANSLATED]: [PA_LO, PA_HI],
  [WALKED]: [PA_LO, PA_HI, LEAF_LEVEL, LEAF_PERMS],
  [BYPASSED]: [PA_LO, PA_HI],
  [FAULTED]: [REASON, COMPLETION],
};
const ATS_SLOTS = [PA_LO, PA_HI, ATS_SIZE_LG2, ATS_GRANTS];

/** A few requests of one source. */
function ask(pick: Pick, twins: Twins): void {
  const sid = pick(60) === 0 ? 8 : pick(STREAMS);
  const pasid = pick(6) === 0 ? pick(4) : NO_PASID;
  const hi = pick(10) > 0 ? pick(2) : oneOf(pick, -1, 0x80, 0x0100_0000, 0x1_0000);
  const lo = (oneOf(pick, 0, 0, 0x20_0000, 0x4000_0000) + pick(14) * 4096) | 0;
  for (let n = pick(6); n >= 0; n--) {
    const ats = pick(16) === 0 ? oneOf(pick, ATS_REQUEST, ATS_TRANSLATED) : 0;
    const privileged = pasid >= 0 && pick(3) === 0 ? PRIVILEGED : 0;
    const access = oneOf(pick, READ, READ, READ, WRITE, WRITE, EXECUTE) | privileged | ats;
    request(twins, sid, hi, lo + pick(3) * 4096 + pick(4096), access, pasid);
  }
}

function request(twins: Twins, sid: number, hi: number, lo: number, access: number, pasid: number): void {
  served = -1;
  const [quick, document] = twins.map(({ unit }) => {
    const status = unit.translate(sid, hi, lo, access, pasid);
    const answered = (access & ATS_REQUEST) !== 0 && status !== FAULTED;
    return [status, ...(answered ? ATS_SLOTS : SLOTS[status]!).map((slot) => unit.result[slot])];
  });
  const [status, reason] = quick!;
  note(status === FAULTED ? `event ${reason!.toString(16)}` : `status ${status}`);
  const { source } = twins[0].unit.state.lastServed;
  if (served >= 0)
    note(`quick ${served} by ${source.kind === 3 ? 's2' : ['s1', 's1', 'nested'][source.walk]}`);
  if (served === WALKED) note(`granule ${source.one.granule}`);
  expect(quick).toEqual(document);
}

/** How the requests of all seeds came out: a test that only faults would say little. */
const outcomes = new Map<string, number>();
const note = (outcome: string, times = 1): void =>
  void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + times);
/** What the quick way said to the last request. */
let served = -1;

/** What the quick way answers, beside what it does. */
function watch(unit: SmmuV3): void {
  const serve = QuickWalk.prototype.serve;
  const { quick } = unit as unknown as { quick: QuickWalk };
  quick.serve = (...request) => {
    const status = serve.apply(quick, request);
    served = status;
    return status;
  };
}

/** Small caches, or some of them none. */
function shapes(pick: Pick): Partial<SmmuConfig> {
  const none = { sets: 0, ways: 1 };
  const tiny = { sets: 1, ways: 2 };
  const small = { sets: 4, ways: 2 };
  const enough = { sets: 16, ways: 4 };
  return {
    iotlb: oneOf(pick, small, small, tiny, none),
    walkCache: oneOf(pick, none, none, small, tiny, enough, enough),
    stage2Cache: oneOf(pick, none, none, small, tiny, enough, enough),
    steCache: pick(10) > 0 ? enough : oneOf(pick, tiny, none),
    cdCache: pick(10) > 0 ? enough : oneOf(pick, tiny, none),
    attrPermsOvr: pick(8) === 0,
    bbml: pick(8) === 0 ? 0 : 2,
    xnx: pick(2) === 0,
    oas: oneOf(pick, 48, 48, 48, 44, 40),
  };
}

/** Structures and tables, full of what may stand there. */
function furnish(pick: Pick, memory: PhysicalMemory): void {
  const put = (pa: number, words: readonly bigint[]): void =>
    words.forEach((word, n) => memory.writeU64(pa + n * 8, word));
  for (let sid = 0; sid < STREAMS; sid++) put(STES * 4096 + sid * 64, streamEntry(pick));
  for (let ssid = 0; ssid < 4; ssid++) put(CDS * 4096 + ssid * 64, contextDescriptor(pick));
  for (let table = TOPS; table < END; table++) {
    // What the larger granules have for 4 GiB lies at 128.
    for (let index = 0; index < 512; index += index < FRAMES ? 1 : 32)
      put(table * 4096 + index * 8, [descriptor(pick, table, index)]);
  }
}

/** Descriptors that are no longer what software wrote. */
function changes(written: Buffer, now: Buffer): number {
  let count = 0;
  const [from, to] = [(TOPS - FIRST) * 4096, FRAMES * 4096];
  for (let at = from; at < to; at += 4) if (written.readInt32LE(at) !== now.readInt32LE(at)) count++;
  return count;
}

describe('SMMUv3, the quick way of a plain request', () => {
  it.each(Array.from({ length: 50 }, (_, seed) => seed))(
    'comes to what the document says, seed %i',
    (seed) => {
      const pick = chance(seed + 1);
      const trace = new TraceBuffer();
      const config = shapes(pick);
      const twins = [new Twin(config, silent), new Twin(config, trace)] as const;
      const written = newMemory();
      furnish(pick, written);
      for (const { memory } of twins)
        memory.write(FIRST * 4096, contents(written).subarray(0, FRAMES * 4096));
      watch(twins[0].unit);
      for (let n = 0; n < 600; n++) {
        step(pick, twins, written);
        if (n % 100 < 99) continue;
        expect(twins[0].state()).toEqual(twins[1].state());
        expect(contents(twins[0].memory).equals(contents(twins[1].memory))).toBe(true);
        trace.take();
      }
      note('flags set by hardware', changes(contents(written), contents(twins[0].memory)));
    },
  );

  it('met every kind of outcome', () => {
    const often = ['status 0', 'status 1', 'status 2', 'flags set by hardware'];
    for (const kind of ['s1', 's2', 'nested']) often.push(`quick 0 by ${kind}`, `quick 1 by ${kind}`);
    for (const outcome of often) expect(outcomes.get(outcome), outcome).toBeGreaterThan(200);
    for (const granule of [12, 14, 16]) expect(outcomes.get(`granule ${granule}`)).toBeGreaterThan(50);
    // Walks: external abort, translation, address size, access flag, permission. Configuration: every event but F_UUT and
    // F_STE_FETCH, for there are translated requests, and the stream table is memory. At last the two without an event.
    const walks = ['b', '10', '11', '12', '13'];
    const events = [...walks, '2', '4', '5', '6', '7', '8', '9', 'a', '100', '101'];
    for (const event of events) expect(outcomes.get(`event ${event}`), event).toBeGreaterThan(20);
  });
});
