import { describe, expect, it } from 'vitest';
import { chance, oneOf, type Pick } from '../../../../testing/chance';
import { MEMORY_OK } from '../../../memory/hazards';
import { PhysicalMemory } from '../../../memory/physical-memory';
import { TraceBuffer, silent, type Trace } from '../../../trace/trace';
import {
  ATS_REQUEST,
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
  type PageRequestMessage,
} from '../../port';
import { CQB, CQCSR, CQT, DDTP, FQB, FQCSR, FQH, FQT, IOHPMEVT, TR_REQ_CTL, TR_REQ_IOVA } from '../regs';
import type { RiscvConfig } from './config';
import { RiscvIommu } from './device';
import { FIRST_ONLY, NESTED, SECOND_ONLY } from './service';

/**
 * Requests of an untraced unit take quick ways; where memory may misbehave they go as the document has it. Units with memory of
 * their own get the same words and the same requests: answers, records, registers, A and D bits and every cache must stay
 * the same, stale entries included. A third unit is traced, which tells plain hits quickly.
 * What is right is told by the recorded cases, which the document's way is held to as well.
 */
const FIRST_PFN = 0x10_0000;
const FRAMES = 64;
const QUEUES = FIRST_PFN + FRAMES;
/** Two pages of device contexts, and the directories above them; the same of process contexts; an MSI page table. */
const [CONTEXTS, MIDDLE_DDT, TOP_DDT] = [FIRST_PFN, FIRST_PFN + 2, FIRST_PFN + 3] as const;
const [PROCESSES, MIDDLE_PDT, TOP_PDT, FILES] = [4, 5, 6, 7].map((n) => FIRST_PFN + n) as [
  number,
  number,
  number,
  number,
];
/** Roots, the tables below them, and, from there on, last tables. Eight roots: Sv39x4 takes four. */
const [ROOTS, MIDDLE, LAST, END] = [
  FIRST_PFN + 8,
  FIRST_PFN + 16,
  FIRST_PFN + 24,
  FIRST_PFN + FRAMES,
] as const;
/** On both pages of contexts; the last needs a directory of three levels. */
const DEVICES = [0, 1, 2, 0x41, 0x8003] as const;
const STEPS = 1500;

const flip = (pick: Pick, word: bigint): bigint => word ^ (1n << BigInt(pick(64)));
const pointer = (pfn: number): bigint => (BigInt(pfn) << 10n) | 1n;

class Twin {
  readonly memory = new PhysicalMemory([{ startPfn: FIRST_PFN, lastPfn: FIRST_PFN + FRAMES + 7 }]);
  readonly unit: RiscvIommu;
  /** Whether the document's way was asked since this was set to false. */
  asked = false;
  private commands = 0;

  constructor(config: Partial<RiscvConfig>, trace: Trace, careful = false) {
    // Where memory may misbehave, no way is quick.
    if (careful) this.memory.hazards = { at: () => MEMORY_OK };
    this.unit = new RiscvIommu(config, { memory: this.memory, trace });
    const { registers, translation } = this.unit;
    registers.write64(CQB, (BigInt(QUEUES) << 10n) | 7n);
    registers.write64(FQB, (BigInt(QUEUES + 1) << 10n) | 6n);
    registers.write32(CQCSR, 1);
    registers.write32(FQCSR, 1);
    const request = translation.request.bind(translation);
    const resume = translation.resume.bind(translation);
    translation.request = (...args) => {
      this.asked = true;
      return request(...args);
    };
    translation.resume = (...args) => {
      this.asked = true;
      return resume(...args);
    };
  }

  put(pfn: number, index: number, word: bigint): void {
    this.memory.writeU64(pfn * 4096 + index * 8, word);
  }

  directory(levels: number): void {
    const root = [CONTEXTS, MIDDLE_DDT, TOP_DDT][levels - 1] ?? 0;
    this.unit.registers.write64(DDTP, 0n);
    this.unit.registers.write64(DDTP, (BigInt(root) << 10n) | BigInt(levels + 1));
  }

  command(low: bigint, high: bigint): void {
    const at = (this.commands % 256) * 2;
    this.put(QUEUES, at, low);
    this.put(QUEUES, at + 1, high);
    this.unit.registers.write32(CQT, ++this.commands % 256);
  }

  /** A translation for the debugger: finds what a request of the device would. */
  debug(did: number, iova: bigint, pid: number): void {
    const process = pid < 0 ? 0n : (1n << 32n) | (BigInt(pid) << 12n);
    this.unit.registers.write64(TR_REQ_IOVA, iova);
    this.unit.registers.write64(TR_REQ_CTL, (BigInt(did) << 40n) | process | 9n);
  }

  /** Software reads the fault records, so that there is room for more. */
  drain(): void {
    const { registers } = this.unit;
    registers.write32(FQH, registers.read32(FQT));
    registers.write32(FQCSR, 0x301);
  }

  caches(): unknown {
    const { iotlb, walkCache, contexts } = this.unit.state;
    const dcs = contexts.listDevices().map(({ set, way, did }) => [set, way, did]);
    const pcs = contexts.listProcesses().map(({ set, way, did, pid }) => [set, way, did, pid]);
    return { iotlb: iotlb.list(), tables: walkCache.list(), dcs, pcs };
  }

  registers(): Buffer {
    return Buffer.from(this.unit.state.regs.buffer);
  }

  bytes(): Buffer {
    return Buffer.from(this.memory.read(FIRST_PFN * 4096, (FRAMES + 8) * 4096) ?? []);
  }
}

/** Small caches, so that entries replace each other; now and then one is missing. */
function caches(pick: Pick): Partial<RiscvConfig> {
  const shape = (...sets: readonly number[]): RiscvConfig['iotlb'] => ({
    sets: oneOf(pick, ...sets),
    ways: 2,
  });
  return {
    counters: 2,
    iotlb: shape(4, 4, 2, 0),
    walkCache: shape(4, 2, 1, 0),
    ddtCache: shape(2, 2, 1, 0),
    pdtCache: shape(2, 2, 1, 0),
  };
}

/** An entry for a table: mostly what its level wants there, and sometimes odd in one bit. */
function entry(pick: Pick, table: number, index: number): bigint {
  // Widest schemes have tables above the roots of others.
  const below = table < MIDDLE ? (pick(3) === 0 ? ROOTS : MIDDLE) : LAST;
  const next = below + pick((below === ROOTS ? MIDDLE : below === MIDDLE ? LAST : END) - below);
  // Guest physical addresses 2 MiB further on are the same memory again, under most second stages.
  const further = pick(6) === 0 ? 512 * pick(4) : 0;
  const table1 = pointer(next + further) | (pick(40) === 0 ? 0x20n : 0n);
  // Guest physical addresses are mostly physical ones, so that tables are found under a second stage.
  const frame = BigInt(index >= 4 && pick(8) > 0 ? FIRST_PFN + (index % FRAMES) : LAST + pick(END - LAST));
  const odd = oneOf(
    pick,
    0xd7n,
    0x5fn,
    0x5fn,
    0x9fn,
    0x1fn,
    0xcfn,
    0x57n,
    0xffn,
    0xd9n,
    0xd5n,
    0xdbn,
    0xcdfn,
  );
  const rights = pick(6) === 0 ? odd : 0xdfn;
  const napot = table >= LAST && pick(12) === 0 ? 1n << 63n : 0n;
  const aligned = table < MIDDLE ? frame & ~0x3ffffn : table < LAST ? frame & ~0x1ffn : frame;
  const page = ((napot === 0n ? aligned : (aligned & ~0xfn) | 8n) << 10n) | rights | napot;
  const likely = table < LAST ? table1 : page | (pick(40) === 0 ? 1n << 61n : 0n);
  const word = pick(12) > 0 ? likely : table < LAST ? page : table1;
  return pick(60) === 0 ? flip(pick, word) : word;
}

const scheme = (pick: Pick, ...modes: readonly bigint[]): bigint =>
  oneOf(pick, 8n, 8n, 8n, 8n, 8n, 8n, 9n, 10n, ...modes) << 60n;

/** A device context: any stages, and one bit wrong now and then. */
function deviceContext(pick: Pick): readonly bigint[] {
  const second = scheme(pick, 0n, 0n, 0n, 0n, 0n);
  const processes = pick(5) < 2;
  const flag = (bit: bigint, of: number): bigint => (pick(of) === 0 ? bit : 0n);
  const tc =
    1n |
    flag(0x80n, 3) |
    flag(0x100n, 3) |
    flag(0x2n, 4) |
    flag(0x10n, 12) |
    flag(0x400n, 40) |
    (processes ? 0x20n | flag(0x200n, 2) : 0n);
  const levels = pick(4);
  const directory = [0, PROCESSES, MIDDLE_PDT, TOP_PDT][levels] ?? 0;
  const first = processes
    ? (BigInt(levels) << 60n) | BigInt(directory)
    : scheme(pick, 0n, 0n, 0n) | BigInt(ROOTS + pick(8));
  const guest = (BigInt(pick(3)) << 44n) | BigInt(ROOTS + 4 * pick(2));
  const messages = second !== 0n && pick(5) === 0;
  const words = [
    tc,
    second === 0n ? 0n : second | guest,
    BigInt(pick(3)) << 12n,
    first,
    messages ? (1n << 60n) | BigInt(FILES) : 0n,
    messages ? 3n : 0n,
    messages ? BigInt(FIRST_PFN + oneOf(pick, 0x30, 0x20, 8)) : 0n,
    0n,
  ];
  if (pick(20) === 0) {
    const n = pick(8);
    words[n] = flip(pick, words[n]!);
  }
  return words;
}

/** A process context: ENS, SUM, PSCID; then the first stage. */
function processContext(pick: Pick): readonly [bigint, bigint] {
  const ta = BigInt(pick(12) === 0 ? 0 : 1) | BigInt(pick(4) << 1) | (BigInt(pick(3)) << 12n);
  const first = scheme(pick, 0n) | BigInt(ROOTS + pick(8));
  return pick(20) === 0 ? [ta, flip(pick, first)] : [ta, first];
}

/** An entry of the MSI page table: a message goes to a frame, or to an interrupt file in memory. */
function fileEntry(pick: Pick): readonly [bigint, bigint] {
  const basic = (BigInt(LAST + pick(8)) << 10n) | oneOf(pick, 7n, 7n, 7n, 6n, 1n);
  return pick(3) === 0 ? [(BigInt(LAST + pick(8)) << 10n) | 3n, BigInt(LAST) << 10n] : [basic, 0n];
}

type Each = (act: (twin: Twin) => void) => void;

function writeDevice(pick: Pick, each: Each, did: number): void {
  const words = deviceContext(pick);
  const page = CONTEXTS + ((did >> 6) & 1);
  each((twin) => words.forEach((word, n) => twin.put(page, (did & 63) * 8 + n, word)));
}

function writePair(each: Each, pfn: number, index: number, words: readonly [bigint, bigint]): void {
  each((twin) => words.forEach((word, n) => twin.put(pfn, index * 2 + n, word)));
}

function writeDirectories(pick: Pick, each: Each): void {
  const rows: readonly (readonly [number, number, number])[] = [
    [MIDDLE_DDT, 0, CONTEXTS],
    [MIDDLE_DDT, 1, CONTEXTS + 1],
    [TOP_DDT, 0, MIDDLE_DDT],
    [TOP_DDT, 1, MIDDLE_DDT],
    [MIDDLE_PDT, 0, PROCESSES],
    [TOP_PDT, 0, MIDDLE_PDT],
  ];
  for (const [pfn, index, below] of rows) {
    const word = pick(20) === 0 ? flip(pick, pointer(below)) : pointer(below);
    each((twin) => twin.put(pfn, index, word));
  }
}

/** Everything a unit reads. */
function writeAll(pick: Pick, each: Each): void {
  writeDirectories(pick, each);
  for (const did of DEVICES) writeDevice(pick, each, did);
  for (let n = 0; n < 4; n++) {
    writePair(each, PROCESSES, n, processContext(pick));
    writePair(each, FILES, n, fileEntry(pick));
  }
  for (let pfn: number = ROOTS; pfn < END; pfn++) {
    for (let index = 0; index < 512; index += index < FRAMES ? 1 : 61) {
      const word = entry(pick, pfn, index);
      each((twin) => twin.put(pfn, index, word));
    }
  }
}

/** Software invalidates: translations by address, process or guest, or contexts. */
function invalidate(pick: Pick, each: Each): void {
  const flag = (bit: bigint): bigint => (pick(2) === 0 ? bit : 0n);
  const guest = flag(1n << 33n) | (BigInt(pick(3)) << 44n);
  const did = (1n << 33n) | (BigInt(oneOf(pick, ...DEVICES)) << 40n);
  // ADDR, and S: ones below the first zero make it a range.
  const address =
    (BigInt(oneOf(pick, pick(12), 0x200, FIRST_PFN + pick(4) * 512)) << 10n) |
    (pick(4) === 0 ? 0x3ffe00n : 0n);
  const range = flag(1n << 10n) | flag(1n << 34n);
  const process = flag(1n << 32n) | (BigInt(pick(3)) << 12n);
  const what = pick(8);
  if (what < 3) return each((twin) => twin.command(1n | range | guest | process, address));
  if (what < 5) return each((twin) => twin.command(0x81n | range | guest, address));
  if (what === 5) return each((twin) => twin.command(3n, 0n));
  if (what === 6) return each((twin) => twin.command(3n | did, 0n));
  const pid = BigInt(pick(4)) << 12n;
  return each((twin) => twin.command(0x83n | did | pid, 0n));
}

/** What a device asks for: mostly plain requests. */
function access(pick: Pick, pasid: number): number {
  const kind = pick(30);
  if (kind === 0) return ATS_REQUEST | READ | (pick(2) === 0 ? WRITE : 0);
  if (kind === 1) return ATS_TRANSLATED | READ;
  return (
    oneOf(pick, READ, READ, READ, WRITE, WRITE, EXECUTE) | (pasid >= 0 && pick(3) === 0 ? PRIVILEGED : 0)
  );
}

/** How often requests came out so, and how many walks of each kind of service the untraced unit did by the quick way. */
interface Met {
  readonly outcomes: Map<number, number>;
  readonly quick: Map<number, number>;
}

const more = (counts: Map<number, number>, key: number): void =>
  void counts.set(key, (counts.get(key) ?? 0) + 1);

/** What a request is told: the slots that its status gives a meaning to. */
function answer({ unit }: Twin, status: number): readonly number[] {
  const slots =
    status === FAULTED
      ? [REASON, COMPLETION]
      : status === WALKED
        ? [PA_HI, PA_LO, LEAF_LEVEL, LEAF_PERMS]
        : [PA_HI, PA_LO];
  return [status, ...slots.map((slot) => unit.result[slot] ?? 0)];
}

function request(pick: Pick, twins: Twins, met: Met): void {
  const [untraced, traced, told] = twins;
  const pasid = pick(8) === 0 ? pick(4) : NO_PASID;
  const asked = access(pick, pasid);
  const did = oneOf(pick, ...DEVICES);
  const hi = pick(6) > 0 ? 0 : oneOf(pick, -1, 1, 0x80, 0x7fff, -0x8000_0000);
  const lo = (oneOf(pick, 0, 0, 0x20_0000, 0x40_0000, 0x4000_0000) + pick(12) * 4096 + pick(4096)) | 0;
  untraced.asked = false;
  const status = untraced.unit.translate(did, hi, lo, asked, pasid);
  const right = traced.unit.translate(did, hi, lo, asked, pasid);
  expect(answer(untraced, status)).toEqual(answer(traced, right));
  expect(answer(told, told.unit.translate(did, hi, lo, asked, pasid))).toEqual(answer(traced, right));
  more(met.outcomes, right);
  if (status === WALKED && !untraced.asked) more(met.quick, untraced.unit.state.service.kind);
}

type Twins = readonly [untraced: Twin, traced: Twin, told: Twin];

/** Something happens to all of them: software writes, invalidates or looks, or a device asks. */
function step(pick: Pick, twins: Twins, met: Met): void {
  const each: Each = (act) => twins.forEach(act);
  const what = pick(400);
  if (what < 8) return writeDevice(pick, each, oneOf(pick, ...DEVICES));
  if (what < 12) return writePair(each, PROCESSES, pick(4), processContext(pick));
  if (what < 14) return writeDirectories(pick, each);
  if (what < 50) {
    const [table, index] = [ROOTS + pick(END - ROOTS), pick(FRAMES)];
    const word = entry(pick, table, index);
    return each((twin) => twin.put(table, index, word));
  }
  if (what < 75) return invalidate(pick, each);
  if (what === 75) {
    const levels = oneOf(pick, 1, 2, 3, 3, 3, 3);
    return each((twin) => twin.directory(levels));
  }
  if (what === 76) {
    const event = BigInt(oneOf(pick, 0, 0, 4, 7, 8));
    return each((twin) => twin.unit.registers.write64(IOHPMEVT, event));
  }
  if (what < 80) {
    const [did, iova, pid] = [oneOf(pick, ...DEVICES), BigInt(pick(12) * 4096), pick(5) - 1];
    return each((twin) => twin.debug(did, iova, pid));
  }
  if (what < 82) {
    const [rid, iova, pid] = [oneOf(pick, ...DEVICES), BigInt(pick(12) * 4096), pick(5) - 1];
    return each((twin) => twin.unit.pageRequest(pageRequest(rid, iova, pid)));
  }
  return request(pick, twins, met);
}

const pageRequest = (rid: number, iova: bigint, pasid: number): PageRequestMessage => ({
  rid,
  pasid,
  iova,
  read: true,
  write: false,
  execute: false,
  privileged: false,
  group: 1,
  last: true,
});

function play(seed: number, met: Met): void {
  const pick = chance(seed + 1);
  const [trace, told] = [new TraceBuffer(), new TraceBuffer()];
  const config = caches(pick);
  const twins: Twins = [new Twin(config, silent), new Twin(config, trace, true), new Twin(config, told)];
  const each: Each = (act) => twins.forEach(act);
  const levels = oneOf(pick, 1, 2, 3, 3, 3, 3);
  each((twin) => twin.directory(levels));
  writeAll(pick, each);
  const [untraced, traced] = twins;
  for (let n = 1; n <= STEPS; n++) {
    step(pick, twins, met);
    if (n % 100 > 0) continue;
    expect(untraced.caches()).toEqual(traced.caches());
    expect(untraced.bytes().equals(traced.bytes())).toBe(true);
    expect(untraced.registers().equals(traced.registers())).toBe(true);
    each((twin) => twin.drain());
    // What is told quickly is what there is to tell.
    expect(words(told)).toBe(words(trace));
  }
}

const words = (trace: TraceBuffer): string =>
  JSON.stringify(trace.take(), (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value));

const SEEDS = 20;
const GROUP = 5;

describe('the quick way of a plain request', () => {
  it.each(Array.from({ length: SEEDS / GROUP }, (_, n) => n * GROUP))(
    'comes to what the document says: five games, from seed %i on',
    (first) => {
      const met: Met = { outcomes: new Map(), quick: new Map() };
      for (let seed = first; seed < first + GROUP; seed++) play(seed, met);
      // A test that only faults, or that never goes the quick way, would say little.
      for (const status of [TRANSLATED, WALKED, BYPASSED, FAULTED])
        expect(met.outcomes.get(status)).toBeGreaterThan(20);
      for (const kind of [FIRST_ONLY, SECOND_ONLY, NESTED]) expect(met.quick.get(kind)).toBeGreaterThan(2);
    },
    30_000,
  );
});
