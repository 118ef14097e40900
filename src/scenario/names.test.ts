import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { givenBy, unknownNames } from './names';
import { parseScript } from './parse';

const folder = new URL('../gallery/', import.meta.url);
const scenes = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.iommu'))
  .map((file) => ({ file, text: readFileSync(new URL(file, folder), 'utf8') }));

describe('names that a script uses', () => {
  it('there are scenes to try', () => expect(scenes.length).toBeGreaterThan(20));
  it.each(scenes)('$file: every scene runs, so no name in it is unknown', ({ text }) => {
    expect(unknownNames(parseScript(text))).toEqual([]);
  });

  it('says which name is missing, where, and which is meant', () => {
    const script = parseScript('ctx = open /dev/iommu\nioas = IOAS_ALLOC ctxx\nIOAS_UNMAP nothing all');
    expect(unknownNames(script)).toEqual([
      { line: 2, column: 19, name: 'ctxx', message: 'no line before gives the name ctxx; did you mean ctx?' },
      { line: 3, column: 12, name: 'nothing', message: 'no line before gives the name nothing' },
    ]);
  });

  it('counts only lines before', () => {
    expect(unknownNames(parseScript('ioas = IOAS_ALLOC ctx\nctx = open /dev/iommu')).length).toBe(1);
  });

  it('lets ids of the world pass', () => {
    expect(unknownNames(parseScript('DESTROY hwpt:1.3'))).toEqual([]);
  });
});

describe('what lines give', () => {
  it('is names with their kind, and devices, also of lines that are not whole yet', () => {
    const lines = [
      'pci 01:00.0 e1000e',
      'ctx = open /dev/iommu',
      't1 = begin hwpt = ATTACH dev',
      '# x = y',
      'x =',
    ];
    expect(givenBy(lines)).toEqual([
      { name: '01:00.0', kind: 'bdf' },
      { name: 'ctx', kind: 'context' },
      { name: 't1', kind: 'task' },
      { name: 'hwpt', kind: 'hwpt' },
    ]);
  });
});
