import { describe, expect, it } from 'vitest';
import { goesOn, isKept, needless, parseDraft, parseVersion, titleOf, type Version } from './draft';
import { agoWords } from '../../words/app/drafts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = 2000 * DAY;

const version = (at: number, name: string | null = null): Version => ({
  id: `${at} ${name}`,
  draftId: 'd',
  name,
  script: `machine at-${at}`,
  cursor: 1,
  at,
});

describe('a script goes on from another one', () => {
  const script = 'machine q35\npci 00:02.0 rciep\nboot\nctx = open /dev/iommu\nioas = IOAS_ALLOC ctx';

  it('where lines are added, changed or taken away', () => {
    expect(goesOn(script, `${script}\ndma 00:02.0 write 0x1000 64`)).toBe(true);
    expect(goesOn(script, script.replace('q35', '"Test bench"'))).toBe(true);
    expect(goesOn(script, 'machine q35\nboot')).toBe(true);
    expect(goesOn(`${script}\nnote "x"`, script)).toBe(true);
  });

  it('not where another scene takes its place', () => {
    expect(goesOn(script, 'machine other iommu=amd\npci 00:03.0 rciep\nreset\nnote "x"')).toBe(false);
    expect(goesOn('', script)).toBe(false);
    // Every scene boots; that alone makes them no one work.
    expect(goesOn(script, 'machine a\npci 00:04.0 rciep\nnote "b"\nnote "c"\nnote "d"')).toBe(false);
  });
});

describe('versions that the page made by itself', () => {
  it('are all kept for half an hour', () => {
    const recent = [1, 5, 9, 14, 20, 29].map((minutes) => version(NOW - minutes * MINUTE));
    expect(needless(recent, NOW)).toEqual([]);
  });

  it('then one an hour, the newest of it; later one a day', () => {
    const today = [60, 62, 64].map((minutes) => version(NOW - 2 * HOUR + minutes * MINUTE - HOUR));
    expect(needless(today, NOW)).toEqual([today[1], today[0]]);
    const before = [1, 5, 9].map((hours) => version(NOW - 10 * DAY + hours * HOUR));
    expect(needless(before, NOW)).toEqual([before[1], before[0]]);
  });

  it('are never more than forty', () => {
    const many = Array.from({ length: 100 }, (_, days) => version(NOW - (days + 2) * DAY));
    expect(needless(many, NOW)).toHaveLength(60);
  });

  it('go; those that a person named stay', () => {
    const named = Array.from({ length: 100 }, (_, n) => version(NOW - 5 * DAY + n, `v${n}`));
    expect(needless(named, NOW)).toEqual([]);
  });

  it('do not repeat what is kept', () => {
    expect(isKept([version(1)], 'machine at-1')).toBe(true);
    expect(isKept([version(1)], 'machine at-2')).toBe(false);
  });
});

describe('what storage holds', () => {
  const draft = { id: 'a', name: null, script: 'boot', cursor: 1, savedAt: 5 };

  it('is read as it was written', () => {
    expect(parseDraft(structuredClone(draft))).toEqual(draft);
    expect(parseVersion(structuredClone(version(3, 'x')))).toEqual(version(3, 'x'));
  });

  it('is left aside where it is something else', () => {
    for (const wrong of [
      null,
      1,
      'x',
      {},
      { ...draft, script: 1 },
      { ...draft, cursor: -1 },
      { ...draft, id: 2 },
    ])
      expect(parseDraft(wrong)).toBeNull();
    expect(parseVersion({ ...version(1), at: 'now' })).toBeNull();
    expect(parseDraft({ ...draft, name: 7 })).toEqual(draft);
  });
});

it('a draft is called as its person named it, else as its scene is', () => {
  expect(titleOf({ name: 'Mine', script: 'machine "Test bench"' })).toBe('Mine');
  expect(titleOf({ name: null, script: 'machine "Test bench"' })).toBe('Test bench');
  expect(titleOf({ name: null, script: 'boot' })).toBeNull();
});

it('how long ago, in words', () => {
  expect(agoWords(NOW - 3000, NOW)).toBe('just now');
  expect(agoWords(NOW - 42_000, NOW)).toBe('42 seconds ago');
  expect(agoWords(NOW - 12 * MINUTE, NOW)).toBe('12 minutes ago');
  expect(agoWords(NOW - 25 * HOUR, NOW)).toBe('yesterday');
  expect(agoWords(NOW - 70 * DAY, NOW)).toBe('2 months ago');
  expect(agoWords(NOW + DAY, NOW)).toBe('just now');
});
