/** Hex, with or without `0x` and grouping; null when it is none, or beyond what memory can have. */
export function parseAddress(text: string): number | null {
  const digits = text.trim().replace(/^0x/i, '').replaceAll('_', '');
  return /^[0-9a-f]{1,13}$/i.test(digits) ? parseInt(digits, 16) : null;
}
