import { DOMAIN, GLOBAL } from '../regs';
import type { UnitState } from './unit';

const entries = (n: number, cache: string): string =>
  `${n} ${cache} ${n === 1 ? 'entry' : 'entries'} dropped`;

/** Context-cache invalidation at a granularity; says what it did. Spec: section 6.5.1.1 */
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
  return entries(dropped, 'context-cache');
}

/** IOTLB invalidation at a granularity; says what it did. Spec: section 6.5.1.2 */
export function invalidateIotlb(
  unit: UnitState,
  granularity: number,
  did: number,
  hi: number,
  lo: number,
  mask: number,
): string {
  const { iotlb } = unit;
  const dropped =
    granularity === GLOBAL
      ? iotlb.invalidateAll()
      : granularity === DOMAIN
        ? iotlb.invalidateDomain(did)
        : iotlb.invalidatePages(did, hi, lo, mask);
  return entries(dropped, 'IOTLB');
}
