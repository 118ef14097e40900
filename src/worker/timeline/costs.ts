/** Of a line that never ran, in milliseconds. */
const GUESS = 0.03;

/** How long lines take: where machines are best kept depends on it, and nothing else does. */
export class Costs {
  private readonly known: number[] = [];
  private last = 0;

  constructor(private readonly now: () => number) {}

  begin(): number {
    return (this.last = this.now());
  }

  /** A line ended: what comes after it begins now. */
  end(index: number): number {
    const now = this.now();
    this.known[index] = now - this.last;
    return (this.last = now);
  }

  /** Lines from `index` on are others. */
  forget(index: number): void {
    if (index < this.known.length) this.known.length = index;
  }

  /** The cost of all lines before each, and of all. */
  sums(lines: number): Float64Array {
    const sums = new Float64Array(lines + 1);
    for (let index = 0; index < lines; index++)
      sums[index + 1] = (sums[index] as number) + (this.known[index] ?? GUESS);
    return sums;
  }
}
