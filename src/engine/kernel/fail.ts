/** Asked at every place where the kernel may be told to fail. Linux: lib/fault-inject.c should_fail() */
export interface FailPoints {
  /** True: this one fails. `point` is the kernel function that allocates. */
  hit(point: string): boolean;
}

export const neverFails: FailPoints = { hit: () => false };

/**
 * Lets the n-th point that a task comes to fail, once.
 *
 * Linux: lib/fault-inject.c should_fail_ex(), task_struct::fail_nth; Documentation/fault-injection/fault-injection.rst
 */
export class FailNth implements FailPoints {
  private left = 0;
  private asked = 0;
  private failed: string | null = null;

  constructor(nth = 0) {
    this.arm(nth);
  }

  /** What is written to /proc/self/task/N/fail-nth: from now on the n-th point; 0 for none. */
  arm(nth: number): void {
    this.left = nth;
    this.asked = 0;
    this.failed = null;
  }

  hit(point: string): boolean {
    if (this.left === 0) return false;
    this.asked++;
    this.left--;
    if (this.left > 0) return false;
    this.failed = point;
    return true;
  }

  /** What is read from there: points still to go; 0 once it has failed one. */
  get counter(): number {
    return this.left;
  }

  /** Points that it was asked at since it was armed. */
  get points(): number {
    return this.asked;
  }

  /** The point that failed, or null. */
  get fired(): string | null {
    return this.failed;
  }
}

/** Points ask the task that runs: each counts for itself. Linux: current->fail_nth */
export class CurrentFail implements FailPoints {
  /** Of the task that runs now. */
  current: FailNth | null = null;

  hit(point: string): boolean {
    return this.current !== null && this.current.hit(point);
  }
}
