import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PhysicalMemory } from './physical-memory';

const small = () => new PhysicalMemory([{ startPfn: 16, lastPfn: 79 }]);
const must = (r: ReturnType<PhysicalMemory['allocateFrames']>): number => {
  if (!r.ok) throw new Error(r.why);
  return r.value;
};

describe('frames', () => {
  it('reserving a gibibyte costs no bytes until it is written', () => {
    const memory = new PhysicalMemory();
    const pfn = must(memory.allocateFrames(262144));
    expect(memory.readU64(pfn * 4096 + 8)).toBe(0n);
    expect(memory.materialised).toBe(0);
    memory.writeU64((pfn + 5) * 4096, 0x1122_3344_5566_7788n);
    expect(memory.materialised).toBe(1);
    expect(memory.readU64((pfn + 5) * 4096)).toBe(0x1122_3344_5566_7788n);
    expect(memory.readU64((pfn + 6) * 4096)).toBe(0n);
  });

  it('where no RAM is, nothing can be read or written', () => {
    const memory = small();
    expect(memory.read(15 * 4096 + 4090, 12)).toBeNull();
    expect(memory.read(79 * 4096 + 4090, 12)).toBeNull();
    expect(memory.write(79 * 4096 + 4090, new Uint8Array(12).fill(1))).toBe(false);
    expect(memory.read(79 * 4096 + 4090, 6)).toEqual(new Uint8Array(6));
    expect(memory.frameBase(2 ** 31 + 16)).toBe(-1);
    expect(memory.frameBase(-1)).toBe(-1);
  });

  it('bytes are little-endian and cross frames', () => {
    const memory = small();
    memory.write(20 * 4096 - 2, new Uint8Array([1, 2, 3, 4]));
    expect(memory.load32(20 * 4096)).toBe(0x0403);
    expect(memory.read(20 * 4096 - 3, 6)).toEqual(new Uint8Array([0, 1, 2, 3, 4, 0]));
  });

  it('grows past its first arena and its first hash without losing a word', () => {
    const memory = new PhysicalMemory();
    for (let n = 0; n < 3000; n++) memory.store32((0x100 + n * 7) * 4096 + 12, n + 1);
    for (let n = 0; n < 3000; n++) expect(memory.load32((0x100 + n * 7) * 4096 + 12)).toBe(n + 1);
  });

  it('a freed frame keeps its bytes until it is given out again, then it is zero', () => {
    const memory = small();
    const pfn = must(memory.allocateFrames(1));
    memory.store32(pfn * 4096, 7);
    memory.freeFrames(pfn, 1);
    expect(memory.load32(pfn * 4096)).toBe(7);
    expect(must(memory.allocateFrames(1))).toBe(pfn);
    expect(memory.load32(pfn * 4096)).toBe(0);
  });

  it('out of memory is ENOMEM, and so is the allocation that was made to fail', () => {
    const memory = small();
    expect(memory.allocateFrames(65)).toMatchObject({ ok: false, errno: 'ENOMEM' });
    memory.failNth(2);
    expect(memory.allocateFrames(1).ok).toBe(true);
    expect(memory.allocateFrames(1)).toMatchObject({ ok: false, errno: 'ENOMEM' });
    expect(memory.allocateFrames(1).ok).toBe(true);
    expect(memory.allocatedFrames).toBe(2);
  });

  it('a double free is our own mistake', () => {
    const memory = small();
    const pfn = must(memory.allocateFrames(2));
    memory.freeFrames(pfn, 2);
    expect(() => memory.freeFrames(pfn + 1, 1)).toThrow(/double free/);
    expect(() => memory.freeFrames(80, 1)).toThrow(/double free/);
  });

  it('unless somebody says otherwise: then nothing is given back twice', () => {
    const memory = small();
    const bad: number[] = [];
    memory.onBadFree = (pfn) => bad.push(pfn);
    const pfn = must(memory.allocateFrames(2));
    memory.freeFrames(pfn, 2);
    memory.freeFrames(pfn, 1);
    memory.freeFrames(79, 2);
    expect(bad).toEqual([pfn, 79]);
    expect(memory.allocatedFrames).toBe(0);
  });

  it('a processor that follows a spoilt pointer reads zeros, and what it writes is lost', () => {
    const memory = small();
    memory.writeU64(16 * 4096, 7n);
    expect(memory.processorBase(16)).toBe(memory.frameBase(16));
    expect(memory.processorToWrite(16)).toBe(memory.frameToWrite(16));
    for (const nowhere of [15, 80, 2 ** 40]) {
      memory.words[memory.processorToWrite(nowhere)] = 5;
      expect(memory.words[memory.processorBase(nowhere)]).toBe(0);
      expect(memory.words[memory.processorToWrite(nowhere)]).toBe(0);
    }
    expect(memory.readU64(17 * 4096)).toBe(0n);
    expect(memory.frameBase(80)).toBe(-1);
  });
});

/** A model too simple to be wrong: one flag a frame. */
it('allocation never overlaps, honours alignment, and gives everything back (property)', () => {
  const command = fc.record({
    free: fc.boolean(),
    which: fc.nat(20),
    count: fc.integer({ min: 1, max: 9 }),
    alignLg2: fc.nat(3),
    top: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      const memory = small();
      const taken = new Set<number>();
      const runs: { pfn: number; count: number }[] = [];
      for (const c of commands) {
        const run = runs[c.which % Math.max(1, runs.length)];
        if (c.free && run !== undefined) {
          runs.splice(runs.indexOf(run), 1);
          memory.freeFrames(run.pfn, run.count);
          for (let n = 0; n < run.count; n++) taken.delete(run.pfn + n);
          continue;
        }
        const align = 2 ** c.alignLg2;
        const got = memory.allocateFrames(c.count, { align, from: c.top ? 'top' : 'bottom' });
        const fits = (start: number): boolean =>
          start % align === 0 &&
          Array.from({ length: c.count }, (_, n) => start + n).every((p) => p < 80 && !taken.has(p));
        const candidates = Array.from({ length: 64 }, (_, n) => n + 16).filter(fits);
        expect(got.ok ? got.value : undefined).toBe(c.top ? candidates.at(-1) : candidates[0]);
        if (!got.ok) continue;
        runs.push({ pfn: got.value, count: c.count });
        for (let n = 0; n < c.count; n++) taken.add(got.value + n);
      }
      expect(memory.allocatedFrames).toBe(taken.size);
    }),
  );
});
