import { describe, expect, it } from 'vitest';
import { explainAmd } from './explain';
import { ALL_ON, COMMANDS, DEVTAB, EVENTS, Fixture, GCR3, GUEST, PPRS, TABLE } from './fixture.conformance';
import { summarizeAmd, viewAmd } from './inspect';

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

describe('garbage', () => {
  for (let seed = 1; seed <= 24; seed++) {
    it(`(property) seed ${seed}: tables, registers and queues of it end in an answer, never in an exception or an endless walk`, () => {
      const next = garbage(seed * 0x9e37_79b1);
      const pick = <T>(list: readonly T[]): T => list[(next() >>> 1) % list.length] as T;
      const f = new Fixture(0x100, { npCache: seed % 3 === 0, pasidBits: 20 });
      if (seed % 2 === 0) f.trace.on = false;
      f.on();
      const pages = [
        TABLE,
        TABLE + 0x1000,
        GUEST,
        GUEST + 0x1000,
        GCR3,
        DEVTAB + 0x2000,
        COMMANDS,
        EVENTS,
        PPRS,
      ];
      for (let round = 0; round < 60; round++) {
        for (let n = 0; n < 40; n++) {
          // Pointers that lead back into the garbage, with every level and size; and plain noise.
          const page = pick(pages);
          const pointer = BigInt(pick(pages)) | (word(next) & 0x7000_0000_0000_0fffn) | 1n;
          f.put(page + ((next() >>> 1) % 512) * 8, (next() & 3) !== 0 ? pointer : word(next));
        }
        const levels = (next() >>> 1) % 8;
        f.dte({
          mode: levels,
          root: pick(pages),
          extra: [word(next) & 0x1ff0_0000_0000_0180n, word(next) & 0xffff_ffff_ffff_0000n, word(next), 0n],
        });
        if ((next() & 7) === 0) f.set(((next() >>> 1) % 0x2100) & ~7, word(next));
        if ((next() & 3) === 0) f.set(0x18, ALL_ON | (word(next) & (1n << 58n)));
        if ((next() & 7) === 0)
          f.memory.hazards = f.memory.hazards === null ? { at: () => pick([0, 0, 1, 2]) } : null;
        f.set(0x2008, BigInt((next() >>> 1) % 256) * 16n);
        for (let n = 0; n < 40; n++) {
          const pasid = (next() & 1) === 0 ? -1 : (next() >>> 1) % 0x10_0000;
          const status = f.device.translate(
            pick([0x100, 0x101, 0xffff]),
            pick([0, 1, next()]),
            next(),
            pick([1, 2, 5, 9, 0x21, 0x23, 0x12]),
            pasid < 0 ? -1 : pick([0, 1, pasid]),
          );
          expect([0, 1, 2, 3, 4]).toContain(status);
          const code = (f.device.result[2] ?? 0) >> 12;
          if (status === 4) expect([1, 2, 3, 4, 8]).toContain(code);
        }
        f.device.interrupt(0x100, 0xfee0_0000, new Uint8Array([next(), next(), next(), next()]));
        f.device.pageRequest({
          rid: 0x100,
          pasid: pick([-1, 0, 5]),
          iova: word(next),
          read: true,
          write: true,
          execute: false,
          privileged: false,
          group: (next() >>> 1) % 512,
          last: true,
        });
        explainAmd(f.device, f.trace.take());
      }
      expect(viewAmd(f.device).queues).toHaveLength(3);
      expect(summarizeAmd(f.device).caches).toHaveLength(5);
    });
  }

  it('(property) the IOTLB never says what an uncached walk does not, while nothing changes', () => {
    const next = garbage(7);
    const f = new Fixture().attach(4);
    const bare = new Fixture(0x100, {
      iotlb: { sets: 0, ways: 1 },
      pdeCache: { sets: 0, ways: 1 },
      dteCache: { sets: 0, ways: 1 },
    }).attach(4);
    // A tree of tables with pages of every size and holes, the same in both memories.
    for (const one of [f, bare]) {
      const fill = garbage(99);
      for (let table = 0; table < 8; table++) {
        for (let n = 0; n < 512; n += 1 + ((fill() >>> 1) % 3)) {
          const level = 4 - (table >> 1);
          const below = BigInt(TABLE + ((table & ~1) + 2 + (fill() & 1)) * 4096);
          const perms = BigInt(fill() & 3) << 61n;
          const grow = 1 + ((fill() >>> 1) % 8);
          const kind = (fill() >>> 1) % 4;
          let [first, count] = [n, 1];
          let address =
            level > 1 && kind < 2 ? below | (BigInt(level - 1) << 9n) : BigInt(fill() >>> 1) << 12n;
          if (kind === 2) {
            // All entries of a coded page say the same.
            const size = BigInt(12 + 9 * (level - 1) + grow);
            address = (((1n << (size - 1n)) - 1n) & 0xf_ffff_ffff_f000n) | (7n << 9n);
            count = 1 << grow;
            first = n & ~(count - 1);
          }
          for (let at = first; at < first + count; at++)
            one.put(TABLE + table * 4096 + at * 8, address | 1n | perms);
          n = first + count - 1;
        }
      }
    }
    for (let n = 0; n < 20_000; n++) {
      const iova = BigInt.asUintN(48, word(next) & 0x0180_c060_3fffn);
      const access = 1 + (next() & 1);
      expect(f.outcome(iova, access), iova.toString(16)).toBe(bare.outcome(iova, access));
      if (n % 200 === 0) f.clearEvents();
      if (n % 200 === 0) bare.clearEvents();
    }
  });
});
