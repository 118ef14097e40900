const TWO_32 = 2 ** 32;
const TWO_21 = 2 ** 21;
const TWO_53 = 2 ** 53;

/**
 * Chance that can be had again: the same seed gives the same numbers, on every machine.
 *
 * The generator known as mulberry32: a counter, mixed twice.
 */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0;
  }

  /** 0 … 2^32 - 1 */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** 0 … `limit` - 1, each as likely as the others. */
  below(limit: number): number {
    if (limit <= TWO_32) return Math.floor((this.next() / TWO_32) * limit);
    const wide = (this.next() % TWO_21) * TWO_32 + this.next();
    return Math.floor((wide / TWO_53) * limit);
  }

  /** As below(), for limits up to 2^64. */
  belowWide(limit: bigint): bigint {
    if (limit <= BigInt(TWO_53)) return BigInt(this.below(Number(limit)));
    const wide = (BigInt(this.next()) << 32n) | BigInt(this.next());
    return (wide * limit) >> 64n;
  }
}
