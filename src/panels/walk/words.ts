/** What the walk says of addresses that somebody points at or holds. */
export const heldWords = (inside: boolean): string =>
  inside ? 'inside the addresses that you hold' : 'outside of the addresses that you hold';
export const LET_GO = 'let go';
