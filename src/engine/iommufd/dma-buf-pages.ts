import { done } from '../../lib/result';
import type { IommuDomain } from '../iommu/ops';
import type { Caller } from '../kernel/caller';
import { err, type Result } from '../kernel/errno';
import { holding, locked, type Task } from '../kernel/task';
import type { Area } from './area';
import type { DmaBuf, DmaBufAttachment, PhysRange } from './dma-buf';
import type { IoptEnv } from './iopt-env';
import { PAGE_BYTES, PAGE_SIZE } from './page';
import { allocPages, type IoptPages } from './pages';
import { unmapArea } from './unmap-area';

/** Linux: MAX_NPFNS, what one entry of a batch counts */
const MAX_PAGES = 0xffff_ffffn;

interface Track {
  readonly area: Area;
  readonly domain: IommuDomain;
}

/**
 * Pages of a dma-buf: one contiguous stretch of device memory that its exporter may take back at any time. Nothing is
 * pinned page by page, and nothing counts against a limit.
 *
 * Linux: drivers/iommu/iommufd/io_pagetable.h struct iopt_pages_dmabuf
 */
export class DmaBufPages implements DmaBufAttachment {
  readonly kind = 'dma-buf';
  /** Null: revoked, for good. */
  range: PhysRange | null = null;
  /** Where it is mapped now. Linux: dmabuf.tracker */
  readonly tracks: Track[] = [];
  private pages: IoptPages | null = null;

  constructor(
    readonly dmaBuf: DmaBuf,
    /** Byte of the dma-buf that page 0 starts at. */
    readonly start: bigint,
  ) {}

  get firstPfn(): number {
    return ((this.range?.pa ?? 0) + Number(this.start)) / PAGE_BYTES;
  }

  /** Linux: iopt_map_dmabuf() */
  *attach(pages: IoptPages): Task<Result<undefined>> {
    const { dmaBuf } = this;
    this.pages = pages;
    yield* dmaBuf.attach(this);
    const mapped = yield* locked(dmaBuf.resv, function* () {
      // Only so that the order of these two locks is on record.
      yield* holding(pages.mutex, () => undefined);
      return dmaBuf.exporter.iommufdMap?.();
    });
    if (mapped?.ok) {
      this.range = mapped.value;
      dmaBuf.get();
      return done;
    }
    yield* dmaBuf.detach(this);
    this.pages = null;
    const rule = 'vfio_pci_dma_buf_iommufd_map';
    return mapped ?? err('EOPNOTSUPP', `iommufd does not know the exporter of ${dmaBuf.title}`, { rule });
  }

  /** The last reference to the pages is gone. */
  *release(): Task<void> {
    if (!this.pages) return;
    this.pages = null;
    yield* this.dmaBuf.detach(this);
    yield* this.dmaBuf.put();
  }

  /** Linux: iopt_revoke_notify() */
  *invalidateMappings(): Task<void> {
    const { pages } = this;
    if (!pages) return;
    yield* holding(pages.mutex, () => {
      if (this.range === null) return;
      for (const { area, domain } of this.tracks) unmapArea(area, pages, domain);
      this.range = null;
    });
  }
}

/** Linux: iopt_alloc_dmabuf_pages() */
export function* dmaBufPages(
  env: IoptEnv,
  caller: Caller,
  dmaBuf: DmaBuf,
  start: bigint,
  length: bigint,
  writable: boolean,
): Task<Result<IoptPages>> {
  if (dmaBuf.size <= start + length - 1n || length / PAGE_SIZE >= MAX_PAGES) {
    return err('EINVAL', `${dmaBuf.title} has ${dmaBuf.size} bytes, fewer than are to be mapped`, {
      rule: 'iopt_alloc_dmabuf_pages',
    });
  }
  const startByte = start % PAGE_SIZE;
  const address = new DmaBufPages(dmaBuf, start - startByte);
  const pages = allocPages(env, caller, address, startByte, length, writable);
  if (!pages.ok) return pages;
  const attached = yield* address.attach(pages.value);
  if (attached.ok) return pages;
  yield* pages.value.put();
  return attached;
}

/** So that a revocation finds them. Linux: iopt_dmabuf_track_domain() */
export function trackDomains(
  pages: IoptPages,
  area: Area,
  domains: readonly IommuDomain[],
): Result<undefined> {
  if (pages.address.kind !== 'dma-buf') return done;
  for (const domain of domains) {
    if (pages.env.fail.hit('iopt_dmabuf_track_domain')) {
      untrack(pages, area, domains);
      return err('ENOMEM', 'there is no memory to note a mapping down', { rule: 'iopt_dmabuf_track_domain' });
    }
    pages.address.tracks.push({ area, domain });
  }
  return done;
}

/** Linux: iopt_dmabuf_untrack_domain() */
export function untrack(pages: IoptPages, area: Area, domains: readonly IommuDomain[]): void {
  if (pages.address.kind !== 'dma-buf') return;
  const { tracks } = pages.address;
  for (let at = tracks.length - 1; at >= 0; at--) {
    const track = tracks[at];
    if (track?.area === area && domains.includes(track.domain)) tracks.splice(at, 1);
  }
}
