import { invariant } from '../../../../lib/invariant';
import { cacheShapeProblem, type CacheShape } from './config';

/** Words of an entry that it is found by. The first is never 0 in a valid one. */
export const TAGS = 3;

/**
 * A set-associative cache of small structures, found by three words.
 *
 * The document leaves replacement open: an empty way first, then the ways in turn. A cache without sets still has one
 * slot past its end, in which the structure at hand is put: it is never found again.
 */
export class TagCache {
  /** All entries, `words` each: the tags first. */
  readonly entries: Int32Array;
  private readonly setMask: number;
  private readonly setWords: number;
  private readonly turn: Int32Array;
  private readonly spare: number;
  /** The last one found: requests come in rows. */
  private last: number;

  constructor(
    readonly shape: CacheShape,
    readonly words: number,
    /** Called when an entry comes or goes. */
    private readonly changed: () => void = () => undefined,
  ) {
    invariant(cacheShapeProblem(shape) === null, 'a cache: sets and ways');
    const slots = shape.sets * shape.ways;
    this.entries = new Int32Array((slots + 1) * words);
    this.spare = slots * words;
    this.setMask = Math.max(shape.sets - 1, 0);
    this.setWords = shape.sets === 0 ? 0 : shape.ways * words;
    this.turn = new Int32Array(Math.max(shape.sets, 1));
    this.last = this.spare;
  }

  /** Index of an entry in `entries`, or -1. */
  find(first: number, second: number, third: number): number {
    const { entries, words, last, spare } = this;
    if (
      entries[last] === first &&
      entries[last + 1] === second &&
      entries[last + 2] === third &&
      last !== spare
    ) {
      return last;
    }
    const base = this.setOf(first, second, third) * this.setWords;
    const end = base + this.setWords;
    for (let at = base; at < end; at += words) {
      if (entries[at] === first && entries[at + 1] === second && entries[at + 2] === third)
        return (this.last = at);
    }
    return -1;
  }

  /** Index of the entry to fill in: it has its tags, and old data behind them. */
  claim(first: number, second: number, third: number): number {
    const { entries } = this;
    const at = this.shape.sets === 0 ? this.spare : this.slotFor(first, second, third);
    this.changed();
    entries[at] = first;
    entries[at + 1] = second;
    entries[at + 2] = third;
    return at;
  }

  /** Index of the slot for what is not to be found again. */
  aside(): number {
    this.entries.fill(0, this.spare);
    return this.spare;
  }

  /** What a claim would throw out: -1 for nothing. For the trace. */
  victim(first: number, second: number, third: number): number {
    if (this.shape.sets === 0) return -1;
    const at = this.slotFor(first, second, third, false);
    return this.entries[at] === 0 ? -1 : at;
  }

  /** Drops what `matches` says; how many that were. */
  dropWhere(matches: (at: number) => boolean): number {
    let dropped = 0;
    for (let at = 0; at < this.spare; at += this.words) {
      if (this.entries[at] === 0 || !matches(at)) continue;
      this.entries[at] = 0;
      dropped++;
    }
    if (dropped > 0) this.changed();
    return dropped;
  }

  /** Indices of the valid entries. */
  list(): readonly number[] {
    const found: number[] = [];
    for (let at = 0; at < this.spare; at += this.words) if (this.entries[at] !== 0) found.push(at);
    return found;
  }

  /** Where an entry lies, for people. */
  place(at: number): { readonly set: number; readonly way: number } {
    const slot = at / this.words;
    return { set: Math.floor(slot / this.shape.ways), way: slot % this.shape.ways };
  }

  private slotFor(first: number, second: number, third: number, take = true): number {
    const { entries, words } = this;
    const set = this.setOf(first, second, third);
    const base = set * this.setWords;
    for (let at = base; at < base + this.setWords; at += words) if (entries[at] === 0) return at;
    const way = this.turn[set] as number;
    if (take) this.turn[set] = (way + 1) % this.shape.ways;
    return base + way * words;
  }

  private setOf(first: number, second: number, third: number): number {
    const mixed = Math.imul(
      first ^ Math.imul(second, 0x85eb_ca6b) ^ Math.imul(third, 0xc2b2_ae35),
      0x9e37_79b1,
    );
    return (mixed >>> 16) & this.setMask;
  }
}
