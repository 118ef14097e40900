import { invariant } from '../../lib/invariant';
import type { Task } from '../kernel/task';

/**
 * Files with calls in progress. A file that one thread closes while others are inside a call on it is released when the
 * last of them comes back; until then nobody can begin another call on it.
 *
 * Linux: fs/file.c fdget(), fs/file_table.c fput()
 */
export class OpenFiles {
  private readonly calls = new Map<object, number>();
  private readonly closing = new Map<object, () => Task<void>>();

  /** A call on the file begins. */
  get(file: object): void {
    this.calls.set(file, this.callsOn(file) + 1);
  }

  /** A call on the file is over. */
  *put(file: object): Task<void> {
    const left = this.callsOn(file) - 1;
    invariant(left >= 0, 'a call ends that never began');
    if (left > 0) {
      this.calls.set(file, left);
      return;
    }
    this.calls.delete(file);
    const release = this.closing.get(file);
    if (release) yield* release();
    this.closing.delete(file);
  }

  /** Its descriptor is gone: released by the last call on it. Called from inside such a call. */
  close(file: object, release: () => Task<void>): void {
    invariant(this.callsOn(file) > 0, 'a file is closed by a call on it');
    this.closing.set(file, release);
  }

  isClosed(file: object): boolean {
    return this.closing.has(file);
  }

  callsOn(file: object): number {
    return this.calls.get(file) ?? 0;
  }
}
