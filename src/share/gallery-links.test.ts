import { describe, expect, it } from 'vitest';
import { decodeLink, encodeLink } from './link';

const files = import.meta.glob<string>('../gallery/**/*.iommu', {
  query: '?raw',
  import: 'default',
  eager: true,
});
/** A link as the page makes it: line breaks as the page has them, and what the scene came to. */
const links = Object.entries(files).map(([path, text]) => {
  const script = text.replace(/\n+$/, '');
  const scene = { script, cursor: null, selection: null, camera: null, state: 'Zm9yIHRlc3Rz' };
  return { path, scene, link: encodeLink(scene) };
});
/** Of an address where the page may lie. */
const BASE = 'https://documentation.example.org/tools/iommu-playground/'.length;

describe('links of the gallery', () => {
  it('are there', () => {
    expect(links.length).toBeGreaterThan(100);
  });

  it.each(links)('$path: under 2,000 characters, and opens', ({ link, scene }) => {
    expect(link.length + BASE).toBeLessThan(2000);
    expect(decodeLink(link)).toEqual({ ok: true, scene });
  });

  it('have a median under 700 characters', () => {
    const lengths = links.map(({ link }) => link.length + BASE).sort((a, b) => a - b);
    expect(lengths[lengths.length >> 1]).toBeLessThan(700);
  });
});
