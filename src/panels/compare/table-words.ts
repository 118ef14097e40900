import type { TableStretch } from '../../worker/timeline/tables';

/** A word of memory that is another; null: there was no table at that address. */
export interface WordChange {
  readonly pa: number;
  readonly level: number | null;
  readonly before: bigint | null;
  readonly after: bigint | null;
}

const WORD = 8;
type Word = Pick<WordChange, 'level'> & { readonly value: bigint };

/** Words that differ, by their addresses. A table that came or went is told by its words that are not zero. */
export function diffWords(a: readonly TableStretch[], b: readonly TableStretch[]): readonly WordChange[] {
  const was = wordsOf(a);
  const is = wordsOf(b);
  return [...new Set([...was.keys(), ...is.keys()])]
    .toSorted((x, y) => x - y)
    .flatMap((pa): readonly WordChange[] => {
      const before = was.get(pa);
      const after = is.get(pa);
      if ((before?.value ?? 0n) === (after?.value ?? 0n)) return [];
      return [
        {
          pa,
          level: (after ?? before)?.level ?? null,
          before: before?.value ?? null,
          after: after?.value ?? null,
        },
      ];
    });
}

function wordsOf(stretches: readonly TableStretch[]): ReadonlyMap<number, Word> {
  const words = new Map<number, Word>();
  for (const { pa, level, bytes } of stretches) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + WORD <= bytes.length; at += WORD)
      words.set(pa + at, { level, value: view.getBigUint64(at, true) });
  }
  return words;
}
