import {
  MEMORY_FAULT,
  MEMORY_OK,
  MEMORY_POISON,
  type MemoryAnswer,
  type MemoryHazards,
} from '../memory/hazards';

/** `read` and `write`: such an access is refused. `poison`: what is read is marked as corrupt. `none`: all is well again. */
export const HAZARD_KINDS = ['read', 'write', 'poison', 'none'] as const;
export type HazardKind = (typeof HAZARD_KINDS)[number];

const PAGE = 4096;

/** Ranges of memory that answer devices badly; the latest that was said of an address counts. */
export class Hazards implements MemoryHazards {
  private readonly ranges: { readonly start: number; readonly last: number; readonly kind: HazardKind }[] =
    [];

  get any(): boolean {
    return this.ranges.some(({ kind }) => kind !== 'none');
  }

  set(start: number, last: number, kind: HazardKind): void {
    this.ranges.unshift({ start, last, kind });
  }

  at(pfn: number, offset: number, bytes: number, write: boolean): MemoryAnswer {
    const first = pfn * PAGE + offset;
    const hit = this.ranges.find(({ start, last }) => start < first + bytes && last >= first);
    if (hit?.kind === (write ? 'write' : 'read')) return MEMORY_FAULT;
    return hit?.kind === 'poison' && !write ? MEMORY_POISON : MEMORY_OK;
  }
}
