import { DOMAIN, GLOBAL } from '../regs';
import { PASID_CACHE_DOMAIN, PASID_CACHE_PASID } from '../structs';
import type { UnitState } from './unit';

/** Told in words only where somebody listens: this is what flushes are made of. */
const entries = (unit: UnitState, n: number, cache: string): string =>
  unit.trace.on ? `${n} ${cache} ${n === 1 ? 'entry' : 'entries'} dropped` : '';

/** What is said of both caches of translations: the second only where something was in it. */
const translations = (unit: UnitState, iotlb: number, tables: number): string =>
  tables === 0 || !unit.trace.on
    ? entries(unit, iotlb, 'IOTLB')
    : `${entries(unit, iotlb, 'IOTLB')}, ${tables} of the paging-structure cache`;

/** Context-cache invalidation at a granularity; says what it did. Spec: section 6.5.2.1 "Context-Cache Invalidate" */
export function invalidateContext(
  unit: UnitState,
  granularity: number,
  did: number,
  rid: number,
  functionMask: number,
): string {
  const cache = unit.contextCache;
  const dropped =
    granularity === GLOBAL
      ? cache.invalidateAll()
      : granularity === DOMAIN
        ? cache.invalidateDomain(did)
        : cache.invalidateDevice(did, rid, functionMask);
  return entries(unit, dropped, 'context-cache');
}

/** Spec: section 6.5.2.2 "PASID-cache Invalidate Descriptor" */
export function invalidatePasidCache(
  unit: UnitState,
  granularity: number,
  did: number,
  pasid: number,
): string {
  const cache = unit.pasidCache;
  const dropped =
    granularity === PASID_CACHE_DOMAIN
      ? cache.invalidateDomain(did)
      : granularity === PASID_CACHE_PASID
        ? cache.invalidatePasid(did, pasid)
        : cache.invalidateAll();
  return entries(unit, dropped, 'PASID-cache');
}

/**
 * IOTLB invalidation at a granularity; says what it did. `leafOnly`: second-stage entries of the paging-structure caches
 * stay.
 *
 * Spec: section 6.5.2.3 "IOTLB Invalidate" and its table of what each granularity drops
 */
export function invalidateIotlb(
  unit: UnitState,
  granularity: number,
  did: number,
  hi: number,
  lo: number,
  mask: number,
  leafOnly: boolean,
): string {
  const { iotlb, walkCache } = unit;
  if (granularity === GLOBAL) return translations(unit, iotlb.invalidateAll(), walkCache.invalidateAll());
  if (granularity === DOMAIN)
    return translations(unit, iotlb.invalidateDomain(did), walkCache.invalidateDomain(did));
  const pages = iotlb.invalidatePages(did, hi, lo, mask) + iotlb.invalidateSpaces(did);
  const tables = leafOnly ? walkCache.invalidateSpaces(did) : walkCache.invalidatePages(did, hi, lo, mask);
  return translations(unit, pages, tables);
}

/** Spec: section 6.5.2.4 "PASID-based IOTLB Invalidate Descriptor" */
export const invalidatePasid = (unit: UnitState, did: number, pasid: number): string =>
  translations(unit, unit.iotlb.invalidatePasid(did, pasid), unit.walkCache.invalidatePasid(did, pasid));

export function invalidatePasidPages(
  unit: UnitState,
  did: number,
  pasid: number,
  hi: number,
  lo: number,
  mask: number,
  leafOnly: boolean,
): string {
  const pages = unit.iotlb.invalidatePasidPages(did, pasid, hi, lo, mask);
  const tables = leafOnly ? 0 : unit.walkCache.invalidatePasidPages(did, pasid, hi, lo, mask);
  return translations(unit, pages, tables);
}

/** Spec: section 6.5.2.8 "Interrupt Entry Cache Invalidate Descriptor" */
export function invalidateInterrupts(
  unit: UnitState,
  selective: boolean,
  index: number,
  mask: number,
): string {
  const cache = unit.interruptCache;
  const dropped = selective ? cache.invalidateIndices(index, mask) : cache.invalidateAll();
  return entries(unit, dropped, 'interrupt-entry cache');
}
