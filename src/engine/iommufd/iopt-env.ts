import type { FailPoints } from '../kernel/fail';
import type { FrameBytes } from '../memory/user-memory';

/** What every I/O page table of a machine shares: /dev/iommu's module. */
export interface IoptEnv {
  readonly fail: FailPoints;
  /** What the CPU reads and writes through pinned pages. */
  readonly frames: FrameBytes;
  /** Bytes that a batch of frames may take. Linux: TEMP_MEMORY_LIMIT, iommufd_test_memory_limit */
  readonly tempMemoryLimit: number;
  /** WARN_ON(): something is wrong that cannot be, and the kernel goes on. */
  readonly warn: (text: string) => void;
}

/** Linux: TEMP_MEMORY_LIMIT */
export const TEMP_MEMORY_LIMIT = 65536;

/**
 * Bytes for a batch: less than asked for when there is a limit or memory is short; null when there are none. With a
 * `backup` on the stack it cannot fail.
 *
 * Linux: drivers/iommu/iommufd/pages.c temp_kmalloc()
 */
export function tempBytes(env: IoptEnv, wanted: number, backup = 0): number | null {
  const point = 'temp_kmalloc';
  if (wanted < backup) return wanted;
  if (backup === 0 && env.fail.hit(point)) return null;
  if (!env.fail.hit(point)) return Math.min(wanted, env.tempMemoryLimit);
  if (!env.fail.hit(point)) return PAGE;
  return backup === 0 ? null : backup;
}

const PAGE = 4096;
