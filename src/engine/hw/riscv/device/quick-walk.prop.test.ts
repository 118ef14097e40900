import { describe, expect, it } from 'vitest';
import { PhysicalMemory } from '../../../memory/physical-memory';
import { TraceBuffer, silent, type Trace } from '../../../trace/trace';
import {
  BYPASSED,
  EXECUTE,
  FAULTED,
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
import { RiscvIommu } from './device';

/**
 * Requests of an untraced unit take quick ways; those of a traced one go as the document has it. Two units with memory of
 * their own get the same words and the same requests: answers, records, A and D bits and every cache must stay the same,
 * stale entries included. What is right is told by the recorded cases, which the traced way is held to as well.
 */
const [DDTP, CQB, CQT, CQCSR, FQB, FQCSR] = [0x10, 0x18, 0x24, 0x48, 0x28, 0x4c] as const;
const FIRST_PFN = 0x10_0000;
const FRAMES = 64;
const QUEUES = FIRST_PFN + FRAMES;
const DEVICES = 5;

/** xorshift, 32 bits: the same every time. */
function chance(seed: number): (below: number) => number {
  let x = (seed * 2654435761) | 1;
  return (below) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % below;
  };
}

type Pick = ReturnType<typeof chance>;
const oneOf = <T>(pick: Pick, ...values: readonly T[]): T => values[pick(values.length)]!;

class Twin {
  readonly memory = new PhysicalMemory([{ startPfn: FIRST_PFN, lastPfn: FIRST_PFN + FRAMES + 7 }]);
  readonly unit: RiscvIommu;
  private commands = 0;

  constructor(trace: Trace) {
    const small = { sets: 4, ways: 2 };
    const caches = {
      iotlb: small,
      walkCache: small,
      ddtCache: { sets: 2, ways: 2 },
      pdtCache: { sets: 2, ways: 2 },
    };
    this.unit = new RiscvIommu({ counters: 0, ...caches }, { memory: this.memory, trace });
    const { registers } = this.unit;
    registers.write64(CQB, (BigInt(QUEUES) << 10n) | 7n);
    registers.write64(FQB, (BigInt(QUEUES + 1) << 10n) | 6n);
    registers.write32(CQCSR, 1);
    registers.write32(FQCSR, 1);
    registers.write64(DDTP, (BigInt(FIRST_PFN) << 10n) | 2n);
  }

  command(low: bigint, high: bigint): void {
    const at = QUEUES * 4096 + (this.commands % 256) * 16;
    this.memory.writeU64(at, low);
    this.memory.writeU64(at + 8, high);
    this.unit.registers.write32(CQT, ++this.commands % 256);
  }

  state(): unknown {
    const { iotlb, walkCache, contexts } = this.unit.state;
    const dcs = contexts.listDevices().map(({ set, way, did }) => [set, way, did]);
    const pcs = contexts.listProcesses().map(({ set, way, did, pid }) => [set, way, did, pid]);
    return { iotlb: iotlb.list(), tables: walkCache.list(), dcs, pcs };
  }

  bytes(): Buffer {
    return Buffer.from(this.memory.read(FIRST_PFN * 4096, (FRAMES + 8) * 4096) ?? []);
  }
}

/** Frames of roots, of the tables below them, and, from there on, of last tables. Eight roots: Sv39x4 takes four. */
const [ROOTS, MIDDLE, LAST, END] = [
  FIRST_PFN + 8,
  FIRST_PFN + 16,
  FIRST_PFN + 24,
  FIRST_PFN + FRAMES,
] as const;

/** An entry for a table: mostly what three levels want there, and sometimes odd in one bit. */
function entry(pick: Pick, table: number, index: number): bigint {
  const [from, to] = table < MIDDLE ? [MIDDLE, LAST] : [LAST, END];
  const pointer = (BigInt(from + pick(to - from)) << 10n) | 1n;
  // Guest physical addresses are mostly physical ones, so that tables are found under a second stage.
  const frame = BigInt(index >= 8 && pick(8) > 0 ? FIRST_PFN + (index % FRAMES) : LAST + pick(END - LAST));
  const odd = oneOf(pick, 0xd7n, 0x5fn, 0x9fn, 0xcfn, 0x57n, 0xffn, 0xd9n, 0xd5n, 0xcdfn);
  const rights = pick(8) === 0 ? odd : 0xdfn;
  const napot = table >= LAST && pick(12) === 0 ? 1n << 63n : 0n;
  const aligned = table < MIDDLE ? frame & ~0x3ffffn : table < LAST ? frame & ~0x1ffn : frame;
  const page = ((napot === 0n ? aligned : (aligned & ~0xfn) | 8n) << 10n) | rights | napot;
  const likely = table < LAST ? pointer : page | (pick(40) === 0 ? 1n << 61n : 0n);
  const word = pick(12) > 0 ? likely : table < LAST ? page : pointer;
  return pick(60) === 0 ? word ^ (1n << BigInt(pick(64))) : word;
}

/** A device context: any stages, one bit wrong now and then. */
function context(pick: Pick): readonly bigint[] {
  const mode = (): bigint => oneOf(pick, 0n, 0n, 0n, 8n, 8n, 8n, 8n, 9n) << 60n;
  const root = BigInt(ROOTS + pick(8));
  const guestRoot = BigInt(ROOTS + 4 * pick(2));
  const second = mode();
  const tc = 1n | (pick(3) === 0 ? 0x180n : 0n) | (pick(6) === 0 ? 0x20n : 0n);
  const directory = (tc & 0x20n) !== 0n ? oneOf(pick, 0n, 1n, 2n) << 60n : mode();
  const gscid = BigInt(pick(3)) << 44n;
  const words = [
    tc,
    second | (second === 0n ? 0n : gscid | guestRoot),
    BigInt(pick(3)) << 12n,
    directory | root,
  ];
  if (pick(12) === 0) words[pick(4)]! ^= 1n << BigInt(pick(64));
  return words;
}

/** Something happens to both: software writes, invalidates, or a device asks. */
function step(pick: Pick, twins: readonly Twin[]): void {
  const each = (act: (twin: Twin) => void): void => twins.forEach(act);
  const what = pick(40);
  if (what === 0) {
    const [did, words] = [pick(DEVICES), context(pick)];
    return each(({ memory }) =>
      words.forEach((w, n) => memory.writeU64(FIRST_PFN * 4096 + did * 64 + n * 8, w)),
    );
  }
  if (what < 5) {
    const table = ROOTS + pick(FRAMES - 8);
    const index = pick(FRAMES);
    const word = entry(pick, table, index);
    return each(({ memory }) => void memory.writeU64(table * 4096 + index * 8, word));
  }
  if (what < 7) {
    const range = pick(2) === 0 ? 0n : (1n << 10n) | (pick(2) === 0 ? 1n << 34n : 0n);
    const guest = pick(2) === 0 ? 0n : (1n << 33n) | (BigInt(pick(3)) << 44n);
    const function3 = BigInt(pick(2)) << 7n;
    const address = BigInt(pick(4)) << 10n;
    return each((twin) => twin.command(1n | function3 | range | guest, address));
  }
  if (what === 7) {
    const device = pick(2) === 0 ? 0n : (1n << 33n) | (BigInt(pick(DEVICES)) << 40n);
    return each((twin) => twin.command(3n | device, 0n));
  }
  const pasid = pick(4) === 0 ? pick(4) : NO_PASID;
  const access =
    oneOf(pick, READ, READ, READ, WRITE, WRITE, EXECUTE) | (pasid >= 0 && pick(3) === 0 ? PRIVILEGED : 0);
  const rid = pick(DEVICES);
  const hi = oneOf(pick, 0, 0, 0, 0, -1, 1, 0x80);
  const lo = (oneOf(pick, 0, 0, 0x20_0000, 0x4000_0000) + pick(12) * 4096 + pick(4096)) | 0;
  const answers = twins.map(({ unit }) => {
    const status = unit.translate(rid, hi, lo, access, pasid);
    return { status, hi: unit.result[PA_HI], lo: unit.result[PA_LO], cause: unit.result[REASON] };
  });
  const outcome = answers[1]?.status ?? FAULTED;
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  // After an answer without a fault the slot of the cause holds nothing.
  const [quick, document] = answers.map((a) =>
    a.status === FAULTED ? { status: FAULTED, cause: a.cause } : { ...a, cause: 0 },
  );
  expect(quick).toEqual(document);
}

/** How the requests of all seeds came out: a test that only faults would say little. */
const outcomes = new Map<number, number>();

describe('the quick way of a plain request', () => {
  it.each(Array.from({ length: 60 }, (_, seed) => seed))(
    'comes to what the document says, seed %i',
    (seed) => {
      const pick = chance(seed + 1);
      const trace = new TraceBuffer();
      const twins = [new Twin(silent), new Twin(trace)] as const;
      for (let did = 0; did < DEVICES; did++) {
        const words = context(pick);
        for (const { memory } of twins) {
          words.forEach((word, n) => memory.writeU64(FIRST_PFN * 4096 + did * 64 + n * 8, word));
        }
      }
      for (let pfn = ROOTS; pfn < END; pfn++) {
        for (let index = 0; index < 512; index += index < FRAMES ? 1 : 61) {
          const word = entry(pick, pfn, index);
          for (const { memory } of twins) memory.writeU64(pfn * 4096 + index * 8, word);
        }
      }
      for (let n = 0; n < 1500; n++) {
        step(pick, twins);
        if (n % 100 < 99) continue;
        expect(twins[0].state()).toEqual(twins[1].state());
        expect(twins[0].bytes().equals(twins[1].bytes())).toBe(true);
        trace.take();
      }
    },
  );

  it('met every kind of outcome', () => {
    for (const status of [TRANSLATED, WALKED, BYPASSED, FAULTED])
      expect(outcomes.get(status)).toBeGreaterThan(0);
  });
});
