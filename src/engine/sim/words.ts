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

/** log2 of a page size such as `2M`; NaN where it is none. */
export function pageSizeLg2(text: string): number {
  const [, digits, unit] = /^([0-9]+)([KMGT])$/.exec(text) ?? [];
  return unit === undefined ? NaN : Math.log2(Number(digits)) + 10 * ('KMGT'.indexOf(unit) + 1);
}
