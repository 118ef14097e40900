import { describe, expect, it } from 'vitest';
import { fixtureObjects } from '../../testing/fixture-world';
import { complete } from './complete';

const texts = (line: string): string[] => complete(line, fixtureObjects).options.map((option) => option.text);

describe('completion in the console', () => {
  it('offers verbs at the start, also behind a name', () => {
    expect(texts('IOAS_M')).toEqual(['IOAS_MAP', 'IOAS_MAP_FILE']);
    expect(texts('x = IOAS_A')).toEqual(['IOAS_ALLOC', 'IOAS_ALLOW_IOVAS']);
    expect(complete('x = IOAS_A', fixtureObjects).from).toBe(4);
  });

  it('offers the names of what a verb wants, in its place', () => {
    expect(texts('hwpt = ATTACH ')).toEqual(['dev', 'pasid=']);
    expect(texts('hwpt = ATTACH dev ')).toEqual(['ioas', 'hwpt:1.3', 'pasid=']);
    expect(texts('IOAS_MAP ioas ')[0]).toBe('buf');
    expect(texts('driver 01:')).toEqual(['01:00.0', '01:00.1']);
    expect(texts('driver 01:00.0 v')).toEqual(['vfio-pci']);
    expect(texts('dma 01:00.0 w')).toEqual(['write']);
  });

  it('offers the same behind begin', () => {
    expect(texts('t1 = begin hwpt = ATT')).toEqual(['ATTACH']);
    expect(texts('t1 = begin hwpt = ATTACH ')).toEqual(['dev', 'pasid=']);
    expect(complete('t1 = begin x = ATT', fixtureObjects).from).toBe(15);
  });

  it('offers options and flags after the required words', () => {
    expect(texts('IOAS_UNMAP ioas ')).toEqual(['iova=', 'len=', 'all']);
  });

  it('says nothing in a comment or after an unknown verb', () => {
    expect(texts('# IOAS_')).toEqual([]);
    expect(texts('nonsense ')).toEqual([]);
  });
});
