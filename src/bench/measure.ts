export interface IoasMeasurement {
  readonly name: string;
  /** What `value` counts in a second; of `bytes` it is how many. */
  readonly unit: 'calls' | 'entries' | 'look-ups' | 'functions' | 'bytes';
  readonly value: number;
  /** The same work with nothing around it, measured in the same run: here, or by the loop of limit.c with that label. */
  readonly reference: { readonly name: string; readonly value: number } | { readonly native: string };
  /** Fraction of the reference to reach. */
  readonly aim: number;
}

/** As for the VT-d unit: within ten times of what has nothing around it. */
export const AIM = 1 / 10;

/** Seconds of processor time. */
export type Clock = () => number;

export const RUNS = 5;

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[(values.length - 1) >> 1] ?? 0;

/** The median of several runs after a warm-up: seconds. */
export function timed(now: Clock, run: () => void): number {
  const times: number[] = [];
  for (let n = 0; n <= RUNS; n++) {
    const start = now();
    run();
    if (n > 0) times.push(now() - start);
  }
  return median(times);
}
