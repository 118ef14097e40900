import { describe, expect, it } from 'vitest';
import { fixtureObjects } from '../../testing/fixture-world';
import { complete, withVerb } from './complete';

const known = { objects: fixtureObjects };
const texts = (line: string): string[] => complete(line, known).options.map((option) => option.text);

describe('completion in the console', () => {
  it('offers verbs at the start, also behind a name', () => {
    expect(texts('IOAS_M')).toEqual(['IOAS_MAP', 'IOAS_MAP_FILE']);
    expect(texts('x = IOAS_A')).toEqual(['IOAS_ALLOC', 'IOAS_ALLOW_IOVAS']);
    expect(complete('x = IOAS_A', known).from).toBe(4);
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
    expect(complete('t1 = begin x = ATT', known).from).toBe(15);
  });

  it('offers options and flags after the required words', () => {
    expect(texts('IOAS_UNMAP ioas ')).toEqual(['iova=', 'len=', 'all']);
  });

  it('says nothing in a comment or after an unknown verb', () => {
    expect(texts('# IOAS_')).toEqual([]);
    expect(texts('nonsense ')).toEqual([]);
  });

  it('offers names of lines that have not run, and says each once', () => {
    const given = [
      { name: 'late', kind: 'ioas' },
      { name: 'ioas', kind: 'ioas' },
      { name: 'buf9', kind: 'buffer' },
    ] as const;
    const options = complete('IOAS_MAP ', { ...known, given }).options.map(({ text }) => text);
    expect(options.filter((text) => ['late', 'ioas', 'buf9'].includes(text))).toEqual(['ioas', 'late']);
  });

  it('offers the values of an option', () => {
    const scene = complete('machine x iommu=sm', known);
    expect(scene.options.map(({ text }) => text)).toEqual(['smmuv3']);
    expect(scene.from).toBe('machine x iommu='.length);
  });

  it('offers what may be expected', () => {
    expect(texts('dma 01:00.0 write 0x1000 64 ! F')).toEqual(['FAULT']);
    expect(texts('hwpt = ATTACH dev ioas ! EBU')).toEqual(['EBUSY']);
  });

  it('says what is wanted where the typing is', () => {
    const argument = (line: string) => complete(line, known).hint?.argument?.name;
    expect(argument('IOAS_MAP ')).toBe('ioas');
    expect(argument('IOAS_MAP ioas ')).toBe('buffer');
    expect(argument('IOAS_MAP ioas buf iova=0x')).toBe('iova=');
  });

  it('knows verbs as the kernel spells them', () => {
    expect(withVerb('ioas = iommu_ioas_alloc ctx')).toBe('ioas = IOAS_ALLOC ctx');
    expect(withVerb('t1 = begin x = attach dev ioas')).toBe('t1 = begin x = ATTACH dev ioas');
    expect(withVerb('DMA 01:00.0 write 0 1')).toBe('dma 01:00.0 write 0 1');
    expect(withVerb('# attach')).toBe('# attach');
    expect(withVerb('nonsense a')).toBe('nonsense a');
    expect(texts('ioas_unmap ioas ')).toEqual(['iova=', 'len=', 'all']);
  });
});
