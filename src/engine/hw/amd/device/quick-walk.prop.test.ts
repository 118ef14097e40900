import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { TraceBuffer, silent } from '../../../trace/trace';
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
} from '../../port';
import type { AmdConfig } from './config';
import { QuickWalk } from './quick-walk';
import { GUEST_ONLY, HOST_ONLY, NESTED_TABLES } from './service';
import { chance, oneOf, type Pick } from '../../../../testing/chance';
import {
  DEVICES,
  deviceStores,
  FIRST_PFN,
  FRAMES,
  PROCESSES,
  processStore,
  TABLES,
  tableStore,
  Twin,
} from './twins.conformance';

/**
 * Requests of an untraced unit take quick ways; those of a traced one go as the document has it. Two units with memory of
 * their own get the same words and the same requests: answers, events, registers, A and D bits and every cache must stay
 * the same, stale entries included. What is right is told by the other tests, which the traced way is held to.
 */
const STEPS = 1000;

/** How the requests of all seeds came out, and by kind of tables what the quick walk came to: a test that only faults would say little. */
const outcomes = new Map<string, number>();
const count = (what: string): void => void outcomes.set(what, (outcomes.get(what) ?? 0) + 1);

/** Small caches, so that entries give way to others; and none at all. */
function config(pick: Pick): Partial<AmdConfig> {
  const shape = (none: number): AmdConfig['iotlb'] =>
    pick(none) === 0 ? { sets: 0, ways: 1 } : oneOf(pick, { sets: 2, ways: 2 }, { sets: 4, ways: 2 });
  return {
    iotlb: shape(12),
    pdeCache: shape(3),
    dteCache: shape(8),
    pasidCache: shape(8),
    npCache: pick(4) === 0,
    noExecute: pick(6) > 0,
    hostBits: oneOf(pick, 48, 48, 40),
  };
}

/** Which pages are asked for: few, so that they meet again; now and then interrupts, and HyperTransport's range. */
function address(pick: Pick): readonly [hi: number, lo: number] {
  const hi = pick(4) > 0 ? 0 : oneOf(pick, 0x80, -1, 1, 1, 0xfd);
  const part = pick(30) === 0 ? 0xfee0_0000 : oneOf(pick, 0, 0, 0x20_0000, 0x4000_0000);
  return [hi, (part + pick(12) * 4096 + pick(4096)) | 0];
}

/** Requests come in rows: mostly the last one's device and process ask again. */
class Asker {
  rid = 0;
  pasid = NO_PASID;

  next(pick: Pick): void {
    if (pick(4) > 0) return;
    // The last one's entry is all zeroes.
    this.rid = pick(40) === 0 ? DEVICES : pick(DEVICES);
    this.pasid = pick(2) === 0 ? pick(PROCESSES) : NO_PASID;
  }
}

function request(pick: Pick, asker: Asker, twins: readonly Twin[]): readonly string[] {
  asker.next(pick);
  const { rid, pasid } = asker;
  const plain = oneOf(pick, READ, READ, READ, WRITE, WRITE, EXECUTE) | (pick(4) === 0 ? PRIVILEGED : 0);
  const ats = oneOf(pick, READ, READ | WRITE, READ | EXECUTE) | oneOf(pick, ATS_REQUEST, ATS_TRANSLATED);
  const access = pick(12) === 0 ? ats : plain;
  const [hi, lo] = address(pick);
  return twins.map(({ unit }) => {
    const status = unit.translate(rid, hi, lo, access, pasid);
    const word = (n: number): number => unit.result[n] ?? 0;
    const asked = (access & ATS_REQUEST) !== 0;
    count(asked ? `ats ${status}` : `plain ${status}`);
    const answer =
      status === FAULTED
        ? [word(REASON), word(COMPLETION)]
        : asked
          ? [
              word(ATS_GRANTS),
              ...(word(ATS_GRANTS) === 0 ? [] : [word(ATS_SIZE_LG2), word(PA_HI), word(PA_LO)]),
            ]
          : status === INTERRUPT
            ? []
            : [word(PA_HI), word(PA_LO), ...(status === WALKED ? [word(LEAF_LEVEL), word(LEAF_PERMS)] : [])];
    return `${rid} ${pasid} ${access} ${hi}:${lo} -> ${status} ${answer.join(' ')}`;
  });
}

/** A command: mostly too little is invalidated, so that entries go stale. */
function command(pick: Pick): readonly [low: bigint, high: bigint] {
  const rid = BigInt(pick(DEVICES));
  const [hi, lo] = address(pick);
  const page = (BigInt(hi >>> 0) << 32n) | BigInt((lo & ~0xfff) >>> 0);
  switch (pick(6)) {
    case 0:
      return [(2n << 60n) | rid, 0n];
    case 1:
      return pick(4) === 0 ? [8n << 60n, 0n] : [(2n << 60n) | rid, 0n];
    case 2:
      return [(6n << 60n) | (BigInt(pick(3)) << 24n) | rid, page];
    default: {
      const everything = pick(2) === 0 ? 0x7fff_ffff_ffff_f001n : page;
      const flags = BigInt(pick(2) << 1) | (pick(2) === 0 ? 4n : 0n);
      return [(3n << 60n) | (BigInt(pick(3)) << 32n) | BigInt(pick(PROCESSES)), everything | flags];
    }
  }
}

/** Something happens to both: software writes, invalidates, memory goes bad, or a device asks. */
function step(pick: Pick, odds: number, asker: Asker, twins: readonly Twin[]): readonly string[] {
  const each = (act: (twin: Twin) => void): readonly string[] => {
    twins.forEach(act);
    return twins.map(() => '');
  };
  switch (pick(60)) {
    case 0: {
      const stores = deviceStores(pick, pick(DEVICES));
      return each((twin) => stores.forEach((store) => twin.put(store)));
    }
    case 1: {
      const store = processStore(pick, pick(PROCESSES));
      return each((twin) => twin.put(store));
    }
    case 2:
    case 3:
    case 4: {
      const store = tableStore(pick, odds, TABLES.first + pick(TABLES.end - TABLES.first), pick(FRAMES));
      return each((twin) => twin.put(store));
    }
    case 5:
    case 6: {
      const words = command(pick);
      return each((twin) => twin.command(...words));
    }
    case 7: {
      // IommuEn, GTEn, GDUpdateDis, GAUpdateDis, GCR3TRPMode.
      const updates = oneOf(pick, 0n, 0n, 1n << 48n, 1n << 54n, 1n << 58n);
      const bit = pick(12) === 0 ? oneOf(pick, 1n, 1n << 16n) : updates;
      return each((twin) => twin.control(bit));
    }
    case 8: {
      const on = pick(8) === 0 ? 1n | BigInt(pick(2) << 1) : 0n;
      return each((twin) => twin.exclude(on, 0x4000n));
    }
    case 9: {
      const bad = FIRST_PFN + pick(FRAMES);
      const hazards = pick(8) === 0 ? { at: (pfn: number) => (pfn === bad ? 1 : 0) as 0 | 1 } : null;
      return each((twin) => void (twin.memory.hazards = hazards));
    }
    case 10:
      return each((twin) => twin.clearEvents());
    default:
      return request(pick, asker, twins);
  }
}

beforeAll(() => {
  const find = QuickWalk.prototype.find;
  vi.spyOn(QuickWalk.prototype, 'find').mockImplementation(function (this: QuickWalk, hi, lo, need) {
    const kind = this.kind;
    const found = find.call(this, hi, lo, need);
    count(`quick ${kind} ${found}`);
    return found;
  });
});

afterAll(() => void vi.restoreAllMocks());

describe('the quick way of a plain request', () => {
  it.each(Array.from({ length: 32 }, (_, seed) => seed))(
    'comes to what the document says, seed %i',
    (seed) => {
      const pick = chance(seed + 1);
      const shapes = config(pick);
      const odds = oneOf(pick, 16, 60, 200);
      const asker = new Asker();
      const trace = new TraceBuffer();
      const twins = [new Twin(shapes, silent), new Twin(shapes, trace)] as const;
      const stores = [
        ...Array.from({ length: DEVICES }, (_, rid) => deviceStores(pick, rid)).flat(),
        ...Array.from({ length: PROCESSES }, (_, pasid) => processStore(pick, pasid)),
      ];
      for (let at = TABLES.first; at < TABLES.end; at++) {
        for (let index = 0; index < 512; index += index < FRAMES ? 1 : 61)
          stores.push(tableStore(pick, odds, at, index));
      }
      for (const twin of twins) stores.forEach((store) => twin.put(store));
      for (let n = 0; n < STEPS; n += 100) {
        const lines = Array.from({ length: 100 }, () => step(pick, odds, asker, twins));
        expect(lines.map(([quick]) => quick)).toEqual(lines.map(([, document]) => document));
        const [quick, document] = twins.map((twin) => twin.state());
        for (const [name, bytes] of Object.entries(quick ?? {})) {
          expect(bytes.equals(document?.[name] ?? Buffer.alloc(0)), name).toBe(true);
        }
        trace.take();
      }
    },
  );

  it('met every kind of outcome often', () => {
    for (const status of [TRANSLATED, WALKED, BYPASSED, FAULTED])
      expect(outcomes.get(`plain ${status}`), `status ${status}`).toBeGreaterThan(1000);
    for (const status of [WALKED, FAULTED])
      expect(outcomes.get(`ats ${status}`), `ATS ${status}`).toBeGreaterThan(100);
    expect(outcomes.get(`plain ${INTERRUPT}`)).toBeGreaterThan(100);
    for (const kind of [HOST_ONLY, GUEST_ONLY, NESTED_TABLES]) {
      expect(outcomes.get(`quick ${kind} true`), `kind ${kind} found`).toBeGreaterThan(300);
      expect(outcomes.get(`quick ${kind} false`), `kind ${kind} given up`).toBeGreaterThan(300);
    }
  });
});
