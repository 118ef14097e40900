/** Draws a number from 0 up to, and without, `below`. */
export type Pick = (below: number) => number;

/** xorshift, 32 bits: the same every time. */
export function chance(seed: number): Pick {
  let x = (seed * 2654435761) | 1;
  return (below) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % below;
  };
}

export const oneOf = <T>(pick: Pick, ...values: readonly T[]): T => values[pick(values.length)] as T;
