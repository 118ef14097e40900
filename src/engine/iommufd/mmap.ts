import { hex, U64_MAX } from '../../lib/u64';
import { err, ok, type Result } from '../kernel/errno';
import type { MmapRegion, MmapRequest } from '../kernel/file';
import type { Task } from '../kernel/task';
import type { IommufdCtx } from './ctx';
import type { IommufdObject } from './object';
import { PAGE_SIZE } from './page';

/** Device memory that an object offers to the user. Linux: struct iommufd_mmap */
interface Offer {
  readonly owner: IommufdObject;
  readonly offset: bigint;
  readonly length: bigint;
  readonly bytes: Uint8Array;
}

/**
 * What can be mapped of a context, by the offset that the user gives to mmap().
 *
 * Linux: drivers/iommu/iommufd/driver.c, the maple tree ictx->mt_mmap
 */
export class MmapTable {
  /** Ascending by offset. */
  private readonly offers: Offer[] = [];

  constructor(private readonly ctx: IommufdCtx) {}

  /** The lowest room; the first page is left out, so that an offset is never zero. Linux: _iommufd_alloc_mmap() */
  alloc(owner: IommufdObject, bytes: Uint8Array): Result<bigint> {
    const rule = '_iommufd_alloc_mmap';
    const length = BigInt(bytes.length);
    if (length === 0n || length % PAGE_SIZE !== 0n)
      return err('EINVAL', `${hex(length)} bytes are no whole pages`, { rule });
    const { fail } = this.ctx.core;
    if (fail.hit(rule) || fail.hit('mtree_alloc_range'))
      return err('ENOMEM', 'no memory for one more offset', { rule });
    let offset = PAGE_SIZE;
    let index = 0;
    for (const each of this.offers) {
      if (each.offset >= offset + length) break;
      offset = each.offset + each.length;
      index++;
    }
    if (offset > U64_MAX - length) return err('EBUSY', 'no offset is left', { rule });
    this.offers.splice(index, 0, { owner, offset, length, bytes });
    return ok(offset);
  }

  /** Linux: _iommufd_destroy_mmap() */
  destroy(owner: IommufdObject, offset: bigint): void {
    const index = this.offers.findIndex((each) => each.offset === offset && each.owner === owner);
    if (index >= 0) this.offers.splice(index, 1);
    else
      this.ctx.core.log(
        'warn',
        `WARNING: _iommufd_destroy_mmap: ${owner.title} offers nothing at ${hex(offset)}`,
      );
  }

  /** Linux: mm/mmap.c ksys_mmap_pgoff(), then iommufd_fops_mmap() */
  map({ length, offset, shared, executable }: MmapRequest): Result<MmapRegion> {
    const rule = 'iommufd_fops_mmap';
    if (offset % PAGE_SIZE !== 0n || length === 0n)
      return err('EINVAL', 'the offset is not of a page, or the length is zero', { rule: 'ksys_mmap_pgoff' });
    if (!shared) return err('EINVAL', 'device memory can only be mapped shared', { rule });
    if (executable) return err('EPERM', 'device memory cannot be executed', { rule });
    const whole = ((length + PAGE_SIZE - 1n) / PAGE_SIZE) * PAGE_SIZE;
    const offer = this.offers.find((each) => offset >= each.offset && offset < each.offset + each.length);
    if (!offer || offer.owner.users === 0)
      return err('ENXIO', `${this.ctx.title} offers nothing at ${hex(offset)}`, {
        rule,
        culprit: this.ctx.worldId,
      });
    if (offer.offset !== offset || offer.length !== whole) {
      const why = `${offer.owner.title} offers ${hex(offer.length)} bytes at ${hex(offer.offset)}; only all of them can be mapped`;
      return err('ENXIO', why, { rule, culprit: offer.owner.worldId });
    }
    return ok(new Mapping(this.ctx, offer));
  }
}

/** Every VMA keeps the object, and the file. Linux: iommufd_vma_ops */
class Mapping implements MmapRegion {
  readonly bytes: Uint8Array;

  constructor(
    private readonly ctx: IommufdCtx,
    private readonly offer: Offer,
  ) {
    this.bytes = offer.bytes;
  }

  open(): void {
    this.offer.owner.users++;
    this.ctx.get();
  }

  *close(): Task<void> {
    this.offer.owner.users--;
    yield* this.ctx.put();
  }
}
