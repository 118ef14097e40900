import { NO_PASID } from '../../port';
import { GLOBAL, DOMAIN, TTM_LEGACY } from '../regs';
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
  DID_MASK,
  IOTLB_AM_MASK,
  IOTLB_IH,
  IQEI_RESERVED,
  IQEI_TYPE,
  PAGE_REQUEST_INDEX_MASK,
  PAGE_REQUEST_INDEX_SHIFT,
  PASID_DEVICE_TLB_S,
  PASID_IOTLB_ALL,
  PASID_IOTLB_PAGES,
  RESPONSE_CODE_SHIFT,
  RESPONSE_PP,
  SM_RID_PASID_MASK,
  WAIT_PD,
} from '../structs';
import { join } from '../../../../lib/u64';
import {
  invalidateContext,
  invalidateInterrupts,
  invalidateIotlb,
  invalidatePasid,
  invalidatePasidCache,
  invalidatePasidPages,
} from './invalidate';
import type { UnitState } from './unit';

/** What a descriptor did, or the IQEI code of what is wrong with it. */
export type Outcome = string | number;

/**
 * The descriptors: which of their bits must be clear, and what each does. Waits are only judged here: the queue completes
 * them.
 *
 * Spec: sections 6.5.2.1 to 6.5.2.9, section 7.6.1 "Page Group Response Descriptor"
 */
export class Descriptors {
  constructor(
    private readonly unit: UnitState,
    /** The descriptor, eight words; what lies beyond a 128-bit one is 0. */
    private readonly words: Int32Array,
    /** A device did not answer. */
    private readonly silence: (rid: number) => void,
  ) {}

  execute(): Outcome {
    const { rootMode } = this.unit;
    const lo = this.word(0);
    const type = (lo & 0xf) | ((lo >>> 5) & 0x70);
    // The upper half is padding, in every type there is.
    const padding = this.word(4) | this.word(5) | this.word(6) | this.word(7);
    if (type > DESC_WAIT && rootMode === TTM_LEGACY) return IQEI_TYPE;
    if (!this.knows(type)) return IQEI_TYPE;
    return padding !== 0 ? IQEI_RESERVED : this.run(type);
  }

  private knows(type: number): boolean {
    const { deviceTlb, pageRequests, interruptRemapping } = this.unit.config;
    switch (type) {
      case DESC_DEVICE_TLB:
      case DESC_PASID_DEVICE_TLB:
        return deviceTlb;
      case DESC_IEC:
        return interruptRemapping;
      case DESC_PAGE_RESPONSE:
        return pageRequests;
      default:
        return type >= DESC_CONTEXT && type <= DESC_PAGE_RESPONSE;
    }
  }

  private run(type: number): Outcome {
    switch (type) {
      case DESC_CONTEXT:
        return this.context();
      case DESC_IOTLB:
        return this.iotlb();
      case DESC_DEVICE_TLB:
        return this.deviceTlb();
      case DESC_IEC:
        return this.interruptEntries();
      case DESC_WAIT:
        return this.wait();
      case DESC_PASID_IOTLB:
        return this.pasidIotlb();
      case DESC_PASID_CACHE:
        return this.pasidCache();
      case DESC_PASID_DEVICE_TLB:
        return this.pasidDeviceTlb();
      default:
        return this.pageResponse();
    }
  }

  private word(n: number): number {
    return this.words[n] as number;
  }

  private get granularity(): number {
    return (this.word(0) >>> DESC_GRANULARITY_SHIFT) & 3;
  }

  private get did(): number {
    return (this.word(0) >>> DESC_DID_SHIFT) & DID_MASK;
  }

  private context(): Outcome {
    const second = this.word(1);
    const reserved = (this.word(0) & 0xf1c0) | (second & 0xfffc_0000) | this.word(2) | this.word(3);
    if (reserved !== 0 || this.granularity === 0) return IQEI_RESERVED;
    return invalidateContext(this.unit, this.granularity, this.did, second & 0xffff, (second >>> 16) & 3);
  }

  /** Drains have nothing to wait for: no request is under way. */
  private iotlb(): Outcome {
    const { config } = this.unit;
    const third = this.word(2);
    const mask = third & IOTLB_AM_MASK;
    const { granularity } = this;
    if ((this.word(0) & 0xf100) !== 0 || this.word(1) !== 0 || (third & 0xf80) !== 0) return IQEI_RESERVED;
    if (granularity === 0) return IQEI_RESERVED;
    const pages = granularity !== GLOBAL && granularity !== DOMAIN;
    if (pages && (!config.pageSelective || mask > config.maxAddressMask)) return IQEI_RESERVED;
    const leafOnly = (third & IOTLB_IH) !== 0;
    return invalidateIotlb(this.unit, granularity, this.did, this.word(3), third & ~0xfff, mask, leafOnly);
  }

  private interruptEntries(): Outcome {
    const lo = this.word(0);
    const reserved = (lo & 0x07ff_f1e0) | (this.word(1) >>> 16) | this.word(2) | this.word(3);
    const mask = lo >>> 27;
    const selective = (lo & 0x10) !== 0;
    if (reserved !== 0 || (selective && mask > this.unit.config.maxHandleMask)) return IQEI_RESERVED;
    return invalidateInterrupts(this.unit, selective, this.word(1) & 0xffff, mask);
  }

  private wait(): Outcome {
    const drains = this.unit.config.pageRequests ? 0 : WAIT_PD;
    const reserved = (this.word(0) & (0xffff_f100 | drains)) | (this.word(2) & 3);
    return reserved !== 0 ? IQEI_RESERVED : '';
  }

  private pasidCache(): Outcome {
    const second = this.word(1);
    const reserved = (this.word(0) & 0xf1c0) | (second & ~SM_RID_PASID_MASK) | this.word(2) | this.word(3);
    if (reserved !== 0 || this.granularity === 2) return IQEI_RESERVED;
    return invalidatePasidCache(this.unit, this.granularity, this.did, second);
  }

  private pasidIotlb(): Outcome {
    const pasid = this.word(1);
    const third = this.word(2);
    const reserved = (this.word(0) & 0xf1c0) | (pasid & ~SM_RID_PASID_MASK) | (third & 0xf80);
    if (reserved !== 0 || this.granularity < PASID_IOTLB_ALL) return IQEI_RESERVED;
    if (this.granularity !== PASID_IOTLB_PAGES) return invalidatePasid(this.unit, this.did, pasid);
    const mask = third & IOTLB_AM_MASK;
    const leafOnly = (third & IOTLB_IH) !== 0;
    return invalidatePasidPages(this.unit, this.did, pasid, this.word(3), third & ~0xfff, mask, leafOnly);
  }

  /** The physical function, to which throttling goes by, makes no difference here. */
  private deviceTlb(): Outcome {
    const third = this.word(2);
    const throttled = this.unit.config.deviceTlbThrottle;
    const reserved =
      (this.word(0) & (throttled ? 0xffe0_01f0 : 0xffe0_f1f0)) |
      (this.word(1) & (throttled ? 0x000f_0000 : 0xffff_0000)) |
      (third & 0xffe);
    if (reserved !== 0) return IQEI_RESERVED;
    return this.send(this.word(1) & 0xffff, NO_PASID, third, (third & DEVICE_TLB_S) !== 0, false);
  }

  private pasidDeviceTlb(): Outcome {
    const third = this.word(2);
    const throttled = this.unit.config.deviceTlbThrottle;
    const reserved =
      (this.word(0) & (throttled ? 0 : 0xf000)) |
      (this.word(1) & (throttled ? 0 : 0xfff0_0000)) |
      (third & 0x7fe);
    if (reserved !== 0) return IQEI_RESERVED;
    const pasid = this.word(1) & SM_RID_PASID_MASK;
    return this.send(
      this.word(0) >>> 16,
      pasid,
      third,
      (third & PASID_DEVICE_TLB_S) !== 0,
      (third & 1) !== 0,
    );
  }

  private send(rid: number, pasid: number, third: number, large: boolean, global: boolean): Outcome {
    const { iova, sizeLg2 } = rangeOf(join(this.word(3), third & ~0xfff), large);
    const answered = this.unit.link.invalidate({ rid, pasid, iova, sizeLg2, global });
    if (answered) return 'the device has dropped its translations';
    this.silence(rid);
    return 'the device does not answer';
  }

  private pageResponse(): Outcome {
    const lo = this.word(0);
    const third = this.word(2);
    const code = (lo >>> RESPONSE_CODE_SHIFT) & 0xf;
    // Bits 66:64 are ignored: older software sets some of them.
    const reserved = (lo & 0x1e0) | (this.word(1) & ~SM_RID_PASID_MASK) | (third & ~0xfff) | this.word(3);
    if (reserved !== 0) return IQEI_RESERVED;
    const pasid = (lo & RESPONSE_PP) === 0 ? NO_PASID : this.word(1) & SM_RID_PASID_MASK;
    const group = (third >>> PAGE_REQUEST_INDEX_SHIFT) & PAGE_REQUEST_INDEX_MASK;
    this.unit.link.pageResponse({ rid: lo >>> 16, pasid, group, code });
    return `group ${group} is answered with code ${code}`;
  }
}

/** PCIe: with S the lowest clear bit of the address from 12 on tells the size; none clear: everything. */
export function rangeOf(
  address: bigint,
  large: boolean,
): { readonly iova: bigint; readonly sizeLg2: number } {
  if (!large) return { iova: address, sizeLg2: 12 };
  let sizeLg2 = 13;
  for (let bit = 12n; bit < 64n && ((address >> bit) & 1n) === 1n; bit++) sizeLg2++;
  if (sizeLg2 >= 64) return { iova: 0n, sizeLg2: 64 };
  return { iova: (address >> BigInt(sizeLg2)) << BigInt(sizeLg2), sizeLg2 };
}
