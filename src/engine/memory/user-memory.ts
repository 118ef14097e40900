import type { Result } from '../kernel/errno';

/** A run of physically contiguous 4 KiB frames. */
export interface FrameRun {
  readonly pfn: number;
  readonly count: number;
}

/** A process's memory, as far as something that pins it needs to know. Linux: mm_struct, pin_user_pages_remote() */
export interface UserMemory {
  readonly name: string;
  /** Pins `pages` 4 KiB pages from page-aligned `userVa` on. EFAULT when one is not mapped, or not writable as asked. */
  pin(userVa: bigint, pages: number, write: boolean): Result<readonly FrameRun[]>;
  unpin(runs: readonly FrameRun[]): void;
  /** Copies out of the process: EFAULT when not mapped. */
  read(userVa: bigint, bytes: number): Result<Uint8Array>;
  write(userVa: bigint, data: Uint8Array): Result<undefined>;
}
