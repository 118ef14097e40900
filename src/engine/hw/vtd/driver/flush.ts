import { DOMAIN, GLOBAL, SELECTIVE } from '../regs';
import {
  DESC_CONTEXT,
  DESC_DID_SHIFT,
  DESC_GRANULARITY_SHIFT,
  DESC_IEC,
  DESC_IOTLB,
  IOTLB_DR,
  IOTLB_DW,
  IOTLB_IH,
} from '../structs';
import type { QueuedInvalidation } from './queue';

/** What of the capability register decides about invalidations. */
export interface FlushCaps {
  readonly writeDrain: boolean;
  readonly readDrain: boolean;
  readonly pageSelective: boolean;
  readonly maxAddressMask: number;
}

/** Linux: MAX_AGAW_PFN_WIDTH */
const WHOLE = 52;

/** The descriptors that the driver sends. Linux: drivers/iommu/intel/iommu.h qi_desc_*(), dmar.c qi_flush_*() */
export class Flusher {
  private readonly drains: number;

  constructor(
    readonly queue: QueuedInvalidation,
    private readonly caps: FlushCaps,
  ) {
    this.drains = (caps.writeDrain ? IOTLB_DW : 0) | (caps.readDrain ? IOTLB_DR : 0);
  }

  contextGlobal(): void {
    this.queue.add(DESC_CONTEXT | (GLOBAL << DESC_GRANULARITY_SHIFT), 0, 0, 0);
    this.queue.flush();
  }

  contextDevice(did: number, rid: number): void {
    const granularity = SELECTIVE << DESC_GRANULARITY_SHIFT;
    this.queue.add(DESC_CONTEXT | granularity | (did << DESC_DID_SHIFT), rid, 0, 0);
    this.queue.flush();
  }

  iotlbGlobal(): void {
    this.addIotlb(GLOBAL, 0, 0, 0, 0);
    this.queue.flush();
  }

  iotlbDomain(did: number): void {
    this.addIotlb(DOMAIN, did, 0, 0, 0);
    this.queue.flush();
  }

  interruptEntries(): void {
    this.queue.add(DESC_IEC, 0, 0, 0);
    this.queue.flush();
  }

  /**
   * Drops translations of a range of pages; `leafOnly` when no table was freed.
   *
   * Linux: drivers/iommu/intel/cache.c cache_tag_flush_range(), cache_tag_flush_iotlb()
   */
  iotlbRange(did: number, firstVpn: number, lastVpn: number, leafOnly: boolean): void {
    const mask = psiMask(firstVpn, lastVpn);
    if (!this.caps.pageSelective || mask > this.caps.maxAddressMask) {
      this.addIotlb(DOMAIN, did, 0, 0, 0);
    } else {
      const vpn = firstVpn - (firstVpn % 2 ** mask);
      this.addIotlb(SELECTIVE, did, vpn, mask, leafOnly ? IOTLB_IH : 0);
    }
    this.queue.flush();
  }

  private addIotlb(granularity: number, did: number, vpn: number, mask: number, hint: number): void {
    const w0 = DESC_IOTLB | (granularity << DESC_GRANULARITY_SHIFT) | this.drains | (did << DESC_DID_SHIFT);
    this.queue.add(w0, 0, (vpn << 12) | hint | mask, Math.floor(vpn / 2 ** 20));
  }
}

/**
 * log2 of the smallest aligned power-of-two block of pages that covers a range.
 *
 * Linux: drivers/iommu/intel/cache.c calculate_psi_aligned_address()
 */
export function psiMask(firstVpn: number, lastVpn: number): number {
  let mask = 0;
  while (mask < WHOLE && Math.floor(firstVpn / 2 ** mask) !== Math.floor(lastVpn / 2 ** mask)) mask++;
  return mask;
}
