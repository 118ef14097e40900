import { describe, expect, it } from 'vitest';
import type { LiveBytes } from './frame-block';
import { Frames, type Place } from './frames';

/** A process's private memory, as a map from page address to what lies there; `null`: nothing any more. */
class Process implements LiveBytes {
  readonly pages = new Map<number, number | null>();

  holds(va: number): boolean {
    return this.pages.get(va - (va % 4096)) !== null;
  }

  readLive(va: number, bytes: number): Uint8Array {
    return new Uint8Array(bytes).fill(this.pages.get(va - (va % 4096)) ?? 0);
  }

  writeLive(va: number, data: Uint8Array): boolean {
    this.pages.set(va - (va % 4096), data[0] ?? 0);
    return true;
  }
}

const privatePlace = (live: LiveBytes, page: number): Place => ({
  key: `private ${Math.floor(page / 512)}`,
  index: page % 512,
  frames: 512,
  compound: false,
  origin: { identity: null, file: null, position: 0, live, va: Math.floor(page / 512) * 2 ** 21 },
});

describe('frame numbers of real pages', () => {
  it('two looks at one place see one frame, two places two', () => {
    const frames = new Frames();
    const memory = new Process();
    expect(frames.frameAt(privatePlace(memory, 5))).toBe(frames.frameAt(privatePlace(memory, 5)));
    expect(frames.frameAt(privatePlace(memory, 6))).toBe(frames.frameAt(privatePlace(memory, 5)) + 1);
  });

  it('pages of a huge page are neighbours, naturally aligned, and not counted one by one', () => {
    const frames = new Frames();
    const memory = new Process();
    frames.frameAt(privatePlace(memory, 3)); // something else before
    const runs: { pfn: number; count: number }[] = [];
    const huge = { ...privatePlace(memory, 512), frames: 262144, key: 'huge', compound: true };
    frames.pin({ ...huge, index: 0 }, 262144, runs);
    expect(runs).toHaveLength(1);
    expect(runs[0]!.pfn % 262144).toBe(0);
    expect(frames.pinsOf(runs[0]!.pfn + 262143)).toBeNull();
    frames.unpin(runs);
    expect(frames.pinned).toBe(0);
  });

  it('counts pins, and throws at one too many', () => {
    const frames = new Frames();
    const memory = new Process();
    const runs: { pfn: number; count: number }[] = [];
    frames.pin(privatePlace(memory, 1), 2, runs);
    frames.pin(privatePlace(memory, 2), 1, runs);
    const pfn = frames.frameAt(privatePlace(memory, 2));
    expect(frames.pinsOf(pfn)).toBe(2);
    frames.unpin([{ pfn, count: 1 }]);
    expect(frames.pinsOf(pfn)).toBe(1);
    frames.unpin([{ pfn: pfn - 1, count: 2 }]);
    expect(() => frames.unpin([{ pfn, count: 1 }])).toThrow(/not pinned/);
  });

  // What a kernel's pin means: the page stays what it is, whatever the process does to its mapping.
  it('a pinned page outlives its mapping; the same address then stands for another frame', () => {
    const frames = new Frames();
    const memory = new Process();
    memory.pages.set(4096, 7);
    const runs: { pfn: number; count: number }[] = [];
    frames.pin(privatePlace(memory, 1), 1, runs);
    frames.keepCopies(runs, () => memory.readLive(4096, 4096));
    const { pfn } = runs[0]!;
    memory.pages.set(4096, null);
    expect(frames.readFrame(pfn, 0, 4)).toEqual(Uint8Array.of(7, 7, 7, 7));
    memory.pages.set(4096, 9);
    expect(frames.frameAt(privatePlace(memory, 1))).not.toBe(pfn);
    expect(frames.readFrame(pfn, 0, 1)).toEqual(Uint8Array.of(7));
    frames.writeFrame(pfn, 0, Uint8Array.of(3));
    expect(frames.readFrame(pfn, 0, 2)).toEqual(Uint8Array.of(3, 7));
    expect(memory.pages.get(4096)).toBe(9);
  });
});
