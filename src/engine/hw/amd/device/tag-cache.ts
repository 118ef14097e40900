import { invariant } from '../../../../lib/invariant';
import { cacheShapeProblem, type CacheShape } from './config';

/** Words of an entry that it is found by. The first is never 0 in a valid one. */
export const TAGS = 3;

/** A walk claims so many at most, before it is known to be good: one for each table on its way, and one for its end. */
const MOST_CLAIMS = 16;

/** Places for hints, by the third word, and by what tells a process's second word from the host's; a power of two. */
const HINTS = 512;

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
  /** What claimForNow() replaced: index, whose turn it was, and the words. */
  private readonly undo: Int32Array;
  private undoEnd = 0;
  /** Where entries were found last: requests come in rows, and come again. The entry's tags decide. */
  private readonly hints: Int32Array;

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
    this.hints = new Int32Array(HINTS).fill(this.spare);
    this.undo = new Int32Array(MOST_CLAIMS * (words + 2));
  }

  /** Index of an entry in `entries`, or -1. */
  find(first: number, second: number, third: number): number {
    const { entries, words, hints, spare } = this;
    const place = (third ^ (second >>> 7)) & (HINTS - 1);
    const last = hints[place] as number;
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
        return (hints[place] = at);
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

  /** As claim(), until commit() only for now. `changed` is not told: what comes and goes so decides about no request. */
  claimForNow(first: number, second: number, third: number): number {
    if (this.shape.sets === 0) return this.spare;
    const { entries, words, undo, undoEnd } = this;
    invariant(undoEnd < undo.length, 'a walk claims so much');
    undo[undoEnd + 1] = this.turn[this.setOf(first, second, third)] as number;
    const at = this.slotFor(first, second, third);
    undo[undoEnd] = at;
    for (let n = 0; n < words; n++) undo[undoEnd + 2 + n] = entries[at + n] as number;
    this.undoEnd = undoEnd + words + 2;
    entries[at] = first;
    entries[at + 1] = second;
    entries[at + 2] = third;
    return at;
  }

  commit(): void {
    this.undoEnd = 0;
  }

  /** Takes back what was claimed since the last commit(). */
  rollBack(): void {
    const { entries, words, undo } = this;
    for (let from = this.undoEnd - words - 2; from >= 0; from -= words + 2) {
      const at = undo[from] as number;
      this.turn[Math.floor(at / this.setWords)] = undo[from + 1] as number;
      for (let n = 0; n < words; n++) entries[at + n] = undo[from + 2 + n] as number;
    }
    this.undoEnd = 0;
  }

  /** Index of the slot for what is not to be found again. */
  aside(): number {
    this.entries.fill(0, this.spare);
    return this.spare;
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

  private slotFor(first: number, second: number, third: number): number {
    const { entries, words } = this;
    const set = this.setOf(first, second, third);
    const base = set * this.setWords;
    for (let at = base; at < base + this.setWords; at += words) if (entries[at] === 0) return at;
    const way = this.turn[set] as number;
    this.turn[set] = (way + 1) % this.shape.ways;
    return base + way * words;
  }

  /** Neighbours by the third word, such as tables of an address space, lie in sets of their own. */
  private setOf(first: number, second: number, third: number): number {
    const mixed = Math.imul(first ^ Math.imul(second, 0x85eb_ca6b), 0x9e37_79b1);
    return ((mixed >>> 16) ^ third) & this.setMask;
  }
}
