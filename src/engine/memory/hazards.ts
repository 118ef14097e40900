/** How memory answers an access. */
export const MEMORY_OK = 0;
/** The bus refuses: a slave or decode error, a PMP or PMA violation. */
export const MEMORY_FAULT = 1;
/** The data comes back, marked as corrupt. */
export const MEMORY_POISON = 2;
export type MemoryAnswer = typeof MEMORY_OK | typeof MEMORY_FAULT | typeof MEMORY_POISON;

/** Places where memory does not answer a device as it should. */
export interface MemoryHazards {
  /** Of `bytes` bytes at `offset` of a frame; they do not cross its end. */
  at(pfn: number, offset: number, bytes: number, write: boolean): MemoryAnswer;
}
