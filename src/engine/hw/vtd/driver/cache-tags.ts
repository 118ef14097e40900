import type { DeviceInfo } from './device-info';
import { psiBlock, WHOLE, type PageBlock } from './flush';
import type { IntelIommu } from './intel-iommu';

/** Where something of a domain may be cached. `nesting`: of a domain that is nested in this one. Linux: enum cache_tag_type */
export type CacheTagType = 'iotlb' | 'device-tlb' | 'nesting-iotlb' | 'nesting-device-tlb';

interface CacheTag {
  readonly type: CacheTagType;
  readonly iommu: IntelIommu;
  readonly device: DeviceInfo;
  readonly did: number;
  readonly pasid: number;
  users: number;
}

const EVERYTHING: PageBlock = { vpn: 0, mask: WHOLE };
const LAST_PAGE = 2 ** WHOLE - 1;
const U64 = (1n << 64n) - 1n;
const inDevice = (type: CacheTagType): boolean => type === 'device-tlb' || type === 'nesting-device-tlb';

/**
 * Every cache that a change of a domain must be told to.
 *
 * Linux: drivers/iommu/intel/cache.c
 */
export class CacheTags {
  /** Those of one unit stand together: what they need goes to it in one batch. */
  private tags: CacheTag[] = [];

  /** `byPasid`: first-stage translations, which PASIDs tag. Linux: intel_domain_use_piotlb() */
  constructor(private readonly byPasid: boolean) {}

  /** Linux: cache_tag_assign() */
  assign(did: number, device: DeviceInfo, pasid: number, type: CacheTagType): void {
    const known = this.tags.find((tag) => matches(tag, did, device, pasid, type));
    if (known) {
      known.users++;
      return;
    }
    const { iommu } = device;
    // Behind the last of its unit, else before all.
    const at = this.tags.findLastIndex((tag) => tag.iommu === iommu) + 1;
    this.tags.splice(at, 0, { type, iommu, device, did, pasid, users: 1 });
  }

  /** Linux: cache_tag_unassign() */
  unassign(did: number, device: DeviceInfo, pasid: number, type: CacheTagType): void {
    const known = this.tags.find((tag) => matches(tag, did, device, pasid, type));
    if (known && --known.users === 0) this.tags = this.tags.filter((tag) => tag !== known);
  }

  /**
   * The mappings of some pages changed; `leafOnly` when no table was freed. Units that are made to forget it are not told.
   *
   * Linux: cache_tag_flush_range()
   */
  flushPages(firstVpn: number, lastVpn: number, leafOnly: boolean): void {
    const whole = firstVpn === 0 && lastVpn === LAST_PAGE;
    const forgotten = this.tags.some(({ iommu }) => iommu.skipInvalidation);
    const tags = forgotten ? this.tags.filter(({ iommu }) => !iommu.skipInvalidation) : this.tags;
    if (tags.length > 0) this.flush(whole ? EVERYTHING : psiBlock(firstVpn, lastVpn), leafOnly, tags);
  }

  /** The same by bytes, both ends in, as a user gives them: with the kernel's unsigned arithmetic. */
  flushBytes(start: bigint, last: bigint, leafOnly: boolean): void {
    if (start === 0n && last === U64) {
      this.flush(EVERYTHING, leafOnly);
      return;
    }
    const bytes = (last - start + 1n) & U64;
    // Rounding 0 pages up to a power of two gives 1 on x86.
    const pages = Math.max(1, Number((bytes + 0xfffn) >> 12n));
    const vpn = Number(start >> 12n);
    this.flush(psiBlock(vpn, vpn + pages - 1), leafOnly);
  }

  flushAll(): void {
    this.flush(EVERYTHING, false);
  }

  /** New mappings where there were none. Linux: cache_tag_flush_range_np() */
  flushNew(firstVpn: number, lastVpn: number): void {
    const pages = psiBlock(firstVpn, lastVpn);
    eachUnit(this.tags, (tag) => {
      if (!tag.iommu.caps.cachingMode || this.byPasid) tag.iommu.flush.writeBuffer();
      else if (!inDevice(tag.type)) this.addIotlb(tag, pages, false);
    });
  }

  private flush(pages: PageBlock, leafOnly: boolean, tags: readonly CacheTag[] = this.tags): void {
    let block = pages;
    eachUnit(tags, (tag) => {
      if (!inDevice(tag.type)) {
        this.addIotlb(tag, block, leafOnly);
        return;
      }
      // Which nested translations are made of the changed ones nobody can tell. The kernel keeps the wider block for the
      // tags that follow.
      if (tag.type === 'nesting-device-tlb') block = EVERYTHING;
      tag.iommu.flush.addDeviceTlb(tag.device, tag.pasid, block);
    });
  }

  /** Linux: cache_tag_flush_iotlb() */
  private addIotlb({ iommu, did, pasid }: CacheTag, pages: PageBlock, leafOnly: boolean): void {
    if (this.byPasid) iommu.flush.addPasidIotlbPages(did, pasid, pages, leafOnly);
    else iommu.flush.addIotlbPages(did, pages, leafOnly);
  }
}

/** Submits what was collected for a unit before it turns to the next. */
function eachUnit(tags: readonly CacheTag[], collect: (tag: CacheTag) => void): void {
  let before: IntelIommu | null = null;
  for (const tag of tags) {
    if (before !== null && before !== tag.iommu) before.flush.submit();
    before = tag.iommu;
    collect(tag);
  }
  before?.flush.submit();
}

/** Linux: cache_tage_match() */
function matches(tag: CacheTag, did: number, device: DeviceInfo, pasid: number, type: CacheTagType): boolean {
  if (tag.type !== type || tag.did !== did || tag.pasid !== pasid) return false;
  return inDevice(type) ? tag.device === device : tag.iommu === device.iommu;
}
