import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { tokensOf } from './tokens';

/** Pieces with their text: `verb:IOAS_MAP`. */
const shown = (line: string): readonly string[] =>
  tokensOf(line).map(({ from, to, kind }) => `${kind}:${line.slice(from, to)}`);

describe('a line in colours', () => {
  it('has its name, verb, words, numbers, options, flags, expectation and comment', () => {
    expect(shown('a = IOAS_UNMAP ioas iova=0x1000 all ! EBUSY  # why')).toEqual([
      'name:a',
      'verb:IOAS_UNMAP',
      'word:ioas',
      'key:iova=',
      'number:0x1000',
      'flag:all',
      'expectation:! EBUSY',
      'comment:# why',
    ]);
  });
  it('has text in quotes to its end, whatever it holds', () => {
    expect(shown('note "a \\" # b" # c')).toEqual(['verb:note', 'string:"a \\" # b"', 'comment:# c']);
    expect(shown('machine x cmdline="a b"')).toEqual([
      'verb:machine',
      'word:x',
      'key:cmdline=',
      'string:"a b"',
    ]);
  });
  it('goes on behind begin', () => {
    expect(shown('t = begin x = ATTACH dev ioas')).toEqual([
      'name:t',
      'verb:begin',
      'name:x',
      'verb:ATTACH',
      'word:dev',
      'word:ioas',
    ]);
  });
  it('that cannot be read is coloured up to where that shows', () => {
    expect(shown('note "never closed')).toEqual(['verb:note', 'invalid:"never closed']);
    expect(shown('note “curly”')).toEqual(['verb:note', 'invalid:“curly”']);
    expect(shown('= 3').at(-1)).toMatch(/^invalid:/);
    expect(tokensOf('')).toEqual([]);
  });
  it('of any scene: pieces are in order and never overlap', () => {
    const folder = new URL('../../gallery/', import.meta.url);
    const scenes = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((f) =>
      f.endsWith('.iommu'),
    );
    const lines = scenes.flatMap((file) => readFileSync(new URL(file, folder), 'utf8').split('\n'));
    expect(lines.length).toBeGreaterThan(500);
    for (const line of lines) {
      let end = 0;
      for (const { from, to } of tokensOf(line)) {
        expect(from).toBeGreaterThanOrEqual(end);
        expect(to).toBeLessThanOrEqual(line.length);
        end = to;
      }
    }
  });
});
