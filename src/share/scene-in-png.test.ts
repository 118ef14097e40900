import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { sceneInPng, withScene } from './scene-in-png';

/** One transparent pixel, whose sums other programs made: the smallest PNG that goes round. */
const PIXEL = Uint8Array.from(
  Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
    'base64',
  ),
);
const LINK = '#s2:OCAgpVzbatwwEP2VkrcS-_';

/** Type and length of every chunk, read without the code that wrote them. */
function chunks(png: Uint8Array): readonly string[] {
  const bytes = Buffer.from(png);
  const found: string[] = [];
  for (let at = 8; at < bytes.length; at += 12 + bytes.readUInt32BE(at))
    found.push(`${bytes.toString('latin1', at + 4, at + 8)} ${bytes.readUInt32BE(at)}`);
  return found;
}

describe('the scene in a PNG', () => {
  it('stands in a chunk behind the header, and is read again', () => {
    const made = withScene(PIXEL, LINK);
    // "IOMMU Playground scene", a zero, the link.
    expect(chunks(made)).toEqual(['IHDR 13', `tEXt ${22 + 1 + LINK.length}`, 'IDAT 13', 'IEND 0']);
    expect(sceneInPng(made)).toBe(LINK);
  });
  it('has the sum that the specification asks for', () => {
    const made = Buffer.from(withScene(PIXEL, LINK));
    const [start, length] = [33, made.readUInt32BE(33)];
    // Spec: PNG 5.5; the sum of a zlib stream's IDAT above came from elsewhere and is checked by reading at all. Here by long division.
    let sum = 0xffffffff;
    for (const byte of made.subarray(start + 4, start + 8 + length))
      for (let bit = 0; bit < 8; bit++) {
        const odd = (sum ^ (byte >> bit)) & 1;
        sum = (sum >>> 1) ^ (odd === 1 ? 0xedb88320 : 0);
      }
    expect(made.readUInt32BE(start + 8 + length)).toBe(~sum >>> 0);
  });
  it('is none in other pictures, damaged ones, and what is no picture', () => {
    expect(sceneInPng(PIXEL)).toBeNull();
    const damaged = withScene(PIXEL, LINK);
    damaged[70] = damaged[70]! ^ 1;
    expect(sceneInPng(damaged)).toBeNull();
    expect(sceneInPng(withScene(PIXEL, LINK).subarray(0, 60))).toBeNull();
    expect(sceneInPng(deflateSync('no picture'))).toBeNull();
    expect(sceneInPng(new Uint8Array())).toBeNull();
    const huge = withScene(PIXEL, LINK);
    huge.fill(0xff, 33, 37);
    expect(sceneInPng(huge)).toBeNull();
  });
  it('is a link and nothing else', () => {
    for (const text of ['javascript:alert(1)', '#s1:<b>', '#lesson=x'])
      expect(sceneInPng(withScene(PIXEL, text)), text).toBeNull();
  });
  it('is not put into what is no PNG', () => {
    const text = Uint8Array.from(Buffer.from('GIF89a'));
    expect(withScene(text, LINK)).toBe(text);
  });
});
