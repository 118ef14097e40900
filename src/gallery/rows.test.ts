import { describe, expect, it } from 'vitest';
import { parseScript } from '../scenario/parse';
import { parseRow, threads, threadsOf } from './rows';
import { found, rankOf } from './search';

it('a row tells its number and title in its first line', () => {
  const script = '# E4 · Two at once\n# tags: replace, locks\n# difficulty: expert\nmachine "E4"\n';
  expect(parseRow('./rows/e4-two.iommu', script)).toEqual({
    id: 'e4-two',
    row: 'E4',
    title: 'Two at once',
    tags: ['replace', 'locks'],
    difficulty: 'expert',
    script,
  });
});

it('rows stand in their threads, by number and not by letters', () => {
  const rows = ['A10', 'A2', 'B1'].map((row) => parseRow(row, `# ${row} · it`));
  expect(threadsOf(rows).map((thread) => thread.rows.map(({ row }) => row))).toEqual([
    ['A2', 'A10'],
    ['B1'],
    [],
    [],
    [],
  ]);
});

describe('every row of the gallery', () => {
  const rows = threads.flatMap((thread) => thread.rows);

  it('is in a thread', () => {
    const files = import.meta.glob('./rows/*.iommu');
    expect(rows.length).toBe(Object.keys(files).length);
    expect(threads.map((thread) => thread.rows.length > 9)).toEqual([true, true, true, true, true]);
  });

  it.each(rows)('$id has a title, a name for its machine, a note, and a script that parses', (row) => {
    const { lines } = parseScript(row.script);
    expect(row.title).not.toBe(row.id);
    expect(lines.flatMap((line) => line.error ?? [])).toEqual([]);
    const verbs = lines.flatMap(({ statement }) => statement?.verb ?? []);
    expect(verbs[0]).toBe('machine');
    expect(verbs).toContain('note');
  });
});

describe('a search', () => {
  const e4 = {
    title: 'Two replaces at once',
    heading: 'E4 Device lists locks expert',
    script: 'dma 02:00.0 read 0xe5 64\nIOAS_ALLOC ctx',
  };

  it.each([
    ['', 0],
    ['REPLACES two', 0],
    ['e4', 1],
    ['once locks', 1],
    ['once ioas_alloc', 2],
    ['e5', null],
    ['two threads', null],
    ['nothing', null],
  ])('%j has rank %j', (query, rank) => {
    expect(rankOf(query, e4)).toBe(rank);
  });

  it('puts what has the words in its title before what has them anywhere else', () => {
    const all = [
      { title: 'A', heading: '', script: 'REPLACE dev hwpt' },
      { title: 'B', heading: 'replace', script: '' },
      { title: 'Replace', heading: '', script: '' },
      { title: 'D', heading: '', script: '' },
    ];
    expect(found('replace', all).map(({ title }) => title)).toEqual(['Replace', 'B', 'A']);
  });
});
