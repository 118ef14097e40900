/** What a trail is kept by; the keys of another trail differ in one of them. */
export const TRAIL_KEYS = 8;
const ENTRY_WORDS = 3;
/** Of the upper tables of five guest levels, each behind six of the host. */
const MOST_ENTRIES = 40;

/**
 * The entries that the upper part of a walk came by: where each is in memory's words, and what it said. Walks mostly share
 * it with the last one: then it is enough that every entry still says that. Nothing is taken from a trail that memory does
 * not hold now.
 */
export class Trail {
  /** What it led to: the frame of a table, and what the way there permits. */
  frame = -1;
  perms = 0;
  readonly keys = new Int32Array(TRAIL_KEYS);
  private readonly entries = new Int32Array(MOST_ENTRIES * ENTRY_WORDS);
  private end = 0;

  /** Begins anew: until the end is known it leads nowhere. */
  clear(): void {
    this.frame = -1;
    this.end = 0;
  }

  /** Takes down an entry. The ways to several tables have most of them in common. */
  note(at: number, lo: number, hi: number): void {
    const { entries, end } = this;
    for (let n = 0; n < end; n += ENTRY_WORDS) if (entries[n] === at) return;
    entries[end] = at;
    entries[end + 1] = lo;
    entries[end + 2] = hi;
    this.end = end + ENTRY_WORDS;
  }

  holds(words: Int32Array): boolean {
    const { entries, end } = this;
    for (let n = 0; n < end; n += ENTRY_WORDS) {
      const at = entries[n] as number;
      if (words[at] !== entries[n + 1] || words[at + 1] !== entries[n + 2]) return false;
    }
    return this.frame >= 0;
  }
}
