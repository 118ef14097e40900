import { ENTRY_WORDS, emptyEntry, type EntryWords } from './bits';

/** A live entry in memory, word by word: every store is one 64-bit write that hardware may see at once. */
export interface LiveEntry {
  read(index: number): bigint;
  write(index: number, word: bigint): void;
}

/** What the kinds of entries differ in. Linux: struct arm_smmu_entry_writer_ops */
export interface EntryKind {
  /** Bits that hardware looks at while the entry says what `entry` says. */
  used(entry: readonly bigint[]): EntryWords;
  /** Used bits that may change at any time without harm. */
  updateSafe?(current: readonly bigint[], target: readonly bigint[]): EntryWords;
}

/**
 * Makes an entry say something else while hardware may read it at any moment. Hardware reads 64 bits at a time, an entry
 * has eight times that, so what it sees must be the old or the new meaning after each store.
 *
 * Where one word alone decides, the rest is prepared while nobody looks at it, that word is stored, and what is left over
 * is cleared: nothing is interrupted. Where two or more decide, the entry is made invalid first.
 *
 * Linux: arm-smmu-v3.c arm_smmu_write_entry()
 */
export function writeEntry(
  entry: LiveEntry,
  target: readonly bigint[],
  kind: EntryKind,
  sync: () => void,
): void {
  const { unused, differing } = wordDifference(readEntry(entry), target, kind);
  const set = (words: readonly bigint[], start: number, count: number): void => {
    if (storeWords(entry, words, start, count)) sync();
  };
  const [critical] = differing;
  if (critical === undefined) {
    // Nothing that is looked at changes, though safe bits may.
    set(target, 0, ENTRY_WORDS);
  } else if (differing.length === 1) {
    // The critical word is stored next anyway: leaving it alone here may save a sync.
    unused[critical] = entry.read(critical);
    set(unused, 0, ENTRY_WORDS);
    set(target, critical, 1);
    set(target, 0, ENTRY_WORDS);
  } else {
    unused[0] = 0n;
    set(unused, 0, 1);
    set(target, 1, ENTRY_WORDS - 1);
    set(target, 0, 1);
  }
}

export const readEntry = (entry: LiveEntry): EntryWords =>
  Array.from({ length: ENTRY_WORDS }, (_, index) => entry.read(index));

/** `differing`: words whose used bits still differ when all unused bits have their new values. Linux: arm_smmu_entry_qword_diff() */
function wordDifference(
  current: readonly bigint[],
  target: readonly bigint[],
  kind: EntryKind,
): { readonly unused: EntryWords; readonly differing: readonly number[] } {
  const currentUsed = kind.used(current);
  const targetUsed = kind.used(target);
  const safe = kind.updateSafe?.(current, target) ?? emptyEntry();
  const unused = emptyEntry();
  const differing: number[] = [];
  for (let index = 0; index < ENTRY_WORDS; index++) {
    const word = (words: readonly bigint[]): bigint => words[index] ?? 0n;
    // A bit that only one of the two uses is put in order by that one.
    const kept = word(currentUsed) & ~(word(safe) & word(targetUsed) & word(currentUsed));
    const prepared = (word(current) & kept) | (word(target) & ~kept);
    unused[index] = prepared;
    if ((prepared & word(targetUsed)) !== word(target)) differing.push(index);
  }
  return { unused, differing };
}

/** Whether anything changed. Linux: entry_set() */
function storeWords(entry: LiveEntry, words: readonly bigint[], start: number, count: number): boolean {
  let changed = false;
  for (let index = start; index < start + count; index++) {
    const word = words[index] ?? 0n;
    if (entry.read(index) === word) continue;
    entry.write(index, word);
    changed = true;
  }
  return changed;
}
