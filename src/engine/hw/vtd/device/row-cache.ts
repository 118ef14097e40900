import { invariant } from '../../../../lib/invariant';
import { cacheShapeProblem, type CacheShape } from './config';

/** First words of every row: what it is found by. */
export const TAG = 0;
export const TAG2 = 1;

const VALID = 1 << 31;

/**
 * Decoded entries, tagged with one or two numbers, in sets and ways.
 *
 * The document leaves replacement open: an empty way first, then the ways in turn. Behind the rows lies one more that
 * nobody finds: what a unit without this cache puts there lasts as long as the request.
 */
export class RowCache {
  /** All rows, `rowWords` words each. */
  readonly entries: Int32Array;
  readonly sets: number;
  readonly ways: number;
  private readonly setMask: number;
  private readonly turn: Int32Array;
  private readonly scratch: number;
  /** Index of the last hit: a device's requests come in rows. */
  private last = 0;

  constructor(
    shape: CacheShape,
    readonly rowWords: number,
    /** Remembers what it found here, and forgets it when a row comes or goes. */
    private readonly user: { forget(): void } | null = null,
  ) {
    invariant(cacheShapeProblem(shape) === null, 'a cache: sets and ways');
    this.sets = shape.sets;
    this.ways = shape.sets === 0 ? 0 : shape.ways;
    this.setMask = Math.max(shape.sets - 1, 0);
    this.scratch = this.sets * this.ways * rowWords;
    this.entries = new Int32Array(this.scratch + rowWords);
    this.turn = new Int32Array(shape.sets);
  }

  /** Index of a row in `entries`, or -1. The first tag has at most 31 bits. */
  find(tag: number, tag2 = 0): number {
    const { entries, last } = this;
    const wanted = tag | VALID;
    if (entries[last] === wanted && entries[last + TAG2] === tag2) return last;
    return this.search(wanted, tag2);
  }

  private search(wanted: number, tag2: number): number {
    const { entries, rowWords } = this;
    const base = this.setOf(wanted, tag2) * this.ways * rowWords;
    const end = base + this.ways * rowWords;
    for (let at = base; at < end; at += rowWords) {
      if (entries[at] === wanted && entries[at + TAG2] === tag2) return (this.last = at);
    }
    return -1;
  }

  /** Enters a decoded row, whose tags it sets, and returns its index. */
  fill(tag: number, tag2: number, row: Int32Array): number {
    this.user?.forget();
    const at = this.wayFor(tag, tag2);
    this.entries.set(row.subarray(0, this.rowWords), at);
    this.entries[at] = at === this.scratch ? 0 : tag | VALID;
    this.entries[at + TAG2] = tag2;
    return at;
  }

  /** Puts a row where nobody finds it. */
  hold(row: Int32Array): number {
    this.entries.set(row.subarray(0, this.rowWords), this.scratch);
    this.entries[this.scratch] = 0;
    return this.scratch;
  }

  /** What a fill would throw out: its tag, or -1. */
  victim(tag: number, tag2 = 0): number {
    const at = this.ways === 0 ? this.scratch : this.wayFor(tag, tag2, false);
    const old = this.entries[at] as number;
    return old === 0 ? -1 : old & ~VALID;
  }

  invalidateAll(): number {
    return this.dropWhere(() => true);
  }

  dropWhere(matches: (at: number) => boolean): number {
    this.user?.forget();
    let dropped = 0;
    for (let at = 0; at < this.scratch; at += this.rowWords) {
      if (this.entries[at] === 0 || !matches(at)) continue;
      this.entries[at] = 0;
      dropped++;
    }
    return dropped;
  }

  /** Indices of the valid rows. */
  rows(): readonly number[] {
    const found: number[] = [];
    for (let at = 0; at < this.scratch; at += this.rowWords) if (this.entries[at] !== 0) found.push(at);
    return found;
  }

  tagAt(at: number): number {
    return (this.entries[at] as number) & ~VALID;
  }

  setAt(at: number): number {
    return Math.floor(at / (this.ways * this.rowWords));
  }

  wayAt(at: number): number {
    return (at / this.rowWords) % this.ways;
  }

  private wayFor(tag: number, tag2: number, advance = true): number {
    if (this.ways === 0) return this.scratch;
    const set = this.setOf(tag, tag2);
    const base = set * this.ways * this.rowWords;
    for (let way = 0; way < this.ways; way++) {
      if (this.entries[base + way * this.rowWords] === 0) return base + way * this.rowWords;
    }
    const way = this.turn[set] as number;
    if (advance) this.turn[set] = (way + 1) % this.ways;
    return base + way * this.rowWords;
  }

  private setOf(tag: number, tag2: number): number {
    // Most functions are number 0 of their device: the low three bits alone would crowd one set.
    return (tag ^ (tag >>> 3) ^ (tag >>> 8) ^ tag2 ^ (tag2 >>> 5)) & this.setMask;
  }
}
