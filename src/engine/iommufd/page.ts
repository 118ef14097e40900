import { U64_MAX } from '../../lib/u64';

/** The CPU's page: what memory is pinned in. */
export const PAGE_SIZE = 4096n;
export const PAGE_BYTES = 4096;
/** Large page of the CPU: the most that an automatic IOVA is aligned to. Linux: HPAGE_SIZE */
export const HPAGE_SIZE = 0x20_0000n;

/** Linux: check_add_overflow() for unsigned long; null when it overflows. */
export function addChecked(a: bigint, b: bigint): bigint | null {
  const sum = a + b;
  return sum > U64_MAX || sum < 0n ? null : sum;
}
