/** A 64-bit value as two signed words, from hex digits. */
export interface Pair {
  readonly hi: number;
  readonly lo: number;
}

/** Hex digits without 0x; anything else is null. */
export const parseHex = (text: string): number | null =>
  /^[0-9a-f]+$/i.test(text) && text.length <= 13 ? parseInt(text, 16) : null;

export function parsePair(text: string): Pair | null {
  if (!/^[0-9a-f]{1,16}$/i.test(text)) return null;
  const split = text.length - 8;
  if (split <= 0) return { hi: 0, lo: parseInt(text, 16) | 0 };
  return { hi: parseInt(text.slice(0, split), 16) | 0, lo: parseInt(text.slice(split), 16) | 0 };
}

const word = (value: number): string => (value >>> 0).toString(16);

/** Hex digits of a 64-bit value, none in front that are zero. */
export const formatPair = (hi: number, lo: number): string =>
  hi === 0 ? word(lo) : word(hi) + word(lo).padStart(8, '0');

/** Hex digits of an address given as a frame and an offset. */
export const formatAddress = (pfn: number, offset: number): string =>
  pfn === 0 ? offset.toString(16) : pfn.toString(16) + offset.toString(16).padStart(3, '0');

/** Frame and offset of an address below 2^64. */
export const splitAddress = ({ hi, lo }: Pair): { pfn: number; offset: number } => ({
  pfn: (hi >>> 0) * 0x10_0000 + (lo >>> 12),
  offset: lo & 0xfff,
});
