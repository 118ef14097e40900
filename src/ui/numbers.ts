/** Numbers as people read them. */

/** Hex in groups of four from the right: `0x1_2f40_0040`. */
export function groupedHex(value: bigint | number, digits = 0): string {
  const text = value.toString(16).padStart(digits, '0');
  return `0x${text.replace(/\B(?=(?:[0-9a-f]{4})+$)/g, '_')}`;
}

export const plainHex = (value: bigint | number, digits = 0): string =>
  value.toString(16).padStart(digits, '0');

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/** `2 MiB`, `1.5 GiB`. */
export function byteSize(bytes: bigint | number): string {
  let value = Number(bytes);
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value >= 100 ? Math.round(value) : Math.round(value * 10) / 10} ${UNITS[unit] ?? 'B'}`;
}

/** A page size the way people say it: 4K, 2M, 1G. */
export const pageSize = (lg2: number): string =>
  lg2 < 20 ? `${2 ** (lg2 - 10)}K` : lg2 < 30 ? `${2 ** (lg2 - 20)}M` : `${2 ** (lg2 - 30)}G`;

/** Made once: a number's own `toLocaleString` makes one every time, and counts are on every card. */
const GROUPED = new Intl.NumberFormat('en');

export const count = (n: number, noun: string, nouns = `${noun}s`): string =>
  `${GROUPED.format(n)} ${n === 1 ? noun : nouns}`;
