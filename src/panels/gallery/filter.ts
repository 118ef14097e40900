import type { About, Difficulty } from '../../gallery/about';

/** What the gallery shows of all that it has. */
export interface Filter {
  readonly difficulty: Difficulty | null;
  readonly tag: string | null;
}

export const NO_FILTER: Filter = { difficulty: null, tag: null };

export const fits = ({ difficulty, tag }: Filter, about: About): boolean =>
  (difficulty === null || about.difficulty === difficulty) && (tag === null || about.tags.includes(tag));

/** Tags that several have, by their letters. */
export function tagsIn(all: readonly About[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { tags } of all) for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return [...counts]
    .sort(([a], [b]) => a.localeCompare(b))
    .flatMap(([tag, count]) => (count > 1 ? [tag] : []));
}
