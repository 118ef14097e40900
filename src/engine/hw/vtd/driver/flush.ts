import { cap, ecap, DOMAIN, GLOBAL, SELECTIVE, TE } from '../regs';
import {
  DESC_CONTEXT,
  DESC_DEVICE_TLB,
  DESC_DID_SHIFT,
  DESC_GRANULARITY_SHIFT,
  DESC_IEC,
  DESC_IOTLB,
  DESC_PAGE_RESPONSE,
  DESC_PASID_CACHE,
  DESC_PASID_DEVICE_TLB,
  DESC_PASID_IOTLB,
  DESC_WAIT,
  DEVICE_TLB_S,
  IOTLB_DR,
  IOTLB_DW,
  IOTLB_IH,
  PAGE_REQUEST_INDEX_SHIFT,
  PASID_CACHE_GLOBAL,
  PASID_CACHE_PASID,
  PASID_DEVICE_TLB_S,
  PASID_IOTLB_ALL,
  PASID_IOTLB_PAGES,
  RESPONSE_CODE_SHIFT,
  RESPONSE_PP,
  WAIT_FN,
} from '../structs';
import type { UnitCaps } from './caps';
import { QI_DONE, type QueuedInvalidation } from './queue';
import type { RegisterIo } from './register-io';

/** log2 of all pages there are. Linux: MAX_AGAW_PFN_WIDTH */
export const WHOLE = 52;

/** A PCI function's TLB. */
export interface DeviceTlb {
  readonly rid: number;
  /** Linux: pfsid */
  readonly physicalRid: number;
}

/** An aligned block of pages: first page, and log2 of how many. */
export interface PageBlock {
  readonly vpn: number;
  readonly mask: number;
}

/**
 * The descriptors that the driver sends. `add…` puts one into the batch that submit() sends; all others send at once.
 *
 * Linux: drivers/iommu/intel/iommu.h qi_desc_*(), dmar.c qi_flush_*(), cache.c qi_batch_*()
 */
export class Flusher {
  private readonly drains: number;
  /** log2 of the most pages that an invalidation can name; -1: none. */
  private readonly maxMask: number;

  constructor(
    private readonly queue: QueuedInvalidation,
    private readonly io: RegisterIo,
    private readonly caps: UnitCaps,
  ) {
    this.drains = (cap.writeDrain(caps.cap) ? IOTLB_DW : 0) | (cap.readDrain(caps.cap) ? IOTLB_DR : 0);
    this.maxMask = cap.pageSelective(caps.cap) ? cap.maxAddressMask(caps.cap) : -1;
  }

  submit(): void {
    this.queue.flush();
  }

  /** Where the unit needs it. Linux: iommu_flush_write_buffer() */
  writeBuffer(): void {
    if (this.caps.writeBufferFlush) this.io.flushWriteBuffer();
  }

  contextGlobal(): void {
    this.send(DESC_CONTEXT | (GLOBAL << DESC_GRANULARITY_SHIFT), 0, 0, 0);
  }

  contextDevice(did: number, rid: number): void {
    this.send(DESC_CONTEXT | (SELECTIVE << DESC_GRANULARITY_SHIFT) | (did << DESC_DID_SHIFT), rid, 0, 0);
  }

  pasidCacheGlobal(): void {
    this.send(DESC_PASID_CACHE | (PASID_CACHE_GLOBAL << DESC_GRANULARITY_SHIFT), 0, 0, 0);
  }

  /** Linux: pasid_cache_invalidation_with_pasid() */
  pasidCache(did: number, pasid: number): void {
    const granularity = PASID_CACHE_PASID << DESC_GRANULARITY_SHIFT;
    this.send(DESC_PASID_CACHE | granularity | (did << DESC_DID_SHIFT), pasid, 0, 0);
  }

  iotlbGlobal(): void {
    this.addIotlb(GLOBAL, 0, 0, 0, 0);
    this.submit();
  }

  iotlbDomain(did: number): void {
    this.addIotlb(DOMAIN, did, 0, 0, 0);
    this.submit();
  }

  /** Linux: qi_flush_piotlb_all() */
  pasidIotlb(did: number, pasid: number): void {
    this.addPasidIotlb(did, pasid);
    this.submit();
  }

  interruptEntries(): void {
    this.send(DESC_IEC, 0, 0, 0);
  }

  /** All of a device's TLB that belongs to a PASID; 0: to requests without. Linux: devtlb_invalidation_with_pasid() */
  deviceTlb(device: DeviceTlb, pasid: number): void {
    this.addDeviceTlb(device, pasid, { vpn: 0, mask: WHOLE });
    this.submit();
  }

  /** Linux: intel_iommu_page_response(), handle_bad_prq_event() */
  pageResponse(rid: number, pasid: number | null, group: number, code: number): void {
    const w0 = DESC_PAGE_RESPONSE | (pasid === null ? 0 : RESPONSE_PP) | (code << RESPONSE_CODE_SHIFT);
    this.send(w0 | (rid << 16), pasid ?? 0, group << PAGE_REQUEST_INDEX_SHIFT, 0);
  }

  /** Nothing of a PASID is on its way any more. Linux: prq.c intel_iommu_drain_pasid_prq() */
  drainPageRequests(device: DeviceTlb, did: number, pasid: number): void {
    this.queue.add(DESC_WAIT | WAIT_FN, QI_DONE, 0, 0);
    if (pasid === 0) this.addIotlb(DOMAIN, did, 0, 0, 0);
    else this.addPasidIotlb(did, pasid);
    this.queueDeviceTlb(device, pasid, { vpn: 0, mask: WHOLE });
    this.queue.flush(true);
  }

  /**
   * Second-stage translations of some pages, or of the whole domain where that many cannot be named; `leafOnly` when no
   * table was freed.
   *
   * Linux: cache_tag_flush_iotlb()
   */
  addIotlbPages(did: number, { vpn, mask }: PageBlock, leafOnly: boolean): void {
    if (mask > this.maxMask) this.addIotlb(DOMAIN, did, 0, 0, 0);
    else this.addIotlb(SELECTIVE, did, vpn, mask, leafOnly ? IOTLB_IH : 0);
  }

  /** Linux: cache_tag_flush_iotlb() of domains that intel_domain_use_piotlb() */
  addPasidIotlbPages(did: number, pasid: number, { vpn, mask }: PageBlock, leafOnly: boolean): void {
    if (mask >= WHOLE) {
      this.addPasidIotlb(did, pasid);
      return;
    }
    const w0 = DESC_PASID_IOTLB | (PASID_IOTLB_PAGES << DESC_GRANULARITY_SHIFT) | (did << DESC_DID_SHIFT);
    this.queue.add(w0, pasid, (vpn << 12) | (leafOnly ? IOTLB_IH : 0) | mask, Math.floor(vpn / 2 ** 20));
  }

  /** Nothing while translation is off. Linux: qi_batch_add_dev_iotlb(), qi_batch_add_pasid_dev_iotlb() */
  addDeviceTlb(device: DeviceTlb, pasid: number, pages: PageBlock): void {
    if (this.io.isOn(TE)) this.queueDeviceTlb(device, pasid, pages);
  }

  /** Linux: qi_desc_dev_iotlb(), qi_desc_dev_iotlb_pasid() */
  private queueDeviceTlb({ rid, physicalRid }: DeviceTlb, pasid: number, { vpn, mask }: PageBlock): void {
    // The invalidation queue depth of all devices here is 32, for which descriptors say 0.
    const pf = ecap.deviceTlbThrottle(this.caps.ecap) ? physicalRid : 0;
    const pfLow = (pf & 0xf) << 12;
    const pfHigh = (pf >>> 4) << 20;
    // The lowest zero bit tells the size.
    const coded = mask === 0 ? vpn : vpn + 2 ** (mask - 1) - 1;
    const high = Math.floor(coded / 2 ** 20);
    if (pasid === 0) {
      const size = mask === 0 ? 0 : DEVICE_TLB_S;
      this.queue.add(DESC_DEVICE_TLB | pfLow, rid | pfHigh, (coded << 12) | size, high);
    } else {
      const size = mask === 0 ? 0 : PASID_DEVICE_TLB_S;
      this.queue.add(DESC_PASID_DEVICE_TLB | pfLow | (rid << 16), pasid | pfHigh, (coded << 12) | size, high);
    }
  }

  /** Linux: qi_desc_iotlb() */
  private addIotlb(granularity: number, did: number, vpn: number, mask: number, hint: number): void {
    const w0 = DESC_IOTLB | (granularity << DESC_GRANULARITY_SHIFT) | this.drains | (did << DESC_DID_SHIFT);
    this.queue.add(w0, 0, (vpn << 12) | hint | mask, Math.floor(vpn / 2 ** 20));
  }

  /** Linux: qi_desc_piotlb_all() */
  private addPasidIotlb(did: number, pasid: number): void {
    const w0 = DESC_PASID_IOTLB | (PASID_IOTLB_ALL << DESC_GRANULARITY_SHIFT) | (did << DESC_DID_SHIFT);
    this.queue.add(w0, pasid, 0, 0);
  }

  private send(w0: number, w1: number, w2: number, w3: number): void {
    this.queue.add(w0, w1, w2, w3);
    this.submit();
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

export function psiBlock(firstVpn: number, lastVpn: number): PageBlock {
  const mask = psiMask(firstVpn, lastVpn);
  return { vpn: firstVpn - (firstVpn % 2 ** mask), mask };
}
