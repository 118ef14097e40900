/** Something of the gallery, as a search sees it. */
export interface Findable {
  readonly title: string;
  /** What else is shown of it. */
  readonly heading: string;
  readonly script: string;
}

/** Shorter words are found in headings only: every script has an `e4` in some address. */
const IN_SCRIPT = 4;

/** How well it fits: 0, all words are in its title; 1, in what is shown of it; 2, in its script too; null: it does not. */
export function rankOf(query: string, { title, heading, script }: Findable): 0 | 1 | 2 | null {
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const [name, shown] = [title.toLowerCase(), `${title} ${heading}`.toLowerCase()];
  if (words.every((word) => name.includes(word))) return 0;
  if (words.every((word) => shown.includes(word))) return 1;
  const text = script.toLowerCase();
  const deep = words.every(
    (word) => shown.includes(word) || (word.length >= IN_SCRIPT && text.includes(word)),
  );
  return deep ? 2 : null;
}

/** What fits, the best first; within a rank as it stood. */
export function found<T extends Findable>(query: string, all: readonly T[]): readonly T[] {
  return all
    .flatMap((each) => {
      const rank = rankOf(query, each);
      return rank === null ? [] : [{ each, rank }];
    })
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ each }) => each);
}
