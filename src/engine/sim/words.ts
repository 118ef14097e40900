const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const;

/** `2 MiB`; the largest unit that divides the size. */
export function sizeWords(bytes: bigint | number): string {
  let left = BigInt(bytes);
  let unit = 0;
  while (left !== 0n && left % 1024n === 0n && unit < UNITS.length - 1) {
    left /= 1024n;
    unit++;
  }
  return `${left} ${UNITS[unit] ?? ''}`;
}
