import type { UserMemory } from '../../memory/user-memory';

/**
 * A process's memory as the test command looks at it: which page lies where, and how often it is pinned. A page is
 * known by its frame number.
 */
export interface TestMemory extends UserMemory {
  /** Frame of the page at an address, as a reader finds it; null: EFAULT. Linux: get_user_pages_fast() */
  pageAt(userVa: bigint): number | null;
  /**
   * Pins of a frame; null for a piece of a larger page, whose count the test command passes over.
   * Linux: page_ref_count() / GUP_PIN_COUNTING_BIAS, PageCompound()
   */
  pinsOf(pfn: number): number | null;
}

export const isTestMemory = (memory: UserMemory): memory is TestMemory =>
  'pageAt' in memory && 'pinsOf' in memory;
