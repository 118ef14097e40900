import { describe, expect, it } from 'vitest';
import { ATS_REQUEST, ATS_TRANSLATED, EXECUTE, FAULTED, PRIVILEGED, READ, REASON, WRITE } from '../../port';
import { causeName } from '../reasons';
import { DEFAULT_CAPABILITIES } from './config';
import {
  Bench,
  COMMANDS,
  DDT,
  FAULTS,
  FIRST,
  MSI_TABLE,
  PAGES,
  PDT,
  root,
  SECOND,
} from './fixture.conformance';
import { summarizeRiscv, viewRiscv } from './inspect';

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

const OFF = { sets: 0, ways: 0 };
const WORDS = [DDT, FIRST, SECOND, PDT, MSI_TABLE, COMMANDS, FAULTS, PAGES];

describe('garbage', () => {
  const seen = new Set<number>();
  let answered = 0;
  for (let seed = 1; seed <= 24; seed++) {
    it(`(property) seed ${seed}: tables, registers, commands and memory of it end in an answer`, () => {
      const next = garbage(seed * 0x9e37_79b1);
      const below = (n: number): number => (next() >>> 1) % n;
      const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
      const word = (): bigint => BigInt.asUintN(64, (BigInt(next()) << 32n) ^ BigInt(next()));
      const b = new Bench({
        capabilities:
          seed % 4 === 0 ? DEFAULT_CAPABILITIES ^ (word() & 0xfc0_c7ef_8100n) : DEFAULT_CAPABILITIES,
        gxlWritable: seed % 2 === 0,
        itags: 1 + (seed % 3),
        ...(seed % 6 === 0 ? { iotlb: OFF, walkCache: OFF, ddtCache: OFF, pdtCache: OFF } : {}),
      });
      const causes = new Set<number>();
      let served = 0;
      for (let round = 0; round < 60; round++) {
        // From one directory to another only through Off.
        b.wr8(0x10, 0n).wr(0x48, 0).wr(0x4c, 0).wr(0x50, 0);
        b.start(1 + below(6), pick([2, 2, 2, 3, 4]));
        const fsc = pick([
          0n,
          root(FIRST, 3),
          root(FIRST, 4),
          root(FIRST, 5),
          root(PDT, -4),
          root(PDT, -3),
          root(PDT, -2),
        ]);
        const iohgatp = pick([0n, root(SECOND, 3), root(SECOND, 4), root(SECOND, 5)]);
        const tc = 1n | (BigInt(next()) & pick([0n, 0x1a2n, 0x3a7n, 0xfffn, 0xffff_ffffn]));
        b.context(below(4), {
          tc,
          fsc,
          iohgatp,
          ta: word() & 0xffff_f000n,
          msi: [pick([0n, root(MSI_TABLE, -4)]), word() & 7n, 0x8_0000n],
        });
        for (let n = 0; n < 60; n++) {
          // Pointers that lead back into the garbage, with every kind of flags; and plain noise.
          const flags = pick([1n, 1n, 0xdfn, BigInt(next()) & 0x3ffn]);
          const entry = ((pick(WORDS) >> 12n) << 10n) | flags;
          b.put(pick(WORDS.slice(0, 6)) + BigInt(below(512)) * 8n, below(4) > 0 ? entry : word());
        }
        if (below(3) === 0) b.wr8(below(0x400) & ~7, word());
        if (below(3) === 0) b.wr(below(0x400) & ~3, next());
        b.memory.hazards = below(3) === 0 ? { at: () => pick([0, 0, 0, 1, 2]) } : null;
        b.command((word() & ~0x7fn) | BigInt(below(6)), word());
        b.wr(0x24, next()).wr(0x48, next()).wr(0x4c, next()).wr(0x50, next());
        for (let n = 0; n < 12; n++) {
          const access =
            pick([READ, WRITE, EXECUTE, READ | WRITE | ATS_REQUEST, READ | ATS_TRANSLATED]) |
            (below(2) * PRIVILEGED);
          const hi = below(3) > 0 ? 0 : next();
          const status = b.device.translate(below(5), hi, next(), access, pick([-1, -1, 0, 1, 0xf_ffff]));
          if (status === FAULTED) causes.add(b.out(REASON));
          else served++;
        }
        b.device.receivePageRequest({
          rid: below(5),
          segmentValid: below(2) === 0,
          segment: below(3),
          pasidValid: below(2) === 0,
          pasid: below(0x10_0000),
          privileged: below(2) === 0,
          execute: below(2) === 0,
          payloadHi: next(),
          payloadLo: next(),
        });
        b.device.commands.complete(below(5), below(2) === 0, below(3), next(), below(8));
        if (below(4) === 0) b.device.commands.timeOut(next());
      }
      // Looking at it ends as well.
      expect(viewRiscv(b.device).registers.length).toBeGreaterThan(0);
      expect(summarizeRiscv(b.device)).toBeDefined();
      // Each fault has a cause that the document defines.
      expect([...causes].filter((cause) => causeName(cause).startsWith('Reserved'))).toEqual([]);
      expect(causes.size).toBeGreaterThan(2);
      for (const cause of causes) seen.add(cause);
      answered += served;
    });
  }

  it('reached most causes, and some pages', () => {
    expect(seen.size).toBeGreaterThan(15);
    expect(answered).toBeGreaterThan(500);
  });
});
