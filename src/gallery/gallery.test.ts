import { describe, expect, it } from 'vitest';
import { parseScript } from '../scenario/parse';
import { loadScenes, parseScene } from './index';

it('a scene tells about itself in its first comment lines', () => {
  const script =
    '# title: Two in one\n# summary: Why.\n# tags: groups, vfio\n# order: 2\nmachine m\n# title: not here';
  expect(parseScene('two', script)).toEqual({
    id: 'two',
    title: 'Two in one',
    summary: 'Why.',
    tags: ['groups', 'vfio'],
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

describe('every scene of the gallery', async () => {
  const scenes = await loadScenes();
  it.each(scenes)(
    '$id has a title, a summary, and a script that parses',
    ({ title, id, summary, script }) => {
      expect(title).not.toBe(id);
      expect(summary).not.toBe('');
      expect(parseScript(script).lines.flatMap((line) => line.error ?? [])).toEqual([]);
    },
  );
});
