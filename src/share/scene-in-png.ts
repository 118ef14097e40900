/**
 * A PNG of ours carries its scene as text, in a chunk that other programs keep or drop, and never show.
 *
 * Spec: Portable Network Graphics (PNG) Specification (Third Edition), 5.3 "Chunk layout", 11.3.3.2 "tEXt Textual data"
 */
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] as const;
const KEYWORD = 'IOMMU Playground scene';
const LINK = /^#s[0-9]+:[A-Za-z0-9_-]+$/;

/** The file with the link in it, right behind the header; as it was where it is no PNG. */
export function withScene(png: Uint8Array<ArrayBuffer>, link: string): Uint8Array<ArrayBuffer> {
  const header = chunksOf(png).next().value;
  if (header?.type !== 'IHDR') return png;
  const text = new TextEncoder().encode(`tEXt${KEYWORD}\0${link}`);
  const made = new Uint8Array(png.length + text.length + 8);
  made.set(png.subarray(0, header.end));
  const view = new DataView(made.buffer, header.end);
  view.setUint32(0, text.length - 4);
  made.set(text, header.end + 4);
  view.setUint32(text.length + 4, crc32(text));
  made.set(png.subarray(header.end), header.end + text.length + 8);
  return made;
}

/** The link inside; null where there is none, or where the file is damaged. */
export function sceneInPng(png: Uint8Array): string | null {
  for (const { type, data } of chunksOf(png)) {
    if (type === 'IDAT') return null;
    if (type !== 'tEXt') continue;
    const [keyword, link] = new TextDecoder('latin1').decode(data).split('\0');
    if (keyword === KEYWORD && link !== undefined && LINK.test(link)) return link;
  }
  return null;
}

interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
  /** Where the next one begins. */
  readonly end: number;
}

/** Up to the first that is cut off, or whose sum is wrong. */
function* chunksOf(png: Uint8Array): Generator<Chunk, undefined> {
  if (SIGNATURE.some((byte, at) => png[at] !== byte)) return undefined;
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  for (let at: number = SIGNATURE.length; at + 12 <= png.length;) {
    const end = at + 12 + view.getUint32(at);
    if (end > png.length) return undefined;
    const summed = png.subarray(at + 4, end - 4);
    if (crc32(summed) !== view.getUint32(end - 4)) return undefined;
    yield { type: new TextDecoder('latin1').decode(summed.subarray(0, 4)), data: summed.subarray(4), end };
    at = end;
  }
  return undefined;
}

/** Spec: the same, 5.5 "CRC algorithm" */
function crc32(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return (sum ^ 0xffffffff) >>> 0;
}
