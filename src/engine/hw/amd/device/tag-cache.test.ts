import { expect, it } from 'vitest';
import { TagCache } from './tag-cache';

// A walk that gives up must leave nothing behind: entries, and whose turn it is, are what a cache without that walk has.
it('(rule) what was claimed for now goes with rollBack(), and what gave way comes back', () => {
  const [tried, other] = [0, 1].map(() => new TagCache({ sets: 1, ways: 2 }, 4)) as [TagCache, TagCache];
  for (const cache of [tried, other]) for (const n of [1, 2, 3]) cache.entries[cache.claim(n, 0, 0) + 3] = n;
  for (const n of [4, 5, 6]) tried.entries[tried.claimForNow(n, 0, 0) + 3] = n;
  expect(tried.find(6, 0, 0)).toBeGreaterThanOrEqual(0);
  tried.rollBack();
  expect(tried.entries).toEqual(other.entries);
  // The next one takes the same way in both.
  expect(tried.claim(7, 0, 0)).toBe(other.claim(7, 0, 0));
  tried.commit();
  expect(tried.entries).toEqual(other.entries);
});
