import { afterAll, describe, expect, it, vi } from 'vitest';
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
  INTERRUPT,
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
  type TranslateStatus,
} from '../../port';
import type { VtdConfig } from './config';
import { VtdDevice } from './device';
import { inspectVtd } from './inspect';
import { QuickWalk } from './quick-walk';
import { FIRST_ONLY, NESTED, SECOND_ONLY } from './service';

/**
 * Requests of an untraced unit take quick ways; those of a traced one go as the document has it. Two units with memory of
 * their own get the same words, the same descriptors and the same requests: answers, fault records, accessed and dirty bits
 * and every cache must stay the same, stale entries included. What is right is told by the tests of the document's way.
 */
const [GCMD, RTADDR, FSTS, IQT, IQA, FRCD] = [0x18, 0x20, 0x34, 0x88, 0x90, 0x400] as const;
const [TE, SRTP, QIE] = [1 << 31, 1 << 30, 1 << 26] as const;
/** Low enough for guest-physical addresses to be physical ones: indices of upper levels are 0. */
const RAM = 0x40;
const FRAMES = 64;
const [LEGACY_ROOT, CONTEXTS, ROOT, SM_CONTEXTS, DIRECTORY, PASIDS, QUEUE] = [0, 1, 2, 3, 4, 5, 6].map(
  (n) => RAM + n,
) as [number, number, number, number, number, number, number];
/** Tables by level, from 0 on: first frames, and where the last ones end. Frames of RAM without words lie behind. */
const TABLES = [RAM + 20, RAM + 16, RAM + 12, RAM + 8] as const;
const END = RAM + FRAMES - 4;
const RID = 0x100;
const DEVICES = 3;
const PASID_COUNT = 4;
const SOURCES = 4;

/** A bit now and then. */
const rarely = (pick: Pick, bit: bigint, often = 4): bigint => (pick(often) === 0 ? bit : 0n);

function config(seed: number): Partial<VtdConfig> {
  const off = { sets: 0, ways: 0 };
  const small = { sets: 2, ways: 2 };
  return {
    flushOnSetPointer: seed % 2 === 0,
    firstStage1G: seed % 3 > 0,
    firstStage5Level: true,
    superpages: seed % 4 === 3 ? 1 : 3,
    hostBits: 41,
    deviceTlb: true,
    noWriteFlag: true,
    scalable: true,
    firstStage: true,
    secondStage: true,
    nested: true,
    secondStageAccessDirty: true,
    scalableCoherent: true,
    pasid: true,
    ridPasid: true,
    ridPrivilege: true,
    supervisorRequests: true,
    executeRequests: true,
    extendedAccessed: seed % 5 === 0,
    cachingMode: seed % 6 === 5,
    iotlb: seed % 8 === 7 ? off : { sets: 4, ways: 2 },
    deviceCache: small,
    processCache: small,
    walkCache: seed % 3 === 1 ? off : seed % 3 === 2 ? { sets: 1, ways: 1 } : small,
  };
}

class Twin {
  readonly memory = new PhysicalMemory([{ startPfn: RAM, lastPfn: RAM + FRAMES - 1 }]);
  readonly unit: VtdDevice;
  readonly events: string[] = [];
  private tail = 0;

  constructor(seed: number, trace: Trace) {
    this.unit = new VtdDevice(config(seed), {
      memory: this.memory,
      trace,
      irq: { raise: (source) => void this.events.push(source) },
    });
    for (const [root, table] of [
      [LEGACY_ROOT, CONTEXTS],
      [ROOT, SM_CONTEXTS],
    ] as const) {
      this.memory.writeU64(root * 4096 + (RID >> 8) * 16, BigInt(table * 4096) | 1n);
    }
    for (let n = 0; n < 8; n++) this.memory.writeU64(DIRECTORY * 4096 + n * 8, BigInt(PASIDS * 4096) | 1n);
    // 256-bit descriptors.
    this.unit.registers.write64(IQA, BigInt(QUEUE * 4096) | 0x800n);
    this.unit.registers.write32(GCMD, QIE);
  }

  /** Scalable mode or legacy mode, on or off. */
  start(scalable: boolean, on: boolean): void {
    const { registers } = this.unit;
    registers.write64(RTADDR, BigInt((scalable ? ROOT : LEGACY_ROOT) * 4096) | (scalable ? 0x400n : 0n));
    registers.write32(GCMD, QIE | SRTP | (on ? TE : 0));
    registers.write32(GCMD, QIE | (on ? TE : 0));
  }

  submit(low: bigint, high: bigint): void {
    [low, high, 0n, 0n].forEach((word, n) =>
      this.memory.writeU64(QUEUE * 4096 + this.tail * 32 + n * 8, word),
    );
    this.tail = (this.tail + 1) % 128;
    this.unit.registers.write32(IQT, this.tail * 32);
    // What is wrong with one descriptor shall not keep the next ones from being read.
    this.unit.registers.write32(FSTS, 0x7f);
  }

  state(): unknown {
    const { iotlb, walkCache, contextCache, pasidCache, regs } = this.unit.state;
    const rows = [contextCache, pasidCache].map((cache) =>
      cache.rows().map((at) => [at, ...cache.entries.subarray(at, at + cache.rowWords)]),
    );
    return { iotlb: iotlb.list(), tables: walkCache.list(), rows, regs: [...regs], events: this.events };
  }

  bytes(): Buffer {
    return Buffer.from(this.memory.read(RAM * 4096, FRAMES * 4096) ?? []);
  }
}

/** A context entry of legacy mode, or one of scalable mode; one bit wrong now and then. */
function context(pick: Pick, scalable: boolean): bigint[] {
  const aw = 1n + BigInt(pick(2));
  const root = BigInt(((TABLES[Number(aw) + 1] as number) + pick(4)) * 4096);
  const words = scalable
    ? [
        BigInt(DIRECTORY * 4096) | 1n | 8n | rarely(pick, 4n, 2) | rarely(pick, 2n),
        BigInt(pick(4) === 0 ? pick(PASID_COUNT) : 0) | rarely(pick, 1n << 20n, 8),
        0n,
        0n,
      ]
    : [root | 1n | (BigInt(pick(3)) << 2n) | rarely(pick, 2n), aw | (BigInt(1 + pick(2)) << 8n)];
  return spoilt(pick, words, 40);
}

function pasidEntry(pick: Pick): bigint[] {
  const type = BigInt(oneOf(pick, 1, 1, 2, 2, 3, 3, 3, 4));
  const aw = 1n + BigInt(pick(2));
  const second = BigInt(((TABLES[Number(aw) + 1] as number) + pick(4)) * 4096);
  // Of a guest also where other second-stage tables have it: walks then use more of them than caches take.
  const alias = type === 3n ? oneOf(pick, 0n, 0x20_0000n, 0x4000_0000n) : 0n;
  const first = BigInt((TABLES[3] + pick(4)) * 4096) + alias;
  const words = [
    second | (type << 6n) | (aw << 2n) | 1n | rarely(pick, 1n << 9n, 3),
    BigInt(1 + pick(2)) | (pick(6) === 0 ? 0n : 1n << 23n),
    first |
      rarely(pick, 1n, 2) |
      rarely(pick, 2n, 2) |
      rarely(pick, 4n, 8) |
      rarely(pick, 16n) |
      rarely(pick, 1n << 7n, 12),
  ];
  return spoilt(pick, words, 40);
}

function spoilt(pick: Pick, words: bigint[], seldom: number): bigint[] {
  if (pick(seldom) === 0) {
    const n = pick(words.length);
    words[n] = words[n]! ^ (1n << BigInt(pick(64)));
  }
  return words;
}

/** P or R, R/W or W, U/S, and the accessed and dirty bits of both stages: good for either. */
const FLAGS = 0x367n;
const PS = 0x80n;

/** An entry for a table of a level: mostly what four levels want there, and sometimes odd in a bit. */
function entry(pick: Pick, level: number, index: number): bigint {
  const clear = rarely(pick, oneOf(pick, 0x20n, 0x40n, 0x100n, 0x200n, 0x240n, 0x360n), 3);
  const denied = rarely(pick, oneOf(pick, 1n, 2n, 4n), 20);
  const flags = (FLAGS & ~clear & ~denied) | rarely(pick, 1n << 63n, 6) | rarely(pick, 0x800n, 40);
  const leaf = level === 0 || (level < 3 && pick(5) === 0);
  let word: bigint;
  if (!leaf) {
    const first = TABLES[level - 1] as number;
    const last = level === 1 ? END : (TABLES[level - 2] as number);
    word = BigInt((first + pick(last - first)) * 4096) | flags | rarely(pick, 1n << 39n, 60);
  } else if (level > 0) {
    // Mostly at address 0, so that tables are found below it too. The last GiB takes in the interrupt range.
    const place = level === 2 && index > 0 ? oneOf(pick, 1n, 3n) : rarely(pick, 1n);
    word = (place << BigInt(12 + 9 * level)) | flags | PS;
  } else {
    // Mostly at its own address, or with what only the wider of two second stages takes in.
    const own = index >= RAM && index < RAM + FRAMES && pick(10) > 0;
    const pfn = own ? index : oneOf(pick, RAM + pick(FRAMES + 8), RAM + pick(FRAMES), 0x800_0041, 0xfee00);
    word = (BigInt(pfn) << 12n) | flags;
  }
  return pick(100) === 0 ? word ^ (1n << BigInt(pick(64))) : word;
}

/** The indices that addresses of requests, and of tables, come to. */
const INDICES = [[...Array(128).keys()], [0, 1, 0x1f7], [0, 1, 3], [0, 1, 256]] as const;
/** Of pages that are asked for: what happens to them matters more. */
const HOT = [0, 1, 2, 3, 4, 5];

const levelOf = (table: number): number => TABLES.findIndex((first) => table >= first);

/** Something happens to both: software writes, invalidates, or a device asks. */
function step(pick: Pick, twins: readonly [Twin, Twin]): void {
  const each = (act: (twin: Twin) => void): void => twins.forEach(act);
  const write = (pa: number, words: readonly bigint[]): void =>
    each(({ memory }) => words.forEach((word, n) => memory.writeU64(pa + n * 8, word)));
  const did = BigInt(1 + pick(2)) << 16n;
  const pasid = BigInt(pick(PASID_COUNT)) << 32n;
  // Addresses of requests and of tables, and the leaf hint.
  const range =
    BigInt(pick(4) * 0x20_0000 + pick(8) * 4096) | BigInt(oneOf(pick, 0, 0, 1, 9)) | rarely(pick, 0x40n);
  switch (pick(60)) {
    case 0:
      return write(CONTEXTS * 4096 + pick(SOURCES) * 16, context(pick, false));
    case 1:
      return write(SM_CONTEXTS * 4096 + pick(SOURCES) * 32, context(pick, true));
    case 2:
      return write(PASIDS * 4096 + pick(PASID_COUNT) * 64, pasidEntry(pick));
    case 3:
    case 4:
    case 5:
    case 6: {
      const table = TABLES[3] + pick(END - TABLES[3]);
      const level = levelOf(table);
      const hot = level === 0 && pick(2) === 0 ? HOT.map((n) => n + pick(2) * RAM) : INDICES[level];
      const index = oneOf(pick, ...(hot as readonly number[]));
      return write(table * 4096 + index * 8, [entry(pick, level, index)]);
    }
    case 7:
    case 8:
      return each((twin) => twin.submit(2n | (BigInt(1 + pick(1)) << 4n) | did, 0n));
    case 9:
    case 10:
      return each((twin) => twin.submit(2n | (3n << 4n) | did, range));
    case 11:
      return each((twin) => twin.submit(6n | (2n << 4n) | did | pasid, 0n));
    case 12:
      return each((twin) => twin.submit(6n | (3n << 4n) | did | pasid, range));
    case 13: {
      const source = BigInt(RID + pick(SOURCES)) << 32n;
      const granularity = BigInt(1 + pick(3)) << 4n;
      return each((twin) => twin.submit(1n | granularity | did | source, 0n));
    }
    case 14: {
      const granularity = BigInt(oneOf(pick, 0, 1, 3)) << 4n;
      return each((twin) => twin.submit(7n | granularity | did | pasid, 0n));
    }
    case 15:
      return each(({ unit }) => {
        for (let n = 0; n < 8; n++) unit.registers.write32(FRCD + n * 16 + 12, 1 << 31);
      });
    case 16: {
      if (pick(6) > 0) return;
      const [scalable, on] = [pick(3) > 0, pick(6) > 0];
      return each((twin) => twin.start(scalable, on));
    }
    default:
      return ask(pick, twins);
  }
}

/** How the requests of all seeds came out, and for what reasons: a test that only faults would say little. */
const outcomes = new Map<string, number>();
const reasons = new Set<number>();

const count = (what: string): void => void outcomes.set(what, (outcomes.get(what) ?? 0) + 1);
const STATUS = ['translated', 'walked', 'bypassed', 'interrupt', 'faulted'] as const;

const asked: Question[] = [];

/** Who asks, with which PASID, and for what address. */
type Question = readonly [rid: number, pasid: number, hi: number, lo: number];

function question(pick: Pick): Question {
  const hi = pick(8) > 0 ? 0 : oneOf(pick, 0x80, 0x80, -0x8000, 0x8000, 0x200_0000, pick(2 ** 31));
  const base = oneOf(pick, 0, 0, 0, 0x20_0000, 0x4000_0000, 0x7ee0_0000) + oneOf(pick, 0, 0, RAM) * 4096;
  const lo = pick(30) === 0 ? 0xfee0_0000 | 0 : (base + pick(6) * 4096 + pick(4096)) | 0;
  return [
    pick(40) === 0 ? RID + 0x7f : RID + pick(DEVICES),
    pick(2) === 0 ? pick(PASID_COUNT) || NO_PASID : NO_PASID,
    hi,
    lo,
  ];
}

function ask(pick: Pick, twins: readonly [Twin, Twin]): void {
  // Devices ask for what they asked for before: only so are caches of use.
  const n = pick(8);
  if (asked[n] === undefined || pick(3) === 0) asked[n] = question(pick);
  const [rid, number, upper, lo] = asked[n]!;
  // Bits beyond every width: the same page number, but for the bits that no table is looked up by.
  const hi = pick(15) === 0 ? upper ^ 0x200_0000 : upper;
  // Legacy mode knows no PASIDs, which it need not say every time.
  const legacy = twins[0].unit.state.rootMode === 0;
  const pasid = legacy && pick(10) > 0 ? NO_PASID : number;
  const plain = oneOf(pick, READ, READ, READ, WRITE, READ | WRITE);
  const special = oneOf(pick, EXECUTE, PRIVILEGED, ATS_REQUEST, ATS_REQUEST | PRIVILEGED, ATS_TRANSLATED);
  const access = pick(15) === 0 ? 0 : pick(6) === 0 ? plain | special : plain;
  const [quick, document] = twins.map(({ unit }) => {
    const status = unit.translate(rid, hi, lo, access, pasid);
    return { status, said: saidBy(unit.result, status, (access & ATS_REQUEST) !== 0) };
  });
  const status = document?.status ?? FAULTED;
  count(STATUS[status]);
  if (status === FAULTED) reasons.add(document?.said[0] ?? 0);
  if (String(quick?.said) !== String(document?.said)) expect(quick).toEqual(document);
  expect(quick?.status).toBe(status);
}

/** What a requester may look at, and tests of levels and permissions. */
function saidBy(result: Int32Array, status: TranslateStatus, ats: boolean): readonly number[] {
  const slots = {
    [TRANSLATED]: [PA_LO, PA_HI],
    [WALKED]: [PA_LO, PA_HI, LEAF_LEVEL, LEAF_PERMS],
    [BYPASSED]: [PA_LO, PA_HI],
    [INTERRUPT]: [],
    [FAULTED]: [REASON, COMPLETION],
  };
  if (!ats || status === FAULTED) return slots[status].map((n) => result[n] ?? 0);
  // Of an answer without permissions the rest means nothing.
  const granted = ((result[ATS_GRANTS] ?? 0) & (READ | WRITE)) !== 0;
  return (granted ? [ATS_SIZE_LG2, ATS_GRANTS, PA_LO, PA_HI] : [ATS_GRANTS]).map((n) => result[n] ?? 0);
}

/** How often quick walks came through and gave up, by the stages that they were of. */
const KINDS = new Map<number, string>([
  [FIRST_ONLY, 'first stage'],
  [SECOND_ONLY, 'second stage'],
  [NESTED, 'nested'],
]);
const { walk } = QuickWalk.prototype;
const spy = vi.spyOn(QuickWalk.prototype, 'walk').mockImplementation(function (
  this: QuickWalk,
  s,
  hi,
  lo,
  need,
) {
  const found = walk.call(this, s, hi, lo, need);
  if (KINDS.has(s.kind)) count(`${KINDS.get(s.kind)} ${found ? 'found' : 'given up'}`);
  return found;
});
afterAll(() => void spy.mockRestore());

describe('the quick way of a plain request', () => {
  it.each(Array.from({ length: 32 }, (_, seed) => seed))(
    'comes to what the document says, seed %i',
    (seed) => {
      const pick = chance(seed + 1);
      asked.length = 0;
      const trace = new TraceBuffer();
      const twins = [new Twin(seed, silent), new Twin(seed, trace)] as const;
      const plant = (pa: number, words: readonly bigint[]): void => {
        for (const { memory } of twins) words.forEach((word, n) => memory.writeU64(pa + n * 8, word));
      };
      for (let n = 0; n < SOURCES; n++) {
        plant(CONTEXTS * 4096 + n * 16, context(pick, false));
        plant(SM_CONTEXTS * 4096 + n * 32, context(pick, true));
      }
      for (let n = 0; n < PASID_COUNT; n++) plant(PASIDS * 4096 + n * 64, pasidEntry(pick));
      for (let table = TABLES[3]; table < END; table++) {
        const level = levelOf(table);
        for (const index of INDICES[level] as readonly number[]) {
          plant(table * 4096 + index * 8, [entry(pick, level, index)]);
        }
      }
      const scalable = seed % 4 > 0;
      for (const twin of twins) twin.start(scalable, true);
      for (let n = 1; n <= 1500; n++) {
        step(pick, twins);
        if (n % 100 > 0) continue;
        const [quick, document] = twins.map((twin) => twin.state());
        if (JSON.stringify(quick) !== JSON.stringify(document)) expect(quick).toEqual(document);
        expect(twins[0].bytes().equals(twins[1].bytes())).toBe(true);
        trace.take();
      }
      expect(inspectVtd(twins[0].unit)).toEqual(inspectVtd(twins[1].unit));
    },
  );

  it('met every kind of outcome often', () => {
    for (const status of STATUS) expect(outcomes.get(status), status).toBeGreaterThan(100);
    for (const kind of KINDS.values()) {
      expect(outcomes.get(`${kind} found`), kind).toBeGreaterThan(300);
      expect(outcomes.get(`${kind} given up`), kind).toBeGreaterThan(300);
    }
    expect(reasons.size).toBeGreaterThan(35);
  });
});
