import { describe, expect, it } from 'vitest';
import { Memfd } from './memfd';
import { PhysicalMemory } from './physical-memory';

// Linux: mm/memfd.c, mm/gup.c memfd_pin_folios()
const make = (bytes: number, memory = new PhysicalMemory()): Memfd => {
  const made = Memfd.create(memory, 'memfd', bytes);
  if (!made.ok) throw new Error(made.why);
  return made.value;
};

describe('a memfd', () => {
  it('pins the pages of a stretch, run by run', () => {
    const file = make(4 * 4096);
    const all = file.pin(0n, 4);
    expect(all.ok && all.value.map((run) => run.count)).toEqual([1, 1, 1, 1]);
    const part = file.pin(4096n, 2);
    expect(part.ok && part.value).toEqual(all.ok && all.value.slice(1, 3));
  });

  it('a large page is one run, from where the stretch begins in it', () => {
    const file = make(2 ** 21);
    const part = file.pin(0x3000n, 5);
    expect(part.ok && part.value.map((run) => run.count)).toEqual([5]);
  });

  it('has no pages past its end', () => {
    expect(make(8192).pin(4096n, 2)).toMatchObject({ errno: 'EINVAL', rule: 'memfd_pin_folios' });
  });

  it('its pages outlive its descriptor while they are pinned, and no longer', () => {
    const memory = new PhysicalMemory();
    const before = memory.allocatedFrames;
    const file = make(8192, memory);
    const runs = file.pin(0n, 1);
    file.close();
    expect(memory.allocatedFrames).toBe(before + 2);
    if (runs.ok) file.unpin(runs.value);
    expect(memory.allocatedFrames).toBe(before);
  });
});
