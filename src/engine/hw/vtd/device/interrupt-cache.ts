import type { CacheShape } from './config';
import { RowCache } from './row-cache';

/** The four words of a cached interrupt-remapping entry, behind its index. */
export const IRTE_WORDS = 2;
const ROW_WORDS = 6;

/** Cached interrupt-remapping entries, tagged with the interrupt index. Spec: section 6.3 "Interrupt Entry Cache" */
export class InterruptCache extends RowCache {
  constructor(shape: CacheShape) {
    super(shape, ROW_WORDS);
  }

  /** 2^mask entries from an index on, as the mask leaves the low bits of the index out. */
  invalidateIndices(index: number, mask: number): number {
    return this.dropWhere((at) => this.tagAt(at) >>> mask === index >>> mask);
  }
}
