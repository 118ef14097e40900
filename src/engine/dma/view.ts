import type { IommuDomain } from '../iommu/ops';
import { cookieOf } from './cookie';

interface Range {
  readonly iova: bigint;
  readonly last: bigint;
}

/** What the page shows of a default domain that the DMA API uses. Plain data. */
export interface DmaApiView {
  readonly lazy: boolean;
  /** Handed out, kept for the next of their size, or reserved; ascending. */
  readonly taken: readonly Range[];
  /** How many of them are kept. */
  readonly cached: number;
  /** Unmapped, and maybe still in the IOTLB; oldest first. */
  readonly waiting: readonly Range[];
  /** The timer runs that ends the waiting. */
  readonly timerOn: boolean;
  /** Flushes of everything so far. */
  readonly flushes: number;
}

/** Null for a domain that the DMA API does not use. */
export function viewDmaApi(domain: IommuDomain | null): DmaApiView | null {
  const cookie = cookieOf(domain);
  if (!cookie?.iovas) return null;
  const { iovas, queue } = cookie;
  const address = (pfn: number): bigint => BigInt(pfn) << BigInt(iovas.granuleLg2);
  const range = (lo: number, hi: number): Range => ({ iova: address(lo), last: address(hi + 1) - 1n });
  return {
    lazy: queue !== null,
    taken: iovas.taken.map(({ lo, hi }) => range(lo, hi)),
    cached: iovas.cachedRanges,
    waiting: (queue?.entries ?? []).map(({ pfn, pages }) => range(pfn, pfn + pages - 1)),
    timerOn: queue?.timerOn ?? false,
    flushes: queue?.flushes ?? 0,
  };
}
