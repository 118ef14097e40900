import type { CacheEntryView, CacheView } from '../../engine/hw/common/view';
import type { LookupPart } from '../../engine/sim/batch';
import { isTable } from './columns';
import { entriesOf } from './stale';

/** What a look-up had to do with a cache. */
export interface CacheUse {
  readonly cacheId: string;
  /** `hit`: an entry answered. `filled`: it was put there, or stands there now. `miss`: nothing was kept. */
  readonly how: 'hit' | 'filled' | 'miss';
  readonly entry: CacheEntryView | null;
  /** Place of the step that asked, or after which it was filled. */
  readonly index: number;
}

/**
 * The entries of a unit's caches that a look-up used or left behind, in the order of its steps. The caches as they are: right
 * after the look-up that is what it left.
 */
export function cacheUses(
  part: LookupPart,
  caches: readonly CacheView[],
  shown: number,
): readonly CacheUse[] {
  const done = shown >= part.steps.length;
  const uses: CacheUse[] = [];
  const seen = new Set<CacheEntryView>();
  part.steps.slice(0, shown).forEach((step, index) => {
    if (step.kind === 'cache') {
      const [entry = null] = step.outcome === 'hit' || done ? entriesOf(part, index, caches) : [];
      if (entry !== null) seen.add(entry);
      const how = step.outcome === 'hit' ? 'hit' : entry !== null ? 'filled' : 'miss';
      uses.push({ cacheId: step.structure, how, entry, index });
    }
    if (isTable(step) && done) {
      const table = (step.pa ?? 0) - (step.index ?? 0) * 8;
      for (const entry of tablesAt(caches, table)) {
        if (!seen.has(entry.entry)) uses.push({ ...entry, how: 'filled', index });
        seen.add(entry.entry);
      }
    }
  });
  return uses;
}

/** Caches of tables by where the table lies. */
const tablesAt = (
  caches: readonly CacheView[],
  pa: number,
): readonly { readonly cacheId: string; readonly entry: CacheEntryView }[] =>
  caches
    .filter(({ id }) => id === 'paging-structure' || id === 'walk')
    .flatMap(({ id, entries }) =>
      entries
        .filter((entry) =>
          entry.pa === undefined
            ? entry.gives.split(/[\s,;]+/).includes(`0x${pa.toString(16)}`)
            : entry.pa === pa,
        )
        .map((entry) => ({ cacheId: id, entry })),
    );
