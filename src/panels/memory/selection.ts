/** Where a key leads in a grid of words, and what of it is selected. Plain numbers: addresses below 2^53. */

export const WORD = 8;
export const ROW = 16;
export const PAGE = 256;

export const wordAt = (pa: number): number => Math.floor(pa / WORD) * WORD;
/** Rows begin at multiples of their length. */
export const rowAt = (pa: number): number => Math.floor(pa / ROW) * ROW;

/** The word that a key goes to; null: the key is none of the grid's. */
export function wordAfter(key: string, at: number, ctrl = false): number | null {
  const to = {
    ArrowLeft: at - WORD,
    ArrowRight: at + WORD,
    ArrowUp: at - ROW,
    ArrowDown: at + ROW,
    PageUp: at - PAGE,
    PageDown: at + PAGE,
    Home: ctrl ? Math.floor(at / 4096) * 4096 : rowAt(at),
    End: ctrl ? Math.floor(at / 4096) * 4096 + 4096 - WORD : rowAt(at) + ROW - WORD,
  }[key];
  return to === undefined ? null : Math.max(0, to);
}

/** The window that shows a word, moved as little as need be. */
export function windowFor(at: number, start: number): number {
  if (at < start) return rowAt(at);
  if (at >= start + PAGE) return Math.max(0, rowAt(at) + ROW - PAGE);
  return start;
}

/** From the one word to the other, both whole, whichever comes first. */
export const rangeOf = (anchor: number, head: number): { readonly start: bigint; readonly last: bigint } => ({
  start: BigInt(Math.min(anchor, head)),
  last: BigInt(Math.max(anchor, head) + WORD - 1),
});

/** Little-endian words of 64 bits. */
export function wordsIn(bytes: Uint8Array): readonly bigint[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.length / WORD) }, (_, n) => view.getBigUint64(n * WORD, true));
}

/** `de ad be ef`, a row a line. */
export const bytesText = (bytes: Uint8Array): string =>
  Array.from({ length: Math.ceil(bytes.length / ROW) }, (_, row) =>
    [...bytes.subarray(row * ROW, (row + 1) * ROW)]
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join(' '),
  ).join('\n');

/** Address and word, a line each. */
export const wordsText = (start: number, words: readonly bigint[]): string =>
  words
    .map((word, n) => `0x${(start + n * WORD).toString(16)}: 0x${word.toString(16).padStart(16, '0')}`)
    .join('\n');

/** Printable ASCII; dots for the rest. Null: there is none of it. */
export function asciiOf(bytes: Uint8Array): string | null {
  const text = [...bytes]
    .map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·'))
    .join('');
  return /[^·]{4}/.test(text) ? text : null;
}
