import { describe, expect, it } from 'vitest';
import { readHash } from './hash';
import { linkBase, linkToAddress, linkToGallery, pageBase } from './links';

describe('the hash says what is asked for', () => {
  it('a scene', () => {
    for (const hash of ['#s2:AAAA', '#s1:AAAA', '#S99%3AAAAA', 's2:AAAA'])
      expect(readHash(hash)).toEqual({ kind: 'scene', hash });
  });

  it('a script elsewhere, escaped or as people paste it', () => {
    const asked = (value: string): unknown => readHash(`#url=${value}`);
    const address = 'https://example.org/a b/x.iommu?v=1&w=2#part';
    expect(asked(encodeURIComponent(address))).toEqual({ kind: 'url', address });
    expect(asked('https://example.org/x.iommu?v=1&w=2')).toEqual({
      kind: 'url',
      address: 'https://example.org/x.iommu?v=1&w=2',
    });
    expect(asked('scenes/x.iommu')).toEqual({ kind: 'url', address: 'scenes/x.iommu' });
    expect(asked('https://example.org/100%')).toEqual({ kind: 'url', address: 'https://example.org/100%' });
  });

  it('a lesson, from its start or at a step', () => {
    expect(readHash('#lesson=first-steps')).toEqual({ kind: 'lesson', id: 'first-steps', step: null });
    expect(readHash('#lesson=first-steps:3')).toEqual({ kind: 'lesson', id: 'first-steps', step: 3 });
  });

  it('a scene of the gallery', () => {
    expect(readHash('#scene=gpu-and-its-audio')).toEqual({ kind: 'gallery', id: 'gpu-and-its-audio' });
  });

  it.each([
    '',
    '#',
    '#about',
    '#s2',
    '#url=',
    '#url=%20',
    `#url=${'a'.repeat(9000)}`,
    '#lesson=',
    '#lesson=a:0',
    '#lesson=a:1:2',
    '#lesson=a:99999',
    '#scene=../x',
    '#scene=<img>',
    '#scene=a:1',
    '#scene=%E0%A4%A',
    '#other=1',
  ])('%j: nothing of ours', (hash) => {
    expect(readHash(hash)).toEqual({ kind: 'nothing' });
  });
});

describe('links that name instead of hold', () => {
  it.each([
    'https://example.org/x.iommu',
    'https://example.org/a(b)/x y.iommu?q=1&r=%20#z',
    'https://example.org/größe.iommu',
    "scenes/it's.iommu",
    'https://example.org/50%25.iommu',
  ])('of a script at %s say that address', (address) => {
    const link = linkToAddress(address, 'https://play.example/');
    expect(link).toMatch(/^https:\/\/play\.example\/#url=[!-~]+$/);
    expect(link).not.toMatch(/[()<>'"\s]/);
    expect(readHash(new URL(link).hash)).toEqual({ kind: 'url', address });
  });

  it('of a scene of the gallery', () => {
    const link = linkToGallery('four-1-vtd', 'https://play.example/app/');
    expect(link).toBe('https://play.example/app/#scene=four-1-vtd');
  });

  it('begin with the page, whatever it shows just now', () => {
    expect(pageBase('https://play.example/app/?embed&theme=dark#s1:AAAA')).toBe('https://play.example/app/');
    expect(pageBase('file:///home/me/playground.html#x')).toBe('file:///home/me/playground.html');
  });

  it('of a file on a disk tells nobody where it lies: the hash alone is the link', () => {
    expect(linkBase('file:///home/me/playground.html#x')).toBe('');
    expect(linkBase('https://play.example/app/#x')).toBe('https://play.example/app/');
  });
});
