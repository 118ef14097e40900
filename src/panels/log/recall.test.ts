import { describe, expect, it } from 'vitest';
import { recallable, searchBack } from './recall';

describe('lines brought back', () => {
  it('are those that act, and what was typed in vain', () => {
    const script = ['# title', 'boot', '', 'place dev 1 2', 'dma 01:00.0 read 0 4', 'dma 01:00.0 read 0 4'];
    expect(recallable(script, ['boot', 'dmaa x'])).toEqual(['boot', 'dma 01:00.0 read 0 4', 'dmaa x']);
  });
  it('are found by any words of them, the newest first, each once', () => {
    const lines = ['ctx = open /dev/iommu', 'a = IOAS_ALLOC ctx', 'boot', 'b = IOAS_ALLOC ctx', 'boot'];
    expect(searchBack(lines, 'ctx alloc', 0)).toBe('b = IOAS_ALLOC ctx');
    expect(searchBack(lines, 'ctx alloc', 1)).toBe('a = IOAS_ALLOC ctx');
    expect(searchBack(lines, 'boot', 1)).toBeNull();
    expect(searchBack(lines, ' ', 0)).toBeNull();
  });
});
