import { invariant } from '../../../../lib/invariant';
import { cacheShapeProblem, type CacheShape } from './config';

/** Words of a context: what a context entry means to a request, decoded. */
export const CTX_TAG = 0;
export const CTX_DID = 1;
export const CTX_LEVELS = 2; // 0: pass-through
export const CTX_ROOT_PFN = 3;
/** High address bits that a request may not have. */
export const CTX_OVER_HI = 4;
export const CTX_FPD = 5;
export const CTX_WORDS = 8;

const VALID = 1 << 16;

/**
 * Cached context entries, tagged with the source id.
 *
 * Spec: section 6.2.3 "Context-cache"
 *
 * Only present, valid entries are cached (CAP.CM = 0). Replacement as in the IOTLB.
 */
export class ContextCache {
  /** CTX_* words of all entries. */
  readonly entries: Int32Array;
  private readonly ways: number;
  private readonly setMask: number;
  private readonly turn: Int32Array;
  /** Index of the last hit: a device's requests come in rows. */
  private last = 0;

  constructor(shape: CacheShape) {
    invariant(cacheShapeProblem(shape) === null, 'context cache: sets and ways');
    this.ways = shape.ways;
    this.setMask = shape.sets - 1;
    this.entries = new Int32Array(shape.sets * shape.ways * CTX_WORDS);
    this.turn = new Int32Array(shape.sets);
  }

  /** Index of a source's entry in `entries`, or -1. */
  find(rid: number): number {
    const { entries, ways } = this;
    if (entries[this.last] === (rid | VALID)) return this.last;
    const base = this.setOf(rid) * ways * CTX_WORDS;
    const end = base + ways * CTX_WORDS;
    for (let at = base; at < end; at += CTX_WORDS) {
      if (entries[at] === (rid | VALID)) return (this.last = at);
    }
    return -1;
  }

  /** Enters a decoded context and returns its index. */
  fill(rid: number, context: Int32Array): number {
    const set = this.setOf(rid);
    const base = set * this.ways * CTX_WORDS;
    let at = -1;
    for (let way = 0; way < this.ways && at < 0; way++) {
      if (this.entries[base + way * CTX_WORDS] === 0) at = base + way * CTX_WORDS;
    }
    if (at < 0) {
      const way = this.turn[set] as number;
      this.turn[set] = (way + 1) % this.ways;
      at = base + way * CTX_WORDS;
    }
    this.entries.set(context, at);
    this.entries[at] = rid | VALID;
    return at;
  }

  invalidateAll(): number {
    const dropped = this.list().length;
    this.entries.fill(0);
    return dropped;
  }

  invalidateDomain(did: number): number {
    return this.dropWhere((at) => this.entries[at + CTX_DID] === did);
  }

  /** One source, or up to eight functions of a device by the function mask. Spec: section 6.5.2.1, field FM */
  invalidateDevice(did: number, rid: number, functionMask: number): number {
    const ignored = [0, 0b100, 0b110, 0b111][functionMask] ?? 0;
    return this.dropWhere(
      (at) =>
        this.entries[at + CTX_DID] === did &&
        (((this.entries[at] as number) ^ (rid | VALID)) & ~ignored) === 0,
    );
  }

  /** Source ids and indices of the valid entries. */
  list(): readonly { readonly rid: number; readonly at: number }[] {
    const found: { readonly rid: number; readonly at: number }[] = [];
    for (let at = 0; at < this.entries.length; at += CTX_WORDS) {
      const tag = this.entries[at] as number;
      if (tag !== 0) found.push({ rid: tag & 0xffff, at });
    }
    return found;
  }

  private setOf(rid: number): number {
    // Most functions are number 0 of their device: the low three bits alone would crowd one set.
    return (rid ^ (rid >>> 3) ^ (rid >>> 8)) & this.setMask;
  }

  private dropWhere(matches: (at: number) => boolean): number {
    let dropped = 0;
    for (const { at } of this.list()) {
      if (!matches(at)) continue;
      this.entries[at] = 0;
      dropped++;
    }
    return dropped;
  }
}
