import { describe, expect, it } from 'vitest';
import { parseScript } from '../scenario/parse';
import type { Statement } from '../scenario/script';
import { loadScenes, parseScene } from './index';
import { readKept } from './kept';
import { markSeen, parseSeen, useSeen } from './seen';

it('a scene tells about itself in its first comment lines', () => {
  const script =
    '# title: Two in one\n# summary: Why.\n# tags: groups, vfio\n# difficulty: expert\n# order: 2\nmachine m\n# title: not here';
  expect(parseScene('two', script)).toEqual({
    id: 'two',
    title: 'Two in one',
    summary: 'Why.',
    tags: ['groups', 'vfio'],
    difficulty: 'expert',
    order: 2,
    script,
  });
});

it('a scene that tells nothing is called after its file', () => {
  expect(parseScene('two', 'machine m')).toMatchObject({
    title: 'two',
    summary: '',
    tags: [],
    order: Infinity,
  });
});

const files = import.meta.glob<string>('./*/*.iommu', { query: '?raw', import: 'default', eager: true });
const scenes = Object.entries(files).map(([path, script]) => ({ path, script }));

/** Lines that say what the kernel or the hardware must do there, beyond going through. */
const statesOutcome = ({ verb, expect: expected, args }: Statement): boolean =>
  /^expect/.test(verb) ||
  expected !== null ||
  args.some((arg) =>
    arg.kind === 'option'
      ? ['in', 'reaches', 'hits', 'misses', 'blocked', 'answer'].includes(arg.key)
      : arg.text === 'is' || arg.text === 'contains',
  );

describe.each(scenes)('$path', ({ script }) => {
  const { lines } = parseScript(script);

  it('has a title, tags, a difficulty, and a script that parses', () => {
    expect(script).toMatch(/^# (?:title: |[A-E]\d+ · |[\w-]+ \d+ · )\S/);
    expect(script).toMatch(/\n# tags: [a-z]/);
    expect(script).toMatch(/\n# difficulty: (?:beginner|intermediate|expert)\n/);
    expect(lines.flatMap((line) => line.error ?? [])).toEqual([]);
  });

  // That it does come out so is shown for every scene in worker/engine.test.ts, which plays them all.
  it('states what must come out', () => {
    const stated = lines.flatMap(({ statement }) => statement ?? []).filter(statesOutcome);
    expect(stated.length).toBeGreaterThan(0);
  });
});

it('the scenes that the empty page offers have a summary each', async () => {
  const offered = await loadScenes();
  expect(offered.length).toBeGreaterThan(3);
  expect(offered.filter(({ summary }) => summary === '')).toEqual([]);
});

it('what was seen is read back as it was kept; anything else is nothing seen', () => {
  expect([...parseSeen(['e4', 'b1'])]).toEqual(['e4', 'b1']);
  expect([...parseSeen(['e4', 7, null])]).toEqual(['e4']);
  for (const odd of [null, undefined, 'e4', 7, { e4: true }]) expect([...parseSeen(odd)]).toEqual([]);
});

it('without storage nothing is remembered, and nothing breaks', () => {
  markSeen('e4');
  expect(useSeen.getState().seen.has('e4')).toBe(true);
  expect(readKept('iommu-playground-seen')).toBeNull();
});
