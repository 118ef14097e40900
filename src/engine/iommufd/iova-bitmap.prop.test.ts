import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IovaBitmap } from './iova-bitmap';
import { MockMemory } from './testing/mock-memory';

// Model: bit n of the user's memory is set when page n of the stretch meets a recorded range, and no other bit changes.
// Linux: drivers/iommu/iommufd/iova_bitmap.c iova_bitmap_set()
const BITMAP_VA = 0x5000_0000n;

describe('a dirty bitmap', () => {
  it('gets the bits of every recorded range, beside those that were set before', () => {
    const ranges = fc.array(fc.tuple(fc.nat(3000), fc.integer({ min: 1, max: 700 })), { maxLength: 12 });
    fc.assert(
      fc.property(
        ranges,
        fc.constantFrom(2048, 4096, 65536),
        fc.nat(4200),
        fc.nat(255),
        (list, size, at, old) => {
          const memory = new MockMemory('p');
          memory.map(BITMAP_VA, 4, (index) => 10 + index);
          memory.write(BITMAP_VA, new Uint8Array(4 * 4096).fill(old));
          const iova = 0x1_0000_0000n;
          const grains = 4000;
          const request = {
            iova,
            length: BigInt(grains * 2048),
            pageSize: BigInt(size),
            data: BITMAP_VA + BigInt(at),
          };
          const bitmap = new IovaBitmap(memory, request);
          const model = new Uint8Array(4 * 4096).fill(old);
          for (const [first, count] of list) {
            const bytes = Math.min(count, grains - first) * 2048;
            bitmap.set(iova + BigInt(first * 2048), bytes);
            const last = Math.floor((first * 2048 + bytes - 1) / size);
            for (let bit = Math.floor((first * 2048) / size); bit <= last; bit++) {
              const byte = at + (bit >> 3);
              model[byte] = (model[byte] ?? 0) | (1 << (bit & 7));
            }
          }
          bitmap.flush();
          const read = memory.read(BITMAP_VA, 4 * 4096);
          expect(read.ok && read.value.findIndex((byte, index) => byte !== model[index])).toBe(-1);
        },
      ),
    );
  });

  it('ends, and says nothing, where the user’s memory does', () => {
    const memory = new MockMemory('p');
    memory.map(BITMAP_VA, 1, () => 10);
    const request = { iova: 0n, length: 2n ** 28n, pageSize: 4096n, data: BITMAP_VA + 4090n };
    const bitmap = new IovaBitmap(memory, request);
    bitmap.set(0n, 2 ** 28);
    bitmap.flush();
    expect(memory.read(BITMAP_VA + 4088n, 8)).toEqual({
      ok: true,
      value: Uint8Array.of(0, 0, 255, 255, 255, 255, 255, 255),
    });
  });

  it('that cannot be written is left alone', () => {
    const memory = new MockMemory('p');
    memory.map(BITMAP_VA, 1, () => 10, false);
    const bitmap = new IovaBitmap(memory, { iova: 0n, length: 0x10000n, pageSize: 4096n, data: BITMAP_VA });
    bitmap.set(0n, 0x10000);
    bitmap.flush();
    expect(memory.read(BITMAP_VA, 8)).toEqual({ ok: true, value: new Uint8Array(8) });
  });
});
