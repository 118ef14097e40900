/** The language of this folder: how it sorts, and how it writes numbers and times. */
export const LOCALE = 'en';

/** Made once: a number's own `toLocaleString` makes one every time, and counts are on every card. */
const NUMBERS = new Intl.NumberFormat(LOCALE);

/** `1,234` */
export const grouped = (value: number | bigint): string => NUMBERS.format(value);
