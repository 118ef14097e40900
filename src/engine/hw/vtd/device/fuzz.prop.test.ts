import { describe, expect, it } from 'vitest';
import { ATS_REQUEST, ATS_TRANSLATED, EXECUTE, NO_PASID, PRIVILEGED, READ, WRITE } from '../../port';
import { reasonWhy, REASONS } from '../reasons';
import { explainVtd, explainVtdFault } from './explain';
import { inspectVtd, summarizeVtd, walkedRoot } from './inspect';
import {
  DIRECTORY,
  FIRST,
  firstStage,
  LOWER,
  nested,
  PAGE_QUEUE,
  PASID_TABLE,
  QUEUE,
  ROOT,
  ScalableFixture,
  SECOND,
  secondStage,
  TE,
  UPPER,
  type PasidWords,
} from './scalable-fixture.conformance';

/** xorshift, 32 bits: the same garbage every time. */
function garbage(seed: number): () => number {
  let x = seed | 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x;
  };
}

const word = (next: () => number): bigint => BigInt.asUintN(64, (BigInt(next()) << 32n) ^ BigInt(next()));
const OFF = { sets: 0, ways: 0 };

describe('garbage', () => {
  const known = new Set([...REASONS, 0]);
  const structures = [ROOT, LOWER, UPPER, DIRECTORY, PASID_TABLE, QUEUE, PAGE_QUEUE, SECOND, FIRST];
  const tables = [SECOND, SECOND + 0x1000, FIRST, FIRST + 0x1000];

  for (let seed = 1; seed <= 24; seed++) {
    it(`(property) seed ${seed}: tables, registers and queues of it end in an answer, never in an exception or an endless walk`, () => {
      const next = garbage(seed * 0x9e37_79b1);
      const pick = <T>(list: readonly T[]): T => list[(next() >>> 1) % list.length] as T;
      const f = new ScalableFixture(0x0100, {
        cachingMode: seed % 3 === 0,
        protectedMemory: seed % 4 === 0,
        extendedAccessed: seed % 5 === 0,
        executeRequests: true,
        ridPrivilege: true,
        abortDma: seed % 2 === 0,
        ...(seed % 6 === 0 ? { iotlb: OFF, deviceCache: OFF, processCache: OFF, walkCache: OFF } : {}),
      });
      if (seed % 2 === 0) f.trace.on = false;
      for (let round = 0; round < 60; round++) {
        const shape = pick([
          secondStage(),
          firstStage(),
          nested(),
          firstStage(1n, 3n),
          nested(1n, 0n, 1n << 23n, 1n << 9n),
        ]);
        f.attach(shape, { flags: 0x1cn, ridPasid: 0n });
        if (seed % 5 === 0) f.device.registers.write32(0x18, (1 << 28) | TE);
        for (let n = 0; n < 40; n++) {
          // Pointers that lead back into the garbage, at every level and size; and plain noise.
          const pointer = BigInt(pick(tables)) | (word(next) & 0x8000_0000_0000_0fffn) | 7n;
          const page = pick((next() & 15) === 0 ? structures : tables);
          f.put(page + ((next() >>> 1) % 512) * 8, (next() & 3) !== 0 ? pointer : word(next));
        }
        if ((next() & 3) === 0) f.put(pick(f.entries), word(next) | 1n);
        if ((next() & 7) === 0) f.device.registers.write64(((next() >>> 1) % 0x600) & ~7, word(next));
        if ((next() & 7) === 0) f.device.registers.write32(((next() >>> 1) % 0x600) & ~3, next());
        if ((next() & 7) === 0) {
          f.memory.hazards = f.memory.hazards === null ? { at: () => pick([0, 0, 1, 2]) } : null;
        }
        if ((next() & 1) === 0) {
          const type = BigInt((next() >>> 1) % 16);
          f.queue((next() >>> 1) % 3);
          f.answering = (next() & 1) === 0;
          f.submit(
            [word(next), word(next)],
            [(word(next) & 0xffff_ffffn) | type, word(next) & ~0xfffn],
            [0x25n, BigInt(SECOND)],
          );
          f.device.registers.write32(0x34, 0x7f);
        }
        if ((next() & 1) === 0) f.flush();
        for (let n = 0; n < 40; n++) {
          const access =
            pick([READ, WRITE, READ | WRITE]) |
            pick([0, 0, 0, PRIVILEGED, EXECUTE, PRIVILEGED | EXECUTE]) |
            pick([0, 0, 0, 0, ATS_REQUEST, ATS_REQUEST | ATS_TRANSLATED]);
          const pasid = pick([NO_PASID, NO_PASID, 0, 1, (next() >>> 1) % 0x10_0000]);
          const status = f.device.translate(
            pick([0x0100, 0x0100, 0x0180, 0xffff]),
            pick([0, 1, 0x1234, next()]),
            next(),
            access,
            pasid,
          );
          expect([0, 1, 2, 3, 4, 5, 6, 7]).toContain(status);
          if (status === 4) {
            const reason = f.device.result[2] as number;
            expect(known.has(reason), `reason 0x${reason.toString(16)}`).toBe(true);
            expect(reasonWhy(reason)).not.toBe('');
          }
        }
        f.device.interrupt(
          0x0100,
          0xfee0_0000 | (next() & 0xf_fffc),
          new Uint8Array([next(), next(), next() & 1, 0]),
        );
        f.device.pageRequest({
          rid: 0x0100,
          pasid: pick([NO_PASID, 0, 5]),
          iova: word(next),
          read: true,
          write: true,
          execute: false,
          privileged: false,
          group: (next() >>> 1) % 512,
          last: true,
        });
        const events = f.trace.take();
        const steps = explainVtd(f.device, events);
        for (const event of events) {
          if (event.kind === 'fault') expect(explainVtdFault(f.device, event, steps).why).toMatch(/\.$/);
        }
        walkedRoot(f.device, 0x0100, NO_PASID);
        if (round % 10 === 0) expect(inspectVtd(f.device).queues).toHaveLength(2);
      }
      expect(summarizeVtd(f.device).caches).toHaveLength(5);
    });
  }
});

const SHAPES: readonly (readonly [string, PasidWords])[] = [
  ['second stage', secondStage()],
  ['second stage with SSADE', [secondStage()[0] | (1n << 9n), 0xbeefn | (1n << 23n)]],
  ['first stage', firstStage()],
  ['nested', nested()],
  ['nested with SSADE', nested(0xbeefn, 0n, 1n << 23n, 1n << 9n)],
];

/** A tree of tables with pages of every size and holes. Guest-physical addresses are physical ones but for some pages. */
function plant(f: ScalableFixture, base: number, first: boolean): void {
  const next = garbage(first ? 99 : 77);
  for (let table = 0; table < 8; table++) {
    const level = 3 - (table >> 1);
    for (let n = 0; n < 512; n += 1 + ((next() >>> 1) % 2)) {
      const kind = (next() >>> 1) % 8;
      const leaf = level === 0 || (level < 3 && kind === 0);
      const below = BigInt(base + ((table & ~1) + 2 + (next() & 1)) * 4096);
      const address = leaf ? (BigInt(next() >>> 4) << 12n) & ~((1n << BigInt(12 + 9 * level)) - 1n) : below;
      const perms = first
        ? BigInt(next() & 0x66) | 5n | (word(next) & (1n << 63n))
        : kind < 6
          ? 3n
          : BigInt(next() & 3);
      const spoilt = kind === 7 && (next() & 7) === 0 ? 1n << 52n : 0n;
      f.put(base + table * 4096 + n * 8, address | perms | spoilt | (leaf && level > 0 ? 0x80n : 0n));
    }
  }
}

describe('caches', () => {
  it.each(SHAPES)(
    '(property) %s: never say what an uncached walk does not, while nothing changes',
    (name, shape) => {
      const bare = { iotlb: OFF, deviceCache: OFF, processCache: OFF, walkCache: OFF };
      const units = [{}, {}, bare].map((config) => {
        const f = new ScalableFixture(0x0100, {
          iotlb: { sets: 8, ways: 2 },
          walkCache: { sets: 4, ways: 2 },
          ...config,
        });
        f.attach(shape, { flags: 8n, ridPasid: 1n });
        // RID_PASID stands for requests without; the entry of PASID 0 is for those with.
        for (let n = 0; n < 8; n++) f.put(PASID_TABLE + 64 + n * 8, f.word(PASID_TABLE + n * 8));
        plant(f, SECOND, false);
        plant(f, FIRST, true);
        if (!name.startsWith('nested')) return f;
        // The first stage's tables where the second stage maps them, at their own addresses.
        for (let n = 0; n < 8; n++)
          f.second(4, 1, BigInt(FIRST + n * 4096), BigInt(FIRST + n * 4096), SECOND);
        plant(f, FIRST, true);
        return f;
      });
      const [loud, quiet, plain] = units as [ScalableFixture, ScalableFixture, ScalableFixture];
      quiet.trace.on = false;
      plain.trace.on = false;
      const next = garbage(7);
      const seen = new Set<string>();
      for (let n = 0; n < 6000; n++) {
        const iova = word(next) & 0x0180_c060_3fffn;
        const write = (next() & 1) === 0;
        const pasid = (next() & 1) === 0 ? 0 : NO_PASID;
        const more = [0, 0, PRIVILEGED, EXECUTE][next() & 3] ?? 0;
        const expected = plain.outcome(iova, write, pasid, more);
        expect(loud.outcome(iova, write, pasid, more), iova.toString(16)).toBe(expected);
        expect(quiet.outcome(iova, write, pasid, more), iova.toString(16)).toBe(expected);
        seen.add(typeof expected === 'string' ? expected : 'an address');
        if (n % 100 !== 0) continue;
        for (const f of units) f.clearFaults();
        loud.trace.take();
      }
      // Not all of it is refused, and not all for the same reason.
      expect(seen).toContain('an address');
      expect(seen.size).toBeGreaterThan(3);
      expect(
        inspectVtd(loud.device).caches.flatMap((cache) => cache.entries.filter((entry) => entry.stale)),
      ).toEqual([]);
    },
  );
});
